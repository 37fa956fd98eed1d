package infra

import (
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// recorder is Pulumi's mock monitor: it keeps what the program registers and gives each resource an ID.
type recorder struct {
	mu   sync.Mutex
	seen []registered
}

type registered struct {
	Type   string         `json:"type"`
	Name   string         `json:"name"`
	Inputs map[string]any `json:"inputs"`
}

func (r *recorder) NewResource(args pulumi.MockResourceArgs) (string, resource.PropertyMap, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	state := args.Inputs.Copy()
	if args.TypeToken == "kreisraum:index:PrimaryIP" {
		state["address"] = resource.NewProperty("192.0.2.1")
	}
	r.seen = append(r.seen, registered{Type: args.TypeToken, Name: args.Name, Inputs: plain(args.Inputs)})
	switch args.TypeToken {
	case "kreisraum:index:Server", "kreisraum:index:Firewall": // whose IDs are outputs, as numbers
		return fmt.Sprint(1000 + len(args.Name)), state, nil
	}
	// Elsewhere the ID tells in the golden file which resource a reference means.
	return args.TypeToken + " " + args.Name, state, nil
}

func (r *recorder) Call(pulumi.MockCallArgs) (resource.PropertyMap, error) { return nil, nil }

// plain makes a property map readable; secrets show as such.
func plain(m resource.PropertyMap) map[string]any {
	out := m.MapRepl(nil, func(v resource.PropertyValue) (any, bool) {
		if v.IsSecret() {
			return map[string]any{"secret": v.SecretValue().Element.StringValue()}, true
		}
		return nil, false
	})
	return out
}

func spec() Spec {
	return Spec{
		County: "demo", Domain: "demo.example", Locations: []string{"fsn1", "nbg1"}, ServerType: "cpx22", BridgeServerType: "ccx13",
		Image: "debian-12", SSHPublicKey: "ssh-ed25519 AAAAexample operator",
		UserData: userData("demo", MaxBridges),
	}
}

func userData(county string, bridges int) map[string]string {
	data := map[string]string{}
	for _, name := range MachineNames(county, bridges) {
		data[name] = "#cloud-config\n# " + name + "\n"
	}
	return data
}

func run(t testing.TB, spec Spec) ([]registered, error) {
	t.Helper()
	var r recorder
	err := pulumi.RunErr(Program(spec), pulumi.WithMocks("kreisraum", spec.County, &r))
	slices.SortFunc(r.seen, func(a, b registered) int {
		return slices.Compare([]string{a.Type, a.Name}, []string{b.Type, b.Name})
	})
	return r.seen, err
}

func TestProgramGolden(t *testing.T) {
	cases := map[string]func(*Spec){
		"portal-only":      func(*Spec) {},
		"portal-ipv6":      func(s *Spec) { s.IPv6 = true },
		"portal-2-bridges": func(s *Spec) { s.Bridges = 2; s.IPv6 = true },
	}
	for _, name := range slices.Sorted(maps.Keys(cases)) {
		t.Run(name, func(t *testing.T) {
			s := spec()
			cases[name](&s)
			seen, err := run(t, s)
			if err != nil {
				t.Fatal(err)
			}
			got, err := json.MarshalIndent(seen, "", "  ")
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, '\n')
			golden := filepath.Join("testdata", name+".json")
			if *update {
				if err := os.WriteFile(golden, got, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if string(got) != string(want) {
				t.Errorf("resources differ from %s; if that is meant, run the test with -update and review the diff\ngot:\n%s", golden, got)
			}
		})
	}
}

func TestProgramSpreadsTenServersPerGroup(t *testing.T) {
	s := spec()
	s.Bridges = 20
	seen, err := run(t, s)
	if err != nil {
		t.Fatal(err)
	}
	groups := 0
	for _, r := range seen {
		if r.Type == "kreisraum:index:PlacementGroup" {
			groups++
		}
	}
	if groups != 3 {
		t.Errorf("21 servers got %d placement groups, want 3", groups)
	}
	perGroup := map[int]int{}
	addresses := map[string]bool{}
	for _, m := range machines(s) {
		perGroup[m.group]++
		addresses[m.privateIP.String()] = true
	}
	if len(addresses) != 21 || perGroup[0] != 10 || perGroup[1] != 10 || perGroup[2] != 1 {
		t.Errorf("got %d addresses and groups of %v", len(addresses), perGroup)
	}
}

func TestProgramKeepsUserDataSecret(t *testing.T) {
	seen, err := run(t, spec())
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range seen {
		data, exists := r.Inputs["userData"]
		if !exists {
			continue
		}
		if _, secret := data.(map[string]any); !secret {
			t.Errorf("user data of %s is not secret", r.Name)
		}
	}
}

func TestValidateReportsEverything(t *testing.T) {
	bad := Spec{County: "Kreis Ö", Bridges: -1}
	err := bad.Validate()
	if err == nil {
		t.Fatal("an empty plan is accepted")
	}
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok || len(joined.Unwrap()) != 7 {
		t.Errorf("want 7 complaints, got: %v", err)
	}
}

func TestValidateCloudConfig(t *testing.T) {
	tooBig := spec()
	tooBig.UserData = map[string]string{PortalName("demo"): string(make([]byte, maxUserData+1))}
	missing := spec()
	missing.UserData = nil
	for name, s := range map[string]Spec{"too big": tooBig, "missing": missing} {
		if s.Validate() == nil {
			t.Errorf("cloud-config %s: accepted", name)
		}
	}
	if err := spec().Validate(); err != nil {
		t.Errorf("a good plan: %v", err)
	}
}
