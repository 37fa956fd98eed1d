package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// startServer runs the server mode in this process.
func startServer(t *testing.T) *server {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	r, w := io.Pipe()
	done := make(chan error, 1)
	go func() { done <- serve(ctx, w, nil) }()
	buf := make([]byte, 200)
	n, err := r.Read(buf)
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		stop()
		if err := <-done; err != nil {
			t.Errorf("server: %v", err)
		}
	})
	return &server{strings.TrimSpace(string(buf[:n])), &http.Client{Transport: transport}}
}

func TestASmallRoomIsMeasured(t *testing.T) {
	c := scenario{Name: "test", Senders: 2, Receivers: 2, AudioSlots: 2, VideoSlots: 2}
	r, err := c.play(t.Context(), startServer(t), 500*time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	// Two senders hear and see one, two listeners hear and see two: six voices and six videos.
	if r.PacketsPerSecond < 200 || r.PerPacket <= 0 || r.RSS < 1<<20 || r.JoinMedian <= 0 || r.JoinX < r.JoinMedian || r.Core <= 0 {
		t.Errorf("got %+v", r)
	}
}

func TestServerRefusesNonsense(t *testing.T) {
	s := startServer(t)
	for path, body := range map[string]any{
		"/join": joinRequest{Room: "r", ID: "1", Offer: "nonsense"},
		"/view": viewRequest{Room: "r", ID: "nobody"},
	} {
		if answer, err := s.post(t.Context(), path, body); err == nil {
			t.Errorf("%s was answered %q", path, answer)
		}
	}
}

func TestUnitIsAPlausibleTime(t *testing.T) {
	if testing.Short() {
		t.Skip("short")
	}
	var out bytes.Buffer
	if err := unit(&out); err != nil {
		t.Fatal(err)
	}
	var d time.Duration
	if err := json.Unmarshal(out.Bytes(), &d); err != nil || d < 100*time.Nanosecond || d > time.Millisecond {
		t.Errorf("%v, %v", d, err)
	}
}

func TestTableGoesBetweenTheMarkers(t *testing.T) {
	text := table(2*time.Microsecond, []result{{
		Name: "class", PerPacket: 9 * time.Microsecond, PacketsPerSecond: 1000, Core: 0.5, RSS: 30 << 20, JoinMedian: 40 * time.Millisecond,
		JoinX: 90 * time.Millisecond, Loss: 0.001,
	}}, 20*time.Second)
	const row = "| class | 9.00 µs | 4.5 | 1000 | 50 % | 111111 | 0.10 % | 30 MB | 40 / 90 ms |\n"
	if !strings.Contains(text, row) {
		t.Errorf("got\n%swant\n%s", text, row)
	}
	path := filepath.Join(t.TempDir(), "performance.md")
	for _, old := range []string{"head\n" + begin + end + "tail\n", "head\n" + begin + "old\n" + end + "tail\n"} {
		if err := os.WriteFile(path, []byte(old), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := insert(path, text); err != nil {
			t.Fatal(err)
		}
		if got, _ := os.ReadFile(path); string(got) != "head\n"+begin+text+end+"tail\n" {
			t.Errorf("got %s", got)
		}
	}
	if err := os.WriteFile(path, []byte("no markers\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := insert(path, text); err == nil {
		t.Error("a document without markers was overwritten")
	}
}

// The project's own document has the markers.
func TestDocumentHasMarkers(t *testing.T) {
	text, err := os.ReadFile("../../../docs/performance.md")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := between(text, ""); err != nil {
		t.Error(err)
	}
}

func TestAMachineIsCalibrated(t *testing.T) {
	s := startServer(t)
	handshake, err := handshakePrice(t.Context(), s, 3)
	if err != nil || handshake < 100*time.Microsecond || handshake > 10*time.Second {
		t.Errorf("a handshake costs %s, %v", handshake, err)
	}
	packet, size, err := packetPrice(t.Context(), s, 300*time.Millisecond)
	if err != nil || packet < time.Microsecond || packet > 10*time.Millisecond || size < 100 || size > 1500 {
		t.Errorf("a packet of %.0f bytes costs %s, %v", size, packet, err)
	}
}

func TestCapacityIsAShareOfTheStrength(t *testing.T) {
	got := price{Packet: 10 * time.Microsecond, Handshake: 5 * time.Millisecond, Size: 1000}.capacity(2)
	if want := (capacity{packets: 100_000 * 2 * share, mbit: 800 * 2 * share, handshakes: 200 * 2 * share}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	for v, want := range map[float64]float64{61_234: 61_000, 999: 1000, 42.4: 42, 7.6: 8, 0: 0} {
		if got := round(v); got != want {
			t.Errorf("round(%v) = %v, want %v", v, got, want)
		}
	}
}

func TestDriveSaysWhatIsMissing(t *testing.T) {
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	password := file("password", "geheim\r\nzweite Zeile\n")
	if got, err := readPassword(password); err != nil || got != "geheim" {
		t.Errorf("password %q, %v", got, err)
	}
	tests := map[string][]string{
		"-password-file":            {"-site", "https://example.org"},
		"no certificate in PEM":     {"-roots", file("roots", "nothing"), "-password-file", password},
		"give the site as https://": {"-account", "a", "-password-file", password, "-site", "example.org"},
		"give 1 to 70":              {"-account", "a", "-password-file", password, "-site", "https://example.org", "-people", "0"},
	}
	for want, args := range tests {
		if err := driveLessons(t.Context(), io.Discard, args); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: error %v, want %q", args, err, want)
		}
	}
}

func TestDispatchNamesTheCommands(t *testing.T) {
	for _, args := range [][]string{nil, {"fly"}} {
		if err := dispatch(t.Context(), args); err == nil || !strings.Contains(err.Error(), "run, server or unit") {
			t.Errorf("%v: %v", args, err)
		}
	}
}
