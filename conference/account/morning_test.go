package account

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/medienzentrenverbund/kreisraum/conference/opsapi"
	"github.com/medienzentrenverbund/kreisraum/conference/passhash"
)

// hashTime is what a check costs on a small machine.
const hashTime = 25 * time.Millisecond

// morning is a school behind one address, in a bubble of synctest.
type morning struct {
	store  *Store
	hashes atomic.Int64 // computed
}

const school = "192.0.2.0"

// newMorning has one worker and n teachers with the same password.
func newMorning(t *testing.T, n int) *morning {
	t.Helper()
	var accounts []opsapi.Account
	for i := range n {
		accounts = append(accounts, opsapi.Account{ID: fmt.Sprint("id-", i), Name: teacher(i), Hash: hashed()})
	}
	m := &morning{}
	m.store, _ = open(t, Options{Workers: 1}, accounts...)
	m.store.hasher.compute = func(_ passhash.PHC, pw string) bool {
		time.Sleep(hashTime)
		m.hashes.Add(1)
		return pw == password
	}
	return m
}

func teacher(i int) string { return fmt.Sprint("lehrkraft-", i) }

// attack asks for a name that next makes up, rate times a second, until ctx ends.
func (m *morning) attack(ctx context.Context, all *sync.WaitGroup, rate int, next func(i int) string) {
	all.Go(func() {
		tick := time.NewTicker(time.Second / time.Duration(rate))
		defer tick.Stop()
		for i := 0; ; i++ {
			select {
			case <-tick.C:
				all.Go(func() { _, _ = m.store.Verify(ctx, next(i), "geraten", school) })
			case <-ctx.Done():
				return
			}
		}
	})
}

// TestASchoolLogsInWhileSomebodyAttacksFromItsAddress: 120 teachers within two minutes, every twentieth mistypes the password and another twentieth
// the name. From the same address somebody tries made-up names, and hammers the names that can be read on a blackboard, one of which is a
// teacher's who is late. Everybody else is inside at once.
func TestASchoolLogsInWhileSomebodyAttacksFromItsAddress(t *testing.T) {
	const teachers, known = 120, 5
	hashed() // outside the bubble
	synctest.Test(t, func(t *testing.T) {
		m := newMorning(t, teachers)
		draw := rand.New(rand.NewPCG(8, 0))
		ctx, stop := context.WithCancel(t.Context())
		var all, logins sync.WaitGroup
		m.attack(ctx, &all, 200, func(i int) string { return fmt.Sprint("geraten-", i) })
		m.attack(ctx, &all, 50, func(i int) string { return teacher(i % known) })
		time.Sleep(10 * time.Second) // the attacker came early
		var late atomic.Int64
		for i := known; i < teachers; i++ {
			logins.Go(func() {
				if i%20 == 7 {
					_, _ = m.store.Verify(ctx, teacher(i), "vertippt", school)
					time.Sleep(5 * time.Second)
				}
				if i%20 == 17 {
					_, _ = m.store.Verify(ctx, teacher(i)+"x", password, school)
					time.Sleep(5 * time.Second)
				}
				begun := time.Now()
				if acc, err := m.store.Verify(ctx, teacher(i), password, school); err != nil || acc.ID != fmt.Sprint("id-", i) {
					t.Errorf("teacher %d: %v", i, err)
				}
				raise(&late, int64(time.Since(begun)))
			})
			time.Sleep(time.Duration(draw.Float64() * float64(2*time.Second)))
		}
		logins.Wait()
		stop()
		all.Wait()
		t.Logf("the longest login took %s; %d checks in all", time.Duration(late.Load()), m.hashes.Load())
		if late.Load() > int64(3*time.Second) {
			t.Errorf("a login took %s", time.Duration(late.Load()))
		}
		if n := m.hashes.Load(); n > 700 {
			t.Errorf("%d checks: the attacker has the machine work for nothing", n)
		}
	})
}

// TestTheOneWhoseNameIsHammered, for hours, waits half a minute at most on another network, and in the school a minute once that has ended.
func TestTheOneWhoseNameIsHammered(t *testing.T) {
	hashed()
	synctest.Test(t, func(t *testing.T) {
		m := newMorning(t, 1)
		login := func(from string, most time.Duration) {
			t.Helper()
			_, err := m.store.Verify(t.Context(), teacher(0), password, from)
			var throttled *ThrottledError
			if errors.As(err, &throttled) {
				if throttled.RetryAfter > most {
					t.Errorf("waits %s", throttled.RetryAfter)
				}
				time.Sleep(throttled.RetryAfter)
				_, err = m.store.Verify(t.Context(), teacher(0), password, from)
			}
			if err != nil {
				t.Error(err)
			}
		}
		ctx, stop := context.WithCancel(t.Context())
		var all sync.WaitGroup
		m.attack(ctx, &all, 5, func(int) string { return teacher(0) })
		time.Sleep(2*time.Hour + 100*time.Millisecond)
		login("198.51.100.0", nameMax)
		stop()
		all.Wait()
		login(school, pairMax)
	})
}

// TestMadeUpNamesLookLikeOthers: whoever tries names cannot tell by the answers which of them somebody has, and beyond the budget makes
// no work.
func TestMadeUpNamesLookLikeOthers(t *testing.T) {
	hashed()
	synctest.Test(t, func(t *testing.T) {
		m := newMorning(t, 1)
		for i := range strangerSize {
			if _, err := m.store.Verify(t.Context(), fmt.Sprint("geraten-", i), "x", school); !errors.Is(err, ErrWrong) {
				t.Fatalf("name %d: %v", i, err)
			}
		}
		before := m.hashes.Load()
		answers := func(name string) (out []string) {
			for range pairFree + 2 {
				begun := time.Now()
				_, err := m.store.Verify(t.Context(), name, "x", school)
				out = append(out, fmt.Sprint(err, " after ", time.Since(begun)))
			}
			return out
		}
		// No token of a stranger comes back: without a second between the names, that takes less than a second.
		stranger := answers("geraten")
		if n := m.hashes.Load() - before; n > strangerRate*5 {
			t.Errorf("%d checks of made-up names beyond the budget", n)
		}
		if known := answers(teacher(0)); fmt.Sprint(known) != fmt.Sprint(stranger) {
			t.Errorf("known: %v\nmade up: %v", known, stranger)
		}
		if _, err := m.store.Verify(t.Context(), "noch-einer", "x", "198.51.100.0"); !errors.Is(err, ErrWrong) || m.hashes.Load() == before {
			t.Errorf("another source: %v", err)
		}
	})
}

// TestMadeUpNamesMakeNothingForgotten: any number of them leaves the wrong answers for accounts counted.
func TestMadeUpNamesMakeNothingForgotten(t *testing.T) {
	c := newClock()
	th := newThrottle(c.now)
	th.max = 500
	for range pairFree {
		th.begin("ahorn", true, "192.0.2.0")
	}
	for i := range 5000 {
		th.begin(fmt.Sprint("geraten-", i), false, "192.0.2.0")
	}
	if a, wait := th.begin("ahorn", true, "192.0.2.0"); a != nil || wait <= 0 {
		t.Error("five wrong answers are forgotten")
	}
	if len(th.strangers.delays) > th.max {
		t.Errorf("%d delays", len(th.strangers.delays))
	}
}
