package hcloudsim

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"net/netip"

	"github.com/hetznercloud/hcloud-go/v2/hcloud/schema"
)

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

func (r *request) buildServer(body serverCreate, plan serverPlan) *server {
	s := &server{
		meta:   meta{ID: r.nextID(), Name: body.Name, Labels: labels(body.Labels), Created: r.now},
		Status: "initializing", Type: plan.typ.Name, Image: plan.image.id, Location: plan.location, DiskGB: plan.typ.Disk,
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
