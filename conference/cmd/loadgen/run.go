package main

import (
	"bufio"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// run measures the unit and all scenarios and prints the table; with -doc it also writes it into the document.
func run(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("run", flag.ContinueOnError)
	seconds := flags.Int("seconds", 20, "how long each scenario is measured")
	doc := flags.String("doc", "", "document to write the table into")
	profiles := flags.String("profile", "", "folder for CPU profiles of the servers")
	only := flags.String("only", "", "only the scenario that begins with this")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if err := pinSelf("run", args); err != nil {
		return err
	}
	price, err := measureUnit(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "unit: %s\n", perPacket(price))
	var results []result
	for _, c := range scenarios {
		if !strings.HasPrefix(c.Name, *only) {
			continue
		}
		r, err := against(ctx, c, *profiles, time.Duration(*seconds)*time.Second)
		if err != nil {
			return fmt.Errorf("%s: %w", c.Name, err)
		}
		fmt.Fprintf(os.Stderr, "%s: %s\n", c.Name, perPacket(r.PerPacket))
		results = append(results, r)
	}
	text := table(price, results, time.Duration(*seconds)*time.Second)
	fmt.Print(text)
	if *doc == "" {
		return nil
	}
	return insert(*doc, text)
}

// pinned marks a process that runs on its cores already; its value is how many the machine has.
const pinned = "LOADGEN_PINNED"

// machineCores is how many cores the machine has, whichever of them this process may use.
func machineCores() int {
	if n, err := strconv.Atoi(os.Getenv(pinned)); err == nil && n > 0 {
		return n
	}
	return runtime.NumCPU()
}

// pinSelf moves the load off the first core by starting itself again with the same command; with one core or without taskset it does nothing.
func pinSelf(command string, args []string) error {
	taskset, err := exec.LookPath("taskset")
	if err != nil || runtime.NumCPU() < 2 || os.Getenv(pinned) != "" {
		return nil
	}
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find own program: %w", err)
	}
	cores := fmt.Sprintf("1-%d", runtime.NumCPU()-1)
	return syscall.Exec(taskset, append([]string{"taskset", "-c", cores, self, command}, args...), append(os.Environ(), pinned+"="+strconv.Itoa(runtime.NumCPU())))
}

// onFirstCore returns a command that runs this program on the first core alone.
func onFirstCore(ctx context.Context, command ...string) (*exec.Cmd, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find own program: %w", err)
	}
	cmd := exec.CommandContext(ctx, self, command...)
	if taskset, err := exec.LookPath("taskset"); err == nil {
		cmd = exec.CommandContext(ctx, taskset, append([]string{"-c", "0", self}, command...)...)
	}
	cmd.Env = append(os.Environ(), "GOMAXPROCS=1")
	cmd.Stderr = os.Stderr
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 10 * time.Second
	return cmd, nil
}

func measureUnit(ctx context.Context) (d time.Duration, err error) {
	cmd, err := onFirstCore(ctx, "unit")
	if err != nil {
		return 0, err
	}
	out, err := cmd.Output()
	if err != nil {
		return 0, fmt.Errorf("measure unit: %w", err)
	}
	return d, json.Unmarshal(out, &d)
}

// against plays a scenario against a fresh server process.
func against(ctx context.Context, c scenario, profiles string, d time.Duration) (r result, err error) {
	var args []string
	if profiles != "" {
		name, _, _ := strings.Cut(c.Name, ":")
		args = []string{filepath.Join(profiles, name+".pprof")}
	}
	err = withServer(ctx, args, func(s *server) (err error) {
		r, err = c.play(ctx, s, d)
		return err
	})
	return r, err
}

// withServer runs f against a fresh server process.
func withServer(ctx context.Context, args []string, f func(*server) error) error {
	ctx, stop := context.WithCancel(ctx)
	cmd, err := onFirstCore(ctx, append([]string{"server"}, args...)...)
	if err != nil {
		stop()
		return err
	}
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		stop()
		return fmt.Errorf("start server: %w", err)
	}
	defer cmd.Wait() // it ends by our signal
	defer stop()
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		return fmt.Errorf("server gave no address: %w", err)
	}
	return f(&server{strings.TrimSpace(line), &http.Client{}})
}
