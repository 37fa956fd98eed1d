package hcloudsim

import (
	"context"
	"reflect"
	"sync"
	"time"

	"github.com/hetznercloud/hcloud-go/v2/hcloud/schema"
)

// step is the work of one action. effect runs without the project's lock, done and failed with it.
type step struct {
	action int64 // 0: work without an action
	effect func(ctx context.Context, l *lane) error
	done   func(p *project)
	failed func(p *project)
}

// job is steps in order; when one fails, the rest fail with it.
type job []step

// lane owns one server's machine: it alone calls the Runtime for it, one job after the other.
type lane struct {
	api    *Server
	server int64
	wake   chan struct{}

	created Machine   // what the Runtime was last told; owned by the lane's goroutine
	until   time.Time // end of the work so far, by the simulator's clock; owned by the lane's goroutine
	gone    bool      // the machine is deleted; owned by the lane's goroutine

	mu     sync.Mutex // guards what follows
	queue  []job
	closed bool
}

// startLaneLocked gives a server its lane.
func (s *Server) startLaneLocked(server int64) {
	l := &lane{api: s, server: server, wake: make(chan struct{}, 1)}
	s.lanes[server] = l
	s.work.Go(func() { l.loop(s.ctx) })
}

// enqueueLocked hands a job to a server's lane; work on no particular server runs by itself. When the simulator is closing, the
// job is left to the next start.
func (s *Server) enqueueLocked(server int64, j job) {
	if s.closed {
		return
	}
	if l, ok := s.lanes[server]; ok && l.push(j) {
		return
	}
	detached := &lane{api: s, gone: true}
	s.work.Go(func() { detached.run(s.ctx, j) })
}

func (l *lane) push(j job) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return false
	}
	l.queue = append(l.queue, j)
	select {
	case l.wake <- struct{}{}:
	default:
	}
	return true
}

func (l *lane) pop() (job, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.queue) == 0 {
		if l.gone {
			l.closed = true
		}
		return nil, false
	}
	j := l.queue[0]
	l.queue = l.queue[1:]
	return j, true
}

func (l *lane) loop(ctx context.Context) {
	for {
		j, ok := l.pop()
		switch {
		case ok:
			l.run(ctx, j)
		case l.gone:
			l.api.mu.Lock()
			delete(l.api.lanes, l.server)
			l.api.mu.Unlock()
			return
		default:
			select {
			case <-l.wake:
			case <-ctx.Done():
				return
			}
		}
		if ctx.Err() != nil {
			return
		}
	}
}

// run works through a job. When the simulator closes in between, the actions stay running and are taken up at the next start.
func (l *lane) run(ctx context.Context, j job) {
	for i, st := range j {
		err := l.perform(ctx, st)
		if ctx.Err() != nil {
			return
		}
		if err == nil {
			l.succeed(st)
			continue
		}
		l.api.cfg.Log.Error("cloud simulator: action did not succeed", "server", l.server, "action", st.action, "error", err)
		l.fail(j[i:], err)
		l.vanish(ctx)
		return
	}
}

// perform runs the effect and lets at least the action's time pass. What was due while the clock was put forward ends when it was due,
// and the next step begins there.
func (l *lane) perform(ctx context.Context, st step) error {
	clock := l.api.cfg.Clock
	begin, takes, fails := l.term(st)
	started := time.Now()
	var err error
	if st.effect != nil && fails == nil {
		err = st.effect(ctx, l)
	}
	worked := time.Duration(float64(time.Since(started)) * clock.Speed())
	if err != nil {
		l.until = begin.Add(worked)
		return err
	}
	l.until = begin.Add(max(takes, worked))
	if err := clock.SleepUntil(ctx, l.until); err != nil {
		return err
	}
	if fails != nil {
		return &spoiled{*fails}
	}
	return nil
}

// term is when a step begins by the simulator's clock, how long it takes at least and how it is bound to fail, if it is.
func (l *lane) term(st step) (begin time.Time, takes time.Duration, fails *schema.ActionError) {
	l.api.mu.Lock()
	defer l.api.mu.Unlock()
	a, ok := l.api.project.Actions[st.action]
	if !ok {
		return l.api.cfg.Clock.Now(), 0, nil
	}
	return later(a.Started, l.until), a.Takes, a.Fails
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func (l *lane) succeed(st step) {
	l.api.commitAt(l.until, func(p *project) {
		if st.done != nil {
			st.done(p)
		}
		p.finish(st.action, l.until.UTC(), nil)
	})
}

func (l *lane) fail(rest []step, err error) {
	failure := actionError(err)
	l.api.commitAt(l.until, func(p *project) {
		for i, st := range rest {
			if i == 0 && st.failed != nil {
				st.failed(p)
			}
			p.finish(st.action, l.until.UTC(), failure)
		}
	})
}

// spec is the server as its machine must be. ok is false when the server is gone.
func (l *lane) spec() (m Machine, ok bool) {
	l.api.mu.Lock()
	defer l.api.mu.Unlock()
	s, ok := l.api.project.Servers[l.server]
	if !ok {
		return Machine{}, false
	}
	return l.api.machineLocked(s), true
}

// create tells the Runtime about the machine, or about what has changed of it, and puts it behind its firewalls.
func create(ctx context.Context, l *lane) error {
	want, ok := l.spec()
	if !ok || l.gone || reflect.DeepEqual(want, l.created) {
		return nil
	}
	if err := l.api.cfg.Runtime.Create(ctx, want); err != nil {
		return err
	}
	l.created = want
	if err := filter(ctx, l); err != nil {
		l.created = Machine{} // not behind its firewalls yet: start over
		return err
	}
	return nil
}

// filter brings the machine's rules in line with the firewalls as they are now. A machine that does not exist yet gets its rules
// when it is created.
func filter(ctx context.Context, l *lane) error {
	if l.gone || l.created.ID == 0 {
		return nil
	}
	var ids []int64
	var rules []FirewallRule
	l.api.mu.Lock()
	s, ok := l.api.project.Servers[l.server]
	if ok {
		ids = l.api.project.firewallsOf(s)
		rules = l.api.project.inbound(ids)
	}
	l.api.mu.Unlock()
	if !ok {
		return nil
	}
	if err := l.api.cfg.Runtime.SetFirewall(ctx, l.server, len(ids) > 0, rules); err != nil {
		return err
	}
	l.api.commit(func(p *project) {
		if s, ok := p.Servers[l.server]; ok {
			s.Enforced = ids
		}
	})
	return nil
}

func powerOn(ctx context.Context, l *lane) error {
	if err := create(ctx, l); err != nil {
		return err
	}
	return l.api.cfg.Runtime.PowerOn(ctx, l.server)
}

func powerOff(ctx context.Context, l *lane) error { return l.api.cfg.Runtime.PowerOff(ctx, l.server) }

func shutdown(ctx context.Context, l *lane) error { return l.api.cfg.Runtime.Shutdown(ctx, l.server) }

func remove(ctx context.Context, l *lane) error {
	if err := l.api.cfg.Runtime.Delete(ctx, l.server); err != nil {
		return err
	}
	l.gone = true
	return nil
}

// inOrder runs effects one after the other.
func inOrder(effects ...func(context.Context, *lane) error) func(context.Context, *lane) error {
	return func(ctx context.Context, l *lane) error {
		for _, effect := range effects {
			if err := effect(ctx, l); err != nil {
				return err
			}
		}
		return nil
	}
}
