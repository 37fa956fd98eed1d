package stack

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/hetznercloud/hcloud-go/v2/hcloud"
	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"

	"github.com/medienzentrenverbund/kreisraum/infra"
	"github.com/medienzentrenverbund/kreisraum/infra/hetzner"
)

func TestStrays(t *testing.T) {
	bridge := func(number int, location string) (server, address hetzner.Resource) {
		name := infra.BridgeName("demo", number)
		return hetzner.Resource{Kind: "server", ID: 18, Name: name, Location: location, ServerType: "ccx13"},
			hetzner.Resource{Kind: "primary_ip", ID: 7, Name: name + "-ipv6", Location: location}
	}
	server, address := bridge(1, "fsn1")
	bigger := server
	bigger.ServerType = "ccx23"
	farServer, farAddress := bridge(1, "nbg1")
	second, secondsAddress := bridge(2, "fsn1")
	cases := []struct {
		name  string
		state checkpoint
		is    []hetzner.Resource
		want  []hetzner.Resource
	}{
		{"as planned", checkpoint{}, []hetzner.Resource{server, address}, nil},
		{"of another type", checkpoint{}, []hetzner.Resource{bigger, address}, []hetzner.Resource{bigger}},
		{"elsewhere", checkpoint{}, []hetzner.Resource{farServer, farAddress}, []hetzner.Resource{farServer, farAddress}},
		{"elsewhere and known", stateOf(ours("Server", "18"), ours("PrimaryIP", "7")), []hetzner.Resource{farServer, farAddress}, nil},
		{"elsewhere, the address alone known", stateOf(ours("PrimaryIP", "7")), []hetzner.Resource{farServer, farAddress}, []hetzner.Resource{farServer}},
		{"other kinds of the same IDs known", stateOf(ours("PrimaryIP", "18"), ours("Network", "7")), []hetzner.Resource{farServer, farAddress}, []hetzner.Resource{farServer, farAddress}},
		{"not wanted", checkpoint{}, []hetzner.Resource{second, secondsAddress}, []hetzner.Resource{second, secondsAddress}},
		{"the portal's, elsewhere", checkpoint{}, []hetzner.Resource{
			{Kind: "server", ID: 3, Name: infra.PortalName("demo"), Location: "nbg1"}, {Kind: "primary_ip", ID: 4, Name: infra.PortalName("demo") + "-ipv4", Location: "nbg1"},
		}, nil},
		{"other kinds, and a name that looks like a bridge's", checkpoint{}, []hetzner.Resource{
			{Kind: "placement_group", ID: 5, Name: infra.BridgeName("demo", 2)}, {Kind: "server", ID: 6, Name: infra.BridgeName("demo", 2) + "-old"},
		}, nil},
	}
	for _, c := range cases {
		if got := c.state.strays(c.is, with(plan("demo"), first)); !slices.Equal(got, c.want) {
			t.Errorf("%s: got %+v, want %+v", c.name, got, c.want)
		}
	}
}

// An interrupted run leaves a bridge, or its machine alone, that the state has not heard of, and then the bridge is moved. What is there
// goes, with the guard's leave, and the bridge is made where it shall be.
func TestBridgeIsMovedThatTheStateDoesNotKnow(t *testing.T) {
	t.Parallel()
	name := infra.BridgeName("demo", 1)
	for what, forgotten := range map[string]func(string) bool{
		"its machine alone": func(resource string) bool { return resource == name },
		"nothing of it":     func(resource string) bool { return strings.HasPrefix(resource, name) },
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			s := w.open("demo")
			before := w.up(s, with(plan("demo"), first)).Outputs.Machines
			forget(t, s, forgotten)

			moved := first
			moved.Location = "nbg1"
			spec, lessons := with(plan("demo"), moved), errors.New("lessons")
			spec.Guard = func(_ context.Context, machine string) error {
				if machine != name {
					t.Errorf("asked about %s", machine)
				}
				return lessons
			}
			w.writes.reset()
			if _, err := s.Up(t.Context(), spec, nil); !errors.Is(err, lessons) {
				t.Errorf("with lessons on it: %v", err)
			}
			if paths := w.writes.reset(); len(paths) > 0 {
				t.Errorf("with lessons on it: wrote %v", paths)
			}

			lessons = nil
			after := w.up(s, spec).Outputs.Machines
			if len(after) != 2 || after[0] != before[0] || after[1].Location != "nbg1" || after[1].ServerID == before[1].ServerID {
				t.Errorf("machines %+v, before %+v", after, before)
			}
			if again := w.up(s, spec); again.Changed() {
				t.Errorf("a further up changed %v", again.Changes)
			}
			if left := w.leftovers("demo"); len(left) != 10 || len(w.machines.list()) != 2 {
				t.Errorf("at Hetzner: %v", left)
			}
		})
	}
}

// forget takes resources out of the state, by their names.
func forget(t *testing.T, s *Stack, forgotten func(name string) bool) {
	t.Helper()
	data, err := os.ReadFile(s.layout.checkpoint())
	if err != nil {
		t.Fatal(err)
	}
	var file map[string]any
	if err := json.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	latest := file["checkpoint"].(map[string]any)["latest"].(map[string]any)
	latest["resources"] = slices.DeleteFunc(latest["resources"].([]any), func(r any) bool {
		urn := r.(map[string]any)["urn"].(string)
		return forgotten(urn[strings.LastIndex(urn, "::")+2:])
	})
	if data, err = json.Marshal(file); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(s.layout.checkpoint(), data, 0o600); err != nil {
		t.Fatal(err)
	}
}

func stateOf(resources ...apitype.ResourceV3) checkpoint { return checkpoint{resources: resources} }

// A county gives up IPv6 while its state has not heard of the addresses, or is older than they: no machine keeps one, and none is left.
func TestIPv6GoesThatTheStateDoesNotKnow(t *testing.T) {
	t.Parallel()
	without := plan("demo")
	without.IPv6 = false
	for what, lose := range map[string]func(*testing.T, *world, *Stack){
		"nothing of it is known": func(t *testing.T, w *world, s *Stack) {
			w.up(s, plan("demo"))
			forget(t, s, func(name string) bool { return name == infra.PortalName("demo") || strings.HasSuffix(name, "-ipv6") })
		},
		"the state is older": func(t *testing.T, w *world, s *Stack) {
			w.up(s, without)
			state, err := os.ReadFile(s.layout.checkpoint())
			if err != nil {
				t.Fatal(err)
			}
			w.up(s, plan("demo"))
			if err := os.WriteFile(s.layout.checkpoint(), state, 0o600); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			s := w.open("demo")
			lose(t, w, s)
			w.up(s, without)
			server, _, err := w.cloud.Cloud().Server.GetByName(t.Context(), infra.PortalName("demo"))
			if err != nil || !server.PublicNet.IPv6.IsUnspecified() || server.Status != hcloud.ServerStatusRunning {
				t.Errorf("the portal: %+v, %v", server, err)
			}
			if left := w.leftovers("demo"); len(left) != 6 {
				t.Errorf("at Hetzner: %v", left)
			}
		})
	}
}
