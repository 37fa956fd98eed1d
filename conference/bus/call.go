package bus

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/medienzentrenverbund/kreisraum/conference/cluster"
	"github.com/medienzentrenverbund/kreisraum/conference/identity"
)

// call is the newest call and who has answered it. Safe for concurrent use.
type call struct {
	word string

	mu       sync.Mutex
	answered map[string]string // boot by machine
	greeted  map[string]string // boot by machine: it came after the call, which was repeated for it
}

// Call implements cluster.Store.
func (s *Store) Call(ctx context.Context) (string, error) {
	c := &call{word: rand.Text(), answered: map[string]string{}, greeted: map[string]string{}}
	s.calling.Store(c)
	poke(s.recall)
	return c.word, ctx.Err()
}

// greet repeats the call at once for a bridge that has just come and may have missed it.
func (s *Store) greet(machine string) {
	c := s.calling.Load()
	if lease, alive := s.Leases()[machine]; alive && c != nil && c.missed(machine, lease) {
		poke(s.recall)
	}
}

// missed reports, once for each process, whether it may not have heard the call.
func (c *call) missed(machine string, l cluster.Lease) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if l.Call == c.word || c.greeted[machine] == l.Boot {
		return false
	}
	c.greeted[machine] = l.Boot
	return true
}

// callLoop says the call to all bridges, again and again for as long as one that lives has not answered it.
func (s *Store) callLoop(ctx context.Context, conn *nats.Conn) {
	ticker := time.NewTicker(s.config.LeaseEvery)
	defer ticker.Stop()
	for {
		if c := s.calling.Load(); c != nil && !c.complete(s.Leases()) {
			_ = conn.Publish(callSubject, []byte(c.word)) // without a connection nobody hears it; then the next one
		}
		select {
		case <-ticker.C:
		case <-s.recall:
		case <-ctx.Done():
			return
		}
	}
}

// complete reports whether all bridges that live have answered. With none alive it is not: who was cut off hears it later. Who has
// answered has the word in the lease from then on, also when another portal has called since.
func (c *call) complete(alive map[string]cluster.Lease) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	all := len(alive) > 0
	for machine, l := range alive {
		if l.Call == c.word {
			c.answered[machine] = l.Boot
		}
		if c.answered[machine] == l.Boot {
			l.Call = c.word
			alive[machine] = l
		} else {
			all = false
		}
	}
	return all
}

// Order implements cluster.Store.
func (s *Store) Order(ctx context.Context, machine string, o cluster.Order) error {
	if !identity.IsMachine(machine) {
		return errors.New("give order: machine has not the form of one")
	}
	text, err := json.Marshal(o)
	if err == nil {
		_, err = decodeOrder(text)
	}
	if err != nil {
		return fmt.Errorf("give order to %s: %w", machine, err)
	}
	for wait := retryMin; ; wait = min(2*wait, retryMax) {
		err := errors.New("not connected yet")
		if conn := s.conn.Load(); conn != nil {
			if err = conn.Publish(orderSubject(machine), text); err == nil {
				once, cancel := context.WithTimeout(ctx, requestTimeout)
				err = conn.FlushWithContext(once)
				cancel()
			}
		}
		if err == nil {
			return nil
		}
		if stop := pause(ctx, wait); stop != nil {
			return fmt.Errorf("give order to %s: %w; last: %w", machine, stop, err)
		}
	}
}
