package directory

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"os"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/medienzentrenverbund/kreisraum/conference/cluster"
	"github.com/medienzentrenverbund/kreisraum/conference/identity"
	"github.com/medienzentrenverbund/kreisraum/conference/opsapi"
	"github.com/medienzentrenverbund/kreisraum/conference/token"
)

func TestMain(m *testing.M) {
	if os.Getenv(racerVariable) != "" {
		if err := racer(os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, "racer:", err)
			os.Exit(1)
		}
		return
	}
	goleak.VerifyTestMain(m)
}

var (
	calm   = cluster.Load{Known: true, Stress: 0.1, Participants: 20}
	loaded = cluster.Load{Known: true, Stress: 0.9, Participants: 180}
)

// county is a directory over a store in memory, on a clock that stands still while anything happens.
type county struct {
	t *testing.T
	*memory
	*Directory
	key  token.Key
	list opsapi.Machines
	stop context.CancelFunc
	over sync.WaitGroup
}

// inCounty runs a test in a bubble with a county of ready machines, whose bridges do not run yet.
func inCounty(t *testing.T, machines []string, test func(t *testing.T, c *county)) {
	synctest.Test(t, func(t *testing.T) {
		c := &county{t: t, memory: newMemory(), key: token.NewKey()}
		for i, id := range machines {
			c.list.Machines = append(c.list.Machines, opsapi.Machine{ID: id, Private: netip.AddrFrom4([4]byte{10, 0, 0, byte(i + 1)}), Ready: true})
		}
		c.start(nil)
		defer func() {
			c.halt()
			for _, b := range c.running() {
				b.kill()
			}
		}()
		test(t, c)
	})
}

// start starts a portal's directory.
func (c *county) start(local http.Handler) {
	ctx, stop := context.WithCancel(context.Background())
	d := New(Config{Store: c.memory, Key: c.key, Local: local, Log: slog.New(slog.DiscardHandler)})
	d.SetMachines(c.list)
	c.Directory, c.stop = d, stop
	c.over.Go(func() { d.Run(ctx) })
}

func (c *county) halt() {
	c.stop()
	c.over.Wait()
}

// settled lets a moment pass in which nothing but the directory's own doings happens.
func (c *county) settled() {
	c.t.Helper()
	time.Sleep(time.Second)
	synctest.Wait()
	if load := c.loadNow(); !load.Settled {
		c.t.Fatal("has not settled")
	}
}

func (c *county) loadNow() opsapi.Load {
	c.t.Helper()
	load, err := c.Load(context.Background())
	if err != nil {
		c.t.Fatal(err)
	}
	return load
}

func (c *county) change(f func(list []opsapi.Machine)) {
	c.list.Machines = slices.Clone(c.list.Machines)
	f(c.list.Machines)
	c.SetMachines(c.list)
	synctest.Wait()
}

func (c *county) keyOf(room string) cluster.RoomKey { return cluster.KeyOf(c.key, room) }

// locate returns the machine that the room is on.
func (c *county) locate(room string, organiser bool) (string, *cluster.Record, error) {
	p, err := c.Locate(context.Background(), cluster.Seeker{Room: room, Organiser: organiser})
	if err != nil {
		return "", nil, err
	}
	return p.Bridge.(*link).machine, p.Restore, nil
}

// expect fails unless the room is on the machine.
func (c *county) expect(room string, organiser bool, machine string) {
	c.t.Helper()
	if got, _, err := c.locate(room, organiser); got != machine || err != nil {
		c.t.Fatalf("room is on %q, %v; want %s", got, err, machine)
	}
}

func (c *county) expectError(room string, organiser bool, want error) {
	c.t.Helper()
	if got, _, err := c.locate(room, organiser); !errors.Is(err, want) {
		c.t.Fatalf("room is on %q, %v; want %v", got, err, want)
	}
}

// lesson is a record of a room that has begun.
func lesson(people int) cluster.Record {
	return cluster.Record{Epoch: "epoch", CodeHash: "hash", Locked: true, Participants: people}
}

func TestNothingIsPlacedBeforeAllBridgesAreHeard(t *testing.T) {
	inCounty(t, []string{"bridge-1", "bridge-2"}, func(t *testing.T, c *county) {
		c.boot("bridge-1", "a", calm)
		began := time.Now()
		c.expect("klasse-5a", true, "bridge-1")
		if waited := time.Since(began); waited < cluster.LeaseLife || waited > cluster.LeaseLife+2*refreshEvery {
			t.Errorf("placed after %v; bridge-2 has until %v", waited, cluster.LeaseLife)
		}
	})
}

func TestAllHeardMeansAtOnce(t *testing.T) {
	inCounty(t, []string{"bridge-1", "bridge-2"}, func(t *testing.T, c *county) {
		c.boot("bridge-1", "a", calm)
		c.boot("bridge-2", "b", cluster.Load{Known: true})
		began := time.Now()
		c.expect("klasse-5a", true, "bridge-2")
		if waited := time.Since(began); waited > time.Second {
			t.Errorf("placed after %v", waited)
		}
	})
}

func TestABridgeThatNeverAnswersHoldsUpNobodyForLong(t *testing.T) {
	inCounty(t, []string{"bridge-1", "bridge-2"}, func(t *testing.T, c *county) {
		c.boot("bridge-1", "a", calm)
		c.run("bridge-2", "b", calm, true)
		c.expectError("klasse-5a", true, cluster.ErrNoBridge) // after patience
		time.Sleep(answerWithin)
		c.expect("klasse-5a", true, "bridge-1")
	})
}

// TestABridgeThatHasJustStartedIsWaitedFor: it does not know for some seconds how busy it is. Who comes to a door meanwhile is not sent away.
func TestABridgeThatHasJustStartedIsWaitedFor(t *testing.T) {
	inCounty(t, []string{"bridge-1"}, func(t *testing.T, c *county) {
		b := c.boot("bridge-1", "a", cluster.Load{})
		c.settled()
		time.AfterFunc(3*time.Second, func() { b.set(func(l *cluster.Lease) { l.Load = calm }) })
		began := time.Now()
		c.expect("klasse-5a", false, "bridge-1")
		if waited := time.Since(began); waited < 3*time.Second || waited > 3*time.Second+2*refreshEvery {
			t.Errorf("placed after %v", waited)
		}
	})
}

// TestAnOldWordIsNoAnswer: a bridge that comes back to a store that was lost shows what it answered before.
func TestAnOldWordIsNoAnswer(t *testing.T) {
	inCounty(t, []string{"bridge-1", "bridge-2"}, func(t *testing.T, c *county) {
		c.boot("bridge-1", "a", calm)
		b := c.run("bridge-2", "b", calm, true)
		b.set(func(l *cluster.Lease) { l.Call = "old" })
		time.Sleep(2 * cluster.LeaseEvery)
		if c.loadNow().Settled {
			t.Fatal("the old word is taken for an answer")
		}
		b.set(func(l *cluster.Lease) { l.Call = "another portal's" })
		c.settled()
	})
}

func TestWithoutAListNothingIsPlaced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &county{t: t, memory: newMemory(), key: token.NewKey()}
		d := New(Config{Store: c.memory, Key: c.key, Log: slog.New(slog.DiscardHandler)})
		ctx, stop := context.WithCancel(context.Background())
		c.Directory = d
		c.over.Go(func() { d.Run(ctx) })
		b := c.boot("bridge-1", "a", calm)
		c.expectError("klasse-5a", true, cluster.ErrNoBridge)
		if c.loadNow().Settled {
			t.Error("has settled")
		}
		b.kill()
		stop()
		c.over.Wait()
		c.expectError("klasse-5a", true, cluster.ErrNoBridge)
		if _, err := d.Load(context.Background()); !errors.Is(err, cluster.ErrNoBridge) {
			t.Errorf("load after the end: %v", err)
		}
		if err := d.Queue(context.Background(), cluster.Seeker{Room: "klasse-5a", Organiser: true}, nil); !errors.Is(err, cluster.ErrNoBridge) {
			t.Errorf("queue after the end: %v", err)
		}
	})
}

// TestAPortalStartsAndItsBridgesTeach: what runs is found before all have been heard, and where it is.
func TestAPortalStartsAndItsBridgesTeach(t *testing.T) {
	inCounty(t, []string{"bridge-1", "bridge-2", "bridge-3"}, func(t *testing.T, c *county) {
		c.boot("bridge-2", "b", loaded).room(c.keyOf("klasse-5a"), lesson(20))
		began := time.Now()
		c.expect("klasse-5a", false, "bridge-2")
		c.expect("klasse-5a", true, "bridge-2")
		if waited := time.Since(began); waited > time.Second {
			t.Errorf("found after %v", waited)
		}
		if p := c.Placements()[c.keyOf("klasse-5a")]; p.Machine != "bridge-2" || p.Boot != "b" {
			t.Errorf("adopted as %+v", p)
		}
	})
}

func TestAnnouncedRoomsAreAdoptedWithoutBeingAskedFor(t *testing.T) {
	inCounty(t, []string{"bridge-1"}, func(t *testing.T, c *county) {
		b := c.boot("bridge-1", "a", calm)
		for i := range 20 {
			b.room(c.keyOf(fmt.Sprint("klasse-", i)), lesson(20))
		}
		c.settled()
		if n := len(c.Placements()); n != 20 {
			t.Errorf("%d rooms adopted", n)
		}
	})
}

// TestABridgeDies: fifty people come back at once, to one bridge, with the old record until the new one has the room.
func TestABridgeDies(t *testing.T) {
	inCounty(t, []string{"bridge-1", "bridge-2"}, func(t *testing.T, c *county) {
		dying := c.boot("bridge-1", "a", cluster.Load{Known: true})
		saving := c.boot("bridge-2", "b", loaded)
		c.settled()
		c.expect("klasse-5a", true, "bridge-1")
		dying.room(c.keyOf("klasse-5a"), lesson(25))
		c.settled()
		old, _ := c.Locate(t.Context(), cluster.Seeker{Room: "klasse-5a"})
		dying.kill()
		time.Sleep(cluster.LeaseLife + refreshEvery)
		synctest.Wait()
		if old.Bridge.(*link).alive.Err() == nil {
			t.Error("the way to the dead bridge is still there")
		}
		before, _ := c.counted()
		var people sync.WaitGroup
		for range 50 {
			people.Go(func() {
				machine, restore, err := c.locate("klasse-5a", false)
				if machine != "bridge-2" || err != nil || restore == nil || restore.CodeHash != "hash" || !restore.Locked || restore.Epoch != "epoch" {
					t.Errorf("got %s, %+v, %v", machine, restore, err)
				}
			})
		}
		people.Wait()
		if after, _ := c.counted(); after != before+1 {
			t.Errorf("%d writes", after-before)
		}
		saving.room(c.keyOf("klasse-5a"), lesson(1))
		c.settled()
		if _, restore, _ := c.locate("klasse-5a", false); restore != nil {
			t.Error("the old record still goes along")
		}
		if n := len(c.RecordsOf("bridge-1")); n != 0 {
			t.Errorf("%d records of the dead bridge are left", n)
		}
	})
}

func TestABridgeIsBackWithAnotherBoot(t *testing.T) {
	inCounty(t, []string{"bridge-1"}, func(t *testing.T, c *county) {
		first := c.boot("bridge-1", "a", calm)
		c.settled()
		c.expect("klasse-5a", true, "bridge-1")
		first.room(c.keyOf("klasse-5a"), lesson(25))
		c.settled()
		old, _ := c.Locate(t.Context(), cluster.Seeker{Room: "klasse-5a"})
		first.kill()
		c.boot("bridge-1", "b", calm)
		c.settled()
		if old.Bridge.(*link).alive.Err() == nil {
			t.Error("the way to the old process is still there")
		}
		machine, restore, err := c.locate("klasse-5a", false)
		if machine != "bridge-1" || restore == nil || err != nil {
			t.Errorf("got %s, %v, %v", machine, restore, err)
		}
		if p := c.Placements()[c.keyOf("klasse-5a")]; p.Boot != "b" {
			t.Errorf("placed on %+v", p)
		}
	})
}

// TestALessonWaitsForTheOnlyBridge: after a crash its people are there before the bridge has been measured.
func TestALessonWaitsForTheOnlyBridge(t *testing.T) {
	inCounty(t, []string{"bridge-1"}, func(t *testing.T, c *county) {
		first := c.boot("bridge-1", "a", calm)
		c.settled()
		c.expect("klasse-5a", true, "bridge-1")
		first.room(c.keyOf("klasse-5a"), lesson(25))
		first.kill()
		second := c.boot("bridge-1", "b", cluster.Load{})
		c.settled()
		go func() {
			time.Sleep(3 * time.Second)
			second.set(func(l *cluster.Lease) { l.Load = calm })
		}()
		c.expect("klasse-5a", false, "bridge-1")
	})
}

func TestARoomThatNobodyHasBegunLeavesNothingBehind(t *testing.T) {
	inCounty(t, []string{"bridge-1", "bridge-2"}, func(t *testing.T, c *county) {
		dying := c.boot("bridge-1", "a", cluster.Load{Known: true})
		c.boot("bridge-2", "b", calm)
		c.settled()
		c.expect("klasse-5a", false, "bridge-1")
		dying.room(c.keyOf("klasse-5a"), cluster.Record{})
		c.settled()
		dying.kill()
		time.Sleep(cluster.LeaseLife + time.Second)
		synctest.Wait()
		if n := len(c.RecordsOf("bridge-1")); n != 0 {
			t.Errorf("%d records are left", n)
		}
		if machine, restore, err := c.locate("klasse-5a", false); machine != "bridge-2" || restore != nil || err != nil {
			t.Errorf("got %s, %v, %v", machine, restore, err)
		}
	})
}

func TestTheRecordOfALessonIsKeptForAWhile(t *testing.T) {
	inCounty(t, []string{"bridge-1", "bridge-2"}, func(t *testing.T, c *county) {
		dying := c.boot("bridge-1", "a", cluster.Load{Known: true})
		c.boot("bridge-2", "b", calm)
		c.settled()
		c.expect("klasse-5a", true, "bridge-1")
		dying.room(c.keyOf("klasse-5a"), lesson(25))
		c.settled()
		dying.kill()
		time.Sleep(lostFor)
		synctest.Wait()
		if n := len(c.RecordsOf("bridge-1")); n != 1 {
			t.Errorf("%d records before the time is over", n)
		}
		time.Sleep(2 * cluster.LeaseLife)
		synctest.Wait()
		if n := len(c.RecordsOf("bridge-1")) + len(c.Placements()); n != 0 {
			t.Errorf("%d records and placements are left for ever", n)
		}
	})
}

func TestThePlacementOfARoomThatIsGoneIsCleared(t *testing.T) {
	inCounty(t, []string{"bridge-1"}, func(t *testing.T, c *county) {
		b := c.boot("bridge-1", "a", calm)
		c.settled()
		c.expect("klasse-5a", true, "bridge-1")
		b.room(c.keyOf("klasse-5a"), lesson(25))
		time.Sleep(time.Hour)
		if len(c.Placements()) != 1 {
			t.Fatal("a running lesson has lost its placement")
		}
		b.gone(c.keyOf("klasse-5a"))
		time.Sleep(silentFor - time.Second)
		if len(c.Placements()) != 1 {
			t.Error("cleared too early")
		}
		c.expect("klasse-5a", false, "bridge-1") // somebody is on the way
		time.Sleep(silentFor - time.Second)
		if len(c.Placements()) != 1 {
			t.Error("cleared while somebody was on the way")
		}
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if len(c.Placements()) != 0 {
			t.Error("not cleared")
		}
	})
}

func TestARoomInTwoPlacesEndsWhereItDoesNotLive(t *testing.T) {
	inCounty(t, []string{"bridge-1", "bridge-2"}, func(t *testing.T, c *county) {
		right := c.boot("bridge-1", "a", cluster.Load{Known: true})
		wrong := c.boot("bridge-2", "b", calm)
		wrong.deaf = true
		c.settled()
		c.expect("klasse-5a", true, "bridge-1")
		right.room(c.keyOf("klasse-5a"), lesson(25))
		c.settled()
		wrong.room(c.keyOf("klasse-5a"), lesson(3))
		time.Sleep(2*repeatEvery + time.Second)
		synctest.Wait()
		_, orders := c.counted()
		if len(orders) < 2 || len(orders) > 4 {
			t.Errorf("%d orders to a bridge that does not follow", len(orders))
		}
		for _, o := range orders {
			if o.machine != "bridge-2" || o.Evict != c.keyOf("klasse-5a") {
				t.Errorf("order %+v", o)
			}
		}
		c.expect("klasse-5a", false, "bridge-1")
	})
}

// TestALessonThatRunsIsRight: the bridge was taken for dead and was not, and nobody has come to the new one yet.
func TestALessonThatRunsIsRight(t *testing.T) {
	inCounty(t, []string{"bridge-1", "bridge-2"}, func(t *testing.T, c *county) {
		c.boot("bridge-1", "a", cluster.Load{Known: true})
		b := c.boot("bridge-2", "b", calm)
		c.settled()
		c.expect("klasse-5a", true, "bridge-1")
		b.room(c.keyOf("klasse-5a"), lesson(25))
		c.settled()
		c.expect("klasse-5a", false, "bridge-2")
		if _, orders := c.counted(); len(orders) > 0 {
			t.Errorf("orders %+v", orders)
		}
	})
}

func TestOnlyOrganisersAreHeldAgainstCapacity(t *testing.T) {
	inCounty(t, []string{"bridge-1"}, func(t *testing.T, c *county) {
		b := c.boot("bridge-1", "a", loaded)
		c.settled()
		c.expect("klasse-5a", false, "bridge-1")
		b.room(c.keyOf("klasse-5a"), cluster.Record{})
		c.settled()
		c.expectError("klasse-5a", true, cluster.ErrFull)
		c.expectError("klasse-5b", true, cluster.ErrFull)
		b.room(c.keyOf("klasse-5a"), lesson(10))
		c.settled()
		c.expect("klasse-5a", true, "bridge-1") // it runs
	})
}

func TestWhoeverWasLetInStaysIn(t *testing.T) {
	inCounty(t, []string{"bridge-1"}, func(t *testing.T, c *county) {
		b := c.boot("bridge-1", "a", calm)
		c.settled()
		c.expect("klasse-5a", true, "bridge-1")
		b.set(func(l *cluster.Lease) { l.Load = loaded })
		c.settled()
		c.expect("klasse-5a", true, "bridge-1")
		time.Sleep(openedFor)
		c.expectError("klasse-5a", true, cluster.ErrFull) // never came
	})
}

// TestTheRoomMovesToItsOrganiser: pupils stand at the door of a bridge that is full, or going, when the organiser comes.
func TestTheRoomMovesToItsOrganiser(t *testing.T) {
	for name, spoil := range map[string]func(*fakeBridge){
		"full":    func(b *fakeBridge) { b.set(func(l *cluster.Lease) { l.Load = loaded }) },
		"closing": func(b *fakeBridge) { b.set(func(l *cluster.Lease) { l.Closing = true }) },
		"unknown": func(b *fakeBridge) { b.set(func(l *cluster.Lease) { l.Load = cluster.Load{} }) },
	} {
		t.Run(name, func(t *testing.T) {
			inCounty(t, []string{"bridge-1", "bridge-2"}, func(t *testing.T, c *county) {
				b := c.boot("bridge-1", "a", cluster.Load{Known: true})
				c.boot("bridge-2", "b", calm)
				c.settled()
				c.expect("klasse-5a", false, "bridge-1")
				b.room(c.keyOf("klasse-5a"), cluster.Record{})
				spoil(b)
				c.settled()
				c.expect("klasse-5a", false, "bridge-1")
				c.expect("klasse-5a", true, "bridge-2")
				c.settled()
				_, orders := c.counted()
				if len(orders) != 1 || orders[0].machine != "bridge-1" || orders[0].Evict != c.keyOf("klasse-5a") {
					t.Errorf("orders %+v", orders)
				}
				c.expect("klasse-5a", false, "bridge-2")
			})
		})
	}
}

// TestNobodyAtADoorKeepsADrainingBridge: anybody may knock at rooms that nobody opens, and wait there.
func TestNobodyAtADoorKeepsADrainingBridge(t *testing.T) {
	inCounty(t, []string{"bridge-1", "bridge-2"}, func(t *testing.T, c *county) {
		b := c.boot("bridge-1", "a", cluster.Load{Known: true})
		other := c.boot("bridge-2", "b", cluster.Load{})
		c.settled()
		for _, room := range []string{"niemand", "klasse-5a", "klasse-5b"} {
			c.expect(room, room == "klasse-5b", "bridge-1")
		}
		b.room(c.keyOf("niemand"), cluster.Record{})
		b.room(c.keyOf("klasse-5a"), lesson(25))
		c.change(func(l []opsapi.Machine) { l[0].Draining = true })
		c.settled()
		c.expect("niemand", false, "bridge-1") // nowhere else to go
		other.set(func(l *cluster.Lease) { l.Load = calm })
		c.settled()
		c.expect("niemand", false, "bridge-2")
		c.expect("klasse-5a", false, "bridge-1")
		c.expect("klasse-5b", true, "bridge-1") // its organiser was let in
		if rooms := c.loadNow().Bridges[0].Rooms; rooms != 2 {
			t.Errorf("%d rooms on the draining bridge", rooms)
		}
		_, orders := c.counted()
		if len(orders) != 1 || orders[0].machine != "bridge-1" || orders[0].Evict != c.keyOf("niemand") {
			t.Errorf("orders %+v", orders)
		}
	})
}

func TestNoBridgeAndNoneThatIsReady(t *testing.T) {
	inCounty(t, []string{"bridge-1"}, func(t *testing.T, c *county) {
		time.Sleep(2 * cluster.LeaseLife)
		c.expectError("klasse-5a", true, cluster.ErrNoBridge)
		c.expectError("klasse-5a", false, cluster.ErrNoBridge)
		c.boot("bridge-1", "a", calm)
		c.change(func(l []opsapi.Machine) { l[0].Ready = false })
		c.settled()
		c.expectError("klasse-5a", true, cluster.ErrNoBridge)
		c.change(func(l []opsapi.Machine) { l[0].Ready = true })
		c.expect("klasse-5a", true, "bridge-1")
	})
}

func TestABurstSpreadsOverAllBridges(t *testing.T) {
	for _, organiser := range []bool{true, false} {
		machines := []string{"bridge-1", "bridge-2", "bridge-3", "bridge-4"}
		inCounty(t, machines, func(t *testing.T, c *county) {
			for _, id := range machines {
				c.boot(id, "boot", cluster.Load{Known: true, Stress: 0.05, Participants: 100, Person: 0.001}) // large ones
			}
			c.settled()
			var all sync.WaitGroup
			for i := range 100 {
				all.Go(func() {
					if _, _, err := c.locate(fmt.Sprint("klasse-", i), organiser); err != nil {
						t.Error(err)
					}
				})
			}
			all.Wait()
			for _, b := range c.loadNow().Bridges {
				if b.Rooms != 25 {
					t.Errorf("%s has %d rooms", b.ID, b.Rooms)
				}
			}
		})
	}
}

func TestAMachineThatIsTakenFromTheListIsCutOff(t *testing.T) {
	inCounty(t, []string{"bridge-1", "bridge-2"}, func(t *testing.T, c *county) {
		b := c.boot("bridge-1", "a", cluster.Load{Known: true})
		c.boot("bridge-2", "b", calm)
		c.settled()
		c.expect("klasse-5a", true, "bridge-1")
		b.room(c.keyOf("klasse-5a"), lesson(25))
		c.settled()
		old, _ := c.Locate(t.Context(), cluster.Seeker{Room: "klasse-5a"})
		c.list.Machines = c.list.Machines[1:]
		c.SetMachines(c.list)
		synctest.Wait()
		if old.Bridge.(*link).alive.Err() == nil {
			t.Error("the way is still there")
		}
		if machine, restore, err := c.locate("klasse-5a", false); machine != "bridge-2" || restore == nil || err != nil {
			t.Errorf("got %s, %v, %v", machine, restore, err)
		}
	})
}

func TestAnotherAddressIsAnotherWay(t *testing.T) {
	inCounty(t, []string{"bridge-1"}, func(t *testing.T, c *county) {
		c.boot("bridge-1", "a", calm)
		c.settled()
		old, _ := c.Locate(t.Context(), cluster.Seeker{Room: "klasse-5a"})
		c.change(func(l []opsapi.Machine) { l[0].Private = netip.MustParseAddr("10.0.0.99") })
		if old.Bridge.(*link).alive.Err() == nil {
			t.Error("the old way is still there")
		}
		c.expect("klasse-5a", false, "bridge-1")
	})
}

// TestTheStoreIsAway: lessons go on; nothing is placed; afterwards the bridges are heard anew.
func TestTheStoreIsAway(t *testing.T) {
	inCounty(t, []string{"bridge-1", "bridge-2"}, func(t *testing.T, c *county) {
		b := c.boot("bridge-1", "a", cluster.Load{Known: true})
		dies := c.boot("bridge-2", "b", calm)
		c.settled()
		c.expect("klasse-5a", true, "bridge-1")
		b.room(c.keyOf("klasse-5a"), lesson(25))
		c.settled()
		way, _ := c.Locate(t.Context(), cluster.Seeker{Room: "klasse-5a"})
		c.memory.change(func() {
			c.away = true
			clear(c.placements)
			clear(c.records["bridge-1"])
		})
		time.Sleep(4 * cluster.LeaseLife)
		if way.Bridge.(*link).alive.Err() != nil {
			t.Fatal("a lesson was cut off because the store is away")
		}
		c.expect("klasse-5a", false, "bridge-1")
		c.expectError("klasse-5b", true, cluster.ErrNoBridge)
		dies.kill()
		c.memory.change(func() { // a new one, empty
			c.away, c.session, c.revision = false, 2, 0
		})
		b.room(c.keyOf("klasse-5a"), lesson(25))
		began := time.Now()
		c.expect("klasse-5c", true, "bridge-1")
		if waited := time.Since(began); waited < cluster.LeaseLife {
			t.Errorf("placed after %v, before bridge-2 had its time", waited)
		}
		if way.Bridge.(*link).alive.Err() != nil {
			t.Error("a lesson was cut off when the store was back")
		}
		if p := c.Placements()[c.keyOf("klasse-5a")]; p.Machine != "bridge-1" {
			t.Errorf("the lesson was not adopted: %+v", p)
		}
	})
}

func TestWritesThatFailAreNoBridge(t *testing.T) {
	inCounty(t, []string{"bridge-1"}, func(t *testing.T, c *county) {
		c.boot("bridge-1", "a", calm)
		c.settled()
		c.memory.change(func() { c.broken = context.DeadlineExceeded })
		c.expectError("klasse-5a", true, cluster.ErrNoBridge)
		c.memory.change(func() { c.broken = nil })
		c.expect("klasse-5a", true, "bridge-1")
	})
}

func TestWhoHasGoneIsNotWaitedFor(t *testing.T) {
	inCounty(t, []string{"bridge-1"}, func(t *testing.T, c *county) {
		ctx, cancel := context.WithCancel(t.Context())
		go cancel()
		if _, err := c.Locate(ctx, cluster.Seeker{Room: "klasse-5a"}); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
	})
}

func TestProbes(t *testing.T) {
	inCounty(t, []string{"bridge-1", "bridge-2"}, func(t *testing.T, c *county) {
		c.change(func(l []opsapi.Machine) { l[1].Ready = false })
		c.boot("bridge-1", "a", loaded)
		c.boot("bridge-2", "b", calm)
		c.settled()
		c.expect(ProbeRoom("bridge-2", "9f2c"), true, "bridge-2") // not ready: that is what the probe is for
		c.expect(ProbeRoom("bridge-1", "9f2c"), false, "bridge-1")
		c.expectError(ProbeRoom("bridge-3", "9f2c"), true, cluster.ErrNoBridge)
		c.expect("kreisraum-probe-1234", true, "bridge-1") // begins no lesson
		c.expect("kreisraum-probe-1234", false, "bridge-1")
		if n := len(c.Placements()); n != 1 {
			t.Errorf("%d placements", n)
		}
	})
}

func TestProbesOfThePortalsOwnBridge(t *testing.T) {
	inCounty(t, []string{identity.Portal}, func(t *testing.T, c *county) {
		c.halt()
		c.start(http.NotFoundHandler())
		for _, room := range []string{ProbeRoom(identity.Portal, "9f2c"), "kreisraum-probe-1234"} {
			if p, err := c.Locate(t.Context(), cluster.Seeker{Room: room}); err != nil || p.Bridge == nil {
				t.Errorf("%v", err)
			}
		}
		c.boot(identity.Portal, "a", calm)
		c.settled()
		c.expect("klasse-5a", true, identity.Portal)
	})
}

func TestProbeMachine(t *testing.T) {
	for room, want := range map[string]string{
		"kreisraum-probe-on-bridge-3-9f2c": "bridge-3", "kreisraum-probe-on-portal-0": "portal", "kreisraum-probe-on-bridge-12-00ff": "bridge-12",
		"kreisraum-probe-1234": "", "kreisraum-probe-on-bridge-3": "", "kreisraum-probe-on-bridge-3-": "", "kreisraum-probe-on-bridge-3-xyz": "",
		"kreisraum-probe-on-operator-1": "", "kreisraum-probe-on-": "", "klasse-5a": "", "kreisraum-probe-on-bridge-100-1": "",
	} {
		if got, ok := probeMachine(room); ok != (want != "") || ok && got != want {
			t.Errorf("%s: got %q, %v", room, got, ok)
		}
	}
}

func TestLoad(t *testing.T) {
	inCounty(t, []string{"bridge-2", "bridge-1", "bridge-3"}, func(t *testing.T, c *county) {
		if c.loadNow().Settled {
			t.Error("settled before anything was heard")
		}
		b := c.boot("bridge-1", "a", cluster.Load{Known: true, Stress: 0.4, CPU: 0.4, Packets: 0.3, Egress: 0.2, Handshakes: 0.1, Participants: 70})
		c.boot("bridge-2", "b", cluster.Load{Stress: 0.7})
		b.room(c.keyOf("klasse-5a"), lesson(70))
		c.change(func(l []opsapi.Machine) { l[0].Draining, l[2].Ready = true, false })
		time.Sleep(2 * cluster.LeaseLife)
		synctest.Wait()
		got := c.loadNow()
		want := []opsapi.BridgeLoad{
			{ID: "bridge-1", Alive: true, Boot: "a", Ready: true, Version: "1.0.0", Known: true, Stress: 0.4, CPU: 0.4, Packets: 0.3, Egress: 0.2, Handshakes: 0.1, Rooms: 1, Participants: 70},
			{ID: "bridge-2", Alive: true, Boot: "b", Ready: true, Draining: true, Version: "1.0.0"},
			{ID: "bridge-3"},
		}
		if !slices.Equal(got.Bridges, want) || !got.Settled || got.WaitingRooms != 0 {
			t.Errorf("got %+v", got)
		}
	})
}

// TestALessonThatIsOverMakesPlaceAtOnce: it is not expected to fill up any more, although it was opened a moment ago.
func TestALessonThatIsOverMakesPlaceAtOnce(t *testing.T) {
	inCounty(t, []string{"bridge-1"}, func(t *testing.T, c *county) {
		small := cluster.Load{Known: true, Person: 0.1} // twelve people are more than it carries
		b := c.boot("bridge-1", "a", small)
		c.settled()
		c.expect("klasse-5a", true, "bridge-1")
		c.expectError("klasse-5b", true, cluster.ErrFull)
		b.room(c.keyOf("klasse-5a"), lesson(12))
		c.settled()
		b.gone(c.keyOf("klasse-5a"))
		c.settled()
		c.expect("klasse-5b", true, "bridge-1")
	})
}

// TestALessonThatEverybodyHasLeftDoesNotGrow: it only waits for somebody to come back; whoever comes is let in, whatever else has begun.
func TestALessonThatEverybodyHasLeftDoesNotGrow(t *testing.T) {
	inCounty(t, []string{"bridge-1"}, func(t *testing.T, c *county) {
		small := cluster.Load{Known: true, Person: 0.1} // twelve people are more than it carries
		b := c.boot("bridge-1", "a", small)
		c.settled()
		c.expect("klasse-5a", true, "bridge-1")
		b.room(c.keyOf("klasse-5a"), lesson(1))
		c.settled()
		c.expectError("klasse-5b", true, cluster.ErrFull)
		b.room(c.keyOf("klasse-5a"), lesson(0))
		c.settled()
		c.expect("klasse-5b", true, "bridge-1")
		c.expect("klasse-5a", true, "bridge-1")
	})
}
