package nspawn

import (
	"fmt"
	"os"
	"runtime"

	"golang.org/x/sys/unix"
)

// onOwnThread runs f on an OS thread that nobody else uses and that ends with it.
func onOwnThread(f func() error) error {
	done := make(chan error, 1)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread ends with this goroutine
		done <- f()
	}()
	return <-done
}

// inNetwork runs f in a named network namespace, setns(2): sockets that f makes and processes that it starts belong to it. Goroutines that f
// starts do not.
func inNetwork(namespace string, f func() error) error {
	return onOwnThread(func() error {
		ns, err := os.Open("/run/netns/" + namespace)
		if err != nil {
			return fmt.Errorf("network namespace: %w", err)
		}
		defer ns.Close()
		if err := unix.Setns(int(ns.Fd()), unix.CLONE_NEWNET); err != nil {
			return fmt.Errorf("enter network namespace %s: %w", namespace, err)
		}
		return f()
	})
}
