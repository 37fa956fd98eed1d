package stack

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/auto/events"
)

// run lets one engine command do its work with the provider served and its events followed. The error it returns is the
// provider's own where there is one.
func (s *Stack) run(ctx context.Context, verb string, progress func(Event), engine func(chan<- events.EngineEvent) error) (*follower, error) {
	var failed failures
	port, stop, err := s.serveProvider(&failed)
	if err != nil {
		return nil, err
	}
	defer stop()
	if err := s.ws.SetEnvVars(map[string]string{"PULUMI_DEBUG_PROVIDERS": fmt.Sprintf("%s:%d", project, port)}); err != nil {
		return nil, fmt.Errorf("%s: %w", verb, err)
	}
	follow := newFollower(progress)
	stream, over, idle := make(chan events.EngineEvent, 64), make(chan struct{}), make(chan struct{})
	go func() {
		defer close(idle)
		follow.follow(stream, over)
	}()
	err = engine(stream)
	close(over)
	<-idle
	if err == nil {
		return follow, nil
	}
	return follow, s.explain(ctx, verb, err, failed.err(), follow.errors)
}

// explain chooses the most telling of what is known about a failed command: an interruption, a lock, the provider's error,
// the engine's own diagnostics, and only then what the Automation API says.
func (s *Stack) explain(ctx context.Context, verb string, engine, provider error, diagnostics []string) error {
	if errors.Is(engine, ErrBroken) {
		return engine
	}
	if ctx.Err() != nil {
		return fmt.Errorf("%s: interrupted; run the command again, it goes on where it stopped: %w", verb, context.Cause(ctx))
	}
	if held, err := s.heldLock(ctx); err == nil && held != nil {
		return held
	}
	if provider != nil {
		return provider
	}
	said := strings.Join(diagnostics, "; ")
	if said == "" {
		said = lastWords(engine)
	}
	if strings.Contains(said, "the stack is currently locked") { // and the lock is gone by now, see above
		return fmt.Errorf("%s: an engine that had lost its command was still writing the county's state, and has ended by now; run the command again", verb)
	}
	return fmt.Errorf("%s: %s%s", verb, said, s.wayOut(said))
}

// wayOut is what to do about a passphrase that is not the state's. The engine says it in words only.
func (s *Stack) wayOut(said string) string {
	if !strings.Contains(said, "incorrect passphrase") {
		return ""
	}
	return fmt.Sprintf("; put the backup of the county's passphrase in place. Without one, run `kreisraum adopt %s`: it sets the state %s aside and "+
		"finds everything at Hetzner by its labels", s.cfg.County, s.Place())
}

// numbered is an item of the engine's lists of errors.
var numbered = regexp.MustCompile(`^\d+\) `)

// lastWords is the engine's complaint instead of the pages that the Automation API makes of it: the first line that begins
// with "error:", with the list below it if it announces one, else the last line.
func lastWords(err error) string {
	last, list := "the engine ended without a word", ""
	for line := range strings.Lines(err.Error()) {
		line = strings.TrimSpace(colours.ReplaceAllString(line, ""))
		if list != "" {
			if numbered.MatchString(line) {
				list += " " + line + ";"
			}
			continue
		}
		line = strings.TrimSpace(strings.TrimPrefix(strings.TrimPrefix(line, "stdout:"), "stderr:"))
		complaint, ok := strings.CutPrefix(line, "error: ")
		if ok && strings.HasSuffix(complaint, ":") {
			list = complaint
			continue
		}
		if ok {
			return complaint
		}
		if line != "" && !strings.HasPrefix(line, "code:") {
			last = line
		}
	}
	if list != "" {
		return strings.TrimSuffix(list, ";")
	}
	return last
}
