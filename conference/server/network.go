package server

import (
	"context"
	"sync"
	"time"

	"github.com/medienzentrenverbund/kreisraum/conference/bus"
	"github.com/medienzentrenverbund/kreisraum/conference/cluster"
)

// insistEvery is how often something private is tried to be opened.
const insistEvery = time.Second

// network is what connects this machine with the others. Its parts are there one after the other, each nil before; see join.
type network struct {
	announcer lateAnnouncer

	mu     sync.Mutex
	store  *bus.Store
	undo   []func() // what closes the parts, last first
	closed bool
}

// add registers a part's end, or ends it at once if the county has been left.
func (n *network) add(undo func()) {
	n.mu.Lock()
	late := n.closed
	if !late {
		n.undo = append(n.undo, undo)
	}
	n.mu.Unlock()
	if late {
		undo()
	}
}

// leave closes what there is, in reverse order, and waits for it. Idempotent.
func (n *network) leave() {
	n.mu.Lock()
	undo := n.undo
	n.undo, n.closed = nil, true
	n.mu.Unlock()
	for i := len(undo) - 1; i >= 0; i-- {
		undo[i]()
	}
}

// run starts f and adds its end.
func (n *network) run(f func(context.Context)) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); f(ctx) }()
	n.add(func() { cancel(); <-done })
}

// current is the store, nil before it is there.
func (n *network) current() cluster.Store {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.store == nil {
		return nil
	}
	return n.store
}

// join opens what is private, each as soon as that is possible: without the network between machines, or without NATS, the site answers
// and rooms are busy. What a step needs is opened by those before it. It ends early with ctx.
func (s *Server) join(ctx context.Context) {
	if s.site == nil {
		s.joinAsBridge(ctx)
		return
	}
	s.joinAsPortal(ctx)
}

// insist tries until it works. It returns false if ctx ended first. A mistake is logged once.
func (s *Server) insist(ctx context.Context, what string, try func() error) bool {
	for last := ""; ; {
		err := try()
		if err == nil {
			if last != "" {
				s.opt.Log.Info("opened at last", "what", what)
			}
			return true
		}
		if text := err.Error(); text != last {
			s.opt.Log.Error("cannot be opened yet; trying again every second", "what", what, "error", err)
			last = text
		}
		select {
		case <-time.After(insistEvery):
		case <-ctx.Done():
			return false
		}
	}
}
