package bus

import "github.com/medienzentrenverbund/kreisraum/conference/identity"

// rights are what a machine may publish and subscribe to, as NATS subjects with wildcards; nothing else.
type rights struct{ publish, subscribe []string }

// rightsOf a machine. The portal's own bridge uses the portal's certificate, so the portal's rights contain a bridge's.
func rightsOf(machine string) rights {
	r := rights{
		publish:   []string{leaseSubject + machine, recordSubject + machine + ".*"},
		subscribe: []string{callSubject, "kreisraum.bridge." + machine + ".>", inbox(machine) + ".>"},
	}
	if machine != identity.Portal {
		return r
	}
	r.publish = append(r.publish, placementSubject+"*", recordSubject+"*.*", callSubject, "kreisraum.bridge.*.order")
	for _, bucket := range []string{leases, records, placements} {
		stream := streamOf(bucket)
		r.publish = append(r.publish,
			"$JS.API.STREAM.INFO."+stream, "$JS.API.STREAM.CREATE."+stream, "$JS.API.STREAM.UPDATE."+stream,
			"$JS.API.STREAM.MSG.GET."+stream, "$JS.API.CONSUMER.CREATE."+stream+".>", "$JS.API.CONSUMER.DELETE."+stream+".>",
			"$JS.API.CONSUMER.INFO."+stream+".>", "$JS.FC."+stream+".>",
		)
	}
	return r
}
