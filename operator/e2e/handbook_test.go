//go:build e2e

package e2e

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// step is a command of the handbook.
type step struct {
	chapter, line string
	// code is the exit code that the handbook tells of.
	code int
}

// handbook reads the commands of docs/operations.md: lines "$ kreisraum …" in console blocks, with "# exit 1" behind those that fail.
func handbook(t *testing.T) []step {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(root, "docs", "operations.md"))
	if err != nil {
		t.Fatal(err)
	}
	var steps []step
	chapter, inside := "", false
	for line := range strings.Lines(string(data)) {
		line = strings.TrimSpace(line)
		switch command, ok := strings.CutPrefix(line, "$ "); {
		case strings.HasPrefix(line, "## "):
			chapter = strings.TrimPrefix(line, "## ")
		case strings.HasPrefix(line, "```"):
			inside = line == "```console"
		case inside && ok:
			s := step{chapter: chapter}
			s.line, _, ok = strings.Cut(command, "#")
			if ok {
				s.code = 1
			}
			steps = append(steps, s)
		}
	}
	return steps
}

// words splits a command line at blanks; double quotes hold words together.
func words(line string) []string {
	var all []string
	for i, part := range strings.Split(line, `"`) {
		if i%2 == 1 {
			all = append(all, part)
			continue
		}
		all = append(all, strings.Fields(part)...)
	}
	return all
}

// TestHandbook runs every command of the handbook in its order. What a chapter is about happens to the county before.
func TestHandbook(t *testing.T) {
	p := sandboxed(t, 5)
	p.configs = t.TempDir()
	t.Setenv("KREISRAUM_SANDBOX", "true")
	server := func(path string) string {
		return fmt.Sprintf("/servers/%d"+path, p.serverID("kreisraum-tuttlingen-portal"))
	}
	before := map[string]func(){
		"Upgrade":                                func() { p.bin = nextRelease(t) },
		"A machine is lost":                      func() { p.cloud(http.MethodDelete, server("")) },
		"Somebody changed things in the Console": func() { p.cloud(http.MethodPost, server("/actions/poweroff")) },
		"State lost": func() {
			state := filepath.Join(p.home, "sandbox", "operator", "counties", "tuttlingen", "pulumi")
			if _, err := os.Stat(state); err != nil {
				t.Fatal(err)
			}
			if err := os.RemoveAll(state); err != nil {
				t.Fatal(err)
			}
		},
	}
	steps := handbook(t)
	if len(steps) < 20 {
		t.Fatalf("only %d commands were found in the handbook", len(steps))
	}
	for _, s := range steps {
		if happens := before[s.chapter]; happens != nil {
			delete(before, s.chapter)
			happens()
		}
		args := words(s.line)
		if args[0] != "kreisraum" {
			t.Fatalf("%s: %q is no command of ours", s.chapter, s.line)
		}
		o := p.run(args[1:]...)
		t.Logf("%s: $ %s (%.1f s)\n%s%s", s.chapter, s.line, o.elapsed.Seconds(), o.stdout, o.stderr)
		if o.code != s.code {
			t.Fatalf("%s: %q ended with code %d, want %d", s.chapter, s.line, o.code, s.code)
		}
	}
	for chapter := range before {
		t.Errorf("the handbook has no chapter %q with commands any more", chapter)
	}
}
