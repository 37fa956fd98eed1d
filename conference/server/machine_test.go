package server

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/medienzentrenverbund/kreisraum/conference/config"
	"github.com/medienzentrenverbund/kreisraum/conference/eventually"
	"github.com/medienzentrenverbund/kreisraum/conference/logtest"
)

// machineFile is the environment variable that makes this test's program a machine: the path of its configuration.
const machineFile = "KREISRAUM_TEST_MACHINE"

// beMachine is main of a machine's server process. It says on its output where it listens, and logs on its errors.
func beMachine(file string) int {
	fail := func(err error) int {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return fail(err)
	}
	var cfg config.Config
	if err := json.Unmarshal(data, &cfg); err != nil {
		return fail(err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	log := slog.New(slog.NewJSONHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelDebug}))
	s, err := New(cfg, Options{Log: log, Version: "1.2.3"})
	if err != nil {
		return fail(err)
	}
	fmt.Println(s.TLSAddr())
	if err := s.Run(ctx); err != nil {
		return fail(err)
	}
	return 0
}

// machine is one machine with its server process, which is started anew whenever it ends, as systemd does.
type machine struct {
	id  string
	cfg config.Config
	log *logtest.Buffer
	// came is told where each new process listens.
	came func(address string)

	mu      sync.Mutex
	process *exec.Cmd
	address string
	starts  int
	off     bool
	ended   chan struct{}
}

// restartAfter is the unit's RestartSec.
const restartAfter = 100 * time.Millisecond

// startMachine starts the process and keeps it running until switchOff, or the end of the test.
func startMachine(t *testing.T, id string, cfg config.Config, came func(string)) *machine {
	t.Helper()
	data, err := json.Marshal(cfg)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(filepath.Dir(cfg.Paths.State), "machine.json")
	writeFile(t, file, data)
	m := &machine{id: id, cfg: cfg, log: &logtest.Buffer{}, came: came, ended: make(chan struct{})}
	go m.supervise(file)
	t.Cleanup(func() {
		m.switchOff()
		if t.Failed() {
			t.Logf("log of %s:\n%s", id, tail(m.log.String(), 60))
		}
	})
	eventually.True(t, id+" listens", func() bool { return m.addr() != "" })
	return m
}

func (m *machine) supervise(file string) {
	defer close(m.ended)
	for m.spawn(file) {
		time.Sleep(restartAfter)
	}
}

// spawn runs one process to its end. False: the machine is off.
func (m *machine) spawn(file string) bool {
	out, in, err := os.Pipe()
	if err != nil {
		return false
	}
	defer out.Close()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), machineFile+"="+file)
	cmd.Stdout, cmd.Stderr = in, m.log
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	m.mu.Lock()
	if m.off {
		m.mu.Unlock()
		in.Close()
		return false
	}
	err = cmd.Start()
	m.process = cmd
	m.starts++
	m.mu.Unlock()
	in.Close()
	if err != nil {
		return false
	}
	if line, err := bufio.NewReader(out).ReadString('\n'); err == nil {
		m.mu.Lock()
		m.address = strings.TrimSpace(line)
		m.mu.Unlock()
		if m.came != nil {
			m.came(strings.TrimSpace(line))
		}
	}
	_ = cmd.Wait()
	return true
}

func (m *machine) addr() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.address
}

func (m *machine) started() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.starts
}

// signal reaches the process there is. One that has just ended is as good as reached.
func (m *machine) signal(t *testing.T, s os.Signal) {
	t.Helper()
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.process.Process.Signal(s); err != nil && !errors.Is(err, os.ErrProcessDone) {
		t.Fatal(err)
	}
}

// powerCut ends the process without a word and for good.
func (m *machine) powerCut() {
	m.end(syscall.SIGKILL)
}

// switchOff ends the process in order and for good. Idempotent.
func (m *machine) switchOff() { m.end(syscall.SIGTERM) }

func (m *machine) end(s os.Signal) {
	m.mu.Lock()
	m.off = true
	if m.process != nil {
		_ = m.process.Process.Signal(s)
	}
	m.mu.Unlock()
	<-m.ended
}

func tail(text string, lines int) string {
	all := strings.SplitAfter(text, "\n")
	return strings.Join(all[max(0, len(all)-lines):], "")
}
