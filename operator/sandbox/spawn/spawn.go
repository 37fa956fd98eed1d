// Package spawn starts processes that do not outlive the sandbox, however it dies.
package spawn

import (
	"context"
	"os"
	"os/exec"
	"runtime"

	"github.com/medienzentrenverbund/kreisraum/operator/sandbox/orders"
)

// Spawner starts all processes from one OS thread that lives as long as it does: a process's parent-death signal is sent when the thread
// that forked it ends, prctl(2) PR_SET_PDEATHSIG, and Go may end threads at will. Safe for concurrent use.
type Spawner struct{ queue *orders.Queue }

// New starts the thread, which first prepares itself: what it gives up its children never have. Nil: as it is.
func New(prepare func() error) (*Spawner, error) {
	s := &Spawner{orders.New(os.ErrProcessDone)}
	ready := make(chan error, 1)
	go s.run(prepare, ready)
	return s, <-ready
}

// run never unlocks its thread, so that the thread ends with it and nobody else is given it.
func (s *Spawner) run(prepare func() error, ready chan<- error) {
	runtime.LockOSThread()
	if prepare != nil {
		if err := prepare(); err != nil {
			ready <- err
			return
		}
	}
	ready <- nil
	for {
		select {
		case o := <-s.queue.Next():
			o.Carry()
		case <-s.queue.Ended():
			return
		}
	}
}

// Start starts cmd; it returns after execve has succeeded in the child. Returns os.ErrProcessDone after Close.
func (s *Spawner) Start(cmd *exec.Cmd) error { return s.queue.Do(context.Background(), cmd.Start) }

// Close starts no more processes. What runs ought to have ended before: whether it does depends on the thread, which Go does not end if it
// is the program's first. Safe to call twice.
func (s *Spawner) Close() { s.queue.End() }
