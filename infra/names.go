package infra

import "net/netip"

// Roles of resources, as in the label kreisraum/role.
const (
	RolePortal  = "portal"
	RoleBridge  = "bridge"
	roleCounty  = "county"   // what the county's machines share
	roleDeploys = "operator" // the operator's SSH key
)

// serversPerGroup is Hetzner's limit for a placement group of type spread.
const serversPerGroup = 10

// PortalName is the portal machine's name, at Hetzner and as its host name.
func PortalName(county string) string { return base(county) + "-portal" }

// MachineNames are the names of all machines of a county with these bridges, the portal first.
func MachineNames(county string, bridges []Bridge) []string {
	names := []string{PortalName(county)}
	for _, b := range SortBridges(bridges) {
		names = append(names, BridgeName(county, b.Number))
	}
	return names
}

// base is the name of what the county's machines share and the beginning of every other name.
func base(county string) string { return "kreisraum-" + county }

// machine is one server of the plan.
type machine struct {
	name, role, serverType, location string
	number                           int // 0: the portal
	privateIP                        netip.Addr
}

// group is the number of its placement group, from 0. It depends on nothing but the machine's own number: no other machine moves
// when one comes or goes.
func (m machine) group() int { return m.number / serversPerGroup }

// machines plans the county's servers: the portal, then the bridges.
func machines(spec Spec) []machine {
	plan := []machine{{
		name: PortalName(spec.County), role: RolePortal, serverType: spec.ServerType, location: spec.Location,
		privateIP: spec.privateAddress(0),
	}}
	for _, b := range SortBridges(spec.Bridges) {
		plan = append(plan, machine{
			name: BridgeName(spec.County, b.Number), role: RoleBridge, serverType: b.ServerType, location: b.Location, number: b.Number,
			privateIP: spec.privateAddress(b.Number),
		})
	}
	return plan
}
