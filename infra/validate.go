package infra

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/medienzentrenverbund/kreisraum/infra/hetzner"
)

// countyName leaves room for "kreisraum-" and "-bridge-99-ipv4" within the 63 characters of a host name (RFC 1123).
var countyName = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,34}[a-z0-9])?$`)

// maxUserData is Hetzner's limit for user data, in bytes.
const maxUserData = 32 << 10

// Validate reports everything that would make the program fail, before anything is touched.
func (s Spec) Validate() error {
	var errs []error
	check := func(ok bool, format string, args ...any) {
		if !ok {
			errs = append(errs, fmt.Errorf(format, args...))
		}
	}
	check(countyName.MatchString(s.County), "county %q: want 1 to 36 lower-case letters, digits and hyphens", s.County)
	check(s.Domain != "", "domain is missing")
	check(s.Location != "", "location of the portal is missing")
	check(s.ServerType != "", "server type of the portal is missing")
	if s.Zone != "" {
		_, inside := hetzner.RecordName(s.Domain, s.Zone)
		check(inside, "domain %s does not lie in the DNS zone %s", s.Domain, s.Zone)
	}
	check(!strings.ContainsAny(s.CAA, "\"\\ \n"), "CAA %q is no name of a certificate authority", s.CAA)
	check(s.Image != "", "image is missing")
	check(s.SSHPublicKey != "", "the operator's SSH key is missing")
	errs = append(errs, CheckBridges(s.Bridges)...)
	if len(errs) == 0 {
		for _, name := range MachineNames(s.County, s.Bridges) {
			size := len(s.UserData[name])
			check(size > 0, "cloud-config of %s is missing", name)
			check(size <= maxUserData, "cloud-config of %s has %d bytes, Hetzner takes %d", name, size, maxUserData)
		}
	}
	return errors.Join(errs...)
}
