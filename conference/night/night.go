package night

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/robfig/cron/v3"

	"github.com/medienzentrenverbund/kreisraum/conference/cluster"
	"github.com/medienzentrenverbund/kreisraum/conference/opsapi"
)

// How often the clock is looked at. By day, so that a clock that is set shifts the night by that much at most; while a restart is under
// way, to see when the rooms are empty and the bridges are back.
const (
	lookByDay   = 15 * time.Second
	lookAtNight = 250 * time.Millisecond
)

// Rooms are the rooms of this machine. They are called from one goroutine.
type Rooms interface {
	// InUse is how many rooms have somebody inside.
	InUse() int
	// Notice tells everybody inside, and whoever comes later, that rooms end at that time.
	Notice(at time.Time)
	// NoNewRooms lets no room begin any more.
	NoNewRooms()
	// EndRooms ends all rooms.
	EndRooms()
	Totals() Totals
}

// Config is what a Night needs.
type Config struct {
	// Schedule is nil if there is no nightly restart.
	Schedule *Schedule
	// Boot is this process's cluster.Lease.Boot.
	Boot   string
	Rooms  Rooms
	Ledger *Ledger
	// Leads: this is the portal. Bridges lists the others as it sees them now, and Order tells one; both are nil on a bridge.
	Leads   bool
	Bridges func() []Bridge
	Order   func(machine string, plan cluster.RestartPlan)
	// Zone of days; UTC if nil.
	Zone *time.Location
	Now  func() time.Time
	Log  *slog.Logger
	// lookEvery replaces both times between looks, for tests.
	lookEvery time.Duration
}

// Night waits for the night, or an order, and brings the process to its end. One goroutine, that of Run, owns the plan.
type Night struct {
	cfg    Config
	orders chan request
	looks  chan struct{}
	// roomsEnded is how many still ran when they had to end; Run's goroutine owns it.
	roomsEnded int

	mu     sync.Mutex
	status opsapi.Night
	next   time.Time
	busy   bool
}

type request struct {
	plan  cluster.RestartPlan
	reply chan error
}

// ErrUnderWay says that a restart is under way that ends no later than the one asked for.
var ErrUnderWay = errors.New("a restart is under way already, and ends no later than this one would")

// New returns a Night that has not begun to wait.
func New(cfg Config) *Night {
	if cfg.Zone == nil {
		cfg.Zone = time.UTC
	}
	n := &Night{cfg: cfg, orders: make(chan request), looks: make(chan struct{}, 1)}
	n.status = opsapi.Night{Phase: opsapi.PhaseDay, Proofs: cfg.Ledger.Proofs()}
	return n
}

// Run returns true once the process shall end, and false when ctx ends first.
func (n *Night) Run(ctx context.Context) bool {
	p := newPlanner(n.cfg.Leads, n.cfg.Boot, n.cfg.Schedule, n.cfg.Now())
	if n.step(p) { // a process that comes up shortly before the night
		return true
	}
	clock := cron.New(cron.WithLocation(n.cfg.Zone))
	entry := clock.Schedule(looks{n}, cron.FuncJob(n.look))
	clock.Start()
	defer func() { <-clock.Stop().Done() }()
	for {
		select {
		case <-ctx.Done():
			return false
		case r := <-n.orders:
			err := n.take(p, r.plan)
			end := n.step(p)
			r.reply <- err // once the status tells of it
			if end {
				return true
			}
			clock.Remove(entry) // it sleeps until the next look by day
			entry = clock.Schedule(looks{n}, cron.FuncJob(n.look))
		case <-n.looks:
			if n.step(p) {
				return true
			}
		}
	}
}

// look wakes the owner; one waiting look is enough.
func (n *Night) look() {
	select {
	case n.looks <- struct{}{}:
	default:
	}
}

// looks is when the owner looks at its clock: at each moment of the plan, and regularly. The schedule is asked in cron's time, the plan
// is in the server's.
type looks struct{ *Night }

// Next implements cron.Schedule.
func (l looks) Next(t time.Time) time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	wait := lookByDay
	if l.busy {
		wait = lookAtNight
	}
	if l.cfg.lookEvery > 0 {
		wait = l.cfg.lookEvery
	}
	if !l.next.IsZero() {
		if until := l.next.Sub(l.cfg.Now()); until > 0 {
			wait = min(wait, until+time.Millisecond)
		}
	}
	return t.Add(wait)
}

func (n *Night) take(p *planner, plan cluster.RestartPlan) error {
	if plan.Boot != "" && plan.Boot != n.cfg.Boot {
		return nil // meant for the process before this one
	}
	if !p.adopt(n.facts(), plan) {
		return ErrUnderWay
	}
	n.cfg.Log.Info("restart ordered", "reason", plan.Reason, "latest", plan.Latest)
	return nil
}

func (n *Night) facts() facts {
	f := facts{now: n.cfg.Now(), inUse: n.cfg.Rooms.InUse()}
	if n.cfg.Leads && n.cfg.Bridges != nil {
		f.bridges = n.cfg.Bridges()
	}
	return f
}

// step does what is due, and reports whether the process shall end.
func (n *Night) step(p *planner) (end bool) {
	f := n.facts()
	for _, e := range p.step(f) {
		switch e := e.(type) {
		case notice:
			n.cfg.Log.Info("rooms are told of the restart", "reason", p.plan.Reason, "rooms", f.inUse, "latest", e.at)
			n.cfg.Rooms.Notice(e.at)
		case order:
			n.cfg.Order(e.machine, e.plan)
		case noNewRooms:
			n.cfg.Rooms.NoNewRooms()
		case endRooms:
			n.roomsEnded = f.inUse
			n.cfg.Rooms.EndRooms()
		case endProcess:
			n.end(p, e)
			end = true
		}
	}
	n.publish(p)
	return end
}

// end writes down what will be forgotten.
func (n *Night) end(p *planner, e endProcess) {
	totals := n.cfg.Rooms.Totals()
	n.cfg.Log.Info("restart", "reason", p.plan.Reason, "rooms_ended", n.roomsEnded, "bridges", len(e.proofs), "bridges_missing", len(e.missing))
	if err := n.cfg.Ledger.end(*p.plan, totals, n.roomsEnded, e.missing, e.proofs); err != nil {
		n.cfg.Log.Error("the proof of this restart will lack its counts", "error", err)
	}
}

func (n *Night) publish(p *planner) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.status.Phase, n.status.Until = p.phase(n.cfg.Rooms.InUse())
	n.status.Next = p.night.At
	n.next, n.busy = p.next(n.cfg.Now()), p.plan != nil
}

// Status is what the ops API says.
func (n *Night) Status() opsapi.Night {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.status
}

// Adopt takes the portal's order. Repeated orders and those for a process before this one are fine. It returns once the order was taken,
// or ctx has ended.
func (n *Night) Adopt(ctx context.Context, plan cluster.RestartPlan) error {
	if err := n.ask(ctx, plan); !errors.Is(err, ErrUnderWay) {
		return err
	}
	return nil
}

// Order restarts now, after that much notice to rooms in use. Returns ErrUnderWay or the context's error.
func (n *Night) Order(ctx context.Context, notice time.Duration) (opsapi.Night, error) {
	now := n.cfg.Now()
	err := n.ask(ctx, cluster.RestartPlan{
		Reason: opsapi.ReasonOrder, Day: now.In(n.cfg.Zone).Format(time.DateOnly), Notice: now, At: now, Latest: now.Add(notice),
	})
	return n.Status(), err
}

func (n *Night) ask(ctx context.Context, plan cluster.RestartPlan) error {
	r := request{plan, make(chan error, 1)}
	select {
	case n.orders <- r:
		return <-r.reply
	case <-ctx.Done():
		return ctx.Err()
	}
}
