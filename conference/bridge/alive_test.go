package bridge

import (
	"context"
	"testing"
	"time"
)

// stuckLoop is a room whose loop has stopped turning.
func stuckLoop() *entry {
	return &entry{roomLoop: &roomLoop{inbox: newInbox(), done: make(chan struct{})}}
}

func TestAlive(t *testing.T) {
	s := newSite(t, &fakeMedia{})
	if err := s.bridge.Alive(t.Context()); err != nil {
		t.Errorf("without rooms: %v", err)
	}
	s.organiser("Klasse-5a")
	s.organiser("Klasse-5b")
	if err := s.bridge.Alive(t.Context()); err != nil {
		t.Errorf("two rooms: %v", err)
	}
	s.bridge.hang("a", "b")
	soon, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if err := s.bridge.Alive(soon); err != nil {
		t.Errorf("two of four rooms hang, which must not end the other two: %v", err)
	}
	s.bridge.hang("c")
	soon, cancel = context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if err := s.bridge.Alive(soon); err == nil {
		t.Error("three of five rooms hang and all counts as well")
	}
	s.bridge.mu.Lock()
	for _, name := range []string{"a", "b", "c"} {
		delete(s.bridge.rooms, name)
	}
	s.bridge.mu.Unlock()
}

// TestAliveWaitsForTheBridge: while the bridge itself hangs, nobody says that it is well.
func TestAliveWaitsForTheBridge(t *testing.T) {
	s := newSite(t, &fakeMedia{})
	s.bridge.mu.Lock()
	said := make(chan error, 1)
	go func() { said <- s.bridge.Alive(context.Background()) }()
	select {
	case err := <-said:
		t.Errorf("a bridge that hangs says %v", err)
	case <-time.After(50 * time.Millisecond):
	}
	s.bridge.mu.Unlock()
	if err := <-said; err != nil {
		t.Error(err)
	}
}

// hang adds rooms that do not answer.
func (b *Bridge) hang(names ...string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, n := range names {
		b.rooms[n] = stuckLoop()
	}
}
