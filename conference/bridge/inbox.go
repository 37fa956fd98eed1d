package bridge

import (
	"math"
	"sync"
)

// inboxSize bounds what connections may post ahead of a room loop: 30 messages of each of 270 connections.
const inboxSize = 8192

// inbox is the queue of a room loop. Posting never blocks. Safe for concurrent use.
type inbox struct {
	// wake has a token whenever there is something to take.
	wake chan struct{}

	mu       sync.Mutex
	messages []message
	closed   bool
}

func newInbox() *inbox { return &inbox{wake: make(chan struct{}, 1)} }

// offer posts a message and returns false if the inbox is full or closed.
func (i *inbox) offer(m message) bool { return i.add(m, inboxSize) }

// post posts a message that must not be lost, of which there are at most a few per connection. It returns false if the inbox is closed.
func (i *inbox) post(m message) bool { return i.add(m, math.MaxInt) }

func (i *inbox) add(m message, limit int) bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.closed || len(i.messages) >= limit {
		return false
	}
	i.messages = append(i.messages, m)
	select {
	case i.wake <- struct{}{}:
	default:
	}
	return true
}

func (i *inbox) take() []message {
	i.mu.Lock()
	defer i.mu.Unlock()
	m := i.messages
	i.messages = nil
	return m
}

// close takes no more messages and returns what was not taken.
func (i *inbox) close() []message {
	i.mu.Lock()
	i.closed = true
	i.mu.Unlock()
	return i.take()
}
