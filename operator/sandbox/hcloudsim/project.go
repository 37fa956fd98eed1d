package hcloudsim

import (
	"net/netip"
	"slices"
	"time"
)

// meta is what every resource of a project has.
type meta struct {
	ID      int64             `json:"id"`
	Name    string            `json:"name"`
	Labels  map[string]string `json:"labels"`
	Created time.Time         `json:"created"`
}

func (m *meta) common() *meta { return m }

// resource is a pointer to a record that embeds meta.
type resource interface{ common() *meta }

// project is everything a token can see. Guarded by Server.mu; handlers and commits get it with the lock held.
type project struct {
	Clock           time.Time                 `json:"clock"` // when it was saved: the clock does not go back behind it
	LastID          int64                     `json:"last_id"`
	Servers         map[int64]*server         `json:"servers"`
	Firewalls       map[int64]*firewall       `json:"firewalls"`
	Networks        map[int64]*network        `json:"networks"`
	SSHKeys         map[int64]*sshKey         `json:"ssh_keys"`
	PrimaryIPs      map[int64]*primaryIP      `json:"primary_ips"`
	PlacementGroups map[int64]*placementGroup `json:"placement_groups"`
	Snapshots       map[int64]*snapshot       `json:"snapshots"`
	Zones           map[int64]*zone           `json:"zones"`
	Actions         map[int64]*action         `json:"actions"`
	Charges         map[int64]*charge         `json:"charges"` // in the order in which they began
	Ledger          ledger                    `json:"ledger"`

	zonesChanged bool // since the name servers were told
}

func newProject() *project {
	return &project{
		Servers: map[int64]*server{}, Firewalls: map[int64]*firewall{}, Networks: map[int64]*network{},
		SSHKeys: map[int64]*sshKey{}, PrimaryIPs: map[int64]*primaryIP{}, PlacementGroups: map[int64]*placementGroup{},
		Snapshots: map[int64]*snapshot{}, Zones: map[int64]*zone{}, Actions: map[int64]*action{}, Charges: map[int64]*charge{},
	}
}

// nextID draws from one sequence for all kinds, so that mistaking one kind's ID for another's never works by accident.
func (p *project) nextID() int64 {
	p.LastID++
	return p.LastID
}

type server struct {
	meta
	Status    string       `json:"status"`
	Type      string       `json:"type"`
	Image     int64        `json:"image"`
	Location  string       `json:"location"`
	DiskGB    int          `json:"disk_gb"`
	IPv4      int64        `json:"ipv4"` // primary IP, 0: none
	IPv6      int64        `json:"ipv6"` // primary IP, 0: none
	Private   []privateNet `json:"private"`
	UserData  string       `json:"user_data"`
	Keys      []string     `json:"keys"`
	Group     int64        `json:"group"` // placement group, 0: none
	Protected bool         `json:"protected"`
	Backup    bool         `json:"backup"`   // booked
	PowerOn   bool         `json:"power_on"` // wanted after a restart of the simulator
	Enforced  []int64      `json:"enforced"` // firewalls whose rules the machine has
	LockedBy  []int64      `json:"locked_by"`
}

type privateNet struct {
	Network int64        `json:"network"`
	IP      netip.Addr   `json:"ip"`
	Alias   []netip.Addr `json:"alias"`
}

type firewall struct {
	meta
	Rules     []firewallRule `json:"rules"`
	Servers   []int64        `json:"servers"`
	Selectors []string       `json:"selectors"`
}

type network struct {
	meta
	Range     netip.Prefix `json:"range"`
	Subnets   []subnet     `json:"subnets"`
	Routes    []route      `json:"routes"`
	Protected bool         `json:"protected"`
	Expose    bool         `json:"expose"`
}

type subnet struct {
	Type  string       `json:"type"`
	Range netip.Prefix `json:"range"`
	Zone  string       `json:"zone"`
}

type route struct {
	Destination netip.Prefix `json:"destination"`
	Gateway     netip.Addr   `json:"gateway"`
}

type sshKey struct {
	meta
	PublicKey   string `json:"public_key"`
	Fingerprint string `json:"fingerprint"`
}

type primaryIP struct {
	meta
	Type       string            `json:"type"`   // ipv4 or ipv6
	Prefix     netip.Prefix      `json:"prefix"` // a /32 or a /64
	Location   string            `json:"location"`
	Server     int64             `json:"server"` // 0: unassigned
	AutoDelete bool              `json:"auto_delete"`
	Protected  bool              `json:"protected"`
	Reverse    map[string]string `json:"reverse"` // address → reverse name, only those set explicitly
}

type placementGroup struct {
	meta
}

// locked says whether an action holds the server.
func (s *server) locked() bool { return len(s.LockedBy) > 0 }

// members are the servers of a placement group, by ID.
func (p *project) members(group int64) []int64 {
	ids := []int64{}
	for id, s := range p.Servers {
		if s.Group == group {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

// attached are the servers in a network, by ID.
func (p *project) attached(network int64) []int64 {
	ids := []int64{}
	for id, s := range p.Servers {
		if s.inNetwork(network) >= 0 {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

// inNetwork is the index of the server's interface in a network, or -1.
func (s *server) inNetwork(network int64) int {
	return slices.IndexFunc(s.Private, func(n privateNet) bool { return n.Network == network })
}

// removeServer forgets a server whose machine is gone, with everything that pointed to it.
func (p *project) removeServer(id int64) {
	for ipID, ip := range p.PrimaryIPs {
		if ip.Server != id {
			continue
		}
		ip.Server = 0
		if ip.AutoDelete {
			delete(p.PrimaryIPs, ipID)
		}
	}
	for _, f := range p.Firewalls {
		f.Servers = slices.DeleteFunc(f.Servers, func(s int64) bool { return s == id })
	}
	delete(p.Servers, id)
}

// nameTaken says whether another resource of the same kind has the name.
func nameTaken[T resource](items map[int64]T, name string, except int64) bool {
	for id, item := range items {
		if id != except && item.common().Name == name {
			return true
		}
	}
	return false
}

// setStatus sets a server's status and with it whether it is to be on after a restart.
func (p *project) setStatus(id int64, status string) {
	if s, ok := p.Servers[id]; ok {
		s.Status = status
		s.PowerOn = status == "running" || status == "starting"
	}
}
