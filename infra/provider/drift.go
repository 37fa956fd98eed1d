package provider

import (
	"encoding/json"

	"github.com/hetznercloud/hcloud-go/v2/hcloud"

	"github.com/medienzentrenverbund/kreisraum/infra/hetzner"
)

// Drifted reports whether a resource is no longer what the state says of it, as far as `up` would mend that: somebody changed it in the
// Hetzner console. token is its type, outputs what the state holds, found what a list of hetzner.Client said of it; nothing is asked.
// What it cannot read counts as drifted: reading it anew does no harm. Of what was not listed it says nothing.
func Drifted(token string, outputs map[string]any, found hetzner.Resource) bool {
	switch seen := found.Seen().(type) {
	case *hcloud.Server:
		return token != ServerToken || differs(outputs, func(state ServerState) changes {
			return serverChanges(observed(seen, state), recordedServer(state))
		})
	case *hcloud.Firewall:
		return token != FirewallToken || differs(outputs, func(state FirewallState) changes {
			return firewallChanges(firewallState(seen, state), state.FirewallArgs)
		})
	case *hcloud.Network:
		return token != NetworkToken || differs(outputs, func(state NetworkState) changes {
			return networkChanges(networkState(seen, state), state.NetworkArgs)
		})
	case *hcloud.PrimaryIP:
		return token != PrimaryIPToken || differs(outputs, func(state PrimaryIPState) changes {
			return primaryIPChanges(primaryIPState(seen, state), state.PrimaryIPArgs)
		})
	case *hcloud.PlacementGroup:
		return token != PlacementGroupToken || differs(outputs, func(state PlacementGroupState) changes {
			return placementGroupChanges(placementGroupState(seen, state), state.PlacementGroupArgs)
		})
	case *hcloud.SSHKey:
		return token != SSHKeyToken || differs(outputs, func(state SSHKeyState) changes {
			return sshKeyChanges(sshKeyState(seen, state), state.SSHKeyArgs)
		})
	case *hcloud.ZoneRRSet:
		return token != RecordToken || differs(outputs, func(state RecordState) changes {
			return recordChanges(recordState(seen, state), state.RecordArgs)
		})
	case nil:
		return false
	}
	return true
}

// differs reads the state's form of a resource, whose names are those of the fields in another case.
func differs[S any](outputs map[string]any, compare func(S) changes) bool {
	text, err := json.Marshal(outputs)
	if err != nil {
		return true
	}
	var state S
	if err := json.Unmarshal(text, &state); err != nil {
		return true
	}
	return len(compare(state)) > 0
}

// recordedServer is a recorded server as the inputs that would leave it as it is.
func recordedServer(s ServerState) ServerArgs {
	return ServerArgs{
		Name: s.Name, ServerType: s.ServerType, Location: s.Location, Network: s.Network, PrivateIP: s.PrivateIP, Firewall: s.Firewall,
		PrimaryIPv4: s.PrimaryIPv4, PrimaryIPv6: s.PrimaryIPv6, Labels: s.Labels,
	}
}
