package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/crypto/ssh"

	"github.com/medienzentrenverbund/kreisraum/conference/logtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// call runs the command to its end.
func call(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = run(t.Context(), args, &out, &errs)
	return code, out.String(), errs.String()
}

// writeConfig writes a configuration with free ports.
func writeConfig(t *testing.T, extra string) string {
	t.Helper()
	return writeConfigFor(t, freePort(t, "tcp"), extra)
}

func writeConfigFor(t *testing.T, tlsPort int, extra string) string {
	t.Helper()
	dir := t.TempDir()
	path := filepath.Join(dir, "server.yaml")
	text := fmt.Sprintf(`county: musterkreis
domain: demo.localhost
listen: {addresses: [127.0.0.1], tls_port: %d, media_port: %d}
contact: {name: Kreismedienzentrum, email: hilfe@kmz-musterkreis.example}
paths: {state: %[3]s/state, logs: %[3]s/logs, county_ca: %[3]s/ca.crt, ops_certificate: %[3]s/ops.crt, runtime: %[3]s/run}
%s`, tlsPort, freePort(t, "udp"), dir, extra)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// freePort asks the kernel for a port; a configuration file cannot say "any".
func freePort(t *testing.T, network string) int {
	t.Helper()
	if network == "udp" {
		c, err := net.ListenPacket("udp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		return c.LocalAddr().(*net.UDPAddr).Port
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

func TestExitCodes(t *testing.T) {
	good, bad := writeConfig(t, ""), writeConfig(t, "role: bridge\ncolour: blue\n")
	for _, tt := range []struct {
		name string
		args []string
		code int
		says string
	}{
		{"help", []string{"--help"}, 0, "renew-host-key"},
		{"help of a command", []string{"serve", "-h"}, 0, "check-config"},
		{"version", []string{"version"}, 0, "web client"},
		{"good configuration", []string{"check-config", good}, 0, "https://demo.localhost"},
		{"bad configuration", []string{"check-config", bad}, 2, "colour"},
		{"no file named", []string{"check-config"}, 2, "1 arguments expected"},
		{"missing file", []string{"check-config", good + ".missing"}, 2, "no such file"},
		{"unknown command", []string{"sreve"}, 2, `unknown command "sreve"`},
		{"unknown flag", []string{"serve", "--port", "443"}, 2, "--help"},
		{"too many arguments", []string{"version", "now"}, 2, "0 arguments expected"},
		{"serve with a bad configuration", []string{"serve", "--config", bad}, 2, "colour"},
		{"role of the command line", []string{"serve", "--config", good, "--role", "bridge"}, 2, "cluster.machine"},
		{"no such role", []string{"serve", "--config", good, "--role", "chef"}, 2, "role: "},
		{"serve is the default", []string{"--config", bad}, 2, "serve: "},
		{"host key into nowhere", []string{"renew-host-key", "--file", filepath.Join(t.TempDir(), "missing", "key")}, 1, "run as root"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			code, stdout, stderr := call(t, tt.args...)
			if code != tt.code || !strings.Contains(stdout+stderr, tt.says) {
				t.Errorf("exit code %d, want %d\n%s%s", code, tt.code, stdout, stderr)
			}
			if (code == 0) != (stderr == "") {
				t.Errorf("exit code %d with this on stderr: %q", code, stderr)
			}
		})
	}
}

func TestRenewHostKey(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ssh_host_ed25519_key")
	var before ssh.PublicKey
	for range 2 { // the second replaces the first
		if code, _, stderr := call(t, "renew-host-key", "--file", path); code != 0 {
			t.Fatal(stderr)
		}
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		signer, err := ssh.ParsePrivateKey(data)
		if err != nil {
			t.Fatal(err)
		}
		public, err := os.ReadFile(path + ".pub")
		if err != nil {
			t.Fatal(err)
		}
		parsed, _, _, _, err := ssh.ParseAuthorizedKey(public)
		if err != nil || !bytes.Equal(parsed.Marshal(), signer.PublicKey().Marshal()) {
			t.Errorf("public half does not belong to the private: %v", err)
		}
		if parsed.Type() != ssh.KeyAlgoED25519 {
			t.Errorf("type %s", parsed.Type())
		}
		if before != nil && bytes.Equal(before.Marshal(), parsed.Marshal()) {
			t.Error("the key is not new")
		}
		before = parsed
		for name, want := range map[string]os.FileMode{path: 0o600, path + ".pub": 0o644} {
			if info, err := os.Stat(name); err != nil || info.Mode().Perm() != want {
				t.Errorf("%s: %v, %v", name, info.Mode(), err)
			}
		}
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(path), ".*")); len(left) > 0 {
		t.Errorf("temporary files stay: %v", left)
	}
}

// TestServe: the server says when it is ready and when it stops, logs JSON, and ends with exit code 0.
func TestServe(t *testing.T) {
	states := notifySocket(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var log logtest.Buffer
	code := make(chan int, 1)
	go func() { code <- run(ctx, []string{"serve", "--config", writeConfig(t, "")}, &log, &log) }()
	expectState(t, states, "READY=1")
	cancel()
	expectState(t, states, "STOPPING=1")
	if got := <-code; got != 0 {
		t.Errorf("exit code %d", got)
	}
	lines := 0
	for line := range strings.Lines(log.String()) {
		lines++
		if !json.Valid([]byte(line)) {
			t.Errorf("not JSON: %q", line)
		}
	}
	if lines < 2 {
		t.Errorf("log has %d lines", lines)
	}
}

func TestServeWithTakenPort(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	path := writeConfigFor(t, l.Addr().(*net.TCPAddr).Port, "")
	code, _, stderr := call(t, "serve", "--config", path)
	if code != 1 || !strings.Contains(stderr, l.Addr().String()) || !strings.Contains(stderr, "ss -ltnp") {
		t.Errorf("exit code %d: %s", code, stderr)
	}
}

// notifySocket stands for systemd.
func notifySocket(t *testing.T) <-chan string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "notify")
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("NOTIFY_SOCKET", path)
	states := make(chan string, 8)
	done := make(chan struct{})
	go func() {
		defer close(done)
		buf := make([]byte, 256)
		for {
			n, err := conn.Read(buf)
			if err != nil {
				return
			}
			states <- string(buf[:n])
		}
	}()
	t.Cleanup(func() { conn.Close(); <-done })
	return states
}

func expectState(t *testing.T, states <-chan string, want string) {
	t.Helper()
	select {
	case got := <-states:
		if got != want {
			t.Fatalf("got %q, want %q", got, want)
		}
	case <-time.After(30 * time.Second):
		t.Fatalf("still waiting for %q", want)
	}
}
