package signaling

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
)

const fixtureDir = "../../testdata/signaling"

// TestFixtures decodes every fixture and encodes it again: the fixtures are exactly what is sent. A fixture's name is
// <type>.<client|server>[.<variant>].json.
func TestFixtures(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(fixtureDir, "*.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no fixtures: %v", err)
	}
	seen := map[string]bool{}
	for _, file := range files {
		name := filepath.Base(file)
		t.Run(name, func(t *testing.T) {
			parts := strings.Split(strings.TrimSuffix(name, ".json"), ".")
			frame, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			again, typ := recode(t, parts[1], frame)
			if typ != parts[0] {
				t.Fatalf("type %q in a fixture named for %q", typ, parts[0])
			}
			if got, want := generic(t, again), generic(t, frame); !reflect.DeepEqual(got, want) {
				t.Errorf("encoded again:\n got %v\nwant %v", got, want)
			}
			seen[parts[1]+" "+typ] = true
		})
	}
	var missing []string
	for typ := range maps.Keys(clientTypes) {
		if !seen["client "+typ] {
			missing = append(missing, "client "+typ)
		}
	}
	for typ := range maps.Keys(serverTypes) {
		if !seen["server "+typ] {
			missing = append(missing, "server "+typ)
		}
	}
	if slices.Sort(missing); len(missing) > 0 {
		t.Errorf("messages without a fixture: %v", missing)
	}
}

func recode(t *testing.T, direction string, frame []byte) (again []byte, typ string) {
	t.Helper()
	switch direction {
	case "client":
		m, err := Decode(frame)
		if err != nil {
			t.Fatal(err)
		}
		again, err = EncodeClient(m)
		if err != nil {
			t.Fatal(err)
		}
		return again, m.Type()
	case "server":
		m, err := DecodeServer(frame)
		if err != nil {
			t.Fatal(err)
		}
		again, err = Encode(m)
		if err != nil {
			t.Fatal(err)
		}
		return again, m.Type()
	}
	t.Fatalf("direction %q is neither client nor server", direction)
	return nil, ""
}

func generic(t *testing.T, frame []byte) map[string]any {
	t.Helper()
	var m map[string]any
	if err := json.Unmarshal(frame, &m); err != nil {
		t.Fatal(err)
	}
	return m
}
