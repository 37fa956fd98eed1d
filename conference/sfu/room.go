package sfu

import (
	"fmt"
	"sync"
	"time"

	"github.com/medienzentrenverbund/kreisraum/conference/slots"
)

// Room forwards media among its sessions. Safe for concurrent use.
type Room struct {
	engine *Engine
	echo   bool          // who is inside gets its own media
	done   chan struct{} // closed when the loop has ended

	mu     sync.Mutex
	closed bool
	inbox  []message // bounded: a session has at most one of each message in it
	wake   chan struct{}

	// What follows is owned by the loop.
	sessions []*Session
	meters   map[*Session]*slots.Meter
	speakers []*Session
	ruled    bool // audiences have changed since the last tick
	// simulcast says that somebody offered it; without, layers never change.
	simulcast bool
	ticks     int
}

func newRoom(e *Engine, echo bool) *Room {
	r := &Room{engine: e, echo: echo, done: make(chan struct{}), wake: make(chan struct{}, 1), meters: map[*Session]*slots.Meter{}}
	go r.loop()
	return r
}

// Join answers the offer of participant id, who takes the place of an earlier session with the same id. It returns *OfferError
// for an offer that does not have the shape of docs/signaling.md, and ErrClosed. Close the session when the participant leaves.
func (r *Room) Join(id string, offerSDP string, ev Events) (s *Session, answerSDP string, err error) {
	o, err := parseOffer(offerSDP)
	if err != nil {
		return nil, "", err
	}
	if !r.engine.admit() {
		return nil, "", ErrClosed
	}
	s = newSession(r, id, o, ev)
	answer, err := r.connect(s, o)
	if err != nil {
		r.engine.open.Done()
		return nil, "", err
	}
	if !r.post(joinMessage{s}) {
		s.Close()
		return nil, "", ErrClosed
	}
	return s, answer, nil
}

// connect makes the session's transport and returns the answer. On error nothing is left behind.
func (r *Room) connect(s *Session, o *offer) (string, error) {
	x := &excess{}
	api, err := r.engine.api(x)
	if err != nil {
		return "", fmt.Errorf("set up media: %w", err)
	}
	certificate, err := r.engine.dtlsCertificate(time.Now())
	if err != nil {
		return "", err
	}
	t, err := newPeerTransport(api, certificate, s)
	if err != nil {
		return "", err
	}
	x.over = t.tooMuch
	s.wire(t)
	answer, err := t.answer(o)
	if err != nil {
		t.Close()
		return "", err
	}
	return answer, nil
}

// Close ends all sessions of the room and waits for the room loop. Idempotent.
func (r *Room) Close() {
	r.mu.Lock()
	r.closed = true
	r.mu.Unlock()
	r.ring()
	<-r.done
}

// post gives the loop a message; it reports false when the room is closed. It does not block.
func (r *Room) post(m message) bool {
	r.mu.Lock()
	if r.closed {
		r.mu.Unlock()
		return false
	}
	r.inbox = append(r.inbox, m)
	r.mu.Unlock()
	r.ring()
	return true
}

func (r *Room) ring() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// loop owns the room's state. It ticks only while somebody is inside.
func (r *Room) loop() {
	defer close(r.done)
	ticker := time.NewTicker(tick)
	ticker.Stop()
	defer ticker.Stop()
	occupied := false
	for {
		select {
		case <-r.wake:
			if r.drain() {
				r.end()
				return
			}
		case <-ticker.C:
			r.tick()
		}
		if now := len(r.sessions) > 0; now != occupied {
			occupied = now
			if occupied {
				ticker.Reset(tick)
			} else {
				ticker.Stop()
			}
		}
	}
}

// drain applies all messages and then settles the slots once. It reports whether the room was closed.
func (r *Room) drain() (closed bool) {
	r.mu.Lock()
	messages, closed := r.inbox, r.closed
	r.inbox = nil
	r.mu.Unlock()
	for _, m := range messages {
		m.apply(r)
	}
	if len(messages) > 0 && !closed {
		r.settle()
	}
	return closed
}

// end closes what is left.
func (r *Room) end() {
	for _, s := range r.sessions {
		s.Close()
		for _, d := range s.downs {
			d.attach(nil)
		}
	}
	r.engine.forget(r)
}
