package stack

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/auto/events"
	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/tokens"
)

func ours(kind, id string) apitype.ResourceV3 {
	return apitype.ResourceV3{Type: tokens.Type("kreisraum:index:" + kind), ID: resource.ID(id)}
}

func engineEvent(op apitype.OpType, kind, name string, set func(*apitype.EngineEvent, apitype.StepEventMetadata)) events.EngineEvent {
	var e events.EngineEvent
	set(&e.EngineEvent, apitype.StepEventMetadata{Op: op, URN: "urn:pulumi:demo::kreisraum::" + kind + "::" + name})
	return e
}

func TestFollower(t *testing.T) {
	pre := func(e *apitype.EngineEvent, m apitype.StepEventMetadata) {
		e.ResourcePreEvent = &apitype.ResourcePreEvent{Metadata: m}
	}
	done := func(e *apitype.EngineEvent, m apitype.StepEventMetadata) {
		e.ResOutputsEvent = &apitype.ResOutputsEvent{Metadata: m}
	}
	failed := func(e *apitype.EngineEvent, m apitype.StepEventMetadata) {
		e.ResOpFailedEvent = &apitype.ResOpFailedEvent{Metadata: m}
	}
	var got []Event
	f := newFollower(func(e Event) { got = append(got, e) })
	clock := time.Unix(0, 0)
	f.now = func() time.Time { clock = clock.Add(time.Second); return clock }

	stream := make(chan events.EngineEvent, 16)
	stream <- engineEvent(apitype.OpCreate, "pulumi:pulumi:Stack", "kreisraum-demo", pre) // not ours
	stream <- engineEvent(apitype.OpSame, "kreisraum:index:Network", "n", pre)            // nothing happens
	stream <- engineEvent(apitype.OpCreate, "kreisraum:index:Server", "s", pre)
	stream <- engineEvent(apitype.OpUpdate, "kreisraum:index:Firewall", "f", pre)
	stream <- engineEvent(apitype.OpCreate, "kreisraum:index:Server", "s", done)
	stream <- engineEvent(apitype.OpUpdate, "kreisraum:index:Firewall", "f", failed)
	var diagnostic, summary events.EngineEvent
	diagnostic.DiagnosticEvent = &apitype.DiagnosticEvent{Severity: "error", Message: "<{%reset%}>it broke<{%reset%}>\n"}
	summary.SummaryEvent = &apitype.SummaryEvent{ResourceChanges: map[apitype.OpType]int{apitype.OpCreate: 1}}
	stream <- diagnostic
	stream <- summary
	close(stream)
	f.follow(stream, nil)

	want := []Event{
		{Type: "Server", Name: "s", Op: "create", Phase: Started},
		{Type: "Firewall", Name: "f", Op: "update", Phase: Started},
		{Type: "Server", Name: "s", Op: "create", Phase: Done, Duration: 2 * time.Second},
		{Type: "Firewall", Name: "f", Op: "update", Phase: Failed, Duration: 2 * time.Second},
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
	if f.changes["create"] != 1 || !slices.Equal(f.errors, []string{"it broke"}) {
		t.Errorf("changes %v, errors %q", f.changes, f.errors)
	}
}

// An engine that fails early never opens the stream; the follower must end all the same, with what is there.
func TestFollowerEndsWithoutAStream(t *testing.T) {
	f := newFollower(nil)
	stream, over := make(chan events.EngineEvent, 1), make(chan struct{})
	var summary events.EngineEvent
	summary.SummaryEvent = &apitype.SummaryEvent{ResourceChanges: map[apitype.OpType]int{apitype.OpSame: 3}}
	stream <- summary
	close(over)
	f.follow(stream, over)
	if f.changes["same"] != 3 {
		t.Errorf("changes %v", f.changes)
	}
}

func TestFailures(t *testing.T) {
	a, b := errors.New("a"), errors.New("b")
	stopped := fmt.Errorf("create: %w", context.Canceled)
	cases := []struct {
		name string
		all  []error
		want string
	}{
		{"none", nil, ""},
		{"one", []error{a}, "a"},
		{"the same twice", []error{a, errors.New("a")}, "a"},
		{"two", []error{a, b}, "a\nb"},
		{"one stopped the other", []error{stopped, a}, "a"},
		{"only stopped", []error{stopped, stopped}, "create: context canceled"},
	}
	for _, c := range cases {
		var f failures
		for _, err := range c.all {
			f.add(err)
		}
		got := ""
		if err := f.err(); err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}

func TestLastWords(t *testing.T) {
	for text, want := range map[string]string{
		"failed to run update: exit status 1\ncode: 1\nstdout: \nstderr: error: it is locked\n": "it is locked",
		"could not list\ncode: 255\nstdout: nothing\nstderr: <{%fg 1%}>error: <{%reset%}>no\n":  "no",
		"exit status 7": "exit status 7",
		"code: 255\nstderr: error: 2 errors occurred:\n    1) write a.tmp: no space left on device\n    2) Unknown\n\n": "2 errors occurred: 1) write a.tmp: no space left on device; 2) Unknown",
		"": "the engine ended without a word",
	} {
		if got := lastWords(errors.New(text)); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
