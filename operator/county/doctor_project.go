package county

import (
	"fmt"
	"slices"
	"strings"

	"github.com/medienzentrenverbund/kreisraum/infra"
	"github.com/medienzentrenverbund/kreisraum/infra/hetzner"
)

// order is what ought to be at Hetzner, as far as this computer knows it.
type order struct {
	county, domain, image string
	machines              []infra.Machine
	firewall              int64
	// session: somebody is logged in, or a command is at work, so that port 22 may be open.
	session bool
}

func (o order) up() string { return fmt.Sprintf("`kreisraum up %s`", o.county) }

// compareProject names everything in the project that is not as ordered.
func compareProject(o order, p hetzner.Project) findings {
	var f findings
	if len(o.machines) > 0 && !anythingOf(o.county, p) {
		f.add(LevelError, "project", o.county, fmt.Sprintf("use the right token, or `kreisraum down %s --keep-register` and then %s", o.county, o.up()),
			"nothing in this Hetzner project carries the county's label: the token belongs to another project, or everything was deleted there")
		return f
	}
	for _, m := range o.machines {
		f = append(f, compareServer(o, p, m)...)
		f = append(f, compareAddress(o, p, m, "ipv4", m.IPv4)...)
		if m.IPv6 != "" {
			f = append(f, compareAddress(o, p, m, "ipv6", m.IPv6)...)
		}
	}
	f = append(f, compareFirewall(o, p)...)
	f = append(f, compareNetwork(o, p)...)
	f = append(f, compareShared(o, p)...)
	return append(f, strangers(o, p)...)
}

func anythingOf(county string, p hetzner.Project) bool {
	return slices.ContainsFunc(p.Items(), func(i hetzner.Item) bool { return i.Labels[hetzner.LabelCounty] == county })
}

func compareServer(o order, p hetzner.Project, m infra.Machine) (f findings) {
	i := slices.IndexFunc(p.Servers, func(s hetzner.Server) bool { return s.ID == m.ServerID })
	if i < 0 {
		f.add(LevelError, "server", m.Name, o.up(), "the machine no longer exists at Hetzner")
		return f
	}
	s := p.Servers[i]
	switch s.Status {
	case "running":
	case "off":
		f.add(LevelError, "server", m.Name, o.up(), "the machine is switched off; it is paid for all the same")
	default:
		f.add(LevelWarning, "server", m.Name, "look again in a minute", "the machine is %s", s.Status)
	}
	if s.Name != m.Name {
		f.add(LevelWarning, "server", m.Name, "rename it back in the Hetzner Console", "the machine is called %s at Hetzner", s.Name)
	}
	if !labelled(s.Item, o.county) {
		f.add(LevelError, "label", m.Name, o.up(), "labels of the machine were removed or changed, so that `down` would not find it")
	}
	if s.Type != m.ServerType {
		f.add(LevelWarning, "server", m.Name, "write "+s.Type+" into server_types of the county's file, or "+o.up()+" at a quiet time", "the machine is a %s, it was made as %s", s.Type, m.ServerType)
	}
	if s.Image != "" && s.Image != o.image {
		f.add(LevelNote, "image", m.Name, fmt.Sprintf("`kreisraum rebuild %s %s` makes it anew, at a quiet time", o.county, machineID(m)),
			"the machine was made from %s, the county's file says %s", s.Image, o.image)
	}
	if s.Address != m.IPv4 {
		f.add(LevelError, "address", m.Name, o.up(), "the machine's IPv4 address %s is not assigned to it", m.IPv4)
	}
	if m.IPv6 != "" && s.IPv6 == 0 {
		f.add(LevelError, "address", m.Name, o.up(), "the machine has lost its IPv6 address")
	}
	if !privately(s, m.PrivateIP) {
		f.add(LevelError, "network", m.Name, o.up(), "the machine is not in the county's private network at %s", m.PrivateIP)
	}
	if !slices.Contains(s.Firewalls, o.firewall) {
		f.add(LevelError, "firewall", m.Name, o.up(), "the county's firewall is not applied to the machine: everything on it can be reached")
	}
	if extra := len(s.Firewalls) - 1; extra > 0 && slices.Contains(s.Firewalls, o.firewall) {
		f.add(LevelWarning, "firewall", m.Name, "take the other firewall off in the Hetzner Console", "another firewall is applied too, and what either lets in is let in")
	}
	return append(f, serverSwitches(o, m, s)...)
}

// serverSwitches are what somebody may have set in the console.
func serverSwitches(o order, m infra.Machine, s hetzner.Server) (f findings) {
	if s.Protected || s.ProtectedRebuild {
		f.add(LevelWarning, "protection", m.Name, "lift it in the Hetzner Console", "the machine is protected at Hetzner: `down` and `rebuild` will fail")
	}
	if s.Backups {
		f.add(LevelWarning, "backup", m.Name, "switch backups off in the Hetzner Console", "Hetzner keeps copies of the machine's disk, with the county's keys on them, and they cost money")
	}
	if s.Rescue {
		f.add(LevelWarning, "server", m.Name, "disable it in the Hetzner Console", "the machine boots into the rescue system next time")
	}
	return f
}

func labelled(i hetzner.Item, county string) bool {
	name, ours := i.County()
	return ours && name == county
}

func privately(s hetzner.Server, address string) bool {
	for _, have := range s.Private {
		if have == address {
			return true
		}
	}
	return false
}

func compareAddress(o order, p hetzner.Project, m infra.Machine, kind, address string) (f findings) {
	name := m.Name + "-" + kind
	i := slices.IndexFunc(p.PrimaryIPs, func(a hetzner.PrimaryIP) bool { return a.Address == address })
	if i < 0 {
		f.add(LevelError, "address", name, o.up()+" makes another one; the DNS must follow if it is the portal's", "the address %s no longer exists at Hetzner", address)
		return f
	}
	a := p.PrimaryIPs[i]
	if !labelled(a.Item, o.county) {
		f.add(LevelError, "label", name, o.up(), "labels of the address were removed or changed, so that `down` would not find it")
	}
	if a.Assignee != m.ServerID {
		f.add(LevelError, "address", name, o.up(), "the address %s is not assigned to its machine", address)
	}
	if a.AutoDelete {
		f.add(LevelWarning, "address", name, "switch auto-delete off in the Hetzner Console", "the address would be deleted with its machine, and with it what the DNS says")
	}
	if a.Blocked {
		f.add(LevelError, "address", name, "ask Hetzner's support why", "Hetzner has blocked the address %s", address)
	}
	if m.Role == infra.RolePortal && !strings.EqualFold(strings.TrimSuffix(a.ReverseName, "."), o.domain) {
		f.add(LevelWarning, "reverse-dns", name, o.up(), "the reverse name of %s is %q instead of %s", address, a.ReverseName, o.domain)
	}
	return f
}

// let is what the county's firewall lets in, and nothing else; see infra.Program.
var let = []struct{ protocol, port, what string }{{"tcp", "443", "the site"}, {"udp", "10000", "media"}}

func compareFirewall(o order, p hetzner.Project) (f findings) {
	if o.firewall == 0 {
		return nil
	}
	i := slices.IndexFunc(p.Firewalls, func(w hetzner.Firewall) bool { return w.ID == o.firewall })
	if i < 0 {
		f.add(LevelError, "firewall", "kreisraum-"+o.county, o.up(), "the county's firewall no longer exists")
		return f
	}
	w := p.Firewalls[i]
	if !labelled(w.Item, o.county) {
		f.add(LevelError, "label", w.Name, o.up(), "labels of the firewall were removed or changed, so that `down` would not find it")
	}
	if w.TemporarySSH && !o.session {
		f.add(LevelWarning, "ssh", w.Name, fmt.Sprintf("`kreisraum status %s` closes it", o.county), "port 22 is open for ssh.sources although nobody needs it: a command was killed")
	}
	for _, want := range let {
		if !slices.ContainsFunc(w.Rules, func(r hetzner.Rule) bool {
			return r.Direction == "in" && r.Protocol == want.protocol && r.Port == want.port && anywhere(r)
		}) {
			f.add(LevelError, "firewall", w.Name, o.up(), "%s port %s is not open to everybody: %s cannot be reached", strings.ToUpper(want.protocol), want.port, want.what)
		}
	}
	for _, r := range w.Rules {
		known := slices.ContainsFunc(let, func(l struct{ protocol, port, what string }) bool {
			return r.Direction == "in" && r.Protocol == l.protocol && r.Port == l.port
		})
		if !known {
			f.add(LevelError, "firewall", w.Name, o.up(), "somebody added a rule: %s %s %s", r.Direction, strings.ToUpper(r.Protocol), r.Port)
		}
	}
	return f
}

func anywhere(r hetzner.Rule) bool {
	return slices.Contains(r.Networks, "0.0.0.0/0") && slices.Contains(r.Networks, "::/0")
}

// compareNetwork looks for machines in the private network that are not the county's: they could talk to its bridges.
func compareNetwork(o order, p hetzner.Project) (f findings) {
	i := slices.IndexFunc(p.Networks, func(n hetzner.Network) bool { return n.Name == "kreisraum-"+o.county })
	if i < 0 {
		if len(o.machines) > 0 {
			f.add(LevelError, "network", "kreisraum-"+o.county, o.up(), "the county's private network no longer exists")
		}
		return f
	}
	n := p.Networks[i]
	if !labelled(n.Item, o.county) {
		f.add(LevelError, "label", n.Name, o.up(), "labels of the network were removed or changed, so that `down` would not find it")
	}
	for _, id := range n.Servers {
		if slices.ContainsFunc(o.machines, func(m infra.Machine) bool { return m.ServerID == id }) {
			continue
		}
		f.add(LevelError, "network", n.Name, "detach it in the Hetzner Console; if it is the county's own, "+o.up(), "%s is in the county's private network and not one of its machines", serverName(p, id))
	}
	return f
}

func serverName(p hetzner.Project, id int64) string {
	for _, s := range p.Servers {
		if s.ID == id {
			return "the server " + s.Name
		}
	}
	return fmt.Sprintf("the server %d", id)
}

// compareShared looks for what the machines share beside firewall and network.
func compareShared(o order, p hetzner.Project) (f findings) {
	if len(o.machines) == 0 {
		return nil
	}
	for _, want := range []struct{ kind, name, what string }{
		{"ssh_key", "kreisraum-" + o.county, "the operator's SSH key is no longer in the project; new machines would not let us in"},
		{"placement_group", "kreisraum-" + o.county + "-1", "the placement group is gone; two machines may share one computer of Hetzner's"},
	} {
		if !slices.ContainsFunc(p.Others, func(i hetzner.Item) bool { return i.Kind == want.kind && i.Name == want.name }) {
			f.add(LevelWarning, "project", want.name, o.up(), "%s", want.what)
		}
	}
	return f
}

// strangers are things under the county's label or name that nobody ordered.
func strangers(o order, p hetzner.Project) (f findings) {
	ids := map[int64]bool{}
	for _, m := range o.machines {
		ids[m.ServerID] = true
	}
	for _, s := range p.Servers {
		ofCounty := s.Labels[hetzner.LabelCounty] == o.county || s.Name == infra.PortalName(o.county) || strings.HasPrefix(s.Name, "kreisraum-"+o.county+"-bridge-")
		if ofCounty && !ids[s.ID] {
			f.add(LevelWarning, "stranger", s.Name, o.up()+" takes it in if it is the county's; otherwise delete it in the Hetzner Console", "a server of the county's that this computer does not know costs money")
		}
	}
	for _, i := range p.Others {
		switch {
		case i.Kind == "image" && (ids[i.Source] || i.Labels[hetzner.LabelCounty] == o.county):
			f.add(LevelWarning, "snapshot", i.Name, "delete it in the Hetzner Console; `down` does so too", "a %s of a machine holds the county's keys and costs money", i.Type)
		case (i.Kind == "volume" || i.Kind == "floating_ip" || i.Kind == "load_balancer") && i.Labels[hetzner.LabelCounty] == o.county:
			f.add(LevelWarning, "stranger", i.Name, "delete it in the Hetzner Console", "a %s under the county's label costs money and is of no use to it", strings.ReplaceAll(i.Kind, "_", " "))
		}
	}
	return f
}
