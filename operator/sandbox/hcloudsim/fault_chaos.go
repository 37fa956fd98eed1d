package hcloudsim

import (
	"errors"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"slices"
)

var errTooManyFaults = fmt.Errorf("more than %d faults are waiting; DELETE /sandbox/faults forgets them", maxFaults)

// Chaos lets requests go wrong by chance. The draw for a request depends only on the seed, the method, the route (the path with placeholders
// instead of IDs) and how many requests of that method and route came before: polling more or less often changes nothing for the
// requests that create.
type Chaos struct {
	Seed uint64 `json:"seed"`
	// Rate is the share of requests that go wrong, from 0 to 1.
	Rate float64 `json:"rate"`
	// Kinds that may be drawn. Empty: all that fit the request.
	Kinds []Kind `json:"kinds,omitempty"`
	// Times is how many requests are hit at most. 0: no limit.
	Times int `json:"times,omitempty"`
	// Lasts is Fault.Lasts of the faults drawn.
	Lasts Duration `json:"lasts,omitempty"`
}

// chaos is Chaos under way; guarded by faults.mu.
type chaos struct {
	Chaos
	seen map[string]uint64 // method and route → requests
	hits int
}

func newChaos(c Chaos) (*chaos, error) {
	var errs []error
	if !(c.Rate >= 0 && c.Rate <= 1) {
		errs = append(errs, fmt.Errorf("rate %v is out of range, need 0 to 1", c.Rate))
	}
	if c.Times < 0 || c.Lasts < 0 {
		errs = append(errs, errors.New("times and lasts must not be negative"))
	}
	if len(c.Kinds) > len(kindTraits) {
		errs = append(errs, fmt.Errorf("kinds: at most %d", len(kindTraits)))
	} else {
		for _, k := range c.Kinds {
			if _, ok := kindTraits[k]; !ok || k == KindError {
				errs = append(errs, fmt.Errorf("kind %q cannot be drawn, need some of %s", k, joinKinds(Kinds()[1:])))
			}
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, fmt.Errorf("chaos: %w", err)
	}
	c.Kinds = slices.Clone(c.Kinds)
	if len(c.Kinds) == 0 {
		c.Kinds = Kinds()[1:]
	}
	return &chaos{Chaos: c, seen: map[string]uint64{}}, nil
}

// next draws the fault of a request, or nil.
func (c *chaos) next(method, route string) *strike {
	key := method + " " + route
	c.seen[key]++
	if c.Times > 0 && c.hits >= c.Times {
		return nil
	}
	dice := draw(c.Seed, key, c.seen[key])
	if dice.Float64() >= c.Rate {
		return nil
	}
	var fitting []Kind
	for _, k := range c.Kinds {
		if kindTraits[k].fits(method, route) {
			fitting = append(fitting, k)
		}
	}
	if len(fitting) == 0 {
		return nil
	}
	c.hits++
	return Fault{Kind: fitting[dice.IntN(len(fitting))], Lasts: c.Lasts}.strike()
}

// draw is the dice for the n-th event of a name.
func draw(seed uint64, name string, n uint64) *rand.Rand {
	h := fnv.New64a()
	_, _ = h.Write([]byte(name)) // never fails
	return rand.New(rand.NewPCG(seed^n*0x9e3779b97f4a7c15, h.Sum64()))
}
