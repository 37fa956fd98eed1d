package stack

import (
	"testing"

	"github.com/medienzentrenverbund/kreisraum/infra"
)

// What lies at a place that others can write to must not bring a command down.
func FuzzWhatIsReadOfTheState(f *testing.F) {
	s, err := OpenState(f.Context(), f.TempDir(), "demo", "")
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range []string{
		`[{"number":1,"server_type":"ccx13","location":"fsn1"}]`, `{"pid":1,"username":"u","hostname":"h","timestamp":"2026-11-22T01:02:03Z"}`,
		`{"version":3,"checkpoint":{"latest":{"secrets_providers":{"type":"passphrase","state":{"salt":"v1:x"}},"resources":[{"urn":"u","type":"kreisraum:index:Server","id":"1"}]}}}`,
		`{"pid":-1,"computer":"x","boot":"y"}`, `{"version":3,"checkpoint":null}`, "{", "",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if bridges, err := parseBridges(data); err == nil && len(infra.CheckBridges(bridges)) > 0 {
			t.Errorf("bridges that cannot be: %+v", bridges)
		}
		for _, prefix := range []string{s.layout.lockPrefix(), s.layout.holdPrefix()} {
			if l := s.describe(prefix+"x.json", data); l.Alive && !l.Here {
				t.Errorf("a process elsewhere is known to live: %+v", l)
			}
		}
		state, err := s.parse(data)
		if err == nil {
			_, _, _ = state.outputs()
			_ = state.ours()
		}
	})
}
