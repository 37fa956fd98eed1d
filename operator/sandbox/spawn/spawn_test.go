package spawn

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// asSandbox makes this test binary start a process and wait to be killed.
const asSandbox = "SPAWN_TEST_AS_SANDBOX"

func TestMain(m *testing.M) {
	if os.Getenv(asSandbox) == "" {
		os.Exit(m.Run())
	}
	s, err := New(nil)
	if err != nil {
		panic(err)
	}
	cmd := exec.Command("sleep", "600")
	cmd.Stdout = os.Stdout
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := s.Start(cmd); err != nil {
		panic(err)
	}
	fmt.Println("started")
	select {}
}

// However the sandbox dies, what it has started dies with it: only then nobody holds the pipe any more.
func TestProcessesEndWithTheSandbox(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	sandbox := exec.CommandContext(ctx, os.Args[0])
	sandbox.Env = append(os.Environ(), asSandbox+"=1")
	out, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	sandbox.Stdout = write
	err = sandbox.Start()
	write.Close()
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(out)
	if line, err := lines.ReadString('\n'); err != nil || line != "started\n" {
		t.Fatalf("got %q, %v", line, err)
	}
	if err := sandbox.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = sandbox.Wait()
	if err := out.SetReadDeadline(time.Now().Add(30 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := lines.ReadByte(); !errors.Is(err, io.EOF) {
		t.Errorf("the process outlives the sandbox: %v", err)
	}
}

func TestNothingAfterClose(t *testing.T) {
	s, err := New(nil)
	if err != nil {
		t.Fatal(err)
	}
	s.Close()
	s.Close()
	cmd := exec.Command("true")
	if err = s.Start(cmd); err == nil { // one that comes at the same time may still be started
		_ = cmd.Wait()
		err = s.Start(exec.Command("true"))
	}
	if !errors.Is(err, os.ErrProcessDone) {
		t.Errorf("got %v", err)
	}
}

func TestChildrenInheritWhatTheThreadPrepared(t *testing.T) {
	s, err := New(func() error { return unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) })
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	cmd := exec.Command("grep", "-q", "^NoNewPrivs:.1$", "/proc/self/status")
	if err := s.Start(cmd); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("the child may gain privileges: %v", err)
	}
	if err := exec.Command("grep", "-q", "^NoNewPrivs:.0$", "/proc/self/status").Run(); err != nil {
		t.Errorf("so may nobody else any more: %v", err)
	}
}

func TestPreparationThatFails(t *testing.T) {
	broken := errors.New("broken")
	if _, err := New(func() error { return broken }); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
}
