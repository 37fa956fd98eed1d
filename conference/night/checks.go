package night

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/medienzentrenverbund/kreisraum/conference/opsapi"
)

// Inspection is where to look.
type Inspection struct {
	// Store is the message store's folder. Nothing may have been written there.
	Store string
	// Folders are all folders the server may write to, each with the names, as patterns (path.Match), of what may be in them.
	Folders map[string][]string
}

// Forgetful makes this process one that leaves nothing behind: no core dump, and no other process of the same user may read its memory.
func Forgetful() error {
	if err := unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{}); err != nil {
		return fmt.Errorf("switch core dumps off: %w", err)
	}
	if err := unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0); err != nil {
		return fmt.Errorf("switch core dumps off: %w", err)
	}
	return nil
}

// checks looks at the machine before anybody is let in. old is the process that ran before.
func (i Inspection) checks(old int) []opsapi.Check {
	return []opsapi.Check{
		check(opsapi.CheckProcessGone, processGone(old)),
		check(opsapi.CheckNoCoreDumps, noCoreDumps()),
		check(opsapi.CheckNoSwap, noSwap()),
		check(opsapi.CheckNoStore, i.storeEmpty()),
		check(opsapi.CheckFiles, i.knownFiles()),
	}
}

func check(name string, err error) opsapi.Check {
	if err != nil {
		return opsapi.Check{Name: name, Detail: err.Error()}
	}
	return opsapi.Check{Name: name, OK: true}
}

// processGone: its memory went with it. After a reboot or in a PID namespace the number may be our own.
func processGone(pid int) error {
	if pid == os.Getpid() {
		return nil
	}
	err := unix.Kill(pid, 0)
	if errors.Is(err, unix.ESRCH) {
		return nil
	}
	if name, ok := program(pid); ok && name != ownProgram() {
		return nil // the number has passed to another program
	}
	return fmt.Errorf("process %d still exists; end it, or reboot the machine", pid)
}

// program is the name of a process, proc(5) "comm"; false where /proc does not tell.
func program(pid int) (string, bool) {
	data, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/comm")
	return strings.TrimSpace(string(data)), err == nil
}

func ownProgram() string {
	name, _ := program(os.Getpid())
	return name
}

func noCoreDumps() error {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_CORE, &limit); err != nil {
		return fmt.Errorf("ask for the limit of core dumps: %w", err)
	}
	dumpable, err := unix.PrctlRetInt(unix.PR_GET_DUMPABLE, 0, 0, 0, 0)
	if err != nil {
		return fmt.Errorf("ask whether core dumps are on: %w", err)
	}
	if limit.Cur != 0 || dumpable == 1 {
		return errors.New("a crash would write memory to disk; deploy again, the unit and the server switch that off")
	}
	return nil
}

// noSwap holds if the machine has no swap, or this process may not use it (MemorySwapMax=0 of its unit).
func noSwap() error {
	var info unix.Sysinfo_t
	if err := unix.Sysinfo(&info); err != nil {
		return fmt.Errorf("ask for the size of swap: %w", err)
	}
	if info.Totalswap == 0 || swapForbidden("/proc/self/cgroup", "/sys/fs/cgroup") {
		return nil
	}
	return fmt.Errorf("this machine has %d MiB of swap, and memory may be on its disk; run `swapoff -a` and take it out of /etc/fstab",
		uint64(info.Totalswap)*uint64(info.Unit)>>20)
}

// swapForbidden looks for memory.swap.max of this process's control group and those above it (cgroups(7), version 2).
func swapForbidden(self, root string) bool {
	data, err := os.ReadFile(self)
	if err != nil {
		return false
	}
	for line := range strings.Lines(string(data)) {
		group, ok := strings.CutPrefix(strings.TrimSpace(line), "0::")
		for ; ok && group != "/" && group != "."; group = filepath.Dir(group) {
			limit, err := os.ReadFile(filepath.Join(root, group, "memory.swap.max"))
			if err == nil && strings.TrimSpace(string(limit)) == "0" {
				return true
			}
		}
	}
	return false
}

// storeEmpty: the message store lives in memory; what lies in its folder are empty folders at most.
func (i Inspection) storeEmpty() error {
	files := 0
	err := filepath.WalkDir(i.Store, func(_ string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			files++
		}
		return err
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("look into the message store's folder: %w", err)
	}
	if files > 0 {
		return fmt.Errorf("%d files are in %s, which the message store must not write; delete them", files, i.Store)
	}
	return nil
}

// knownFiles says how many unknown files there are and where, but not their names: nobody knows what is in those.
func (i Inspection) knownFiles() error {
	for folder, patterns := range i.Folders {
		entries, err := os.ReadDir(folder)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("look for unknown files: %w", err)
		}
		unknown := 0
		for _, e := range entries {
			if !matches(patterns, e.Name()) {
				unknown++
			}
		}
		if unknown > 0 {
			return fmt.Errorf("%d files in %s are not the server's; look at them and delete what does not belong there", unknown, folder)
		}
	}
	return nil
}

func matches(patterns []string, name string) bool {
	for _, p := range patterns {
		if ok, _ := filepath.Match(p, name); ok {
			return true
		}
	}
	return false
}
