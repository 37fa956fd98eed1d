//go:build e2e

package e2e

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/medienzentrenverbund/kreisraum/operator/sandbox"
)

// root is the repository, seen from this package.
const root = "../.."

// commandTimeout bounds every single run of the program.
const commandTimeout = 2 * time.Minute

// program runs bin/kreisraum with a home of its own.
type program struct {
	t    *testing.T
	home string
	// configs is a folder with files of counties; empty: the repository's.
	configs string
	// bin is the folder with the programs; empty: the repository's.
	bin string
}

// outcome of one run.
type outcome struct {
	stdout, stderr string
	code           int
	elapsed        time.Duration
}

func (p program) command(ctx context.Context, args ...string) *exec.Cmd {
	repository, err := filepath.Abs(root)
	if err != nil {
		p.t.Fatal(err)
	}
	binary := filepath.Join(cmp.Or(p.bin, filepath.Join(repository, "bin")), "kreisraum")
	if _, err := os.Stat(binary); err != nil {
		p.t.Fatalf("%v; run `make build` first", err)
	}
	cmd := exec.CommandContext(ctx, binary, args...)
	cmd.Env = append(os.Environ(), "KREISRAUM_HOME="+p.home, "HCLOUD_TOKEN=")
	if p.configs != "" {
		cmd.Env = append(cmd.Env, "KREISRAUM_CONFIG_DIR="+p.configs)
	}
	cmd.Dir = repository
	return cmd
}

func (p program) run(args ...string) outcome { return p.runWith("", args...) }

// runWith gives the program an input.
func (p program) runWith(input string, args ...string) outcome {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.t.Context(), commandTimeout)
	defer cancel()
	var stdout, stderr bytes.Buffer
	cmd := p.command(ctx, args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(input), &stdout, &stderr
	begun := time.Now()
	err := cmd.Run()
	o := outcome{stdout: stdout.String(), stderr: stderr.String(), elapsed: time.Since(begun)}
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		o.code = exit.ExitCode()
	case err != nil:
		p.t.Fatalf("run kreisraum %s: %v", strings.Join(args, " "), err)
	}
	return o
}

// must runs the program and demands success.
func (p program) must(args ...string) outcome {
	p.t.Helper()
	o := p.run(args...)
	if o.code != 0 {
		p.t.Fatalf("kreisraum %s: exit code %d\n%s%s", strings.Join(args, " "), o.code, o.stdout, o.stderr)
	}
	return o
}

// event is a line of `up --json`.
type event struct {
	Step         string  `json:"step"`
	Kind         string  `json:"kind"`
	Text         string  `json:"text"`
	Milliseconds float64 `json:"elapsed_ms"`
}

// Took is the time since the step began.
func (e event) Took() time.Duration { return time.Duration(e.Milliseconds * float64(time.Millisecond)) }

// killAt runs the program with --json and kills it, and it alone, as soon as an event satisfies stop. It reports whether that happened
// before the program ended by itself.
func (p program) killAt(stop func(event) bool, args ...string) bool {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.t.Context(), commandTimeout)
	defer cancel()
	cmd := p.command(ctx, append(args, "--json")...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		p.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	killed := false
	lines := bufio.NewScanner(out)
	var seen []string
	for lines.Scan() {
		seen = append(seen, lines.Text())
		var line struct{ Event *event }
		if json.Unmarshal(lines.Bytes(), &line) == nil && line.Event != nil && stop(*line.Event) {
			if err := cmd.Process.Signal(syscall.SIGKILL); err != nil {
				p.t.Fatal(err)
			}
			killed = true
			break
		}
	}
	_, _ = io.Copy(io.Discard, out)
	if err := cmd.Wait(); err != nil && !killed {
		p.t.Fatalf("kreisraum %s: %v\n%s\n%s", strings.Join(args, " "), err, strings.Join(seen, "\n"), stderr.String())
	}
	return killed
}

// lines decodes every line of JSON into a T and returns the last that fill accepts.
func last[T any](t *testing.T, output string, ok func(T) bool) T {
	t.Helper()
	var found T
	hit := false
	for line := range strings.Lines(output) {
		var v T
		if json.Unmarshal([]byte(line), &v) == nil && ok(v) {
			found, hit = v, true
		}
	}
	if !hit {
		t.Fatalf("no such line in:\n%s", output)
	}
	return found
}

// sandboxed starts a sandbox with addresses of its own, so that a demo may run beside the test, and stops it at the end.
func sandboxed(t *testing.T, number int) program {
	t.Helper()
	p := program{t: t, home: t.TempDir()}
	port := func(n int) string { return fmt.Sprintf("127.0.0.1:%d", 17000+100*number+n) }
	p.must("sandbox", "start", "--front-door", port(43), "--cloud", port(80), "--acme", port(81), "--dns", port(53),
		"--ipv4-pool", fmt.Sprintf("127.9%d.0.0/16", number), "--ipv6-pool", fmt.Sprintf("fd77:6b73:%d::/48", number))
	t.Cleanup(func() {
		// The test's own context has ended by now.
		ctx, cancel := context.WithTimeout(context.Background(), commandTimeout)
		defer cancel()
		if out, err := p.command(ctx, "sandbox", "stop").CombinedOutput(); err != nil {
			t.Errorf("stop the sandbox: %v\n%s", err, out)
		}
	})
	return p
}

// events are all of a command's, in their order.
func events(output string) []event {
	var all []event
	for line := range strings.Lines(output) {
		var l struct{ Event *event }
		if json.Unmarshal([]byte(line), &l) == nil && l.Event != nil {
			all = append(all, *l.Event)
		}
	}
	return all
}

// manifest is what the sandbox says of itself.
func (p program) manifest() sandbox.Manifest {
	p.t.Helper()
	data, err := os.ReadFile(filepath.Join(p.home, "sandbox", "manifest.json"))
	var m sandbox.Manifest
	if err == nil {
		err = json.Unmarshal(data, &m)
	}
	if err != nil {
		p.t.Fatal(err)
	}
	return m
}

// cloud sends a request without a body to the simulated cloud and returns the answer's.
func (p program) cloud(method, path string) []byte { return p.ask(method, "/v1"+path) }

// requests is how many the simulated cloud has had.
func (p program) requests() int {
	p.t.Helper()
	var report struct {
		Total int `json:"total"`
	}
	if body := p.ask(http.MethodGet, "/sandbox/requests"); json.Unmarshal(body, &report) != nil {
		p.t.Fatalf("requests: %s", body)
	}
	return report.Total
}

func (p program) ask(method, path string) []byte {
	p.t.Helper()
	m := p.manifest()
	r, err := http.NewRequestWithContext(p.t.Context(), method, strings.TrimSuffix(m.HCloudURL, "/v1")+path, nil)
	if err != nil {
		p.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+m.HCloudToken)
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		p.t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode >= 300 {
		p.t.Fatalf("%s %s: %s %v %s", method, path, response.Status, err, body)
	}
	return body
}

// serverID is the simulated cloud's number of a machine.
func (p program) serverID(name string) int64 {
	p.t.Helper()
	var list struct {
		Servers []struct {
			ID int64 `json:"id"`
		} `json:"servers"`
	}
	if body := p.cloud(http.MethodGet, "/servers?name="+name); json.Unmarshal(body, &list) != nil || len(list.Servers) != 1 {
		p.t.Fatalf("servers named %s: %s", name, body)
	}
	return list.Servers[0].ID
}
