package hcloudsim

import (
	"cmp"
	"slices"
	"time"

	"github.com/hetznercloud/hcloud-go/v2/hcloud/schema"
)

// keptActions is how many actions a project remembers; the oldest finished ones are forgotten first. Our own bound.
const keptActions = 5000

// action is the record of a piece of work that a client can wait for.
type action struct {
	ID        int64                            `json:"id"`
	Command   string                           `json:"command"`
	Started   time.Time                        `json:"started"`
	Takes     time.Duration                    `json:"takes"` // at least
	Finished  *time.Time                       `json:"finished"`
	Error     *schema.ActionError              `json:"error"`
	Resources []schema.ActionResourceReference `json:"resources"`
	// Fails is how the action ends instead of having an effect; nil for all that were not struck by a fault.
	Fails *schema.ActionError `json:"fails,omitempty"`
}

func ref(kind string, id int64) schema.ActionResourceReference {
	return schema.ActionResourceReference{ID: id, Type: kind}
}

func (p *project) newAction(now time.Time, command string, takes time.Duration, refs ...schema.ActionResourceReference) *action {
	a := &action{ID: p.nextID(), Command: command, Started: now, Takes: takes, Resources: refs}
	p.Actions[a.ID] = a
	p.forgetActions()
	return a
}

func (p *project) forgetActions() {
	if len(p.Actions) <= keptActions {
		return
	}
	var finished []int64
	for id, a := range p.Actions {
		if a.Finished != nil {
			finished = append(finished, id)
		}
	}
	slices.Sort(finished)
	for _, id := range finished[:min(len(finished), keptActions/10)] {
		delete(p.Actions, id)
	}
}

// finish ends an action and unlocks what it held. Finishing twice changes nothing.
func (p *project) finish(id int64, now time.Time, failure *schema.ActionError) {
	a, ok := p.Actions[id]
	if !ok || a.Finished != nil {
		return
	}
	a.Finished, a.Error = &now, failure
	for _, r := range a.Resources {
		if s, ok := p.Servers[r.ID]; ok && r.Type == "server" {
			s.LockedBy = slices.DeleteFunc(s.LockedBy, func(held int64) bool { return held == id })
		}
	}
}

func (a *action) status() string {
	switch {
	case a.Finished == nil:
		return "running"
	case a.Error != nil:
		return "error"
	default:
		return "success"
	}
}

// progress in percent, estimated from the time passed; 100 only when finished.
func (a *action) progress(now time.Time) int {
	if a.Finished != nil {
		return 100
	}
	if a.Takes <= 0 {
		return 0
	}
	return int(min(99, max(0, 100*now.Sub(a.Started)/a.Takes)))
}

func (a *action) render(now time.Time) schema.Action {
	return schema.Action{
		ID: a.ID, Status: a.status(), Command: a.Command, Progress: a.progress(now), Started: a.Started,
		Finished: a.Finished, Error: a.Error, Resources: slices.Clone(a.Resources),
	}
}

func (a *action) concerns(kind string, id int64) bool {
	return slices.ContainsFunc(a.Resources, func(r schema.ActionResourceReference) bool {
		return r.Type == kind && (id == 0 || r.ID == id)
	})
}

func actionFields(now time.Time) comparators[*action] {
	return comparators[*action]{
		"id":       func(a, b *action) int { return cmp.Compare(a.ID, b.ID) },
		"command":  func(a, b *action) int { return cmp.Compare(a.Command, b.Command) },
		"status":   func(a, b *action) int { return cmp.Compare(a.status(), b.status()) },
		"progress": func(a, b *action) int { return cmp.Compare(a.progress(now), b.progress(now)) },
		"started":  func(a, b *action) int { return a.Started.Compare(b.Started) },
		"finished": func(a, b *action) int { return compareTimes(a.Finished, b.Finished) },
	}
}
