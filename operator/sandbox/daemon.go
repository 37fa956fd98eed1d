package sandbox

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

const (
	startTimeout = 2 * time.Minute // machines of an earlier run boot within it
	stopTimeout  = 45 * time.Second
	pollInterval = 50 * time.Millisecond
	askTimeout   = 3 * time.Second
	maxLog       = 5 << 20 // bytes; the log becomes sandbox.log.1 at the next start
	tailLines    = 15
	tailBytes    = 16 << 10
)

// Ensure returns the manifest of the sandbox in home, after starting it when it is not running. command is the argv that runs it in the
// foreground, `kreisraum sandbox run …`; it is started in a session of its own and outlives us. Errors carry the reason and the last lines of
// its log.
func Ensure(ctx context.Context, home string, command []string) (Manifest, error) {
	home, err := filepath.Abs(home)
	if err != nil {
		return Manifest{}, fmt.Errorf("sandbox: %w", err)
	}
	m, running, err := Status(ctx, home)
	if err != nil || running {
		return m, err
	}
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	child, err := spawn(home, command)
	if err != nil {
		return Manifest{}, fmt.Errorf("start the sandbox: %w", err)
	}
	return await(ctx, home, child)
}

// spawn starts the background process.
func spawn(home string, command []string) (*exec.Cmd, error) {
	if len(command) == 0 {
		return nil, errors.New("there is no command for it")
	}
	if err := os.MkdirAll(home, 0o700); err != nil {
		return nil, err
	}
	_ = os.Remove(filepath.Join(home, startErrorFile)) // an older start's
	name := filepath.Join(home, logFile)
	if info, err := os.Stat(name); err == nil && info.Size() > maxLog {
		_ = os.Rename(name, name+".1")
	}
	log, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.Env = withoutSecrets(os.Environ())
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	return cmd, cmd.Start()
}

// withoutSecrets keeps the real cloud's token away from a process that has no use for it.
func withoutSecrets(env []string) []string {
	var kept []string
	for _, e := range env {
		if !strings.HasPrefix(e, "HCLOUD_TOKEN=") {
			kept = append(kept, e)
		}
	}
	return kept
}

// await waits until the sandbox answers, or until the child has ended and nobody else is starting one.
func await(ctx context.Context, home string, child *exec.Cmd) (Manifest, error) {
	ended := false
	for {
		m, running, err := Status(ctx, home)
		if err == nil && running {
			if !ended {
				_ = child.Process.Release()
			}
			return m, nil
		}
		if !ended {
			ended = collect(child)
		}
		if _, held, _ := holder(home); ended && !held {
			return Manifest{}, startError(home)
		}
		select {
		case <-ctx.Done():
			if !ended {
				_ = child.Process.Signal(syscall.SIGTERM)
				_ = child.Process.Release()
			}
			if pid, held, _ := holder(home); held && ended {
				return Manifest{}, fmt.Errorf("start the sandbox: process %d holds %s and does not answer: %w; "+
					"`kreisraum sandbox stop` ends it", pid, filepath.Join(home, lockFile), ctx.Err())
			}
			return Manifest{}, fmt.Errorf("start the sandbox: it does not get ready: %w\n%s", ctx.Err(), tail(home))
		case <-time.After(pollInterval):
		}
	}
}

// collect reports whether the child has ended, without waiting for it.
func collect(child *exec.Cmd) bool {
	var ws syscall.WaitStatus
	pid, err := syscall.Wait4(child.Process.Pid, &ws, syscall.WNOHANG, nil)
	return pid == child.Process.Pid || errors.Is(err, syscall.ECHILD)
}

func startError(home string) error {
	reason, err := os.ReadFile(filepath.Join(home, startErrorFile))
	if err == nil && len(reason) > 0 {
		return fmt.Errorf("%s (log: %s)", strings.TrimSpace(string(reason)), filepath.Join(home, logFile))
	}
	return fmt.Errorf("start the sandbox: its process ended at once\n%s", tail(home))
}

// tail is the end of the log.
func tail(home string) string {
	name := filepath.Join(home, logFile)
	f, err := os.Open(name)
	if err != nil {
		return "(there is no log)"
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil {
		_, _ = f.Seek(max(0, info.Size()-tailBytes), io.SeekStart)
	}
	data, _ := io.ReadAll(io.LimitReader(f, tailBytes))
	lines := strings.Split(strings.TrimSpace(string(data)), "\n")
	return "last lines of " + name + ":\n" + strings.Join(lines[max(0, len(lines)-tailLines):], "\n")
}

// Status asks whether the sandbox in home is running: its lock is held, and its cloud answers. A sandbox that is still starting or stopping, or
// that does not answer, is not running.
func Status(ctx context.Context, home string) (m Manifest, running bool, err error) {
	_, held, err := holder(home)
	if err != nil || !held {
		return m, false, err
	}
	m, err = readManifest(home)
	if errors.Is(err, errNoManifest) {
		return m, false, nil
	}
	if err != nil {
		return m, false, err
	}
	return m, m.answers(ctx), nil
}

// answers asks the simulated cloud.
func (m Manifest) answers(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, m.HCloudURL+"/locations", nil)
	if err != nil {
		return false
	}
	r.Header.Set("Authorization", "Bearer "+m.HCloudToken)
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	answer, err := client.Do(r)
	if err != nil {
		return false
	}
	defer answer.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(answer.Body, 1<<20))
	// 429: it is there, and busy.
	return answer.StatusCode == http.StatusOK || answer.StatusCode == http.StatusTooManyRequests
}

// Stop ends the sandbox in home and waits until it is gone. The process to signal is the one that holds the lock; nobody else can. Stopping what
// does not run is no error.
func Stop(ctx context.Context, home string) error {
	ctx, cancel := context.WithTimeout(ctx, stopTimeout)
	defer cancel()
	var p *process
	defer func() { p.close() }()
	for {
		pid, held, err := holder(home)
		if err != nil {
			return err
		}
		if !held && p.ended() {
			return purge(home)
		}
		if held && pid > 0 && !p.is(pid) {
			p.close()
			if p, err = terminate(home, pid); err != nil {
				return fmt.Errorf("stop the sandbox, process %d: %w", pid, err)
			}
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("stop the sandbox: process %d is still there: %w; its log is %s; "+
				"`kill -9 %d` ends it with its machines' processes, their disks stay", pid, ctx.Err(), filepath.Join(home, logFile), pid)
		case <-time.After(pollInterval):
		}
	}
}

// terminate asks the process that holds the lock to end. The handle stands for one process, whatever becomes of its number; if the lock is
// still held under that number after the handle has been opened, it is the right one.
func terminate(home string, pid int) (*process, error) {
	p, err := openProcess(pid)
	if err != nil || p == nil {
		return nil, err
	}
	again, held, err := holder(home)
	if err == nil && held && again == pid {
		err = p.terminate()
	}
	if err != nil {
		p.close()
		return nil, err
	}
	return p, nil
}
