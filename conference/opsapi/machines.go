package opsapi

import (
	"fmt"
	"net/netip"

	"github.com/medienzentrenverbund/kreisraum/conference/identity"
)

// MaxNotice is the longest RestartOrder.Notice, in seconds.
const MaxNotice = 3600

// Validate returns an *Error that names everything a server refuses in the list, or nil. Two machines with one address would be one
// machine under two names, and each of its rooms would be in two places.
func (m Machines) Validate() error {
	if len(m.Revision) > maxRevision {
		return invalid(CodeInvalidMachines, "revision: longer than %d bytes", maxRevision)
	}
	if len(m.Machines) > MaxMachines {
		return invalid(CodeInvalidMachines, "machines: more than %d", MaxMachines)
	}
	ids, addresses := map[string]bool{}, map[netip.Addr]bool{}
	for i, one := range m.Machines {
		if why := one.mistake(); why != "" {
			return invalid(CodeInvalidMachines, "machines[%d].%s", i, why)
		}
		if ids[one.ID] {
			return invalid(CodeInvalidMachines, "machines[%d].id: %s is there twice", i, one.ID)
		}
		if one.Private.IsValid() && addresses[one.Private] {
			return invalid(CodeInvalidMachines, "machines[%d].private: %s is there twice", i, one.Private)
		}
		ids[one.ID], addresses[one.Private] = true, true
	}
	return nil
}

// mistake says what is wrong with one machine, beginning with the field. The portal's own bridge needs no address: it is reached
// within the process.
func (m Machine) mistake() string {
	switch {
	case !identity.IsMachine(m.ID):
		return "id: neither portal nor bridge-1 to bridge-99"
	case m.ID == identity.Portal && !m.Private.IsValid():
		return ""
	case !m.Private.IsValid():
		return "private: empty; name the bridge's address in the private network"
	case m.Private.IsUnspecified() || m.Private.IsMulticast() || m.Private.Zone() != "" || m.Private.Is4In6():
		return fmt.Sprintf("private: %s is not one address of one machine", m.Private)
	}
	return ""
}

// Validate returns an *Error if the notice is out of bounds.
func (o RestartOrder) Validate() error {
	if o.Notice < 0 || o.Notice > MaxNotice {
		return invalid(CodeBadRequest, "notice: %d is not between 0 and %d seconds", o.Notice, MaxNotice)
	}
	return nil
}

func invalid(code, format string, args ...any) error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}
