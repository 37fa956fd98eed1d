package hcloudsim

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// maxQuota bounds what a limit can be set to. Our own bound.
const maxQuota = 1_000_000

// Quotas are the account's limits, as counts. Which limit is reached is told by its name in details.limits, for example server_limit.
type Quotas struct {
	Servers         int `json:"servers"`
	DedicatedCores  int `json:"dedicated_cores"`
	PrimaryIPs      int `json:"primary_ips"`
	Firewalls       int `json:"firewalls"`
	PlacementGroups int `json:"placement_groups"`
	Networks        int `json:"networks"`
	Snapshots       int `json:"snapshots"`
	Zones           int `json:"zones"`
}

// DefaultQuotas are those of a new account: five servers, eight dedicated cores, two primary IPs per server. Reported by users in 2026; the API
// does not tell them. Networks is a guess, Zones the figure of the older DNS product.
func DefaultQuotas() Quotas {
	return Quotas{
		Servers: 5, DedicatedCores: 8, PrimaryIPs: 10, Firewalls: 50, PlacementGroups: 50, Networks: 50, Snapshots: 30, Zones: 25,
	}
}

// byName are the limits by the names that people give.
func (q *Quotas) byName() map[string]*int {
	return map[string]*int{
		"servers": &q.Servers, "dedicated_cores": &q.DedicatedCores, "primary_ips": &q.PrimaryIPs, "firewalls": &q.Firewalls,
		"placement_groups": &q.PlacementGroups, "networks": &q.Networks, "snapshots": &q.Snapshots, "zones": &q.Zones,
	}
}

// withDefaults fills in what is zero.
func (q Quotas) withDefaults() Quotas {
	standard := DefaultQuotas()
	defaults := standard.byName()
	for name, limit := range q.byName() {
		if *limit == 0 {
			*limit = *defaults[name]
		}
	}
	return q
}

// With returns the quotas with some limits changed. When the servers change and the primary IPs are not given, there are two of them per
// server, as at Hetzner. Returns an error that tells every unknown name and every limit out of range.
func (q Quotas) With(changes map[string]int) (Quotas, error) {
	limits := q.byName()
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(changes)) {
		limit, known := limits[name]
		switch n := changes[name]; {
		case !known:
			errs = append(errs, fmt.Errorf("limit %q is unknown, need one of %s", name, strings.Join(slices.Sorted(maps.Keys(limits)), ", ")))
		case n < 0 || n > maxQuota:
			errs = append(errs, fmt.Errorf("limit %s: %d is out of range, need 0 to %d", name, n, maxQuota))
		default:
			*limit = n
		}
	}
	if err := errors.Join(errs...); err != nil {
		return Quotas{}, fmt.Errorf("quotas: %w", err)
	}
	_, servers := changes["servers"]
	if _, given := changes["primary_ips"]; servers && !given {
		q.PrimaryIPs = 2 * q.Servers
	}
	return q, nil
}

// ParseLimits reads limits as people write them, for example "servers=5,networks=2".
func ParseLimits(text string) (map[string]int, error) {
	limits := map[string]int{}
	for part := range strings.SplitSeq(text, ",") {
		if strings.TrimSpace(part) == "" {
			continue
		}
		name, value, ok := strings.Cut(part, "=")
		n, err := strconv.Atoi(strings.TrimSpace(value))
		if !ok || err != nil {
			return nil, fmt.Errorf("limit %q: write it as servers=5", strings.TrimSpace(part))
		}
		limits[strings.TrimSpace(name)] = n
	}
	return limits, nil
}

// Quotas are the account's limits now.
func (s *Server) Quotas() Quotas {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.quotas
}

// changeQuotas changes some limits. What exists stays.
func (s *Server) changeQuotas(changes map[string]int) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	q, err := s.quotas.With(changes)
	if err == nil {
		s.quotas = q
	}
	return err
}
