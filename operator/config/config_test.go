package config

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/medienzentrenverbund/kreisraum/configs"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func TestEverySampleIsAcceptedUnderItsOwnName(t *testing.T) {
	entries, err := configs.Files.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) < 4 {
		t.Fatalf("%d samples, want at least 4", len(entries))
	}
	for _, e := range entries {
		county := strings.TrimSuffix(e.Name(), ".yaml")
		t.Run(county, func(t *testing.T) {
			c, err := Find(t.TempDir(), county)
			if err != nil {
				t.Fatal(err)
			}
			if c.Name != county || len(c.SSH.Prefixes()) == 0 {
				t.Errorf("got name %q and %d SSH sources", c.Name, len(c.SSH.Prefixes()))
			}
		})
	}
}

func TestSamplesSayWhatTheirCountiesDecided(t *testing.T) {
	for _, tt := range []struct {
		county, model, share, restart string
		retention                     int
	}{
		{"tuttlingen", "applicant", "everyone", "03:30", 7},
		{"heilbronn", "school", "everyone", "02:00", 3},
		{"goeppingen", "teacher", "organisers", "03:30", 0},
		{"demo", "applicant", "everyone", "03:30", 7},
	} {
		c, err := Find(t.TempDir(), tt.county)
		if err != nil {
			t.Fatal(err)
		}
		if c.Accounts.Model != tt.model || c.Rooms.ScreenShare != tt.share || c.Restart.At != tt.restart || c.AccessLog.RetentionDays != tt.retention {
			t.Errorf("%s: got %s, %s, %s, %d; want %s, %s, %s, %d", tt.county, c.Accounts.Model, c.Rooms.ScreenShare, c.Restart.At,
				c.AccessLog.RetentionDays, tt.model, tt.share, tt.restart, tt.retention)
		}
		if c.Rooms.MaxParticipants != 70 || !c.Rooms.CodeRequired {
			t.Errorf("%s: rooms %+v, want 70 participants and a code", tt.county, c.Rooms)
		}
	}
}

func TestFileInTheFolderWinsOverTheSample(t *testing.T) {
	dir := t.TempDir()
	sample, err := configs.Files.ReadFile("demo.yaml")
	if err != nil {
		t.Fatal(err)
	}
	own := strings.Replace(string(sample), "demo.localhost", "eigen.localhost", 1)
	if err := os.WriteFile(filepath.Join(dir, "demo.yaml"), []byte(own), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := Find(dir, "demo")
	if err != nil {
		t.Fatal(err)
	}
	if c.Domain != "eigen.localhost" {
		t.Errorf("domain %q is the sample's, want that of the folder's file", c.Domain)
	}
}

// Each file in testdata/good is accepted.
func TestGoodFiles(t *testing.T) {
	for name, data := range fixtures(t, "good") {
		t.Run(name, func(t *testing.T) {
			if _, err := Parse(name, "musterkreis", data); err != nil {
				t.Error(err)
			}
		})
	}
}

// Each file in testdata/bad is refused with exactly the messages beside it in <name>.txt.
func TestBadFiles(t *testing.T) {
	for name, data := range fixtures(t, "bad") {
		t.Run(name, func(t *testing.T) {
			_, err := Parse(name, "musterkreis", data)
			var refused *Error
			if !errors.As(err, &refused) {
				t.Fatalf("got %v, want an *Error", err)
			}
			golden := filepath.Join("testdata", "bad", strings.TrimSuffix(name, ".yaml")+".txt")
			if *update {
				if err := os.WriteFile(golden, []byte(err.Error()+"\n"), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, readErr := os.ReadFile(golden)
			if readErr != nil {
				t.Fatal(readErr)
			}
			if err.Error()+"\n" != string(want) {
				t.Errorf("got:\n%s\nwant:\n%s", err, want)
			}
		})
	}
}

func fixtures(t *testing.T, kind string) map[string][]byte {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("testdata", kind, "*.yaml"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no fixtures in testdata/%s: %v", kind, err)
	}
	out := map[string][]byte{}
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		out[filepath.Base(f)] = data
	}
	return out
}

func TestTokenIsNeverRepeatedInAMessage(t *testing.T) {
	token := strings.Repeat("aB3", 22)[:64]
	for _, data := range []string{"hcloud_token: " + token + "\n", "title: " + token + "\n"} {
		_, err := Parse("x.yaml", "musterkreis", []byte(data))
		if err == nil || strings.Contains(err.Error(), token) {
			t.Errorf("got %v, want a refusal without the token", err)
		}
		if !strings.Contains(err.Error(), "--token-file") {
			t.Errorf("%v does not say where a token goes", err)
		}
	}
}

func TestNameThatLeavesTheFolderIsRefused(t *testing.T) {
	for _, name := range []string{"../etc/passwd", "a/b", "", "A", ".hidden"} {
		if _, err := Find(t.TempDir(), name); err == nil || errors.Is(err, ErrNoCounty) {
			t.Errorf("%q: got %v, want a refusal of the name", name, err)
		}
	}
}

func TestUnknownCountyNamesTheSamples(t *testing.T) {
	_, err := Find(t.TempDir(), "nirgendwo")
	if !errors.Is(err, ErrNoCounty) || !strings.Contains(err.Error(), "demo") {
		t.Errorf("got %v, want ErrNoCounty that names the samples", err)
	}
}

func TestArchitectureFollowsTheServerType(t *testing.T) {
	for kind, want := range map[string]string{"cpx22": "amd64", "ccx13": "amd64", "cax21": "arm64"} {
		if got := (Config{ServerTypes: ServerTypes{Portal: []string{kind}}}).Architecture(); got != want {
			t.Errorf("%s: got %s, want %s", kind, got, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, kind := range []string{"good", "bad"} {
		files, _ := filepath.Glob(filepath.Join("testdata", kind, "*.yaml"))
		for _, file := range files {
			data, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(data)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := Parse("x.yaml", "musterkreis", data)
		if err != nil {
			return
		}
		// What is accepted can be used without a further look.
		p := c.Policy()
		if p.Min < 0 || p.Max < p.Min || !(p.Headroom >= 1) || p.BudgetPerDay < 0 || len(p.Timetable.Bells) != len(c.Timetable.Bells) {
			t.Errorf("accepted, but no policy for the autoscaler: %+v", p)
		}
		if c.Name != "musterkreis" || c.Domain == "" || len(c.Locations) == 0 || len(c.SSH.Prefixes()) == 0 {
			t.Errorf("accepted, but unusable: %+v", c)
		}
	})
}

func TestKindsAreTypesBeforeLocations(t *testing.T) {
	c := Config{Locations: []string{"fsn1", "nbg1"}, ServerTypes: ServerTypes{
		Portal: []string{"cpx22"}, Bridge: []string{"cpx22@nbg1", "cpx32", "ccx13@fsn1", "cpx32"},
	}}
	if got, want := c.PortalKinds(), []Kind{{"cpx22", "fsn1"}, {"cpx22", "nbg1"}}; !slices.Equal(got, want) {
		t.Errorf("portal: got %v, want %v", got, want)
	}
	want := []Kind{{"cpx22", "nbg1"}, {"cpx32", "fsn1"}, {"cpx32", "nbg1"}, {"ccx13", "fsn1"}}
	if got := c.BridgeKinds(); !slices.Equal(got, want) {
		t.Errorf("bridges: got %v, want %v", got, want)
	}
}
