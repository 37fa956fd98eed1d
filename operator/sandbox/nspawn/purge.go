package nspawn

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"

	"golang.org/x/sys/unix"
)

// Purge removes what a killed sandbox left in the kernel: processes, cgroups, network namespaces, interfaces, nspawn's folders. Everything is
// found by the names drawn from dir, which may be gone already; disks are not touched. The caller must know that no sandbox runs there. Without
// root rights there is nothing to purge, since nothing can have been made.
func Purge(dir string) error {
	if os.Geteuid() != 0 {
		return nil
	}
	n, err := namesOf(dir)
	if err != nil {
		return err
	}
	var errs []error
	if mount, err := cgroupMount(); err == nil {
		errs = append(errs, cgroup(filepath.Join(mount, n.group())).remove())
	}
	errs = append(errs, removeLink(n.uplink())) // before the namespace at its other end: that takes the link away too, but some time later
	for _, name := range owned("/run/netns", n) {
		errs = append(errs, killIn(name), removeNamespace(name))
	}
	for _, below := range []string{"propagate", "unix-export"} {
		for _, name := range owned(filepath.Join(runDirectory, below), n) {
			errs = append(errs, forgetMachine(name))
		}
	}
	return errors.Join(errs...)
}

// Left says whether there is anything for Purge.
func Left(dir string) bool {
	n, err := namesOf(dir)
	if err != nil || os.Geteuid() != 0 {
		return false
	}
	if mount, err := cgroupMount(); err == nil {
		if _, err := os.Stat(filepath.Join(mount, n.group())); err == nil {
			return true
		}
	}
	return len(owned("/run/netns", n)) > 0
}

// owned are the entries of a folder that carry the sandbox's name.
func owned(dir string, n names) []string {
	entries, _ := os.ReadDir(dir) // there is no such folder before the first use
	var all []string
	for _, e := range entries {
		if n.owns(e.Name()) {
			all = append(all, e.Name())
		}
	}
	return all
}

// killIn ends what still runs in a network namespace, such as a program that a test started there; it would keep the namespace alive.
func killIn(namespace string) error {
	var want unix.Stat_t
	if err := unix.Stat("/run/netns/"+namespace, &want); err != nil {
		return nil
	}
	processes, err := os.ReadDir("/proc")
	if err != nil {
		return err
	}
	for _, p := range processes {
		pid, err := strconv.Atoi(p.Name())
		var have unix.Stat_t
		if err != nil || pid == os.Getpid() || unix.Stat("/proc/"+p.Name()+"/ns/net", &have) != nil {
			continue
		}
		if have.Dev == want.Dev && have.Ino == want.Ino {
			_ = unix.Kill(pid, unix.SIGKILL) // it may have ended
		}
	}
	return nil
}
