package hcloudsim

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/hetznercloud/hcloud-go/v2/hcloud/schema"
)

const maxUserData = 32 << 10 // bytes; Hetzner Cloud API: POST /servers

// serverCreate is the body of POST /servers. References to server types, images and SSH keys are IDs or names.
type serverCreate struct {
	Name             string                         `json:"name"`
	ServerType       schema.IDOrName                `json:"server_type"`
	Image            schema.IDOrName                `json:"image"`
	SSHKeys          []schema.IDOrName              `json:"ssh_keys"`
	Location         *schema.IDOrName               `json:"location"`
	UserData         string                         `json:"user_data"`
	StartAfterCreate *bool                          `json:"start_after_create"`
	Labels           *map[string]string             `json:"labels"`
	Volumes          []int64                        `json:"volumes"`
	Networks         []int64                        `json:"networks"`
	Firewalls        []schema.ServerCreateFirewalls `json:"firewalls"`
	PlacementGroup   int64                          `json:"placement_group"`
	PublicNet        *publicNetCreate               `json:"public_net"`
}

type publicNetCreate struct {
	EnableIPv4 *bool `json:"enable_ipv4"`
	EnableIPv6 *bool `json:"enable_ipv6"`
	IPv4       int64 `json:"ipv4"`
	IPv6       int64 `json:"ipv6"`
}

// createServer decides in Hetzner's order, as far as it is known: fields, references, name, quota, capacity. Nothing is changed
// before everything is known to fit.
func createServer(r *request) (reply, error) {
	body, err := decode[serverCreate](r)
	if err != nil {
		return reply{}, err
	}
	plan, err := r.planServer(body)
	if err != nil {
		return reply{}, err
	}
	s := r.buildServer(body, plan)
	r.Servers[s.ID] = s
	r.api.startLaneLocked(s.ID)
	first, next := r.launch(s, plan)
	out := struct {
		Server       serverView      `json:"server"`
		Action       schema.Action   `json:"action"`
		RootPassword *string         `json:"root_password"`
		NextActions  []schema.Action `json:"next_actions"`
	}{r.renderServer(s), first.render(r.now), nil, r.render(next...)}
	if len(body.SSHKeys) == 0 {
		password := rand.Text()
		out.RootPassword = &password // nobody keeps it: the machines take keys only
	}
	return reply{status: http.StatusCreated, body: out}, nil
}

// serverPlan is a create request with everything looked up and found to fit.
type serverPlan struct {
	typ       serverType
	image     image
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
	} else if plan.image, known = r.api.catalog.image(body.Image, plan.typ.Arch); !known {
		v.add("image", "image not found")
	} else if plan.image.Arch != plan.typ.Arch {
		v.add("image", "image has another architecture than the server type")
	} else if plan.image.Disk > float32(plan.typ.Disk) {
		v.add("image", "image is larger than the disk of the server type")
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

func (r *request) buildServer(body serverCreate, plan serverPlan) *server {
	s := &server{
		meta:   meta{ID: r.nextID(), Name: body.Name, Labels: labels(body.Labels), Created: r.now},
		Status: "initializing", Type: plan.typ.Name, Image: plan.image.ID, Location: plan.location, DiskGB: plan.typ.Disk,
		Private: plan.networks, UserData: body.UserData, Keys: plan.keys, Group: body.PlacementGroup, PowerOn: plan.start,
	}
	for i, slot := range []*int64{&s.IPv4, &s.IPv6} {
		ip := plan.addresses[i].existing
		if plan.addresses[i].address.IsValid() {
			ip = r.autoPrimaryIP(plan.addresses[i].address, s.Location)
		}
		if ip != nil {
			ip.Server = s.ID
			*slot = ip.ID
		}
	}
	for _, f := range plan.firewalls {
		f.Servers = append(f.Servers, s.ID)
	}
	return s
}

// autoPrimaryIP makes an address that goes with its server.
func (r *request) autoPrimaryIP(address netip.Prefix, location string) *primaryIP {
	id := r.nextID()
	ip := &primaryIP{
		meta: meta{ID: id, Name: fmt.Sprintf("primary_ip-%d", id), Labels: map[string]string{}, Created: r.now},
		Type: "ipv4", Prefix: address, Location: location, AutoDelete: true,
	}
	if address.Addr().Is6() {
		ip.Type = "ipv6"
	}
	r.PrimaryIPs[id] = ip
	return ip
}

// launch leaves the job that makes the server real: create_server, then what was asked for with it, then start_server. If
// create_server fails, the server vanishes.
func (r *request) launch(s *server, plan serverPlan) (first *action, next []*action) {
	id := s.ID
	first = r.lockingAction(s, "create_server")
	after := "off"
	if plan.start {
		after = "starting"
	}
	steps := job{{
		action: first.ID,
		effect: createOrClean,
		done:   func(p *project) { p.setStatus(id, after) },
		failed: func(p *project) { p.removeServer(id) },
	}}
	for _, nic := range s.Private {
		a := r.lockingAction(s, "attach_to_network", ref("network", nic.Network))
		next, steps = append(next, a), append(steps, step{action: a.ID})
	}
	for _, f := range plan.firewalls {
		a := r.action("apply_firewall", ref("firewall", f.ID), ref("server", id))
		next, steps = append(next, a), append(steps, step{action: a.ID, effect: filter})
	}
	if plan.start {
		a := r.lockingAction(s, "start_server")
		next, steps = append(next, a), append(steps, startStep(a, id))
	}
	r.do(id, steps...)
	return first, next
}

// createOrClean creates the machine behind its firewall; what it leaves behind on failure is removed, since the server vanishes.
func createOrClean(ctx context.Context, l *lane) error {
	err := create(ctx, l)
	if err == nil || ctx.Err() != nil {
		return err
	}
	if cleanup := remove(ctx, l); cleanup != nil {
		l.gone = true
		return fmt.Errorf("%w; also: %w", err, cleanup)
	}
	return err
}
