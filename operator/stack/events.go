package stack

import (
	"regexp"
	"strings"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/auto/events"
	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// Phase of a resource's operation.
type Phase int

// Phases: an operation begins, and ends one way or the other.
const (
	Started Phase = iota
	Done
	Failed
)

var phaseNames = [...]string{"started", "done", "failed"}

func (p Phase) String() string { return phaseNames[p] }

// Event tells about one resource while a command runs. Resources that stay as they are send none.
type Event struct {
	// Type of the resource, for example "Server".
	Type string
	// Name at Hetzner.
	Name string
	// Op is create, update, delete, replace, refresh or another of Pulumi's operations.
	Op    string
	Phase Phase
	// Duration of the operation, 0 while it runs.
	Duration time.Duration
}

// follower turns the engine's events into ours. One goroutine owns it.
type follower struct {
	progress func(Event)
	now      func() time.Time
	started  map[string]time.Time // by URN and operation
	changes  map[string]int
	log      *changeLog
	errors   []string
}

func newFollower(progress func(Event)) *follower {
	if progress == nil {
		progress = func(Event) {}
	}
	return &follower{progress: progress, now: time.Now, started: map[string]time.Time{}, changes: map[string]int{}, log: newChangeLog()}
}

// follow consumes events until the channel is closed or stop is; then it takes what is already there.
func (f *follower) follow(stream <-chan events.EngineEvent, stop <-chan struct{}) {
	for {
		select {
		case event, open := <-stream:
			if !open {
				return
			}
			f.handle(event)
		case <-stop:
			for {
				select {
				case event, open := <-stream:
					if !open {
						return
					}
					f.handle(event)
				default:
					return
				}
			}
		}
	}
}

func (f *follower) handle(event events.EngineEvent) {
	f.log.noteEvent(event)
	switch {
	case event.ResourcePreEvent != nil:
		f.step(event.ResourcePreEvent.Metadata, Started)
	case event.ResOutputsEvent != nil:
		f.step(event.ResOutputsEvent.Metadata, Done)
	case event.ResOpFailedEvent != nil:
		f.step(event.ResOpFailedEvent.Metadata, Failed)
	case event.DiagnosticEvent != nil:
		f.diagnostic(*event.DiagnosticEvent)
	case event.SummaryEvent != nil:
		for op, n := range event.SummaryEvent.ResourceChanges {
			f.changes[string(op)] = n
		}
	}
}

func (f *follower) step(meta apitype.StepEventMetadata, phase Phase) {
	urn := resource.URN(meta.URN)
	kind, ours := strings.CutPrefix(string(urn.Type()), project+":index:")
	if !ours || meta.Op == apitype.OpSame {
		return
	}
	event := Event{Type: kind, Name: urn.Name(), Op: string(meta.Op), Phase: phase}
	key := meta.URN + " " + event.Op
	if phase == Started {
		f.started[key] = f.now()
	} else if began, ok := f.started[key]; ok {
		event.Duration = f.now().Sub(began)
		delete(f.started, key)
	}
	f.progress(event)
}

// colours are the engine's markup in texts, for example <{%reset%}>.
var colours = regexp.MustCompile(`<\{%[^%]*%\}>`)

func (f *follower) diagnostic(d apitype.DiagnosticEvent) {
	if d.Severity != "error" {
		return
	}
	if text := strings.TrimSpace(colours.ReplaceAllString(d.Message, "")); text != "" {
		f.errors = append(f.errors, text)
	}
}
