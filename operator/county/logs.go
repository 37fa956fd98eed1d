package county

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/medienzentrenverbund/kreisraum/operator/deploy"
)

// MaxLogLines is how many lines of a journal Logs gives at once.
const MaxLogLines = deploy.MaxJournal

// followEvery is the time between two looks at a journal that is followed.
const followEvery = 2 * time.Second

// LogOptions are the choices of one look at a journal.
type LogOptions struct {
	// Machine is the machine's ID; empty: the portal.
	Machine string
	// Lines at most, 1 to MaxLogLines.
	Lines int
	// Follow goes on until ctx ends, which is then no error.
	Follow bool
	// Waiting is told once when another command has the county; may be nil.
	Waiting func()
}

// Logs gives the last lines of the journal of a machine's server to show, in portions, oldest first. Port 22 is open meanwhile. A journal
// holds no personal data, see conference/server. Returns ErrNotUp.
func (c *County) Logs(ctx context.Context, o LogOptions, show func(lines []string) error) (err error) {
	door, shut, err := c.OpenDoor(ctx, o.Machine, o.Waiting)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, shut()) }()
	journal, err := deploy.OpenJournal(ctx, door.login())
	if err != nil {
		return err
	}
	defer journal.Close()
	look := o.Lines
	if o.Follow {
		look = MaxLogLines // what comes next is found by what was there before
	}
	seen, err := journal.Last(ctx, look)
	if err != nil {
		return fmt.Errorf("read the journal of %s: %w", door.Machine, err)
	}
	if err := show(seen[max(0, len(seen)-o.Lines):]); err != nil || !o.Follow {
		return err
	}
	for {
		select {
		case <-ctx.Done():
			return nil // Ctrl-C is how following ends
		case <-time.After(followEvery):
		}
		now, err := journal.Last(ctx, MaxLogLines)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read the journal of %s: %w", door.Machine, err)
		}
		if err := show(unseen(seen, now)); err != nil {
			return err
		}
		seen = now
	}
}

// unseen are the lines of now that came after those of seen. Both are the last MaxLogLines of one journal, so that now begins with the end of
// seen, unless more came than a look can hold.
func unseen(seen, now []string) []string {
	for from := range seen {
		known := seen[from:]
		if len(known) <= len(now) && slices.Equal(now[:len(known)], known) {
			return now[len(known):]
		}
	}
	return now
}
