package stack

import (
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3"

	"github.com/medienzentrenverbund/kreisraum/infra/hetzner"
)

func TestPruneHistoryKeepsTheNewest(t *testing.T) {
	s, err := OpenState(t.Context(), t.TempDir(), "demo", "")
	if err != nil {
		t.Fatal(err)
	}
	l := s.layout
	if err := s.pruneHistory(t.Context()); err != nil {
		t.Errorf("without history: %v", err)
	}
	if err := os.MkdirAll(l.history(), 0o700); err != nil {
		t.Fatal(err)
	}
	const updates = keptUpdates + 5
	for i := range updates {
		for _, kind := range []string{"checkpoint", "history"} {
			name := fmt.Sprintf("demo-17952895023346168%02d.%s.json", i, kind)
			if err := os.WriteFile(filepath.Join(l.history(), name), nil, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := s.pruneHistory(t.Context()); err != nil {
		t.Fatal(err)
	}
	left, err := os.ReadDir(l.history())
	if err != nil || len(left) != keptUpdates*filesPerUpdate || !strings.Contains(left[0].Name(), "05.checkpoint") {
		t.Errorf("%d files left, first %v, %v", len(left), left[0], err)
	}
}

func TestTracesAreThisCountysOnly(t *testing.T) {
	home := t.TempDir()
	l := newLayout(home, "demo")
	logs := filepath.Join(l.home, "logs")
	if err := os.MkdirAll(logs, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"organization+kreisraum+demo-20261121T193143.log", "organization+kreisraum+demo-2-20261121T193143.log"} {
		if err := os.WriteFile(filepath.Join(logs, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var found []string
	for _, trace := range l.traces() {
		matches, err := filepath.Glob(trace)
		if err != nil {
			t.Fatal(err)
		}
		found = append(found, matches...)
	}
	if want := []string{filepath.Join(logs, "organization+kreisraum+demo-20261121T193143.log")}; !slices.Equal(found, want) {
		t.Errorf("got %v, want %v", found, want)
	}
}

func TestFindPulumi(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("PATH", filepath.Join(dir, "path"))
	exe := filepath.Join(dir, "bin", "kreisraum")
	for _, d := range []string{"bin", "path"} {
		if err := os.MkdirAll(filepath.Join(dir, d), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := FindPulumi(exe); err == nil || !strings.Contains(err.Error(), "make pulumi") {
		t.Errorf("nowhere: %v", err)
	}
	for _, version := range []string{"v3.1.0", "v4.0.0", "garbage", ""} {
		writeEngine(t, filepath.Join(dir, "path", "pulumi"), version)
		if _, err := FindPulumi(exe); err == nil || !strings.Contains(err.Error(), "make pulumi") {
			t.Errorf("version %q: %v", version, err)
		}
	}
	for _, place := range []string{"path", "bin"} { // beside the executable wins
		want := filepath.Join(dir, place, "pulumi")
		writeEngine(t, want, "v"+sdk.Version.String())
		if got, err := FindPulumi(exe); err != nil || got != want {
			t.Errorf("got %s, %v; want %s", got, err, want)
		}
	}
	if err := os.Chmod(filepath.Join(dir, "bin", "pulumi"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got, err := FindPulumi(exe); err != nil || got != filepath.Join(dir, "path", "pulumi") {
		t.Errorf("a file that is no program is taken: %s, %v", got, err)
	}
}

// writeEngine writes a program that only tells its version.
func writeEngine(t testing.TB, path, version string) {
	t.Helper()
	if err := os.WriteFile(path, []byte("#!/bin/sh\necho "+version+"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
}

func TestOpenNamesWhatIsMissing(t *testing.T) {
	t.Parallel()
	_, err := Open(t.Context(), Config{})
	if err == nil || len(strings.Split(err.Error(), "\n")) != 5 {
		t.Errorf("got %v", err)
	}
	w := newWorld(t)
	s, err := Open(t.Context(), Config{County: "demo", Home: w.home, PulumiPath: "/nowhere/pulumi", Passphrase: "x", Cloud: w.cloud})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Up(t.Context(), plan("demo"), nil); err == nil || !strings.Contains(err.Error(), "/nowhere/pulumi") {
		t.Errorf("got %v", err)
	}
}

func TestUpRefusesAnotherCountysPlan(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if _, err := w.open("demo").Up(t.Context(), plan("other"), nil); err == nil {
		t.Error("accepted")
	}
}

// The kernel's table as a little-endian machine prints it; kernelAddress writes in this machine's order.
func TestSocketOwner(t *testing.T) {
	table := "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n" +
		"   0: " + kernelAddress(netip.MustParseAddrPort("127.0.0.1:8080")) + " 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 1\n" +
		"   1: " + kernelAddress(netip.MustParseAddrPort("127.0.0.1:8081")) + " 00000000:0000 01 00000000:00000000 00:00000000 00000000     0        0 2\n" +
		"   2: short\n"
	for address, want := range map[string]int{"127.0.0.1:8080": 1000, "127.0.0.1:8081": 0} {
		if uid, found := socketOwner(strings.NewReader(table), netip.MustParseAddrPort(address)); !found || uid != want {
			t.Errorf("%s: %d, %v", address, uid, found)
		}
	}
	if _, found := socketOwner(strings.NewReader(table), netip.MustParseAddrPort("127.0.0.2:8080")); found {
		t.Error("a socket that is not there was found")
	}
}

func TestProviderListensToOurUserOnly(t *testing.T) {
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	guarded := sameUser{listener.(*net.TCPListener)}
	defer guarded.Close()
	client, err := net.Dial("tcp4", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	conn, err := guarded.Accept()
	if err != nil {
		t.Fatal(err)
	}
	conn.Close()
}

func TestDrifted(t *testing.T) {
	state := checkpoint{}
	for i, kind := range []string{"Server", "Firewall"} {
		state.resources = append(state.resources, ours(kind, fmt.Sprint(i+1)))
	}
	server, firewall := hetzner.Resource{Kind: "server", ID: 1}, hetzner.Resource{Kind: "firewall", ID: 2}
	off := server
	off.Off = true
	cases := []struct {
		name      string
		inventory []hetzner.Resource
		want      bool
	}{
		{"all there", []hetzner.Resource{server, firewall}, false},
		{"more than we know", []hetzner.Resource{server, firewall, {Kind: "network", ID: 3}}, false},
		{"one gone", []hetzner.Resource{server}, true},
		{"server off", []hetzner.Resource{off, firewall}, true},
		{"all gone", nil, true},
	}
	for _, c := range cases {
		if got := state.drifted(c.inventory); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}
