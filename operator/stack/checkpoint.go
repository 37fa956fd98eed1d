package stack

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"

	"github.com/medienzentrenverbund/kreisraum/infra"
	"github.com/medienzentrenverbund/kreisraum/infra/hetzner"
)

// rootType is the type of the resource that carries the stack's outputs.
const rootType = "pulumi:pulumi:Stack"

// checkpoint is the state as far as we read it ourselves. Starting the engine only to be told the same takes a second.
type checkpoint struct {
	resources []apitype.ResourceV3
	pending   int
}

// load reads the checkpoint; found is false if the stack was never made.
func (l layout) load() (_ checkpoint, found bool, err error) {
	data, err := os.ReadFile(l.checkpoint())
	if errors.Is(err, os.ErrNotExist) {
		return checkpoint{}, false, nil
	}
	if err != nil {
		return checkpoint{}, false, fmt.Errorf("read the state: %w", err)
	}
	var versioned apitype.VersionedCheckpoint
	var v3 apitype.CheckpointV3
	if err := json.Unmarshal(data, &versioned); err != nil {
		return checkpoint{}, false, l.broken(err)
	}
	if err := json.Unmarshal(versioned.Checkpoint, &v3); err != nil {
		return checkpoint{}, false, l.broken(err)
	}
	if v3.Latest == nil {
		return checkpoint{}, true, nil
	}
	return checkpoint{resources: v3.Latest.Resources, pending: len(v3.Latest.PendingOperations)}, true, nil
}

func (l layout) broken(err error) error {
	return fmt.Errorf("the state in %s cannot be read (%w); move that file away and run the command again, which finds everything by its labels", l.checkpoint(), err)
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

// drifted reports whether Hetzner has less than the state says: a resource is gone, or a server is off.
func (c checkpoint) drifted(inventory []hetzner.Resource) bool {
	exists := make(map[string]bool, len(inventory))
	for _, r := range inventory {
		exists[fmt.Sprint(r.ID)] = !r.Off
	}
	for _, r := range c.resources {
		if isOurs(r) && !exists[string(r.ID)] {
			return true
		}
	}
	return false
}

// strays are servers and addresses of bridges that are neither in the state nor in the plan.
func (c checkpoint) strays(inventory []hetzner.Resource, spec infra.Spec) []hetzner.Resource {
	known := map[string]bool{}
	for _, r := range c.resources {
		if isOurs(r) {
			known[string(r.ID)] = true
		}
	}
	wanted := map[int]bool{}
	for _, b := range spec.Bridges {
		wanted[b.Number] = true
	}
	var strays []hetzner.Resource
	for _, r := range inventory {
		name := r.Name
		if r.Kind == "primary_ip" {
			name = strings.TrimSuffix(strings.TrimSuffix(name, "-ipv4"), "-ipv6")
		}
		n, ofBridge := infra.BridgeNumber(spec.County, name)
		if ofBridge && !wanted[n] && !known[fmt.Sprint(r.ID)] && (r.Kind == "server" || r.Kind == "primary_ip") {
			strays = append(strays, r)
		}
	}
	return strays
}
