package infra

import (
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/medienzentrenverbund/kreisraum/infra/hetzner"
	"github.com/medienzentrenverbund/kreisraum/infra/provider"
)

// recordTTL in seconds is how long the world may remember the portal's address, and so how long a change of it takes.
const recordTTL = 300

// declareRecords declares the DNS records of the county's host name, if its zone is in the project: the portal's addresses, and which
// certificate authority alone may issue for it.
func declareRecords(ctx *pulumi.Context, spec Spec, a addresses) error {
	if spec.Zone == "" {
		return nil
	}
	if err := declareRecord(ctx, spec, "A", a.v4.Address); err != nil {
		return err
	}
	if a.v6 != nil {
		if err := declareRecord(ctx, spec, "AAAA", a.v6.Address); err != nil {
			return err
		}
	}
	if spec.CAA == "" {
		return nil
	}
	return declareRecord(ctx, spec, "CAA", pulumi.String(CAAValue(spec.CAA)))
}

// CAAValue is the CAA record that lets one authority alone issue certificates, as in a zone file (RFC 8659 §4.2).
func CAAValue(authority string) string { return fmt.Sprintf(`0 issue "%s"`, authority) }

func declareRecord(ctx *pulumi.Context, spec Spec, kind string, value pulumi.StringInput) error {
	name, _ := hetzner.RecordName(spec.Domain, spec.Zone) // it lies in the zone, see Validate
	inputs := pulumi.Map{
		"zone":   pulumi.String(spec.Zone),
		"type":   pulumi.String(kind),
		"values": pulumi.StringArray{value},
		"ttl":    pulumi.Int(recordTTL),
		"labels": labels(spec, RolePortal),
	}
	return registerAs(ctx, provider.RecordToken, hetzner.RRSetKey(spec.Zone, name, kind), name, inputs, &declared{})
}
