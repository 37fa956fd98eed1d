package county

import (
	"context"
	"errors"
	"time"

	"github.com/medienzentrenverbund/kreisraum/operator/deploy"
	"github.com/medienzentrenverbund/kreisraum/operator/home"
)

const (
	// turnPatience is how long a command that is under way waits for its next turn: a bridge that is being added takes a minute or two.
	turnPatience = 15 * time.Minute
	// turnPoll is the pause between two attempts.
	turnPoll = 500 * time.Millisecond
)

// turn opens the county under its lock until done is called, with the machines as they are now and what they shall run. The first one
// fails at once if another command is at work; a later one waits.
func (c *County) turn(ctx context.Context, release deploy.Release, first bool) (s *site, done func(), err error) {
	unlock, err := c.locked(ctx, first)
	if err != nil {
		return nil, nil, err
	}
	s = &site{County: c, scales: true, release: release}
	if err := s.reopen(ctx); err != nil {
		unlock()
		return nil, nil, err
	}
	return s, func() { s.close(); unlock() }, nil
}

func (c *County) locked(ctx context.Context, first bool) (unlock func(), err error) {
	ctx, cancel := context.WithTimeout(ctx, turnPatience)
	defer cancel()
	leave := func() {}
	if c.Turn != nil {
		if leave, err = c.Turn(ctx); err != nil {
			return nil, err
		}
	}
	for {
		unlock, err := c.Home.Lock()
		switch {
		case err == nil:
			return func() { unlock(); leave() }, nil
		case first && c.Turn == nil || !errors.Is(err, home.ErrBusy):
			leave()
			return nil, err
		}
		select {
		case <-ctx.Done():
			leave()
			return nil, errors.Join(ctx.Err(), err)
		case <-time.After(turnPoll):
		}
	}
}
