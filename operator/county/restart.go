package county

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/medienzentrenverbund/kreisraum/conference/opsapi"
)

const (
	// restarting bounds the wait for the proof after the notice: all bridges restart, then the portal.
	restarting = 5 * time.Minute
	// restartPoll is the pause between two questions.
	restartPoll = 300 * time.Millisecond
)

// ErrNoProof says that a restart was ordered and its proof did not come.
var ErrNoProof = errors.New("no proof of the restart came")

// Restart lets the county forget everything now as it does at night: rooms in use are told and end after notice. It waits until the
// portal is back and returns its proof, which need not be a good one. Only the order is given under the county's lock; waiting is not a
// reason to keep others from the county for an hour. Returns ErrNotUp or ErrNoProof.
func (c *County) Restart(ctx context.Context, notice time.Duration, progress func(string)) (opsapi.Proof, error) {
	unlock, err := c.Home.Lock()
	if err != nil {
		return opsapi.Proof{}, err
	}
	before, err := c.orderRestart(ctx, notice)
	unlock()
	if err != nil {
		return opsapi.Proof{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, notice+restarting)
	defer cancel()
	return c.awaitProof(ctx, before, progress)
}

// orderRestart returns the newest proof of before.
func (c *County) orderRestart(ctx context.Context, notice time.Duration) (opsapi.Proof, error) {
	night, err := c.Night(ctx)
	if err != nil {
		return opsapi.Proof{}, err
	}
	ops, err := c.ask()
	if err != nil {
		return opsapi.Proof{}, err
	}
	_, err = ops.Restart(ctx, opsapi.RestartOrder{Notice: int(notice / time.Second)})
	return newest(night), err
}

func newest(n opsapi.Night) opsapi.Proof {
	if len(n.Proofs) == 0 {
		return opsapi.Proof{}
	}
	return n.Proofs[0]
}

// awaitProof asks until there is a proof of another process. The server is away for a moment in between, so errors are no news.
func (c *County) awaitProof(ctx context.Context, before opsapi.Proof, progress func(string)) (opsapi.Proof, error) {
	phase := ""
	for {
		night, err := c.Night(ctx)
		if proof := newest(night); err == nil && !proof.Started.IsZero() && !proof.Started.Equal(before.Started) {
			return proof, nil
		}
		if err == nil && night.Phase != phase {
			phase = night.Phase
			progress(phase)
		}
		select {
		case <-ctx.Done():
			return opsapi.Proof{}, fmt.Errorf("%w: %w; `kreisraum status %s` shows whether the county answers", ErrNoProof, errors.Join(ctx.Err(), err), c.Home.Name)
		case <-time.After(restartPoll):
		}
	}
}
