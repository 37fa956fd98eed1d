package sfu_test

import (
	"context"
	_ "embed"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/medienzentrenverbund/kreisraum/conference/sfu"
)

//go:embed testdata/browser.html
var browserPage []byte

// browserReport is what the page found out about two participants in it.
type browserReport struct {
	Error         string
	FramesDecoded []int // of a's video at b, of b's at a
	AudioPackets  []int // likewise
	AudioEnergy   []float64
	PacketsLost   int
	Codec         string
	Switched      bool // a's slot showed b's second source within the same stream
	Heights       int  // how many of a's simulcast layers were seen at b
	SRTPCipher    string
	Offer         string
}

// A real Chromium, twice in one page, sees and hears itself through the SFU. Skipped where Chromium is not installed.
func TestChromium(t *testing.T) {
	chromium, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("chromium is not installed")
	}
	if testing.Short() {
		t.Skip("short")
	}
	r := newEngine(t).NewRoom()
	var mu sync.Mutex
	sessions := map[string]*sfu.Session{}
	snapshots := map[string]sfu.Slots{}
	reports := make(chan browserReport, 1)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		w.Write(browserPage)
	})
	mux.HandleFunc("POST /join", func(w http.ResponseWriter, q *http.Request) {
		offer, _ := io.ReadAll(q.Body)
		id := q.URL.Query().Get("id")
		s, answer, err := r.Join(id, string(offer), sfu.Events{Slots: func(s sfu.Slots) { mu.Lock(); snapshots[id] = s; mu.Unlock() }})
		if err != nil {
			t.Errorf("offer of Chromium: %v", err)
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		for _, source := range []sfu.Source{sfu.Microphone, sfu.Camera, sfu.Screen} {
			s.Allow(source, sfu.Everyone)
		}
		mu.Lock()
		sessions[id] = s
		mu.Unlock()
		io.WriteString(w, answer)
	})
	mux.HandleFunc("POST /view", func(w http.ResponseWriter, q *http.Request) {
		var want []sfu.Want
		if err := json.NewDecoder(q.Body).Decode(&want); err != nil {
			t.Error(err)
		}
		mu.Lock()
		defer mu.Unlock()
		sessions[q.URL.Query().Get("id")].SetView(want)
	})
	mux.HandleFunc("GET /slots", func(w http.ResponseWriter, q *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		json.NewEncoder(w).Encode(snapshots[q.URL.Query().Get("id")])
	})
	mux.HandleFunc("POST /report", func(w http.ResponseWriter, q *http.Request) {
		var b browserReport
		if err := json.NewDecoder(q.Body).Decode(&b); err != nil {
			t.Error(err)
		}
		reports <- b
	})
	server := httptest.NewServer(mux)
	defer server.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	openBrowser(t, ctx, chromium, server.URL)
	select {
	case b := <-reports:
		checkBrowser(t, b)
	case <-ctx.Done():
		t.Fatal("Chromium did not report within two minutes")
	}
}

// openBrowser shows the page until the test ends, and then waits for all of Chromium's processes: one that lives on writes into the folder
// that the test removes.
func openBrowser(t *testing.T, ctx context.Context, chromium, page string) {
	t.Helper()
	profile := t.TempDir()
	ctx, cancel := context.WithCancel(ctx)
	cmd := exec.CommandContext(ctx, chromium, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-quic", "--no-first-run",
		"--disable-background-networking", "--disable-component-update", "--disable-sync",
		"--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream", "--autoplay-policy=no-user-gesture-required",
		"--user-data-dir="+profile, page)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = 5 * time.Second
	if err := cmd.Start(); err != nil {
		cancel()
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		_ = cmd.Wait() // killed, so never without an error
		for deadline := time.Now().Add(10 * time.Second); syscall.Kill(-cmd.Process.Pid, 0) == nil; time.Sleep(5 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Errorf("processes of Chromium's group %d are left", cmd.Process.Pid)
				return
			}
		}
	})
}

func checkBrowser(t *testing.T, b browserReport) {
	t.Helper()
	if dir := os.Getenv("KEEP_OFFER"); dir != "" && b.Offer != "" {
		if err := os.WriteFile(filepath.Join(dir, "chromium.sdp"), []byte(b.Offer), 0o644); err != nil {
			t.Error(err)
		}
	}
	if b.Error != "" {
		t.Fatal(b.Error)
	}
	for i := range 2 {
		if b.FramesDecoded[i] < 10 {
			t.Errorf("direction %d: %d frames decoded", i, b.FramesDecoded[i])
		}
		if b.AudioPackets[i] < 20 || b.AudioEnergy[i] == 0 {
			t.Errorf("direction %d: %d audio packets, energy %v", i, b.AudioPackets[i], b.AudioEnergy[i])
		}
	}
	if !b.Switched {
		t.Error("no frame was decoded after the slot switched to the other source")
	}
	if b.Heights != 3 {
		t.Errorf("%d of 3 layer switches were seen", b.Heights)
	}
	if b.SRTPCipher != "SRTP_AEAD_AES_128_GCM" {
		t.Errorf("cipher %s", b.SRTPCipher)
	}
	t.Logf("frames %v, lost %d, codec %s, offer %d bytes", b.FramesDecoded, b.PacketsLost, b.Codec, len(b.Offer))
}
