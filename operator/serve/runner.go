package serve

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

const (
	// surveyTime bounds one survey.
	surveyTime = 30 * time.Second
	// slowest is how long to wait between two looks at a county that does not answer, slowestTask between two attempts to change one.
	slowest     = 30 * time.Second
	slowestTask = 5 * time.Minute
)

// runner looks after one county. Its goroutine owns the mind; hands and survey work beside it and report back, so that a machine that
// takes minutes to come keeps nobody from looking.
type runner struct {
	mind *mind
	// every is the time between two looks, survey between two surveys.
	every  time.Duration
	survey func() time.Duration
	// gate keeps hands and commands of one county apart.
	gate    gate
	metrics *metrics

	orders  chan *waiter
	pokes   chan struct{}
	retired chan struct{}
	results chan done
	reports chan report
	// over is closed when run has ended.
	over chan struct{}

	// The rest is the goroutine's own.
	working   bool    // hands are at work
	serving   *waiter // whose drains they carry out; nil: a decision
	surveying bool
	waiters   []*waiter
	retiring  bool
	looks     backoff
	tasks     backoff
	notBefore time.Time // next attempt to change anything
	missed    []string  // machines that the last survey missed
	silent    bool
}

// waiter waits for what comes of its order.
type waiter struct {
	order    Order
	progress func(string)
	outcome  Outcome
	err      error
	given    bool // the hands have it
	over     chan struct{}
}

// report is what a survey found.
type report struct {
	survey Survey
	err    error
}

func newRunner(m *mind, every time.Duration, survey func() time.Duration, metrics *metrics) *runner {
	return &runner{
		mind: m, every: every, survey: survey, gate: newGate(1), metrics: metrics,
		orders: make(chan *waiter), pokes: make(chan struct{}, 1), retired: make(chan struct{}), results: make(chan done), reports: make(chan report),
		over:  make(chan struct{}),
		looks: backoff{first: every, most: max(slowest, every)}, tasks: backoff{first: every, most: slowestTask},
	}
}

// run looks after the county until ctx ends, or until it is retired and its hands are idle.
func (r *runner) run(ctx context.Context) {
	defer close(r.over)
	defer r.mind.close()
	tick := time.NewTimer(jitter(r.every) / 2)
	survey := time.NewTimer(jitter(r.every))
	defer tick.Stop()
	defer survey.Stop()
	retired := r.retired
	for !r.retiring || r.working || r.surveying {
		select {
		case <-ctx.Done():
			r.end(ctx)
			return
		case <-retired:
			r.retiring, retired = true, nil
		case w := <-r.orders:
			r.take(w)
			tick.Reset(r.tick(ctx))
		case <-r.pokes:
			r.mind.doubt()
			r.notBefore = time.Time{}
			tick.Reset(r.tick(ctx))
		case <-tick.C:
			tick.Reset(r.tick(ctx))
		case d := <-r.results:
			r.finished(ctx, d)
			tick.Reset(r.tick(ctx))
		case <-survey.C:
			r.startSurvey(ctx)
			survey.Reset(jitter(r.survey()))
		case found := <-r.reports:
			r.surveyed(found)
		}
	}
	r.dismiss(errRetired)
}

var errRetired = errors.New("the daemon no longer looks after this county; run the command again")

// end waits for what is under way, which ctx has told to end, and for nothing else.
func (r *runner) end(ctx context.Context) {
	for r.working || r.surveying {
		select {
		case d := <-r.results:
			r.working = false
			r.logError(r.mind.learn(d))
		case <-r.reports:
			r.surveying = false
		}
	}
	r.dismiss(context.Cause(ctx))
}

func (r *runner) dismiss(err error) {
	for _, w := range r.waiters {
		w.err = err
		close(w.over)
	}
	r.waiters = nil
}

func (r *runner) dismissOne(w *waiter, err error) {
	r.waiters = slices.DeleteFunc(r.waiters, func(x *waiter) bool { return x == w })
	w.err = err
	close(w.over)
}

// take notes an order; the tick that follows sees to it.
func (r *runner) take(w *waiter) {
	r.mind.memory.apply(w.order)
	if err := r.mind.save(); err != nil {
		w.err = err
		close(w.over)
		return
	}
	r.notBefore = time.Time{}
	r.waiters = append(r.waiters, w)
}

// tick looks, and starts what is to be done. It returns when to look again.
func (r *runner) tick(ctx context.Context) time.Duration {
	if r.retiring {
		return r.every
	}
	if !r.working && r.byHand(ctx) {
		return r.every
	}
	begun := time.Now()
	err := r.mind.look(ctx)
	r.metrics.looked(r.mind, time.Since(begun))
	r.tell(ctx, err)
	if err != nil {
		r.dismissUndone(err)
		return r.looks.failed()
	}
	r.looks.succeeded()
	if !r.working && !time.Now().Before(r.notBefore) {
		r.begin(ctx)
	}
	return r.every
}

// tell logs once that a county fell silent, and once that it is back.
func (r *runner) tell(ctx context.Context, err error) {
	switch {
	case ctx.Err() != nil, errors.Is(err, ErrBusy), errors.Is(err, ErrNotUp):
	case err != nil && !r.silent:
		r.silent = true
		r.mind.log.Warn("the county does not answer", "county", r.mind.name, "error", err)
	case err == nil && r.silent:
		r.silent = false
		r.mind.log.Info("the county answers again", "county", r.mind.name)
	}
}

// byHand sets the hands to work on the first order to drain that waits. That needs no decision, and no portal that knows its bridges.
func (r *runner) byHand(ctx context.Context) (working bool) {
	for _, w := range r.waiters {
		if !w.given && w.order.byHand() {
			w.given, r.serving = true, w
			r.work(ctx, task{order: w.order})
			return true
		}
	}
	return false
}

// dismissUndone ends the waiting for orders that nobody can carry out now. They are remembered.
func (r *runner) dismissUndone(err error) {
	if r.working || len(r.waiters) == 0 {
		return
	}
	r.dismiss(fmt.Errorf("the order is noted, but what follows from it cannot be done yet; the daemon goes on trying: %w", err))
}

// begin decides and sets the hands to work. Orders that leave nothing to do are done.
func (r *runner) begin(ctx context.Context) {
	t, written, ok := r.mind.think(ctx)
	if !ok {
		return // the portal has just begun; the next look knows more
	}
	if err := r.mind.note(written); err != nil {
		r.mind.log.Error("a decision could not be written down and was not carried out", "county", r.mind.name, "error", err)
		r.dismiss(err)
		r.notBefore = time.Now().Add(r.tasks.failed())
		return
	}
	r.metrics.decided(r.mind, written.Decision)
	if t.nothing() {
		for _, w := range r.waiters {
			w.outcome.Decision, w.outcome.Bridges = written.Decision, r.mind.lines()
		}
		r.dismiss(nil)
		return
	}
	r.mind.log.Info("decided", "county", r.mind.name, "desired", t.decision.Desired, "add", t.decision.Add, "drain", t.decision.Drain,
		"undrain", t.decision.Undrain, "remove", t.decision.Remove, "finish", t.finish, "why", t.decision.Why)
	r.work(ctx, t)
}

func (r *runner) work(ctx context.Context, t task) {
	r.working = true
	waiters := slices.Clone(r.waiters)
	progress := func(line string) {
		for _, w := range waiters {
			w.progress(line)
		}
	}
	county := r.mind.county
	go func() {
		leave, err := r.gate.enter(ctx)
		if err != nil {
			r.results <- done{err: err}
			return
		}
		defer leave()
		r.results <- carryOut(ctx, county, t, progress)
	}()
}

// finished takes in what the hands did.
func (r *runner) finished(ctx context.Context, d done) {
	w := r.serving
	r.working, r.serving = false, nil
	r.logError(r.mind.learn(d))
	if w != nil && d.err != nil { // a bridge that does not exist, as a rule: no reason to keep from deciding, or others from their orders
		w.outcome.add(d)
		r.dismissOne(w, d.err)
		return
	}
	for _, w := range r.waiters {
		w.outcome.add(d)
	}
	if d.err == nil {
		r.tasks.succeeded()
		return
	}
	if ctx.Err() != nil {
		return
	}
	wait := r.tasks.failed()
	if errors.Is(d.err, ErrSoldOut) || errors.Is(d.err, ErrBusy) {
		wait = r.every // the next decision knows of it
	}
	r.notBefore = time.Now().Add(wait)
	r.metrics.failed(r.mind.name)
	if !errors.Is(d.err, ErrBusy) {
		r.mind.log.Error("a decision could not be carried out; it is tried again", "county", r.mind.name, "in", wait.Round(time.Second), "error", d.err)
	}
	r.dismiss(d.err)
}

func (r *runner) logError(err error) {
	if err != nil {
		r.mind.log.Error("what is remembered of the county could not be saved; see to the disk", "county", r.mind.name, "error", err)
	}
}

func (r *runner) startSurvey(ctx context.Context) {
	if r.surveying || r.working {
		return // while machines come and go, Hetzner's list and ours differ
	}
	r.surveying = true
	county := r.mind.county
	go func() {
		ctx, cancel := context.WithTimeout(ctx, surveyTime)
		defer cancel()
		s, err := county.Survey(ctx)
		r.reports <- report{s, err}
	}()
}

// surveyed compares. A machine counts as gone once two surveys in a row have missed it: a list may lag behind.
func (r *runner) surveyed(found report) {
	r.surveying = false
	if r.working {
		return
	}
	if found.err != nil {
		if !errors.Is(found.err, ErrBusy) && !errors.Is(found.err, ErrNotUp) {
			r.mind.log.Warn("the county could not be compared with what exists at Hetzner; the next survey tries again", "county", r.mind.name, "error", found.err)
		}
		return
	}
	gone := without(found.survey.Wanted, found.survey.Servers)
	confirmed := without(gone, without(gone, r.missed))
	r.missed = gone
	found.survey.Wanted = without(found.survey.Wanted, without(gone, confirmed))
	r.mind.lost = r.mind.lost || lostBridge(r.mind.name, confirmed)
	r.logError(r.mind.alarm(found.survey))
	r.metrics.surveyed(r.mind, found.survey)
}

// Order passes an operator's order on and waits until it is carried out as far as it can be now. When ctx ends the waiting ends; the order
// stands.
func (r *runner) Order(ctx context.Context, o Order, progress func(string)) (Outcome, error) {
	relay := &relay{to: progress}
	defer relay.close()
	w := &waiter{order: o, progress: relay.line, over: make(chan struct{})}
	select {
	case r.orders <- w:
	case <-r.over:
		return Outcome{}, errRetired
	case <-ctx.Done():
		return Outcome{}, context.Cause(ctx)
	}
	select {
	case <-w.over:
		return w.outcome, w.err
	case <-ctx.Done():
		return Outcome{}, context.Cause(ctx)
	}
}

// poke makes the runner look at everything anew, because a command has changed something.
func (r *runner) poke() {
	select {
	case r.pokes <- struct{}{}:
	default:
	}
}
