package nspawn

import (
	"os"
	"os/exec"
	"runtime"
)

// spawner starts all machines from one OS thread that lives as long as the runtime: a process's parent-death signal is sent when the thread that
// forked it ends, prctl(2) PR_SET_PDEATHSIG, and Go may end threads at will. However the sandbox dies, its machines die with it.
type spawner struct {
	orders chan spawnOrder
	done   chan struct{}
}

type spawnOrder struct {
	cmd   *exec.Cmd
	reply chan error
}

func newSpawner() *spawner {
	s := &spawner{orders: make(chan spawnOrder), done: make(chan struct{})}
	go func() {
		runtime.LockOSThread() // never unlocked: the thread ends with the goroutine
		for {
			select {
			case o := <-s.orders:
				o.reply <- o.cmd.Start()
			case <-s.done:
				return
			}
		}
	}()
	return s
}

// start starts cmd; it returns after execve has succeeded in the child.
func (s *spawner) start(cmd *exec.Cmd) error {
	o := spawnOrder{cmd, make(chan error, 1)}
	select {
	case s.orders <- o:
		return <-o.reply
	case <-s.done:
		return os.ErrProcessDone
	}
}

func (s *spawner) close() { close(s.done) }
