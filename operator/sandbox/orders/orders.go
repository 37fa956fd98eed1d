// Package orders has one goroutine do one thing after the other for others, who may give up waiting while it goes on.
package orders

import (
	"context"
	"sync"
)

// Queue brings steps to the goroutine that carries them out: it receives from Next and calls Carry until Ended. Safe for concurrent use.
type Queue struct {
	next  chan Order
	ended chan struct{}
	once  sync.Once
	over  error
}

// Order is a step that somebody waits for.
type Order struct {
	step  func() error
	reply chan error
}

// New makes a queue whose Do returns over once it has ended.
func New(over error) *Queue {
	return &Queue{next: make(chan Order), ended: make(chan struct{}), over: over}
}

// Do has a step carried out and returns its error. If ctx ends first, the step goes on without the caller.
func (q *Queue) Do(ctx context.Context, step func() error) error {
	o := Order{step, make(chan error, 1)}
	select {
	case q.next <- o:
	case <-ctx.Done():
		return ctx.Err()
	case <-q.ended:
		return q.over
	}
	select {
	case err := <-o.reply:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Next are the orders, in turn.
func (q *Queue) Next() <-chan Order { return q.next }

// Carry carries the order out.
func (o Order) Carry() { o.reply <- o.step() }

// Ended is closed when no more orders come.
func (q *Queue) Ended() <-chan struct{} { return q.ended }

// End takes no more orders. Safe to call twice.
func (q *Queue) End() { q.once.Do(func() { close(q.ended) }) }
