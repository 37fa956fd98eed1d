//go:build e2e

package e2e

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// alone says that this process is in a network namespace of its own, for a single test.
const alone = "KREISRAUM_E2E_ALONE"

// lanes tests run at the same time. Most of them wait for machines and for people's patience, and two cores are what everybody has.
const lanes = 2

// longest first: the lanes end at about the same time. A test that is not named comes before them.
var longest = []string{"TestCounty", "TestRealMachines", "TestKilledUpIsFinishedByTheNext", "TestHandbook"}

// listening tests measure gaps in what is heard: they come last, one after the other, when nothing else fills the processors.
var listening = []string{"TestMorning", "TestTwoMachines"}

// imageTimeout bounds building the image of the real machines: a guess, several times what it takes.
const imageTimeout = 10 * time.Minute

// apart runs the tests that were asked for, each by itself, and returns the exit code.
func apart() int {
	names, rest, err := chosen()
	if err != nil {
		fmt.Fprintln(os.Stderr, "list the tests:", err)
		return 1
	}
	if slices.Contains(names, "TestRealMachines") {
		if err := image(); err != nil {
			fmt.Fprintln(os.Stderr, "build the image of the real machines:", err)
			return 1
		}
	}
	if len(names) == 1 {
		return verdict(alonePlease(names[0], rest, os.Stdout) == nil)
	}
	slices.SortStableFunc(names, func(a, b string) int { return cmp.Compare(slices.Index(longest, a), slices.Index(longest, b)) })
	quiet := slices.DeleteFunc(slices.Clone(names), func(name string) bool { return !slices.Contains(listening, name) })
	names = slices.DeleteFunc(names, func(name string) bool { return slices.Contains(listening, name) })
	good := inLanes(lanes, names, rest)
	return verdict(inLanes(1, quiet, rest) && good)
}

// inLanes runs tests in their order, some at the same time, and says whether all passed.
func inLanes(lanes int, names []string, rest string) bool {
	waiting := make(chan string, len(names))
	for _, name := range names {
		waiting <- name
	}
	close(waiting)
	var mu sync.Mutex
	good := true
	var all sync.WaitGroup
	for range lanes {
		all.Go(func() {
			for name := range waiting {
				var output bytes.Buffer
				err := alonePlease(name, rest, &output)
				mu.Lock()
				good = good && err == nil
				_, _ = io.Copy(os.Stdout, &output)
				mu.Unlock()
			}
		})
	}
	all.Wait()
	return good
}

func verdict(good bool) int {
	mark := ""
	if flag.Lookup("test.v").Value.String() == "test2json" {
		mark = framing
	}
	if !good {
		fmt.Println(mark + "FAIL")
		return 1
	}
	fmt.Println(mark + "PASS")
	return 0
}

// framing begins the lines that `go test -json` goes by, see "go doc test2json".
const framing = "\x16"

// chosen are the tests that -run and -skip leave, and what -run says of their parts.
func chosen() (names []string, rest string, err error) {
	pattern, rest, _ := strings.Cut(flag.Lookup("test.run").Value.String(), "/")
	self, err := os.Executable()
	if err != nil {
		return nil, "", err
	}
	output, err := exec.Command(self, "-test.list", cmp.Or(pattern, ".")).Output()
	if err != nil {
		return nil, "", err
	}
	skip := flag.Lookup("test.skip").Value.String()
	for name := range strings.FieldsSeq(string(output)) {
		if skip != "" && !strings.Contains(skip, "/") {
			if out, err := regexp.MatchString(skip, name); err != nil || out {
				continue
			}
		}
		names = append(names, name)
	}
	return names, rest, nil
}

// alonePlease runs one test in a process, a network namespace and a session of its own; the last gives it its share of the processors.
func alonePlease(name, rest string, output io.Writer) error {
	runtime.LockOSThread() // Pdeathsig is about the thread
	defer runtime.UnlockOSThread()
	self, err := os.Executable()
	if err != nil {
		return err
	}
	pattern := "^" + name + "$"
	if rest != "" {
		pattern += "/" + rest
	}
	w := &withoutVerdict{w: output}
	cmd := exec.Command(self, append(os.Args[1:], "-test.run="+pattern)...)
	cmd.Stdout, cmd.Stderr = w, w
	cmd.Env = append(os.Environ(), alone+"=1")
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWNET, Pdeathsig: syscall.SIGKILL, Setsid: true}
	err = cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		fmt.Fprintf(output, "run %s in a network namespace of its own: %v\n", name, err)
	}
	return err
}

// withoutVerdict drops the lines PASS and FAIL with which each process ends: what reads this output expects one.
type withoutVerdict struct {
	w    io.Writer
	line []byte
}

func (v *withoutVerdict) Write(p []byte) (int, error) {
	v.line = append(v.line, p...)
	for {
		end := bytes.IndexByte(v.line, '\n')
		if end < 0 {
			return len(p), nil
		}
		line := v.line[:end+1]
		v.line = v.line[end+1:]
		if word := strings.TrimPrefix(strings.TrimSpace(string(line)), framing); word == "PASS" || word == "FAIL" {
			continue
		}
		if _, err := v.w.Write(line); err != nil {
			return 0, err
		}
	}
}

// image builds what real machines boot, unless it is there: in a namespace of its own no test reaches a Debian mirror.
func image() error {
	ctx, cancel := context.WithTimeout(context.Background(), imageTimeout)
	defer cancel()
	output, err := exec.CommandContext(ctx, filepath.Join(root, "bin", "kreisraum"), "sandbox", "image").CombinedOutput()
	if err != nil {
		return fmt.Errorf("%w\n%s", err, output)
	}
	return nil
}
