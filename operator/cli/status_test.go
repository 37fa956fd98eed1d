package cli

import (
	"strings"
	"testing"
	"time"

	"github.com/medienzentrenverbund/kreisraum/conference/opsapi"
	"github.com/medienzentrenverbund/kreisraum/operator/autoscale"
	"github.com/medienzentrenverbund/kreisraum/operator/county"
	"github.com/medienzentrenverbund/kreisraum/operator/serve"
)

// TestStatusIsOfTheCounty: lessons are those of all bridges, times those of the county's clocks, wherever the operator's computer is.
func TestStatusIsOfTheCounty(t *testing.T) {
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	evening := time.Date(2026, 11, 21, 23, 25, 0, 0, time.UTC) // in Berlin already the next day
	s := county.Status{
		County: "demo", Up: true, AccountsCurrent: true,
		Server:      &opsapi.Info{Rooms: 9, Participants: 45, Started: evening},
		Bridges:     []county.BridgeState{{Number: 1, Ready: true}},
		Load:        &opsapi.Load{Bridges: []opsapi.BridgeLoad{{ID: "portal", Alive: true, Known: true, Rooms: 9, Participants: 45}, {ID: "bridge-1", Alive: true, Known: true, Rooms: 3, Participants: 15}}},
		LastRestart: &opsapi.Proof{Started: evening, Checks: []opsapi.Check{{Name: "no swap", OK: true}}},
	}
	text := statusText(s, zone) + capacityText(serve.Remembered{Why: "0 bridges", At: evening, Manual: &autoscale.Manual{Bridges: 1, Until: evening}}, zone)
	for _, want := range []string{
		"12 rooms, 60 participants", "running since 2026-11-22 00:25", "2026-11-22 00:25, everything was forgotten", "until 2026-11-22 00:25",
		"0 bridges (2026-11-22 00:25)",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("status without %q:\n%s", want, text)
		}
	}

	s.Bridges, s.Load = nil, nil
	if text := statusText(s, zone); !strings.Contains(text, "9 rooms, 45 participants") {
		t.Errorf("status of one machine without its own figures:\n%s", text)
	}
}

// TestWhatIsDrainedByHandIsNotSavedForItsHour: it goes as soon as it is empty, and the answer to drain says so.
func TestWhatIsDrainedByHandIsNotSavedForItsHour(t *testing.T) {
	for want, bridges := range map[string][]serve.BridgeLine{
		"":                           {{Number: 1, Ready: true}},
		"1 to be removed once empty": {{Number: 1, Ready: true}, {Number: 2, Draining: true, ByHand: true}},
		"1 still to be finished, 1 to be removed once empty and paid to the end of its hour": {{Number: 1}, {Number: 2, Draining: true}},
	} {
		if got := leftToDo(bridges); got != want {
			t.Errorf("left to do: %q, want %q", got, want)
		}
	}
}
