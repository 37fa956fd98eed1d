package serve

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/medienzentrenverbund/kreisraum/operator/autoscale"
)

// A morning: the load comes, bridges come; the load goes, and they go one paid hour later. Nobody stops looking meanwhile.
func TestBridgesFollowTheLoad(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, s := newPlant(), testSettings(t)
		_, stop := start(t, p, s)
		defer stop()
		time.Sleep(10 * time.Minute)
		if got := p.changes(); len(got) != 0 {
			t.Fatalf("an idle county was changed: %v", got)
		}
		p.set(func() { p.stress = 0.9 })
		time.Sleep(20 * time.Second)
		before := p.count("load")
		time.Sleep(60 * time.Second) // machines are being made
		if looked := p.count("load") - before; looked < 10 {
			t.Errorf("only %d looks in a minute in which machines are made", looked)
		}
		time.Sleep(time.Minute)
		if p.ready() == 0 {
			t.Fatalf("no bridge came: %v", p.changes())
		}
		p.set(func() { p.stress = 0 })
		time.Sleep(2 * time.Hour)
		if n := p.machines(); n != 0 {
			t.Errorf("%d machines stay without load: %v", n, p.changes())
		}
		replays(t, s.Dir)
	})
}

// replays checks that what was written down comes out the same again.
func replays(t *testing.T, dir string) {
	t.Helper()
	n, differences, err := autoscale.Replay(strings.NewReader(readFile(t, filepath.Join(dir, decisionsFile))))
	if n < 3 || len(differences) != 0 || err != nil {
		t.Errorf("%d decisions, %d others, %v", n, len(differences), err)
	}
}

// An idle county costs looks, one reading of the state a minute, and nothing else.
func TestIdleCountiesAreOnlyRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPlant()
		_, stop := start(t, p, testSettings(t))
		defer stop()
		time.Sleep(4 * time.Hour)
		if got := p.changes(); len(got) != 0 {
			t.Errorf("changes: %v", got)
		}
		for name, bounds := range map[string][2]int{"load": {2870, 2900}, "bridges": {210, 245}, "survey": {170, 330}, "price": {1, 1}} {
			if n := p.count(name); n < bounds[0] || n > bounds[1] {
				t.Errorf("%d times %s in four hours, want %d to %d", n, name, bounds[0], bounds[1])
			}
		}
	})
}

// A daemon that is killed while machines are made finishes them after its start, and makes no others in their place.
func TestKilledInTheMiddleOfAddBridges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, s := newPlant(), testSettings(t)
		r, stop := start(t, p, s)
		go func() {
			_, _ = r.Order(context.Background(), Order{Manual: &autoscale.Manual{Bridges: 2}}, nil)
		}()
		time.Sleep(30 * time.Second)
		stop()
		if p.machines() != 2 || p.ready() != 0 {
			t.Fatalf("%d machines, %d ready; the kill came too early or too late", p.machines(), p.ready())
		}
		_, stop = start(t, p, s)
		defer stop()
		time.Sleep(3 * time.Minute)
		if p.ready() != 2 || p.most != 2 {
			t.Errorf("%d ready, at most %d machines: %v", p.ready(), p.most, p.changes())
		}
		if last := p.changes()[len(p.changes())-1]; last != "add []" {
			t.Errorf("last change %q, want the unfinished ones to be finished", last)
		}
	})
}

func TestSoldOutKindsAreTriedInOrderAndRemembered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, s := newPlant(), testSettings(t)
		p.soldOut = []Kind{small, other}
		r, stop := start(t, p, s)
		order(t, r, 1)
		want := []string{"add [{cpx22 fsn1}]", "add [{cpx22 nbg1}]", "add [{cpx32 fsn1}]"}
		if got := p.changes(); !slices.Equal(got, want) {
			t.Fatalf("got %v, want %v", got, want)
		}
		stop() // the marks outlive the daemon
		r, stop = start(t, p, s)
		defer stop()
		order(t, r, 2)
		if got := p.changes()[3:]; !slices.Equal(got, []string{"add [{cpx32 fsn1}]"}) {
			t.Errorf("what is known to be sold out was tried again: %v", got)
		}
		time.Sleep(soldOutTime)
		order(t, r, 3)
		if got := p.changes()[4:]; !slices.Equal(got, want) {
			t.Errorf("after %v got %v, want %v", soldOutTime, got, want)
		}
	})
}

func order(t *testing.T, r *runner, bridges int) Outcome {
	t.Helper()
	out, err := r.Order(t.Context(), Order{Manual: &autoscale.Manual{Bridges: bridges}}, func(string) {})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestAllSoldOutIsToldAndTriedAgainLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, s := newPlant(), testSettings(t)
		p.soldOut = []Kind{small, other, large, last}
		r, stop := start(t, p, s)
		defer stop()
		_, err := r.Order(t.Context(), Order{Manual: &autoscale.Manual{Bridges: 1}}, nil)
		if !errors.Is(err, ErrSoldOut) || !strings.Contains(err.Error(), "server_types.bridge") {
			t.Errorf("got %v", err)
		}
		time.Sleep(soldOutTime / 2)
		if n := len(p.changes()); n != 4 {
			t.Errorf("%d attempts, want one of each kind", n)
		}
		p.set(func() { p.soldOut = nil })
		time.Sleep(soldOutTime)
		if p.ready() != 1 {
			t.Errorf("not tried again: %v", p.changes())
		}
	})
}

func TestFailuresAreTriedAgainEverMoreSeldom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, s := newPlant(), testSettings(t)
		p.fault["add"] = errFault
		r, stop := start(t, p, s)
		defer stop()
		if _, err := r.Order(t.Context(), Order{Manual: &autoscale.Manual{Bridges: 1}}, nil); !errors.Is(err, errFault) {
			t.Errorf("got %v", err)
		}
		time.Sleep(time.Hour)
		if n := len(p.changes()); n < 10 || n > 30 {
			t.Errorf("%d attempts in an hour", n)
		}
		p.set(func() { delete(p.fault, "add") })
		time.Sleep(2 * slowestTask)
		if p.ready() != 1 {
			t.Error("it does not recover")
		}
	})
}

// The portal of one county hangs, a second one makes machines for ever; a third one is served as ever.
func TestOneCountysTroubleHoldsUpNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hanging, slow, healthy := newPlant(), newPlant(), newPlant()
		hanging.silent, slow.making = true, 24*time.Hour
		for _, p := range []*plant{hanging, slow, healthy} {
			r, stop := start(t, p, testSettings(t))
			defer stop()
			if p == slow {
				go func() { _, _ = r.Order(t.Context(), Order{Manual: &autoscale.Manual{Bridges: 1}}, nil) }()
			}
		}
		time.Sleep(time.Hour)
		if n := healthy.count("load"); n < 700 {
			t.Errorf("%d looks in an hour", n)
		}
		if n := hanging.count("load"); n > 200 || n < 60 {
			t.Errorf("%d looks at a county that does not answer", n)
		}
	})
}

func TestOrders(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, s := newPlant(), testSettings(t)
		r, stop := start(t, p, s)
		defer stop()
		out := order(t, r, 2)
		if !slices.Equal(out.Added, []int{1, 2}) || len(out.Bridges) != 2 || out.Decision.Desired != 2 {
			t.Errorf("scale: %+v", out)
		}
		p.set(func() { p.rooms[1] = 1 })
		out, err := r.Order(t.Context(), Order{Drain: []int{1}}, nil)
		if err != nil || !slices.Equal(out.Drained, []int{1}) {
			t.Errorf("drain: %+v, %v", out, err)
		}
		time.Sleep(time.Minute)
		if p.machines() < 2 {
			t.Error("a bridge with rooms was removed")
		}
		if out, err = r.Order(t.Context(), Order{Undrain: []int{1}}, nil); err != nil || !slices.Equal(out.Undrained, []int{1}) {
			t.Errorf("undrain: %+v, %v", out, err)
		}
		yes := true
		if _, err := r.Order(t.Context(), Order{Freeze: &yes}, nil); err != nil {
			t.Error(err)
		}
		if _, err := r.Order(t.Context(), Order{Auto: true}, nil); err != nil {
			t.Error(err)
		}
		changes := len(p.changes())
		time.Sleep(2 * time.Hour)
		if got := p.changes()[changes:]; len(got) != 0 {
			t.Errorf("a frozen county was changed: %v", got)
		}
		told, err := Remember(s.Dir, time.Now())
		if err != nil || !told.Frozen || told.Manual != nil {
			t.Errorf("remembered %+v, %v", told, err)
		}
	})
}

func TestManualEndsByItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, s := newPlant(), testSettings(t)
		r, stop := start(t, p, s)
		defer stop()
		if _, err := r.Order(t.Context(), Order{Manual: &autoscale.Manual{Bridges: 1, Until: time.Now().Add(time.Hour)}}, nil); err != nil {
			t.Fatal(err)
		}
		time.Sleep(50 * time.Minute)
		if p.ready() != 1 {
			t.Fatal("it ended too early")
		}
		time.Sleep(3 * time.Hour)
		if p.machines() != 0 {
			t.Errorf("the bridge stays: %v", p.changes())
		}
	})
}

// An order to drain needs no portal that answers questions, and says so when it cannot be carried out.
func TestOrdersWhileThePortalIsSilent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, s := newPlant(), testSettings(t)
		r, stop := start(t, p, s)
		defer stop()
		order(t, r, 1)
		p.set(func() { p.fault["load"] = errFault })
		out, err := r.Order(t.Context(), Order{Drain: []int{1}}, nil)
		if !errors.Is(err, errFault) || !slices.Equal(out.Drained, []int{1}) {
			t.Errorf("got %+v, %v", out, err)
		}
		if _, err := r.Order(t.Context(), Order{Drain: []int{7}}, nil); err == nil {
			t.Error("a bridge that does not exist was drained")
		}
	})
}

// Whoever names a bridge that does not exist hears of it alone; decisions go on, and so do the orders of others.
func TestMistakesKeepNobodyWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPlant()
		r, stop := start(t, p, testSettings(t))
		defer stop()
		for range 8 {
			if _, err := r.Order(t.Context(), Order{Drain: []int{7}}, nil); !errors.Is(err, errFault) {
				t.Fatalf("got %v", err)
			}
		}
		p.set(func() { p.stress = 0.9 })
		time.Sleep(20 * time.Second)
		if p.machines() == 0 {
			t.Fatalf("mistakes put off a bridge that is needed: %v", p.changes())
		}
		time.Sleep(5 * time.Minute)
		leave, err := r.gate.enter(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		mistaken := make(chan error)
		go func() {
			_, err := r.Order(t.Context(), Order{Drain: []int{7}}, nil)
			mistaken <- err
		}()
		synctest.Wait()
		fine := make(chan error)
		go func() {
			_, err := r.Order(t.Context(), Order{Manual: &autoscale.Manual{Bridges: 4}}, nil)
			fine <- err
		}()
		synctest.Wait()
		leave()
		if err := <-mistaken; !errors.Is(err, errFault) {
			t.Errorf("got %v", err)
		}
		if err := <-fine; err != nil {
			t.Errorf("another order hears of the mistake: %v", err)
		}
	})
}

// The portal restarts just when it is told that a bridge drains no longer: it is told again.
func TestPortalThatMissedAListIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPlant()
		r, stop := start(t, p, testSettings(t))
		defer stop()
		order(t, r, 1)
		changes := len(p.changes())
		p.set(func() { p.untold = true })
		time.Sleep(time.Minute)
		if got := p.changes()[changes:]; !slices.Equal(got, []string{"drain [] false false"}) {
			t.Errorf("got %v, want that the portal is told once", got)
		}
	})
}

// A county with a budget is not left alone because its first type is no longer sold.
func TestKindsThatAreNotOfferedAreNoReasonToSave(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, s := newPlant(), testSettings(t)
		p.unoffered, p.stress, s.Policy.BudgetPerDay = []Kind{small, other}, 0.9, 10_000
		_, stop := start(t, p, s)
		defer stop()
		time.Sleep(5 * time.Minute)
		if got := p.changes(); p.ready() == 0 || got[0] != "add [{cpx32 fsn1}]" {
			t.Errorf("got %v", got)
		}
	})
}

// freeze keeps the load from changing anything, but what was ordered by hand is finished.
func TestOrdersAreFinishedWhileFrozen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPlant()
		r, stop := start(t, p, testSettings(t))
		defer stop()
		p.set(func() { p.bridges[1] = &Bridge{Number: 1, Kind: small} }) // which a killed daemon had begun
		yes := true
		if _, err := r.Order(t.Context(), Order{Freeze: &yes}, nil); err != nil {
			t.Fatal(err)
		}
		time.Sleep(3 * time.Minute)
		if got := p.changes(); len(got) != 0 {
			t.Errorf("a frozen county was changed: %v", got)
		}
		if order(t, r, 1); p.ready() != 1 {
			t.Errorf("the order was not finished: %v", p.changes())
		}
	})
}

func TestRetiredRunnersFinishWhatTheyDo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPlant()
		r, _ := start(t, p, testSettings(t))
		failed := make(chan error)
		go func() {
			_, err := r.Order(t.Context(), Order{Manual: &autoscale.Manual{Bridges: 1}}, nil)
			failed <- err
		}()
		time.Sleep(10 * time.Second)
		close(r.retired)
		if err := <-failed; !errors.Is(err, errRetired) {
			t.Errorf("whoever waits hears %v", err)
		}
		<-r.over
		if p.ready() != 1 {
			t.Error("the machine was not finished")
		}
		if _, err := r.Order(t.Context(), Order{Auto: true}, nil); !errors.Is(err, errRetired) {
			t.Errorf("a runner that is gone answers %v", err)
		}
	})
}

func TestClientsThatGoLeaveTheOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPlant()
		r, stop := start(t, p, testSettings(t))
		defer stop()
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		_, err := r.Order(ctx, Order{Manual: &autoscale.Manual{Bridges: 1}}, func(string) {
			if ctx.Err() != nil {
				t.Error("a line for somebody who has gone")
			}
		})
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		time.Sleep(5 * time.Minute)
		if p.ready() != 1 {
			t.Error("the order went with its client")
		}
	})
}

// Hands wait for commands of the same county, and commands for hands.
func TestHandsAndCommandsKeepApart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPlant()
		r, stop := start(t, p, testSettings(t))
		defer stop()
		leave, err := r.gate.enter(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		done := make(chan struct{})
		go func() { order(t, r, 1); close(done) }()
		time.Sleep(time.Minute)
		if got := p.changes(); len(got) != 0 {
			t.Errorf("changed under a command's hands: %v", got)
		}
		leave()
		time.Sleep(30 * time.Second)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := r.gate.enter(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a command got in while machines are made: %v", err)
		}
		<-done
	})
}

func TestVanishedBridgesAreMadeAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, s := newPlant(), testSettings(t)
		r, stop := start(t, p, s)
		defer stop()
		order(t, r, 1)
		names := []string{"kreisraum-musterkreis-portal", "kreisraum-musterkreis-bridge-1"}
		p.set(func() { p.survey.Wanted, p.survey.Servers = names, names })
		time.Sleep(5 * time.Minute)
		if got := p.changes(); len(got) != 1 {
			t.Fatalf("nothing is missing, but: %v", got)
		}
		p.set(func() { p.survey.Servers = names[:1] })
		time.Sleep(5 * time.Minute)
		if !slices.Contains(p.changes(), "add []") {
			t.Errorf("got %v", p.changes())
		}
	})
}

func TestAlarmsAreRememberedUntilTheyAreOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, s := newPlant(), testSettings(t)
		p.survey.Servers = []string{"kreisraum-musterkreis-bridge-9"}
		p.survey.NotAfter = time.Now().Add(48 * time.Hour)
		_, stop := start(t, p, s)
		defer stop()
		time.Sleep(3 * time.Minute)
		told, err := Remember(s.Dir, time.Now())
		if err != nil || len(told.Alarms) != 2 || told.Alarms[0].Name != AlarmOrphan || told.Alarms[1].Name != AlarmCertificate {
			t.Errorf("alarms %+v, %v", told.Alarms, err)
		}
		p.set(func() { p.survey = newPlant().survey })
		time.Sleep(3 * time.Minute)
		if told, _ = Remember(s.Dir, time.Now()); len(told.Alarms) != 0 {
			t.Errorf("alarms stay: %+v", told.Alarms)
		}
	})
}

func TestMissingProofAlarms(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // the bubble's clock begins at midnight UTC
		p, s := newPlant(), testSettings(t)
		_, stop := start(t, p, s)
		defer stop()
		time.Sleep(3*time.Hour + 40*time.Minute) // 04:40 in Berlin
		if told, err := Remember(s.Dir, time.Now()); err != nil || len(told.Alarms) != 0 {
			t.Errorf("too early: %+v, %v", told.Alarms, err)
		}
		time.Sleep(10 * time.Minute)
		if told, err := Remember(s.Dir, time.Now()); err != nil || len(told.Alarms) != 1 || told.Alarms[0].Name != AlarmProof {
			t.Errorf("got %+v, %v", told.Alarms, err)
		}
	})
}
