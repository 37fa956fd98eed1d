package county

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/medienzentrenverbund/kreisraum/conference/opsapi"
)

func TestRestartWaitsForItsProof(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, c := upCounty(t)
		old := opsapi.Proof{Machine: "portal", Started: time.Now().Add(-time.Hour)}
		fresh := opsapi.Proof{Machine: "portal", Started: time.Now(), Reason: opsapi.ReasonOrder, Checks: []opsapi.Check{{Name: opsapi.CheckNoSwap, OK: true}}}
		w.nights = []opsapi.Night{
			{Phase: opsapi.PhaseDay, Proofs: []opsapi.Proof{old}}, {Phase: opsapi.PhaseNotice, Proofs: []opsapi.Proof{old}},
			{Phase: opsapi.PhaseBridges, Proofs: []opsapi.Proof{old}}, {Phase: opsapi.PhaseDay, Proofs: []opsapi.Proof{fresh, old}},
		}
		var phases []string
		got, err := c.Restart(context.Background(), time.Minute, func(p string) { phases = append(phases, p) })
		if err != nil || !got.Started.Equal(fresh.Started) || !got.Good() {
			t.Errorf("got %+v, %v; want the fresh proof", got, err)
		}
		if !slices.Equal(phases, []string{opsapi.PhaseNotice, opsapi.PhaseBridges}) {
			t.Errorf("told of %v", phases)
		}
		if unlock, err := c.Home.Lock(); err != nil {
			t.Errorf("the county is still locked: %v", err)
		} else {
			unlock()
		}
	})
}

func TestRestartWithoutAProofIsAnError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, c := upCounty(t)
		begun := time.Now()
		_, err := c.Restart(context.Background(), time.Minute, func(string) {})
		if waited := time.Since(begun); !errors.Is(err, ErrNoProof) || waited < time.Minute || waited > time.Minute+restarting+time.Second {
			t.Errorf("got %v after %s", err, waited)
		}
	})
}

func TestStatusTellsOfABadProof(t *testing.T) {
	w, c := upCounty(t)
	mustAdd(t, c, small)
	w.nights = []opsapi.Night{{Proofs: []opsapi.Proof{{
		Machine: "portal", Started: time.Now(), Checks: []opsapi.Check{{Name: opsapi.CheckNoSwap, OK: true}},
		Bridges: []opsapi.Proof{{Machine: "bridge-1", Checks: []opsapi.Check{{Name: opsapi.CheckNoStore, Detail: "3 messages"}}}},
	}}}}
	status, err := c.Status(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	const want = "the last restart has no good proof: bridge-1: message store empty: 3 messages"
	if status.Problem != want || len(status.Bridges) != 1 || status.Load == nil || len(status.Load.Bridges) != 2 {
		t.Errorf("got %+v, want the problem %q", status, want)
	}
}
