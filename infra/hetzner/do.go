package hetzner

import (
	"context"
	"log/slog"
	"time"

	"github.com/hetznercloud/hcloud-go/v2/hcloud"
)

// Attempts of Do. With DefaultBackoff they give a locked resource about a minute, and an unreachable API three tries.
const (
	maxAttempts            = 25
	maxUnreachableAttempts = 3
)

// Do runs op and repeats it while the answer is of class Retry, which hcloud-go leaves to its user for "locked" and most
// failures of the backend. also names further classes worth waiting for, for example InUse when deleting. The error it
// returns is explained (*Error) and begins with what, for example "delete network 42".
func (c *Client) Do(ctx context.Context, what string, op func(context.Context) error, also ...Class) error {
	for attempt := 1; ; attempt++ {
		err := op(ctx)
		class := Classify(err)
		if err == nil || ctx.Err() != nil || !again(class, attempt, also) {
			return c.explain(what, err)
		}
		c.log.Debug("request repeated", slog.String("class", class.String()), slog.Int("attempt", attempt))
		if !sleep(ctx, c.again(attempt-1)) {
			return c.explain(what, err)
		}
	}
}

// again decides whether one more attempt is worth it.
func again(class Class, attempt int, also []Class) bool {
	if class == Unreachable {
		return attempt < maxUnreachableAttempts
	}
	if attempt >= maxAttempts {
		return false
	}
	if class == Retry {
		return true
	}
	for _, a := range also {
		if class == a {
			return true
		}
	}
	return false
}

// Wait waits until all actions have succeeded, asking for those of all Clients of the token together. Nil actions are skipped.
func (c *Client) Wait(ctx context.Context, what string, actions ...*hcloud.Action) error {
	running := actions[:0:0]
	for _, a := range actions {
		if a != nil {
			running = append(running, a)
		}
	}
	if len(running) == 0 {
		return nil
	}
	return c.explain(what, c.project.polls.wait(ctx, c.cloud, c.pace, running))
}

// Until calls ready, in growing pauses, until it says true, fails, or ctx ends; then what is in the error. It is for what no action tells
// the end of.
func (c *Client) Until(ctx context.Context, what string, ready func(context.Context) (bool, error)) error {
	began := time.Now()
	for {
		ok, err := ready(ctx)
		if err != nil {
			return err
		}
		if ok {
			return nil
		}
		if !sleep(ctx, paced(c.pace, "", time.Since(began))) {
			return c.explain(what, context.Cause(ctx))
		}
	}
}

// sleep reports whether d passed before ctx ended.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}
