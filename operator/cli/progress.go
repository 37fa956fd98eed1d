package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/medienzentrenverbund/kreisraum/operator/county"
	"golang.org/x/term"
)

// progress shows how a command goes on: on a terminal a line that moves for the running step, otherwise plain lines, with
// --json one object a line. One goroutine owns the screen.
type progress struct {
	out   io.Writer
	err   io.Writer
	style style
	inbox chan any // county.Event or logLine
	done  chan struct{}
	close sync.Once
}

type style int

const (
	plain style = iota
	live
	lines // of JSON
)

// logLine is a line of the log that must not be torn by the moving line.
type logLine []byte

// frames of the moving line, one every frameTime.
var frames = []string{"⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"}

const (
	frameTime = 100 * time.Millisecond
	clearLine = "\r\x1b[K" // ECMA-48: erase to the end of the line
)

func (a *app) progress() *progress {
	p := &progress{out: a.Out, err: a.Err, inbox: make(chan any), done: make(chan struct{})}
	switch {
	case a.options.json():
		p.style = lines
	case a.terminal:
		p.style = live
	}
	go p.run()
	return p
}

// isTerminal reports whether out is a terminal that can move its cursor.
func isTerminal(out io.Writer) bool {
	file, ok := out.(*os.File)
	return ok && term.IsTerminal(int(file.Fd())) && os.Getenv("TERM") != "dumb"
}

// Event shows an event; it returns once the screen's owner has taken it.
func (p *progress) Event(e county.Event) { p.inbox <- e }

// Write takes a log line.
func (p *progress) Write(line []byte) (int, error) {
	p.inbox <- logLine(append([]byte(nil), line...))
	return len(line), nil
}

// Close ends the display and returns when the last line is written. Nothing may be shown after that.
func (p *progress) Close() {
	p.close.Do(func() { close(p.inbox) })
	<-p.done
}

// screen is the state of the display.
type screen struct {
	step  county.Step
	text  string
	since time.Time
	frame int
}

func (p *progress) run() {
	defer close(p.done)
	ticker := time.NewTicker(frameTime)
	defer ticker.Stop()
	var s screen
	for {
		select {
		case message, open := <-p.inbox:
			if !open {
				p.erase(s)
				return
			}
			p.take(message, &s)
		case <-ticker.C:
			s.frame++
		}
		p.draw(s)
	}
}

func (p *progress) take(message any, s *screen) {
	p.erase(*s)
	switch m := message.(type) {
	case logLine:
		_, _ = p.err.Write(m)
	case county.Event:
		p.show(m)
		*s = s.after(m)
	}
}

// after is the display after an event.
func (s screen) after(e county.Event) screen {
	switch e.Kind {
	case county.Begun:
		return screen{step: e.Step, since: time.Now()}
	case county.Progress:
		s.text = e.Text
		return s
	}
	return screen{}
}

// show prints what stays on the screen.
func (p *progress) show(e county.Event) {
	switch {
	case p.style == lines:
		_ = json.NewEncoder(p.out).Encode(map[string]county.Event{"event": e})
	case e.Kind == county.Done:
		fmt.Fprintf(p.out, "✓ %-12s %6s  %s\n", e.Step, seconds(e.Elapsed), e.Text)
	case e.Kind == county.Failed:
		fmt.Fprintf(p.out, "✗ %-12s %6s\n", e.Step, seconds(e.Elapsed))
	case e.Kind == county.Progress && p.style == plain:
		fmt.Fprintf(p.out, "  %-12s %6s  %s\n", e.Step, seconds(e.Elapsed), e.Text)
	}
}

func (p *progress) draw(s screen) {
	if p.style == live && s.step != "" {
		fmt.Fprintf(p.out, "%s%s %-12s %6s  %s", clearLine, frames[s.frame%len(frames)], s.step, seconds(time.Since(s.since)), short(s.text))
	}
}

func (p *progress) erase(s screen) {
	if p.style == live && s.step != "" {
		fmt.Fprint(p.out, clearLine)
	}
}

// short keeps the moving line on one line of an ordinary terminal.
func short(text string) string {
	if runes := []rune(text); len(runes) > 54 {
		return string(runes[:53]) + "…"
	}
	return text
}
