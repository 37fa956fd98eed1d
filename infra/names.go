package infra

import (
	"fmt"
	"net/netip"
)

// Roles of resources, as in the label kreisraum/role.
const (
	RolePortal  = "portal"
	RoleBridge  = "bridge"
	roleCounty  = "county"   // what the county's machines share
	roleDeploys = "operator" // the operator's SSH key
)

// The county's private network. A county is a network of its own, so that all may use the same addresses.
const (
	networkRange = "10.77.0.0/16"
	subnetRange  = "10.77.1.0/24"
	// networkZone covers fsn1, nbg1 and hel1.
	networkZone = "eu-central"
)

// firstHost is the portal's private address; bridge n has the n-th after it.
var firstHost = netip.MustParseAddr("10.77.1.10")

// MaxBridges is how many bridge addresses the subnet has: 10.77.1.11 to 10.77.1.254. Hetzner allows 100 servers per network.
const MaxBridges = 99

// serversPerGroup is Hetzner's limit for a placement group of type spread.
const serversPerGroup = 10

// PortalName is the portal machine's name, at Hetzner and as its host name.
func PortalName(county string) string { return base(county) + "-portal" }

// BridgeName is the name of the n-th dedicated bridge machine, n from 1.
func BridgeName(county string, n int) string { return fmt.Sprintf("%s-bridge-%d", base(county), n) }

// MachineNames are the names of all machines of a county with that many dedicated bridges, the portal first.
func MachineNames(county string, bridges int) []string {
	names := []string{PortalName(county)}
	for n := 1; n <= bridges; n++ {
		names = append(names, BridgeName(county, n))
	}
	return names
}

// base is the name of what the county's machines share and the beginning of every other name.
func base(county string) string { return "kreisraum-" + county }

// machine is one server of the plan.
type machine struct {
	name, role, serverType string
	privateIP              netip.Addr
	group                  int // number of its placement group, from 0
}

// machines plans the county's servers: the portal, then the bridges.
func machines(spec Spec) []machine {
	bridgeType := spec.BridgeServerType
	if bridgeType == "" {
		bridgeType = spec.ServerType
	}
	plan := make([]machine, 0, spec.Bridges+1)
	address := firstHost
	for i, name := range MachineNames(spec.County, spec.Bridges) {
		m := machine{name: name, role: RoleBridge, serverType: bridgeType, privateIP: address, group: i / serversPerGroup}
		if i == 0 {
			m.role, m.serverType = RolePortal, spec.ServerType
		}
		plan = append(plan, m)
		address = address.Next()
	}
	return plan
}
