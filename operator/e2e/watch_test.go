//go:build e2e

package e2e

import (
	"bufio"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// watcher is a real browser in a lesson, see e2e/watch.mjs of the web client.
type watcher struct {
	t     *testing.T
	input io.WriteCloser
	lines *bufio.Scanner
	cmd   *exec.Cmd
}

// seen is what the browser has been through.
type seen struct {
	Event             string   `json:"event"`
	Code              string   `json:"code"`
	What              string   `json:"what"`
	Inside            bool     `json:"inside"`
	Reconnects        int      `json:"reconnects"`
	NewPeers          int      `json:"newPeerConnections"`
	Frames            int      `json:"framesDecoded"`
	LongestGap        *float64 `json:"longestGap"`
	LongestLookAway   float64  `json:"longestLookAway"`
	InterruptionShown bool     `json:"interruptionShown"`
	Problems          []string `json:"problems"`
	Count             int      `json:"count"`
	Tiles             int      `json:"tiles"`
	LongTasks         int      `json:"longTasks"`
	LongestTask       float64  `json:"longestTask"`
}

// watch lets a pupil with a browser into the room and returns once it sees pictures.
func watch(t *testing.T, site, room, code string) *watcher {
	t.Helper()
	w, _ := browse(t, []string{"KREISRAUM_SITE=" + site}, "--room", room, "--code", code)
	eventually(t, patience, "a picture in the browser", func() bool { return w.report().Frames > 0 })
	w.count()
	return w
}

// teach lets an organiser with a browser, camera and microphone open the room, and returns its code.
func teach(t *testing.T, site, room string, organiser credential) (*watcher, string) {
	t.Helper()
	return browse(t, []string{"KREISRAUM_SITE=" + site, "KREISRAUM_ORGANISER=" + organiser.Name, "KREISRAUM_PASSWORD=" + organiser.Password},
		"--room", room, "--name", "Frau Ahorn", "--camera", "--mic")
}

// browse starts a browser and returns once it is in the room, with the room's code if it is shown.
func browse(t *testing.T, env []string, args ...string) (w *watcher, code string) {
	t.Helper()
	cmd := exec.Command("node", append([]string{"e2e/watch.mjs"}, args...)...)
	cmd.Dir = filepath.Join(root, "conference", "web", "app")
	cmd.Env = append(os.Environ(), env...)
	cmd.Stderr = os.Stderr
	input, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	output, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	w = &watcher{t: t, input: input, lines: bufio.NewScanner(output), cmd: cmd}
	t.Cleanup(w.close)
	return w, w.expect("inside").Code
}

// count begins the counting anew.
func (w *watcher) count() {
	w.t.Helper()
	w.say("start")
	w.expect("start")
}

func (w *watcher) say(word string) {
	w.t.Helper()
	if _, err := io.WriteString(w.input, word+"\n"); err != nil {
		w.t.Fatal(err)
	}
}

func (w *watcher) expect(event string) seen {
	w.t.Helper()
	for w.lines.Scan() {
		var s seen
		if err := json.Unmarshal(w.lines.Bytes(), &s); err != nil {
			w.t.Fatalf("%v: %s", err, w.lines.Bytes())
		}
		if s.Event == "failed" {
			w.t.Fatalf("the browser: %s", s.What)
		}
		if s.Event == event {
			return s
		}
	}
	w.t.Fatalf("the browser ended before it said %q", event)
	return seen{}
}

func (w *watcher) report() seen {
	w.t.Helper()
	w.say("report")
	return w.expect("report")
}

// people counts who is on the page's list.
func (w *watcher) people() seen {
	w.t.Helper()
	w.say("people")
	return w.expect("people")
}

func (w *watcher) close() {
	_ = w.input.Close()
	for w.lines.Scan() { // until it has said goodbye
	}
	_ = w.cmd.Wait()
}

// stayed fails the test if the browser had to connect again.
func (w *watcher) stayed() {
	w.t.Helper()
	s := w.report()
	gap := -1.0
	if s.LongestGap != nil {
		gap = *s.LongestGap
	}
	w.t.Logf("browser: %d frames, longest gap %.0f ms, looked away for %.0f ms at most", s.Frames, gap, s.LongestLookAway)
	if !s.Inside || s.Reconnects > 0 || s.NewPeers > 0 || s.InterruptionShown || len(s.Problems) > 0 {
		w.t.Errorf("the browser did not simply stay: %+v", s)
	}
}
