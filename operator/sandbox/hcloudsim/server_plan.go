package hcloudsim

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/hetznercloud/hcloud-go/v2/hcloud/schema"
)

const maxUserData = 32 << 10 // bytes; Hetzner Cloud API: POST /servers

// serverPlan is a create request with everything looked up and found to fit.
type serverPlan struct {
	typ       serverType
	image     source
	location  string
	keys      []string
	networks  []privateNet
	firewalls []*firewall
	addresses [2]plannedIP // IPv4, IPv6
	start     bool
}

// plannedIP is an existing primary IP, a new one with its address, or neither.
type plannedIP struct {
	existing *primaryIP
	address  netip.Prefix
}

func (r *request) planServer(body serverCreate) (serverPlan, error) {
	plan := serverPlan{start: body.StartAfterCreate == nil || *body.StartAfterCreate}
	for _, check := range []func(serverCreate, *serverPlan) error{
		r.planFields, r.planLocation, r.planReferences, r.planName, r.planQuota, r.planAddresses, r.planCapacity,
	} {
		if err := check(body, &plan); err != nil {
			return plan, err
		}
	}
	return plan, nil
}

func (r *request) planFields(body serverCreate, plan *serverPlan) error {
	var v invalidInput
	v.checkServerName(body.Name)
	v.checkLabels(body.Labels)
	var known bool
	if plan.typ, known = r.api.catalog.serverType(body.ServerType); !known {
		v.add("server_type", "server type not found")
	} else if plan.image, known = r.source(r.api.catalog, body.Image, plan.typ.Arch); !known {
		v.add("image", "image not found")
	} else {
		v.checkSource(plan.image, plan.typ, plan.typ.Disk)
	}
	if len(body.UserData) > maxUserData || !utf8.ValidString(body.UserData) {
		v.add("user_data", "must be text of at most 32 KiB")
	}
	if len(body.Volumes) > 0 {
		v.add("volumes", "the simulated cloud has no volumes")
	}
	return v.err()
}

// planLocation takes the wanted location, that of given primary IPs, or the first one with stock.
func (r *request) planLocation(body serverCreate, plan *serverPlan) error {
	cat := r.api.catalog
	switch {
	case body.Location != nil && *body.Location != schema.IDOrName{}:
		loc, ok := cat.location(*body.Location)
		if !ok {
			return errInvalid("location", "location not found")
		}
		plan.location = loc.Name
	case r.givenLocation(body) != "":
		plan.location = r.givenLocation(body)
	default:
		plan.location = cat.Priced[0]
		if i := slices.IndexFunc(cat.Priced, func(l string) bool { return cat.inStock(plan.typ, l) }); i >= 0 {
			plan.location = cat.Priced[i]
		}
	}
	if !cat.offered(plan.typ, plan.location) {
		return errUnprocessable("invalid_input", "unsupported location for server type")
	}
	return nil
}

func (r *request) givenLocation(body serverCreate) string {
	if body.PublicNet == nil {
		return ""
	}
	for _, id := range []int64{body.PublicNet.IPv4, body.PublicNet.IPv6} {
		if ip, ok := r.PrimaryIPs[id]; ok {
			return ip.Location
		}
	}
	return ""
}

func (r *request) planReferences(body serverCreate, plan *serverPlan) error {
	for _, want := range body.SSHKeys {
		key, ok := r.sshKey(want)
		if !ok {
			return &apiError{http.StatusNotFound, "not_found", "SSH key not found", nil}
		}
		plan.keys = append(plan.keys, strings.TrimSpace(key.PublicKey))
	}
	for _, want := range body.Firewalls {
		f, err := find(r.Firewalls, "firewall", want.Firewall)
		if err != nil {
			return err
		}
		if !slices.Contains(plan.firewalls, f) {
			plan.firewalls = append(plan.firewalls, f)
		}
	}
	if len(plan.firewalls) > maxFirewalls {
		return errLimit("firewall limit of the server exceeded", "server_firewall_limit")
	}
	for _, id := range body.Networks {
		nic, err := r.planInterface(&server{Private: plan.networks, Location: plan.location}, id, nil, nil, netip.Prefix{})
		if err != nil {
			return err
		}
		plan.networks = append(plan.networks, nic)
	}
	if body.PlacementGroup != 0 {
		return r.roomInGroup(body.PlacementGroup)
	}
	return nil
}

func (r *request) sshKey(want schema.IDOrName) (*sshKey, bool) {
	for _, k := range r.SSHKeys {
		if want.ID == k.ID || want.ID == 0 && want.Name == k.Name {
			return k, true
		}
	}
	return nil, false
}

func (r *request) planName(body serverCreate, _ *serverPlan) error {
	if nameTaken(r.Servers, body.Name, 0) {
		return errUnique("server name is already used", "name")
	}
	return nil
}

func (r *request) planQuota(_ serverCreate, plan *serverPlan) error {
	if len(r.Servers) >= r.api.quotas.Servers {
		return errLimit("server limit exceeded", "server_limit")
	}
	return r.dedicatedQuota(plan.typ, 0)
}

// dedicatedQuota checks the cores of dedicated types; except is a server about to give up its own.
func (r *request) dedicatedQuota(typ serverType, except int64) error {
	if typ.CPU != "dedicated" {
		return nil
	}
	cores := typ.Cores
	for id, s := range r.Servers {
		if t, _ := r.api.catalog.serverType(schema.IDOrName{Name: s.Type}); t.CPU == "dedicated" && id != except {
			cores += t.Cores
		}
	}
	if cores > r.api.quotas.DedicatedCores {
		return errLimit("dedicated core limit exceeded", "dedicated_core_limit") // the limit's name is a guess
	}
	return nil
}

// planAddresses decides on the public network: both families unless switched off.
func (r *request) planAddresses(body serverCreate, plan *serverPlan) error {
	net := publicNetCreate{}
	if body.PublicNet != nil {
		net = *body.PublicNet
	}
	created := 0
	for i, family := range []struct {
		kind   string
		enable *bool
		id     int64
	}{{"ipv4", net.EnableIPv4, net.IPv4}, {"ipv6", net.EnableIPv6, net.IPv6}} {
		switch {
		case family.enable != nil && !*family.enable:
			if family.id != 0 {
				return errInvalid("public_net."+family.kind, "must not be given when %s is disabled", family.kind)
			}
			continue
		case family.id != 0:
			ip, err := r.givenIP(family.id, family.kind, plan.location)
			if err != nil {
				return err
			}
			plan.addresses[i].existing = ip
		default:
			address, err := r.newAddress(family.kind, created)
			if err != nil {
				return err
			}
			plan.addresses[i].address = address
			created++
		}
	}
	if plan.addresses == [2]plannedIP{} && len(plan.networks) == 0 {
		return errInvalid("networks", "a server without public network needs a private network")
	}
	if plan.addresses == [2]plannedIP{} && len(plan.firewalls) > 0 {
		return errUnprocessable("private_net_only_server", "server has no public interface")
	}
	return nil
}

func (r *request) givenIP(id int64, kind, location string) (*primaryIP, error) {
	ip, err := find(r.PrimaryIPs, "primary IP", id)
	switch {
	case err != nil:
		return nil, err
	case ip.Type != kind:
		return nil, errPrecondition("primary_ip_version_mismatch", "primary IP is not of type %s", kind)
	case ip.Server != 0:
		return nil, errConflict("primary_ip_assigned", "primary IP is already assigned")
	case ip.Location != location:
		return nil, errPrecondition("primary_ip_datacenter_mismatch", "primary IP and server are at different locations")
	case kind == "ipv6" && !r.api.cfg.IPv6Supported:
		return nil, errNoIPv6
	}
	return ip, nil
}

func (r *request) planCapacity(_ serverCreate, plan *serverPlan) error {
	if !r.api.catalog.inStock(plan.typ, plan.location) {
		return errPrecondition("resource_unavailable", "error during placement")
	}
	return nil
}
