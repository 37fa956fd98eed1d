package machine

import (
	"cmp"
	"context"
	"net/netip"
	"slices"

	"github.com/medienzentrenverbund/kreisraum/operator/deploy"
)

// Status is what a machine does now.
type Status struct {
	ID   int64      `json:"id"`
	Name string     `json:"name"`
	IPv4 netip.Addr `json:"ipv4,omitzero"`
	// Private are its addresses in private networks.
	Private []netip.Addr `json:"private,omitempty"`
	On      bool         `json:"on"`
	// Unit is the server's state as systemd names it, "active" for one that runs.
	Unit string `json:"unit,omitempty"`
	// MainPID is the server's process on this computer, 0: none.
	MainPID int `json:"main_pid,omitempty"`
	// Restarts is how often the server was started anew by itself.
	Restarts int `json:"restarts,omitempty"`
	// Namespace is the machine's network namespace, for ip-netns(8); empty: it has none of its own.
	Namespace string `json:"namespace,omitempty"`
	// Console is the file with what the machine's console showed; empty: it has none.
	Console string `json:"console,omitempty"`
}

// Machines tells of all machines, in the order of their numbers. One that is busy, for example stopping, is waited for until ctx ends, and
// then left out.
func (p *Process) Machines(ctx context.Context) []Status {
	p.mu.Lock()
	var servers []*server
	for _, s := range p.servers {
		servers = append(servers, s)
	}
	p.mu.Unlock()
	var all []Status
	for _, s := range servers {
		status := make(chan Status, 1)
		if err := s.Do(ctx, func() error { status <- s.status(); return nil }); err == nil {
			all = append(all, <-status)
		}
	}
	slices.SortFunc(all, func(a, b Status) int { return cmp.Compare(a.ID, b.ID) })
	return all
}

// status runs in the loop.
func (s *server) status() Status {
	status := Status{ID: s.machine.ID, Name: s.machine.Name, IPv4: s.machine.IPv4, Private: s.machine.Private, On: s.on != nil}
	if s.on != nil {
		unit := s.on.units.status(deploy.ServiceUnit)
		status.Unit, status.MainPID, status.Restarts = unit.active, unit.pid, unit.restarts
	}
	return status
}
