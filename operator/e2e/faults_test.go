//go:build e2e

package e2e

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestFaults makes the mistakes that people make. Each must end with one error that says what, where and what to do, the right exit
// code, and nothing left behind.
func TestFaults(t *testing.T) {
	broken := t.TempDir()
	if err := os.WriteFile(filepath.Join(broken, "kaputt.yaml"), []byte("name: kaputt\nrooms:\n  max_participants: viele\n  farbe: blau\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		args []string
		code int
		want []string
	}{
		{"no county", []string{"up"}, 2, []string{"a county", "--help"}},
		{"unknown verb", []string{"upp", "demo"}, 2, []string{`unknown command "upp"`, "did you mean up"}},
		{"unknown flag", []string{"up", "demo", "--sandbux"}, 2, []string{"--sandbux"}},
		{"unknown county", []string{"up", "atlantis", "--sandbox"}, 1, []string{"atlantis", "configs"}},
		{"hostile county", []string{"up", "../../etc/passwd", "--sandbox"}, 1, []string{"county"}},
		{"broken file", []string{"up", "kaputt", "--sandbox", "--config-dir", broken}, 1, []string{"kaputt.yaml", "max_participants", "farbe", "domain"}},
		{"no token", []string{"up", "tuttlingen"}, 1, []string{"no Hetzner token", "--token-file", "--sandbox"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := program{t: t, home: filepath.Join(t.TempDir(), "home")}
			o := p.run(c.args...)
			if o.code != c.code {
				t.Errorf("got exit code %d, want %d", o.code, c.code)
			}
			for _, want := range c.want {
				if !strings.Contains(o.stderr, want) {
					t.Errorf("the error does not say %q:\n%s", want, o.stderr)
				}
			}
			if left := chrooted(t, p.home); len(left) != 0 {
				t.Errorf("processes are left: %v", left)
			}
			if _, err := os.Stat(filepath.Join(p.home, "sandbox", "manifest.json")); err == nil {
				t.Error("a sandbox was started for nothing")
			}
		})
	}
}

// TestPortTaken holds the front door's port before the sandbox comes.
func TestPortTaken(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	p := program{t: t, home: t.TempDir()}
	o := p.run("sandbox", "start", "--front-door", l.Addr().String(), "--cloud", "127.0.0.1:17980", "--acme", "127.0.0.1:17981", "--dns", "127.0.0.1:17953",
		"--ipv4-pool", "127.99.0.0/16", "--ipv6-pool", "fd77:6b73:9::/48")
	if o.code != 1 || !strings.Contains(o.stderr, l.Addr().String()) {
		t.Errorf("got exit code %d and no word of %s:\n%s", o.code, l.Addr(), o.stderr)
	}
	if o := p.must("sandbox", "status"); !strings.Contains(o.stdout, "does not run") {
		t.Errorf("a sandbox is left: %s", o.stdout)
	}
}
