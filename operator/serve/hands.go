package serve

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/medienzentrenverbund/kreisraum/conference/identity"
	"github.com/medienzentrenverbund/kreisraum/operator/autoscale"
)

// task is something for the hands: a decision, or drains by hand.
type task struct {
	decision autoscale.Decision
	// free are the kinds to try, in order.
	free []Kind
	// finish: an earlier task was cut off and left bridges that nobody can use yet.
	finish bool
	// tell: the portal's list of machines is to be brought up to date.
	tell  bool
	order Order
}

func (t task) nothing() bool {
	return t.decision.Nothing() && !t.finish && !t.tell && !t.order.byHand()
}

// carryOut does a task. What gives capacity comes first; one part that fails does not keep the others from being done.
func carryOut(ctx context.Context, c County, t task, progress func(string)) (d done) {
	var errs []error
	drain := func(numbers []int, on, byHand bool, word string) {
		if len(numbers) == 0 {
			return
		}
		progress(word + " " + bridgeList(numbers))
		if err := c.Drain(ctx, numbers, on, byHand); err != nil {
			errs = append(errs, fmt.Errorf("%s %s: %w", word, bridgeList(numbers), err))
		} else if on {
			d.drained = append(d.drained, numbers...)
		} else {
			d.undrained = append(d.undrained, numbers...)
		}
	}
	if t.tell {
		progress("tell the portal of its machines")
		errs = append(errs, c.Drain(ctx, nil, false, false))
	}
	drain(t.order.Undrain, false, false, "undrain")
	drain(t.order.Drain, true, true, "drain")
	drain(t.decision.Undrain, false, false, "undrain")
	drain(t.decision.Drain, true, false, "drain")
	if t.decision.Add > 0 || t.finish {
		errs = append(errs, d.make(ctx, c, t, progress))
	}
	if gone := t.decision.Remove; len(gone) > 0 && ctx.Err() == nil {
		progress("remove " + bridgeList(gone))
		if err := c.RemoveBridges(ctx, gone, progress); err != nil {
			errs = append(errs, fmt.Errorf("remove %s: %w", bridgeList(gone), err))
		} else {
			d.removed = gone
		}
	}
	d.err = errors.Join(errs...)
	return d
}

// make adds machines of the first kind that can be had; what that kind cannot give is tried with the next.
func (d *done) make(ctx context.Context, c County, t task, progress func(string)) error {
	begun := time.Now()
	if t.decision.Add <= 0 {
		progress("finish the bridges that an earlier run began")
		added, err := c.AddBridges(ctx, nil, progress)
		d.added = append(d.added, added...)
		return err
	}
	left := t.decision.Add
	for _, kind := range t.free {
		progress(fmt.Sprintf("make %s: %s in %s", count(left), kind.ServerType, kind.Location))
		wanted := make([]Kind, left)
		for i := range wanted {
			wanted[i] = kind
		}
		added, err := c.AddBridges(ctx, wanted, progress)
		d.added = append(d.added, added...)
		if err == nil {
			d.lead = time.Since(begun)
			return nil
		}
		if !errors.Is(err, ErrSoldOut) {
			return err
		}
		d.soldOut = append(d.soldOut, kind)
		progress(fmt.Sprintf("%s in %s is sold out", kind.ServerType, kind.Location))
		if left -= len(added); left <= 0 {
			return nil
		}
	}
	return fmt.Errorf("%s could not be had: %w in every type and location of the county's file; it is tried again in %d minutes. More types "+
		"(server_types.bridge) or locations would help", count(left), ErrSoldOut, soldOutTime/time.Minute)
}

func count(n int) string {
	if n == 1 {
		return "1 bridge"
	}
	return fmt.Sprintf("%d bridges", n)
}

func bridgeList(numbers []int) string {
	words := make([]string, len(numbers))
	for i, n := range numbers {
		words[i] = identity.Bridge(n)
	}
	return strings.Join(words, ", ")
}
