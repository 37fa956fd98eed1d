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
		County: "demo", Domain: "demo.example", Location: "fsn1", ServerType: "cpx22",
		Image: "debian-12", SSHPublicKey: "ssh-ed25519 AAAAexample operator",
		UserData: userData("demo", someBridges(MaxBridges)),
	}
}

// someBridges are bridges 1 to n.
func someBridges(n int) []Bridge {
	var all []Bridge
	for i := 1; i <= n; i++ {
		all = append(all, Bridge{Number: i, ServerType: "ccx13", Location: "nbg1"})
	}
	return all
}

func userData(county string, bridges []Bridge) map[string]string {
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
		"portal-only": func(*Spec) {},
		"portal-ipv6": func(s *Spec) { s.IPv6 = true },
		"portal-dns": func(s *Spec) {
			s.IPv6, s.Domain, s.Zone, s.CAA = true, "jitsi.kmz-demo.example", "kmz-demo.example", "letsencrypt.org"
		},
		"portal-2-bridges": func(s *Spec) { s.Bridges = []Bridge{{7, "ccx13", "nbg1"}, {2, "cpx32", "fsn1"}}; s.IPv6 = true },
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
	s.Bridges = someBridges(20)
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
		perGroup[m.group()]++
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
	bad := Spec{County: "Kreis Ö", Bridges: []Bridge{{-1, "ccx13", "fsn1"}}}
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

func TestPrivateNetworkIsTheCountysOwn(t *testing.T) {
	seen := map[string]string{}
	for _, county := range []string{"demo", "tuttlingen", "musterkreis", "a"} {
		network := PrivateNetwork(county)
		if !counties.Contains(network.Addr()) || network.Bits() != 24 || network.Masked() != network || seen[network.String()] != "" {
			t.Errorf("%s has the network %s", county, network)
		}
		seen[network.String()] = county
		if PrivateNetwork(county) != network || !network.Contains(Spec{County: county}.privateAddress(MaxBridges)) {
			t.Errorf("%s: %s changes or is too small", county, network)
		}
		if other := (Spec{County: county, NetworkSeed: "127.1.0.0/16"}).network(); other == network {
			t.Errorf("%s has the network %s in two worlds", county, other)
		}
	}
}

func TestBridgeNumber(t *testing.T) {
	for name, want := range map[string]int{
		BridgeName("demo", 1): 1, BridgeName("demo", 99): 99, PortalName("demo"): 0, "kreisraum-demo-bridge-01": 0, "kreisraum-demo-bridge-100": 0,
		"kreisraum-demo-bridge-1-ipv4": 0, "kreisraum-demo-bridge-": 0, BridgeName("other", 3): 0, "": 0,
	} {
		if got, ok := BridgeNumber("demo", name); got != want || ok != (want > 0) {
			t.Errorf("%q: got %d, %t; want %d", name, got, ok, want)
		}
	}
}

// What is declared of one machine does not depend on which others there are.
func TestBridgesLeaveEachOtherAlone(t *testing.T) {
	declared := func(bridges []Bridge) map[string]string {
		s := spec()
		s.Bridges = bridges
		seen, err := run(t, s)
		if err != nil {
			t.Fatal(err)
		}
		all := map[string]string{}
		for _, r := range seen {
			data, err := json.Marshal(r)
			if err != nil {
				t.Fatal(err)
			}
			all[r.Type+" "+r.Name] = string(data)
		}
		return all
	}
	few := declared([]Bridge{{5, "ccx13", "fsn1"}, {23, "ccx13", "nbg1"}})
	many := declared([]Bridge{{5, "ccx13", "fsn1"}, {4, "ccx23", "hel1"}, {12, "ccx13", "fsn1"}, {23, "ccx13", "nbg1"}})
	for name, want := range few {
		if many[name] != want {
			t.Errorf("%s differs beside other bridges:\n%s\n%s", name, many[name], want)
		}
	}
	if len(many) <= len(few) {
		t.Errorf("%d resources beside %d", len(many), len(few))
	}
}

func TestCheckBridges(t *testing.T) {
	for name, tt := range map[string]struct {
		bridges []Bridge
		wrong   int
	}{
		"none":            {nil, 0},
		"good":            {[]Bridge{{99, "ccx13", "fsn1"}, {1, "ccx13", "fsn1"}}, 0},
		"number too high": {[]Bridge{{100, "ccx13", "fsn1"}}, 1},
		"number zero":     {[]Bridge{{0, "ccx13", "fsn1"}}, 1},
		"twice":           {[]Bridge{{1, "ccx13", "fsn1"}, {1, "ccx13", "nbg1"}}, 1},
		"no type":         {[]Bridge{{1, "", "nbg1"}, {2, "ccx13", ""}}, 2},
	} {
		if got := CheckBridges(tt.bridges); len(got) != tt.wrong {
			t.Errorf("%s: %v, want %d mistakes", name, got, tt.wrong)
		}
	}
}
