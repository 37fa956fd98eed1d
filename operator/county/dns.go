package county

import (
	"context"
	"fmt"
	"net/netip"
	"time"

	server "github.com/medienzentrenverbund/kreisraum/conference/config"
	"github.com/medienzentrenverbund/kreisraum/infra"
	"github.com/medienzentrenverbund/kreisraum/operator/config"
	"github.com/medienzentrenverbund/kreisraum/operator/dnscheck"
	"github.com/medienzentrenverbund/kreisraum/operator/endpoints"
)

// ownRecords is how long the provider's name servers may take to know records that were made a moment ago. A guess; some seconds are usual.
const ownRecords = 2 * time.Minute

// checkDNS asks the zone's own name servers, and waits for them as long as it was told to, or for records that `up` itself has made.
func (u *up) checkDNS(ctx context.Context, progress func(string)) (string, error) {
	wanted, err := u.wantedRecords(u.portal().machine)
	if err != nil {
		return "", err
	}
	wait := u.options.WaitDNS
	if u.dnsZone != "" {
		wait = max(wait, ownRecords)
	}
	return u.Config.Domain, u.World.CheckDNS(ctx, wanted, wait, progress)
}

// wantedRecords is what the DNS must say for the portal's machine m.
func (c *County) wantedRecords(m infra.Machine) (dnscheck.Wanted, error) {
	w := dnscheck.Wanted{Domain: c.Config.Domain, CA: issuerName(c.Config, c.Endpoints)}
	var err error
	if w.IPv4, err = netip.ParseAddr(m.IPv4); err != nil {
		return w, fmt.Errorf("the machine's address: %w", err)
	}
	if m.IPv6 != "" {
		if w.IPv6, err = netip.ParseAddr(m.IPv6); err != nil {
			return w, fmt.Errorf("the machine's address: %w", err)
		}
	}
	return w, nil
}

// letsEncryptName is Let's Encrypt in CAA records (https://letsencrypt.org/docs/caa/).
const letsEncryptName = "letsencrypt.org"

// issuerName is the certificate authority in CAA records, "" if it is not known: an authority of one's own.
func issuerName(c config.Config, e endpoints.Endpoints) string {
	switch {
	case e.ACMEDirectory != "":
		return ""
	case c.ACME.Directory == "" || c.ACME.Directory == server.LetsEncrypt:
		return letsEncryptName
	}
	return c.DNS.CAA
}
