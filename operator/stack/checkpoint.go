package stack

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"

	"github.com/medienzentrenverbund/kreisraum/infra"
	"github.com/medienzentrenverbund/kreisraum/infra/hetzner"
	"github.com/medienzentrenverbund/kreisraum/infra/provider"
	"github.com/medienzentrenverbund/kreisraum/operator/stack/store"
)

// rootType is the type of the resource that carries the stack's outputs.
const rootType = "pulumi:pulumi:Stack"

// checkpoint is the state as far as we read it ourselves. Starting the engine only to be told the same takes a second.
type checkpoint struct {
	resources []apitype.ResourceV3
	pending   int
	// secrets is how secrets in it are encrypted: the engine's name for it and its parameters.
	secrets *apitype.SecretsProvidersV1
}

// load reads the checkpoint; found is false if the stack was never made.
func (s *State) load(ctx context.Context) (_ checkpoint, found bool, err error) {
	data, err := s.store.Read(ctx, s.layout.checkpointKey())
	if errors.Is(err, store.ErrNotExist) {
		return checkpoint{}, false, nil
	}
	if err != nil {
		return checkpoint{}, false, fmt.Errorf("read the state: %w", err)
	}
	state, err := s.parse(data)
	return state, err == nil, err
}

func (s *State) parse(data []byte) (checkpoint, error) {
	var versioned apitype.VersionedCheckpoint
	var v3 apitype.CheckpointV3
	if err := json.Unmarshal(data, &versioned); err != nil {
		return checkpoint{}, s.broken(err)
	}
	if err := json.Unmarshal(versioned.Checkpoint, &v3); err != nil {
		return checkpoint{}, s.broken(err)
	}
	if v3.Latest == nil {
		return checkpoint{}, nil
	}
	return checkpoint{resources: v3.Latest.Resources, pending: len(v3.Latest.PendingOperations), secrets: v3.Latest.SecretsProviders}, nil
}

// ErrBroken says that the state is there and cannot be read.
var ErrBroken = errors.New("the state cannot be read")

func (s *State) broken(err error) error {
	return fmt.Errorf("%w: %s (%w); put a backup of it in place, or run `kreisraum adopt %s`, which sets it aside and finds "+
		"everything at Hetzner by its labels", ErrBroken, s.Place(), err, s.layout.county)
}

// outputs are the stack's; ok is false before the first complete up.
func (c checkpoint) outputs() (out infra.Outputs, ok bool, err error) {
	for _, r := range c.resources {
		if string(r.Type) != rootType || len(r.Outputs) == 0 {
			continue
		}
		data, err := json.Marshal(r.Outputs)
		if err != nil {
			return out, false, fmt.Errorf("read the stack's outputs: %w", err)
		}
		if err := json.Unmarshal(data, &out); err != nil {
			return out, false, fmt.Errorf("read the stack's outputs: %w", err)
		}
		return out, len(out.Machines) > 0, nil
	}
	return out, false, nil
}

// ours counts the resources at Hetzner that the state knows.
func (c checkpoint) ours() int {
	n := 0
	for _, r := range c.resources {
		if isOurs(r) {
			n++
		}
	}
	return n
}

func isOurs(r apitype.ResourceV3) bool { return strings.HasPrefix(string(r.Type), project+":") }

// drifted reports whether Hetzner has something else than the state says: a resource is gone, a server is off, a rule was changed.
func (c checkpoint) drifted(inventory []hetzner.Resource) bool {
	exists := make(map[string]hetzner.Resource, len(inventory))
	for _, r := range inventory {
		exists[r.Key()] = r
	}
	for _, r := range c.resources {
		if !isOurs(r) {
			continue
		}
		found, there := exists[string(r.ID)]
		if !there || found.Off || provider.Drifted(string(r.Type), r.Outputs, found) {
			return true
		}
	}
	return false
}

// zones are the DNS zones that the state has records in, and the plan.
func (c checkpoint) zones(spec infra.Spec) []string {
	var zones []string
	add := func(zone string) {
		if zone != "" && !slices.Contains(zones, zone) {
			zones = append(zones, zone)
		}
	}
	for _, r := range c.resources {
		if string(r.Type) == provider.RecordToken {
			zone, _, _, _ := hetzner.ParseRRSetKey(string(r.ID))
			add(zone)
		}
	}
	add(spec.Zone)
	return zones
}

// strays are servers and addresses of bridges that the state does not know and the plan has no use for: of a bridge that shall not be, or
// not there, or not of that type. An interrupted run had begun them, or they are younger than the state. They cannot be adopted, and the
// engine does not know that they are in the way of what it does with the rest. A bridge keeps nothing, so a new one is as good; of the
// portal's nothing is ever a stray.
func (c checkpoint) strays(inventory []hetzner.Resource, spec infra.Spec) []hetzner.Resource {
	wanted := map[int]infra.Bridge{}
	for _, b := range spec.Bridges {
		wanted[b.Number] = b
	}
	return slices.DeleteFunc(slices.Clone(inventory), func(r hetzner.Resource) bool {
		name := r.Name
		switch r.Kind {
		case "server":
		case "primary_ip":
			name = strings.TrimSuffix(strings.TrimSuffix(name, "-ipv4"), "-ipv6")
		default:
			return true
		}
		n, ofBridge := infra.BridgeNumber(spec.County, name)
		b, want := wanted[n]
		fits := want && r.Location == b.Location && (r.Kind != "server" || r.ServerType == b.ServerType)
		return !ofBridge || fits || c.knows(r)
	})
}

// spare are the IPv6 addresses, of machines that shall be and shall have none, that the state does not know. The engine takes them off
// their machines, and nobody else would delete them.
func (c checkpoint) spare(inventory []hetzner.Resource, spec infra.Spec) []hetzner.Resource {
	if spec.IPv6 {
		return nil
	}
	names := infra.MachineNames(spec.County, spec.Bridges)
	return slices.DeleteFunc(slices.Clone(inventory), func(r hetzner.Resource) bool {
		name, ok := strings.CutSuffix(r.Name, "-ipv6")
		return !ok || r.Kind != "primary_ip" || !slices.Contains(names, name) || c.knows(r)
	})
}

// typeTokens of what a state is asked about, by the kind in hetzner.Resource.
var typeTokens = map[string]string{"server": provider.ServerToken, "primary_ip": provider.PrimaryIPToken}

// knows reports whether a server or a primary IP is in the state. Other kinds may have the same ID.
func (c checkpoint) knows(found hetzner.Resource) bool {
	return slices.ContainsFunc(c.resources, func(r apitype.ResourceV3) bool {
		return string(r.Type) == typeTokens[found.Kind] && string(r.ID) == found.Key()
	})
}
