package turn

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/medienzentrenverbund/kreisraum/conference/eventually"
)

// TestTrial: who has no login gets relays for a network test, and keeps none.
func TestTrial(t *testing.T) {
	d := newDesk(t, nil)
	left := 2 * time.Second
	relay, err := d.client(NewTrial(d.key, []netip.AddrPort{d.bridge}, time.Now().Add(left-TrialLife))).Allocate()
	if err != nil {
		t.Fatal(err)
	}
	roundTrip(t, relay, d.bridge)
	eventually.True(t, "the relay to end with the credential", func() bool { return d.server.Allocations() == 0 })
}

func TestTrialsLeaveTheRelayToLessons(t *testing.T) {
	b := newBound(maxAllocations, maxAllocationsOfSource)
	d := newDesk(t, func(c *Config) { c.bound = b })
	trial := func() Credential { return NewTrial(d.key, []netip.AddrPort{d.bridge}, time.Now()) }
	b.mu.Lock()
	b.trials = maxTrials - 1
	b.mu.Unlock()
	last, err := d.client(trial()).Allocate()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.client(trial()).Allocate(); err == nil {
		t.Error("one trial too many")
	}
	if _, err := d.client(d.credential()).Allocate(); err != nil {
		t.Errorf("in a lesson: %v", err)
	}
	last.Close()
	eventually.True(t, "the trial's place to be given back", func() bool { return d.server.Allocations() == 1 })
	if _, err := d.client(trial()).Allocate(); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}

// TestTrialStaysOne: the mark is part of what the password seals.
func TestTrialStaysOne(t *testing.T) {
	d := newDesk(t, nil)
	c := NewTrial(d.key, []netip.AddrPort{d.bridge}, time.Now())
	if g, ok := parseUsername(c.Username); !ok || !g.trial || c.Life != TrialLife {
		t.Fatal("is no trial")
	}
	c.Username = strings.TrimSuffix(c.Username, trialMark)
	if g, ok := parseUsername(c.Username); !ok || g.trial {
		t.Fatal("another form")
	}
	if _, err := d.client(c).Allocate(); err == nil {
		t.Error("a trial became a lesson's credential")
	}
}
