package hetzner

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/hetznercloud/hcloud-go/v2/hcloud"
)

// pageSize is the most that the API gives at once (Hetzner Cloud API, "Pagination").
const pageSize = 50

// polls asks for all running actions of a project together: ten servers that are made at the same time cost as many requests as one. Its
// goroutine lives as long as somebody waits.
type polls struct {
	mu      sync.Mutex // guards what follows
	waiting map[*waiting]struct{}
	// wake tells the goroutine that there is somebody else to wait for, stop that there is nobody left. Nil: it does not run.
	wake chan struct{}
	stop context.CancelFunc
}

// waiting is one action that somebody waits for.
type waiting struct {
	cloud   *hcloud.Client
	id      int64
	command string
	pace    float64
	began   time.Time
	due     time.Time
	// failures in a row of asking for it; ended: over has been told. Both and due are the goroutine's once it runs.
	failures int
	ended    bool
	// over gets the end of the action, once; nil: it succeeded.
	over chan error
}

func newPolls() *polls { return &polls{waiting: map[*waiting]struct{}{}} }

// wait returns once all the actions have succeeded, one has failed, or ctx ends.
func (p *polls) wait(ctx context.Context, cloud *hcloud.Client, pace float64, actions []*hcloud.Action) error {
	var all []*waiting
	now := time.Now()
	for _, a := range actions {
		switch a.Status {
		case hcloud.ActionStatusRunning:
			w := &waiting{cloud: cloud, pace: pace, id: a.ID, command: a.Command, began: now, over: make(chan error, 1)}
			w.due = now.Add(paced(pace, a.Command, 0))
			all = append(all, w)
		case hcloud.ActionStatusError:
			return a.Error()
		}
	}
	p.add(all)
	defer p.remove(all)
	for _, w := range all {
		select {
		case err := <-w.over:
			if err != nil {
				return err
			}
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return nil
}

func (p *polls) add(all []*waiting) {
	if len(all) == 0 {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, w := range all {
		p.waiting[w] = struct{}{}
	}
	if p.wake == nil {
		var ctx context.Context
		ctx, p.stop = context.WithCancel(context.Background()) // of all who wait; each has a context of its own
		p.wake = make(chan struct{}, 1)
		go p.run(ctx, p.wake)
		return
	}
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

// remove lets the goroutine end when nobody is left.
func (p *polls) remove(all []*waiting) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, w := range all {
		delete(p.waiting, w)
	}
	if len(p.waiting) == 0 && p.wake != nil {
		p.stop()
		p.wake, p.stop = nil, nil
	}
}

func (p *polls) run(ctx context.Context, wake <-chan struct{}) {
	for ctx.Err() == nil {
		batch, due := p.next()
		pause := time.NewTimer(time.Until(due))
		select {
		case <-ctx.Done():
		case <-wake: // somebody may be due earlier
		case <-pause.C:
			p.ask(ctx, batch)
		}
		pause.Stop()
	}
}

// next is whom to ask for, and when the first of them is due.
func (p *polls) next() (batch []*waiting, due time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	due = time.Now().Add(maxPollPause)
	for w := range p.waiting {
		if w.ended {
			continue
		}
		batch = append(batch, w)
		if w.due.Before(due) {
			due = w.due
		}
	}
	return batch, due
}

// ask asks for all of them, with as many requests as their number needs, and tells those that are over.
func (p *polls) ask(ctx context.Context, batch []*waiting) {
	for len(batch) > 0 {
		chunk := batch[:min(pageSize, len(batch))]
		batch = batch[len(chunk):]
		// All reach the same project, so one's client is as good as another's.
		found, err := actionsByID(ctx, chunk[0].cloud, chunk)
		if ctx.Err() != nil {
			return
		}
		for _, w := range chunk {
			w.learn(found[w.id], err, time.Now())
		}
	}
}

func actionsByID(ctx context.Context, cloud *hcloud.Client, chunk []*waiting) (map[int64]*hcloud.Action, error) {
	opts := hcloud.ActionListOpts{ListOpts: hcloud.ListOpts{PerPage: pageSize}}
	asked := map[int64]bool{}
	for _, w := range chunk {
		if !asked[w.id] {
			asked[w.id] = true
			opts.ID = append(opts.ID, w.id)
		}
	}
	list, _, err := cloud.Action.List(ctx, opts)
	found := make(map[int64]*hcloud.Action, len(list))
	for _, a := range list {
		found[a.ID] = a
	}
	return found, err
}

// learn takes in an answer. An action that Hetzner does not know may be too new for the list, so it is asked for again a few times, as
// after an answer that did not come.
func (w *waiting) learn(a *hcloud.Action, err error, now time.Time) {
	w.due = now.Add(paced(w.pace, w.command, now.Sub(w.began)))
	switch {
	case err != nil && Classify(err) == Retry:
		return // those who wait know how long
	case err == nil && a == nil:
		err = fmt.Errorf("the action %d (%s) is unknown to Hetzner", w.id, w.command)
		fallthrough
	case err != nil:
		if w.failures++; w.failures >= maxUnreachableAttempts {
			w.end(err)
		}
		return
	}
	w.failures = 0
	switch a.Status {
	case hcloud.ActionStatusSuccess:
		w.end(nil)
	case hcloud.ActionStatusError:
		w.end(a.Error())
	}
}

func (w *waiting) end(err error) {
	w.ended = true
	w.over <- err
}

// paced is pollPause in a world where everything takes pace times as long; see Config.Backoff.
func paced(pace float64, command string, elapsed time.Duration) time.Duration {
	return time.Duration(pace * float64(pollPause(command, time.Duration(float64(elapsed)/pace))))
}

// maxPollPause bounds the pause between two polls.
const maxPollPause = 10 * time.Second

// pollPause is the pause before the next poll for an action that has been running that long. Most actions take a second or less. A server
// boots in a few; it is there after some ten, rarely before seven, and after two minutes on bad days (measured by third parties, 2026),
// so that is looked at closely between seven and fourteen.
func pollPause(command string, elapsed time.Duration) time.Duration {
	switch command {
	case "create_server", "rebuild_server":
		switch {
		case elapsed < 3*time.Second:
			return max(300*time.Millisecond, elapsed/2)
		case elapsed < 7*time.Second:
			return 1300 * time.Millisecond
		case elapsed < 14*time.Second:
			return 700 * time.Millisecond
		case elapsed < 25*time.Second:
			return 1500 * time.Millisecond
		}
		return min(maxPollPause, elapsed/12)
	case "start_server", "change_server_type":
		if elapsed < 6*time.Second {
			return max(200*time.Millisecond, min(time.Second/2, elapsed/2))
		}
	}
	return min(maxPollPause, max(200*time.Millisecond, elapsed/2))
}
