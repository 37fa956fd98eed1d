package account

import (
	"fmt"
	"testing"
	"time"
)

// clock is a throttle's time, moved by the test.
type clock struct{ t time.Time }

func (c *clock) now() time.Time          { return c.t }
func (c *clock) advance(d time.Duration) { c.t = c.t.Add(d) }

func newClock() *clock { return &clock{time.Date(2026, 11, 23, 7, 45, 0, 0, time.UTC)} }

func TestDelayDoublesForOneNameFromOneSource(t *testing.T) {
	c := newClock()
	th := newThrottle(c.now)
	var waits []time.Duration
	for range 12 {
		a, wait := th.begin("ahorn", true, "192.0.2.0")
		for a == nil {
			waits = append(waits, wait)
			c.advance(wait)
			a, wait = th.begin("ahorn", true, "192.0.2.0")
		}
	}
	want := []time.Duration{1 * time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second, 16 * time.Second, 32 * time.Second, 60 * time.Second}
	if fmt.Sprint(waits) != fmt.Sprint(want) {
		t.Errorf("got  %v\nwant %v", waits, want)
	}
}

func TestDelayIsBounded(t *testing.T) {
	c := newClock()
	th := newThrottle(c.now)
	for range 200 {
		if a, wait := th.begin("ahorn", true, "192.0.2.0"); a == nil {
			if wait > pairMax {
				t.Fatalf("delay of %s", wait)
			}
			c.advance(wait)
		}
	}
}

func TestGuessingElsewhereDoesNotLockTheTeacherOut(t *testing.T) {
	c := newClock()
	th := newThrottle(c.now)
	for range 1000 { // an attacker who takes every chance
		if a, _ := th.begin("ahorn", true, "198.51.100.0"); a == nil {
			c.advance(time.Second)
		}
	}
	if _, wait := th.begin("ahorn", true, "192.0.2.0"); wait > nameMax {
		t.Errorf("the teacher waits %s", wait)
	}
}

func TestManySourcesAreSlowedDownForOneName(t *testing.T) {
	c := newClock()
	th := newThrottle(c.now)
	guesses := 0
	for i := range 10000 { // each from another network, within an hour
		if a, _ := th.begin("ahorn", true, fmt.Sprint(i)); a != nil {
			guesses++
		}
		c.advance(360 * time.Millisecond)
	}
	if limit := nameFree + int(time.Hour/nameMax) + 10; guesses > limit {
		t.Errorf("%d guesses in an hour, want at most %d", guesses, limit)
	}
}

func TestSchoolBehindOneAddress(t *testing.T) {
	c := newClock()
	th := newThrottle(c.now)
	for i := range 500 { // one wrong try and then the right one, all within the same minute
		name := fmt.Sprint("lehrkraft-", i)
		if a, wait := th.begin(name, true, "192.0.2.0"); a == nil {
			t.Fatalf("teacher %d is told to wait %s", i, wait)
		}
		c.advance(60 * time.Millisecond)
		a, wait := th.begin(name, true, "192.0.2.0")
		if a == nil {
			t.Fatalf("teacher %d is told to wait %s at the second try", i, wait)
		}
		a.right()
		c.advance(60 * time.Millisecond)
	}
}

func TestOneSourceHasABudget(t *testing.T) {
	c := newClock()
	th := newThrottle(c.now)
	for i := range sourceSize {
		if a, wait := th.begin(fmt.Sprint(i), true, "192.0.2.0"); a == nil {
			t.Fatalf("login %d waits %s", i, wait)
		}
	}
	if a, wait := th.begin("next", true, "192.0.2.0"); a != nil || wait <= 0 || wait > time.Second {
		t.Errorf("beyond the budget: %v, wait %s", a != nil, wait)
	}
	if a, _ := th.begin("next", true, "198.51.100.0"); a == nil {
		t.Error("another source pays for it")
	}
	c.advance(time.Second)
	if a, _ := th.begin("next", true, "192.0.2.0"); a == nil {
		t.Error("the budget does not come back")
	}
}

func TestParallelGuessesCountBeforeTheyEnd(t *testing.T) {
	th := newThrottle(newClock().now)
	begun := 0
	for range 100 {
		if a, _ := th.begin("ahorn", true, "192.0.2.0"); a != nil {
			begun++ // none of them has ended
		}
	}
	if begun > pairFree {
		t.Errorf("%d guesses at the same moment", begun)
	}
}

func TestRightAnswerForgetsWrongOnes(t *testing.T) {
	th := newThrottle(newClock().now)
	for range 50 {
		for range pairFree - 1 {
			if a, _ := th.begin("ahorn", true, "192.0.2.0"); a == nil {
				return // the name's own limit, which somebody with the right password must not clear for everybody
			}
		}
		a, wait := th.begin("ahorn", true, "192.0.2.0")
		if a == nil {
			t.Fatalf("wait %s", wait)
		}
		a.right()
	}
	t.Error("wrong answers for a name never add up")
}

func TestForgottenAfterAnHour(t *testing.T) {
	c := newClock()
	th := newThrottle(c.now)
	for range pairFree {
		th.begin("ahorn", true, "192.0.2.0")
	}
	c.advance(forget + time.Second)
	for i := range pairFree {
		if a, wait := th.begin("ahorn", true, "192.0.2.0"); a == nil {
			t.Fatalf("attempt %d waits %s", i, wait)
		}
	}
}

func TestMemoryOfTheThrottleIsBounded(t *testing.T) {
	c := newClock()
	th := newThrottle(c.now)
	th.max = 500
	for i := range 3 * th.max {
		th.begin(fmt.Sprint("name-", i), true, fmt.Sprint("net-", i))
		c.advance(time.Millisecond)
	}
	if len(th.accounts.delays) > th.max || len(th.accounts.budgets) > th.max {
		t.Errorf("%d delays, %d budgets", len(th.accounts.delays), len(th.accounts.budgets))
	}
	c.advance(forget + time.Second)
	for i := range 500 { // what is forgotten makes room
		th.begin(fmt.Sprint("late-", i), true, fmt.Sprint("late-", i))
	}
	if len(th.accounts.delays) > th.max {
		t.Errorf("%d delays", len(th.accounts.delays))
	}
}
