package machine

import (
	"net/netip"
	"strconv"
	"strings"

	"github.com/medienzentrenverbund/kreisraum/operator/sandbox/hcloudsim"
)

// sshPort is the only port that this runtime filters.
const sshPort = 22

// firewall is what the cloud lets through to a machine. The zero value is a machine without a firewall: everything passes.
type firewall struct {
	filtered bool
	rules    []hcloudsim.FirewallRule
}

// listens reports whether anybody at all may reach a TCP port.
func (f firewall) listens(port uint16) bool {
	if !f.filtered {
		return true
	}
	for _, r := range f.rules {
		if admitsPort(r, port) && len(r.Sources) > 0 {
			return true
		}
	}
	return false
}

// admits reports whether source may reach a TCP port. Hetzner's firewalls are default-deny once attached.
func (f firewall) admits(source netip.Addr, port uint16) bool {
	if !f.filtered {
		return true
	}
	source = source.Unmap().WithZone("")
	for _, r := range f.rules {
		if !admitsPort(r, port) {
			continue
		}
		for _, p := range r.Sources {
			if p.Contains(source) {
				return true
			}
		}
	}
	return false
}

func admitsPort(r hcloudsim.FirewallRule, port uint16) bool {
	if r.Protocol != "tcp" {
		return false
	}
	if r.Port == "any" {
		return true
	}
	low, high, isRange := strings.Cut(r.Port, "-")
	if !isRange {
		high = low
	}
	from, err1 := strconv.ParseUint(low, 10, 16)
	to, err2 := strconv.ParseUint(high, 10, 16)
	return err1 == nil && err2 == nil && uint64(port) >= from && uint64(port) <= to
}
