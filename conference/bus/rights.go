package bus

import (
	"fmt"
	"strings"

	"github.com/medienzentrenverbund/kreisraum/conference/identity"
)

// rights are what a machine may publish and subscribe to, as NATS subjects with wildcards; nothing else.
type rights struct{ publish, subscribe []string }

// rightsOf a machine. The portal's own bridge uses the portal's certificate, so the portal's rights contain a bridge's.
func rightsOf(machine string) rights {
	r := rights{
		publish:   []string{leaseSubject + machine, recordSubject + machine + ".*"},
		subscribe: []string{callSubject, orderSubject(machine), inbox(machine) + ".>"},
	}
	if machine != identity.Portal {
		return r
	}
	r.publish = append(r.publish, placementSubject+"*", recordSubject+"*.*", callSubject, orderSubject("*"))
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

// accounts is the part of a server's configuration that keeps machines apart. The buckets are in the portal's account; every bridge
// has one of its own, from which its own keys can be reached and nothing else. Rights alone would not do: the acknowledgement of a
// message goes, with the server's rights, to whatever subject the sender names for the answer, and in one account that could be a
// placement. With users, a certificate's name leads to the account (verify_and_map); without, Server.Check does it.
func accounts(users bool) string {
	var b strings.Builder
	b.WriteString("accounts {\n")
	fmt.Fprintf(&b, "  %s {\n    jetstream: enabled\n", identity.Portal)
	if users {
		fmt.Fprintf(&b, "    users: [%s]\n", user(identity.Portal))
	}
	b.WriteString("    exports: [\n")
	for _, subject := range []string{leaseSubject + "*", recordSubject + "*.*"} {
		fmt.Fprintf(&b, "      {service: %q}\n", subject)
	}
	for _, subject := range []string{callSubject, orderSubject("*")} {
		fmt.Fprintf(&b, "      {stream: %q}\n", subject)
	}
	b.WriteString("    ]\n  }\n")
	for n := 1; n <= identity.MaxBridges; n++ {
		m := identity.Bridge(n)
		fmt.Fprintf(&b, "  %s {\n", m)
		if users {
			fmt.Fprintf(&b, "    users: [%s]\n", user(m))
		}
		b.WriteString("    imports: [\n")
		for _, subject := range []string{leaseSubject + m, recordSubject + m + ".*"} {
			fmt.Fprintf(&b, "      {service: {account: %s, subject: %q}}\n", identity.Portal, subject)
		}
		for _, subject := range []string{callSubject, orderSubject(m)} {
			fmt.Fprintf(&b, "      {stream: {account: %s, subject: %q}}\n", identity.Portal, subject)
		}
		b.WriteString("    ]\n  }\n")
	}
	b.WriteString("}\n")
	return b.String()
}

// user is a machine's line in a configuration.
func user(machine string) string {
	r := rightsOf(machine)
	return fmt.Sprintf(`{user: %q, permissions: {publish: {allow: ["%s"]}, subscribe: {allow: ["%s"]}}}`,
		identity.Name(machine), strings.Join(r.publish, `", "`), strings.Join(r.subscribe, `", "`))
}
