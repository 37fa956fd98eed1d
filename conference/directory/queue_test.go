package directory

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/medienzentrenverbund/kreisraum/conference/cluster"
)

// standing in line: one organiser, and what was said to them.
type inLine struct {
	cancel context.CancelFunc
	ended  chan error

	mu     sync.Mutex
	places []int
}

func (c *county) stand(room string) *inLine {
	ctx, cancel := context.WithCancel(context.Background())
	l := &inLine{cancel: cancel, ended: make(chan error, 1)}
	go func() {
		l.ended <- c.Queue(ctx, cluster.Seeker{Room: room, Organiser: true}, func(place int) {
			l.mu.Lock()
			defer l.mu.Unlock()
			l.places = append(l.places, place)
		})
	}()
	synctest.Wait()
	return l
}

func (l *inLine) told() []int {
	synctest.Wait()
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.places)
}

// over reports whether the wait has ended well.
func (l *inLine) over(t *testing.T) bool {
	t.Helper()
	synctest.Wait()
	select {
	case err := <-l.ended:
		if err != nil {
			t.Fatalf("ended with %v", err)
		}
		return true
	default:
		return false
	}
}

func TestTheQueueServesInOrderOfArrival(t *testing.T) {
	inCounty(t, []string{"bridge-1"}, func(t *testing.T, c *county) {
		b := c.boot("bridge-1", "a", loaded)
		c.settled()
		first, second, third := c.stand("klasse-5a"), c.stand("klasse-5b"), c.stand("klasse-5c")
		colleague := c.stand("klasse-5b")
		if load := c.loadNow(); load.WaitingRooms != 3 || load.WaitingPeople != 4 {
			t.Errorf("%d rooms and %d people wait", load.WaitingRooms, load.WaitingPeople)
		}
		for i, l := range []*inLine{first, second, third} {
			if got := l.told(); !slices.Equal(got, []int{i + 1}) {
				t.Errorf("number %d was told %v", i+1, got)
			}
		}
		if got := colleague.told(); !slices.Equal(got, []int{2}) {
			t.Errorf("who asks for the same room was told %v", got)
		}
		// Capacity for one: 0.85 is not exceeded before the first lesson is expected, and is after it.
		b.set(func(l *cluster.Lease) { l.Load = cluster.Load{Known: true, Stress: 0.84, Participants: 84} })
		c.settled()
		if !first.over(t) || second.over(t) || third.over(t) {
			t.Fatal("not exactly the first was let in")
		}
		if got := second.told(); !slices.Equal(got, []int{2, 1}) {
			t.Errorf("the second was told %v", got)
		}
		c.expect("klasse-5a", true, "bridge-1")
		c.expectError("klasse-5d", true, cluster.ErrFull)
		second.cancel()
		colleague.cancel()
		if got := third.told(); !slices.Equal(got, []int{3, 2, 1}) {
			t.Errorf("the third was told %v", got)
		}
		if err := <-second.ended; !errors.Is(err, context.Canceled) {
			t.Errorf("the second ended with %v", err)
		}
		c.boot("bridge-2", "b", calm)
		c.list.Machines = append(slices.Clone(c.list.Machines), c.list.Machines[0])
		c.list.Machines[1].ID = "bridge-2"
		c.SetMachines(c.list)
		c.settled()
		if !third.over(t) {
			t.Fatal("a new bridge does not help")
		}
		c.expect("klasse-5c", true, "bridge-2")
		if load := c.loadNow(); load.WaitingRooms+load.WaitingPeople != 0 {
			t.Errorf("%+v", load)
		}
	})
}

// TestNobodyOvertakes: who comes while others wait waits behind them, even if there is capacity just now.
func TestNobodyOvertakes(t *testing.T) {
	inCounty(t, []string{"bridge-1"}, func(t *testing.T, c *county) {
		b := c.boot("bridge-1", "a", loaded)
		c.settled()
		const n = 30
		var lines []*inLine
		for i := range n {
			lines = append(lines, c.stand(fmt.Sprint("klasse-", i)))
		}
		b.set(func(l *cluster.Lease) { l.Load = calm })
		if _, _, err := c.locate("klasse-neu", true); err != nil && !errors.Is(err, cluster.ErrFull) {
			t.Fatal(err)
		}
		c.settled()
		inside := 0
		for i, l := range lines {
			if l.over(t) {
				inside++
				if inside != i+1 {
					t.Errorf("number %d was let in as the %dth", i+1, inside)
				}
			}
		}
		if inside == 0 || inside == n {
			t.Errorf("%d of %d were let in at 0.1", inside, n)
		}
		for _, l := range lines {
			l.cancel()
		}
	})
}

// TestAWaitingRoomMovesWithWhoKnocks: pupils stand at the full bridge's door, the organiser in the queue.
func TestAWaitingRoomMovesWithWhoKnocks(t *testing.T) {
	inCounty(t, []string{"bridge-1", "bridge-2"}, func(t *testing.T, c *county) {
		one := c.boot("bridge-1", "a", loaded)
		two := c.boot("bridge-2", "b", cluster.Load{Known: true, Stress: 0.95, Participants: 190})
		c.settled()
		c.expect("klasse-5a", false, "bridge-1")
		one.room(c.keyOf("klasse-5a"), cluster.Record{})
		l := c.stand("klasse-5a")
		two.set(func(l *cluster.Lease) { l.Load = calm })
		c.settled()
		if !l.over(t) {
			t.Fatal("still waits")
		}
		c.expect("klasse-5a", false, "bridge-2")
		c.expect("klasse-5a", true, "bridge-2")
		if _, orders := c.counted(); len(orders) != 1 || orders[0].machine != "bridge-1" {
			t.Errorf("orders %+v", orders)
		}
	})
}

func TestWhoNeedsNoCapacityDoesNotWait(t *testing.T) {
	inCounty(t, []string{"bridge-1"}, func(t *testing.T, c *county) {
		b := c.boot("bridge-1", "a", loaded)
		c.settled()
		if err := c.Queue(t.Context(), cluster.Seeker{Room: "klasse-5a"}, nil); err != nil {
			t.Errorf("who only knocks: %v", err)
		}
		first, second := c.stand("klasse-5a"), c.stand("klasse-5b")
		c.expect("klasse-5b", false, "bridge-1")
		b.room(c.keyOf("klasse-5b"), lesson(20)) // begun by another portal's leave
		c.settled()
		if !second.over(t) || first.over(t) {
			t.Error("not exactly the room that runs was let in")
		}
		first.cancel()
	})
}

func TestTheQueueIsBounded(t *testing.T) {
	q := queue{people: maxWaiting}
	l := newLoop(Config{Store: newMemory(), Now: time.Now})
	l.queue = q
	w := newWaiter("key")
	enqueue{w}.apply(l)
	if err := <-w.end; !errors.Is(err, cluster.ErrNoBridge) || len(l.queue.rooms) != 0 {
		t.Errorf("got %v, %d rooms", err, len(l.queue.rooms))
	}
}

// TestLeavingTwiceIsNothing: the grant and the client's going may cross.
func TestLeavingTwiceIsNothing(t *testing.T) {
	var q queue
	w := newWaiter("key")
	q.join(w)
	q.grant("key")
	if q.leave(w) || q.people != 0 || len(q.rooms) != 0 {
		t.Errorf("queue is %+v", q)
	}
	q.grant("key")
}
