package directory

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/medienzentrenverbund/kreisraum/conference/cluster"
	"github.com/medienzentrenverbund/kreisraum/conference/identity"
	"github.com/medienzentrenverbund/kreisraum/conference/opsapi"
	"github.com/medienzentrenverbund/kreisraum/conference/signaling"
)

// loop owns the directory's state. Nothing in it waits: calls of the store run beside it and come back as results.
type loop struct {
	cfg  Config
	view view
	// seen are all machines that were ever heard of: what a removed one left behind is looked for too.
	seen map[string]bool
	// written are placements that the store has and its memory may not show yet.
	written map[cluster.RoomKey]written
	settle  settling
	links   map[string]*link
	// asks wait for an answer, by room; asking is how many.
	asks   map[cluster.RoomKey][]*ask
	asking int
	queue  queue
	// silent is since when no living process has announced a room that is placed or was left behind.
	silent map[cluster.RoomKey]time.Time
	// ordered is when an order was given last, so that it is not repeated all the time.
	ordered map[chore]time.Time

	// flying are the rooms for which the store is being written.
	flying  map[cluster.RoomKey]bool
	results chan result
	slots   chan struct{}
	ops     sync.WaitGroup
	ctx     context.Context // of the calls under way

	refreshed time.Time
	complain  rate.Sometimes
}

type written struct {
	placement cluster.Placement
	at        time.Time
}

// result is what became of a call of the store.
type result func(l *loop)

func newLoop(cfg Config) *loop {
	l := &loop{
		cfg: cfg, seen: map[string]bool{}, written: map[cluster.RoomKey]written{}, links: map[string]*link{}, asks: map[cluster.RoomKey][]*ask{},
		silent: map[cluster.RoomKey]time.Time{}, ordered: map[chore]time.Time{}, flying: map[cluster.RoomKey]bool{},
		results: make(chan result), slots: make(chan struct{}, maxOps), complain: rate.Sometimes{Interval: 10 * time.Second},
	}
	l.view = view{machines: map[string]opsapi.Machine{}, alive: map[string]cluster.Lease{},
		placements: map[cluster.RoomKey]cluster.Placement{}, claims: map[cluster.RoomKey]cluster.Placement{}}
	return l
}

func (l *loop) run(ctx context.Context, inbox <-chan message, lists <-chan opsapi.Machines) {
	ctx, cancel := context.WithCancel(ctx)
	l.ctx = ctx
	defer func() {
		cancel()
		for _, k := range l.links {
			k.end()
		}
		l.ops.Wait()
	}()
	tick := time.NewTicker(refreshEvery)
	defer tick.Stop()
	soon := time.NewTimer(0)
	defer soon.Stop()
	for {
		select {
		case m := <-inbox:
			m.apply(l)
		case list := <-lists:
			l.setMachines(list)
			l.refresh()
		case r := <-l.results:
			r(l)
		case <-l.cfg.Store.Changes():
			soon.Reset(refreshGap - min(refreshGap, l.cfg.Now().Sub(l.refreshed)))
		case <-soon.C:
			l.refresh()
		case <-tick.C:
			l.refresh()
		case <-ctx.Done():
			return
		}
	}
}

// setMachines takes the operator's list. What names no machine or has no address is left out.
func (l *loop) setMachines(list opsapi.Machines) {
	l.settle.listed = true
	clear(l.view.machines)
	for _, m := range list.Machines {
		local := m.ID == identity.Portal && l.cfg.Local != nil
		if !identity.IsMachine(m.ID) || !local && (m.ID == identity.Portal || !m.Private.IsValid()) {
			l.cfg.Log.Error("machine cannot be used: its ID is none, or it has no private address", "machine", m.ID)
			continue
		}
		l.view.machines[m.ID] = m
		l.seen[m.ID] = true
	}
}

// refresh looks at the store and does what has become possible or necessary.
func (l *loop) refresh() {
	now := l.cfg.Now()
	l.refreshed = now
	l.look(now)
	l.relink()
	l.lapse(now)
	for _, c := range l.view.tidy(now, func(key cluster.RoomKey) time.Duration { return now.Sub(l.silent[key]) }) {
		l.do(c, now)
	}
	l.advance()
	for key := range l.asks {
		l.resolve(key)
	}
}

// relink makes a link to each process that is alive, and ends those of all others.
func (l *loop) relink() {
	for id, k := range l.links {
		if lease, alive := l.view.alive[id]; !alive || k.boot != lease.Boot || k.private != l.view.machines[id].Private {
			if _, listed := l.view.machines[id]; listed {
				l.cfg.Log.Warn("bridge is gone: its connections are ended, its rooms come back elsewhere", "machine", id)
			} else {
				l.cfg.Log.Info("bridge was taken off the list", "machine", id)
			}
			k.end()
			delete(l.links, id)
		}
	}
	for id, lease := range l.view.alive {
		if l.links[id] != nil {
			continue
		}
		l.cfg.Log.Info("bridge is there", "machine", id, "version", lease.Version)
		private := l.view.machines[id].Private
		if id == identity.Portal && l.cfg.Local != nil {
			l.links[id] = localLink(id, lease.Boot, private, l.cfg.Local)
		} else {
			l.links[id] = remoteLink(id, lease.Boot, private, l.cfg.RoomsPort, l.cfg.TLS, l.cfg.Log)
		}
	}
}

// lapse forgets what is over: silences, orders, requests that nobody waits for.
func (l *loop) lapse(now time.Time) {
	silence := make(map[cluster.RoomKey]time.Time, len(l.silent))
	note := func(key cluster.RoomKey) {
		if _, announced := l.view.said[key]; announced || !l.view.settled {
			return
		}
		since, known := l.silent[key]
		if !known {
			since = now
		}
		silence[key] = since
	}
	for key := range l.view.placements {
		note(key)
	}
	for key := range l.view.left {
		note(key)
	}
	l.silent = silence
	for c, at := range l.ordered {
		if now.Sub(at) >= repeatEvery {
			delete(l.ordered, c)
		}
	}
	for key, asks := range l.asks {
		l.keep(key, slices.DeleteFunc(asks, func(a *ask) bool { return a.ctx.Err() != nil }), len(asks))
	}
}

// keep replaces the requests that wait for a room, of which there were before so many.
func (l *loop) keep(key cluster.RoomKey, asks []*ask, before int) {
	l.asking += len(asks) - before
	if len(asks) == 0 {
		delete(l.asks, key)
	} else {
		l.asks[key] = asks
	}
}

// ask answers a request, or keeps it until it can be answered.
func (l *loop) ask(a *ask) {
	if signaling.IsProbeRoom(a.room) {
		if machine, targeted := probeMachine(a.room); targeted {
			a.answer <- l.probe(machine)
			return
		}
		if l.cfg.Local != nil {
			a.answer <- l.probe(identity.Portal)
			return
		}
		a.organiser = false // a probe begins no lesson
	}
	if l.asking >= maxAsks {
		a.answer <- answer{err: cluster.ErrNoBridge}
		return
	}
	l.keep(a.key, append(l.asks[a.key], a), len(l.asks[a.key]))
	l.resolve(a.key)
}

// probe leads to a machine, ready or not: that is what a probe is to find out. The bridge in this process needs no lease for it.
func (l *loop) probe(machine string) answer {
	if machine == identity.Portal && l.cfg.Local != nil {
		return answer{place: cluster.Place{Bridge: l.cfg.Local}}
	}
	if k := l.links[machine]; k != nil {
		return answer{place: cluster.Place{Bridge: k}}
	}
	return answer{err: cluster.ErrNoBridge}
}

// resolve answers who asks for a room, as far as that is possible now. Of many who ask at once the first one's answer may be to
// write the store; all others wait for that.
func (l *loop) resolve(key cluster.RoomKey) {
	asks := l.asks[key]
	rest := asks[:0:0]
	for i, a := range asks {
		if l.flying[key] {
			rest = append(rest, asks[i:]...)
			break
		}
		now := l.cfg.Now()
		v := l.view.decide(key, a.organiser, len(l.queue.rooms) > 0, now)
		switch v.action {
		case wait:
			rest = append(rest, a)
		case here:
			a.answer <- l.enter(key, v, now)
		case move:
			l.place(key, v, now)
			rest = append(rest, a)
		case full:
			a.answer <- answer{err: cluster.ErrFull}
		case none:
			a.answer <- answer{err: cluster.ErrNoBridge}
		}
	}
	l.keep(key, rest, len(asks))
}

// enter lets somebody into a room that has its bridge.
func (l *loop) enter(key cluster.RoomKey, v verdict, now time.Time) answer {
	k := l.links[v.machine]
	if k == nil || k.boot != v.boot {
		return answer{err: cluster.ErrNoBridge}
	}
	if _, quiet := l.silent[key]; quiet {
		l.silent[key] = now // somebody is on the way
	}
	return answer{place: cluster.Place{Bridge: k, Restore: v.restore}}
}

// advance serves the queue as far as there is capacity. A room that needs none, since it began meanwhile, does not wait its turn.
func (l *loop) advance() {
	now := l.cfg.Now()
	for _, r := range slices.Clone(l.queue.rooms) {
		if l.view.runs(r.key) && l.view.decide(r.key, true, true, now).action == here {
			l.queue.grant(r.key)
		}
	}
	for len(l.queue.rooms) > 0 {
		key := l.queue.rooms[0].key
		if l.flying[key] {
			return
		}
		switch v := l.view.decide(key, true, false, now); v.action {
		case here:
			l.queue.grant(key)
		case move:
			l.place(key, v, now)
			return
		default:
			return
		}
	}
}

// place makes or changes a room's placement.
func (l *loop) place(key cluster.RoomKey, v verdict, now time.Time) {
	want := cluster.Placement{Machine: v.machine, Boot: v.boot, At: now, Opened: v.opens, People: v.people, Revision: v.revision}
	l.view.claims[key] = want
	write := l.cfg.Store.Replace
	if v.revision == 0 {
		write = l.cfg.Store.Place
	}
	l.fly(key, func(ctx context.Context) result {
		p, err := write(ctx, key, want)
		return func(l *loop) { l.placed(key, want.Revision, p, err) }
	})
}

// placed goes on once the store has answered.
func (l *loop) placed(key cluster.RoomKey, before uint64, p cluster.Placement, err error) {
	delete(l.view.claims, key)
	switch {
	case err == nil, errors.Is(err, cluster.ErrPlaced), errors.Is(err, cluster.ErrChanged) && p.Revision > before:
		l.note(key, p)
	case errors.Is(err, cluster.ErrChanged):
		return // the store's memory will show it; then whoever asks is answered
	default:
		l.complain.Do(func() { l.cfg.Log.Warn("placement cannot be written", "error", err) })
		asks := l.asks[key]
		for _, a := range asks {
			a.answer <- answer{err: cluster.ErrNoBridge}
		}
		l.keep(key, nil, len(asks))
		return
	}
	l.resolve(key)
	l.advance()
}

// note keeps a placement until the store's memory shows it.
func (l *loop) note(key cluster.RoomKey, p cluster.Placement) {
	l.written[key] = written{p, l.cfg.Now()}
	l.view.placements[key] = p
}

// do does a chore, if the room is not just being written and the order was not given a moment ago.
func (l *loop) do(c chore, now time.Time) {
	if l.flying[c.key] {
		return
	}
	if c.deed == adoptRoom || c.deed == moveDoor {
		l.place(c.key, l.view.moveTo(c.key, c.machine), now)
		return
	}
	if _, lately := l.ordered[c]; lately {
		return
	}
	l.ordered[c] = now
	store := l.cfg.Store
	l.fly(c.key, func(ctx context.Context) result {
		var err error
		switch c.deed {
		case evictRoom:
			err = store.Order(ctx, c.machine, cluster.Order{Evict: c.key})
		case dropRecord:
			err = store.DropRecord(ctx, c.machine, c.key)
		case unplace:
			err = store.Unplace(ctx, c.key, c.revision)
		}
		return func(l *loop) { l.did(c, err) }
	})
}

func (l *loop) did(c chore, err error) {
	switch {
	case err != nil && !errors.Is(err, cluster.ErrChanged):
		l.complain.Do(func() { l.cfg.Log.Warn("store cannot be put in order", "error", err) })
	case err == nil && c.deed == unplace:
		delete(l.written, c.key)
		if l.view.placements[c.key].Revision == c.revision {
			delete(l.view.placements, c.key)
		}
	}
	l.resolve(c.key)
	l.advance()
}

// fly runs a call of the store beside the loop. There is one for each room at a time.
func (l *loop) fly(key cluster.RoomKey, call func(context.Context) result) {
	l.flying[key] = true
	l.beside(func(ctx context.Context) result {
		r := call(ctx)
		return func(l *loop) {
			delete(l.flying, key)
			r(l)
		}
	})
}

func (l *loop) beside(call func(context.Context) result) {
	l.ops.Go(func() {
		select {
		case l.slots <- struct{}{}:
			defer func() { <-l.slots }()
		case <-l.ctx.Done():
			return
		}
		ctx, cancel := context.WithTimeout(l.ctx, opTimeout)
		defer cancel()
		r := call(ctx)
		select {
		case l.results <- r:
		case <-l.ctx.Done():
		}
	})
}
