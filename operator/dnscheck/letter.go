package dnscheck

import (
	"fmt"
	"strings"

	"golang.org/x/net/idna"
)

// MismatchError says that the records are not what is wanted.
type MismatchError struct{ Report Report }

// Error returns what was found, the records in the form of a zone file, and a German letter for the IT department.
func (e *MismatchError) Error() string {
	return fmt.Sprintf("the DNS does not yet lead %s to this county's machine\n\n%s\n\nthese records are needed:\n\n%s\n"+
		"for the IT department, to be copied into a mail:\n\n%s\n\nrun the command again when they are set, or let it wait with --wait-dns 2h",
		both(e.Report.Wanted.Domain), indent(e.Report.Lines()), e.Records(), e.Letter())
}

func indent(lines []string) string { return "  " + strings.Join(lines, "\n  ") }

// Records are the wanted records in the form of a zone file (RFC 1035 §5), one a line. The time to live is five minutes, so that a correction
// is quick.
func (e *MismatchError) Records() string { return e.Report.Wanted.records() + e.caaRecord() }

func (w Wanted) records() string {
	var b strings.Builder
	for _, a := range w.a() {
		fmt.Fprintf(&b, "%s. 300 IN A %s\n", ascii(w.Domain), a)
	}
	for _, a := range w.aaaa() {
		fmt.Fprintf(&b, "%s. 300 IN AAAA %s\n", ascii(w.Domain), a)
	}
	return b.String()
}

// caaRecord lets the authority issue for the county's name alone; what holds for the rest of the zone stays as it is (RFC 8659 §3).
func (e *MismatchError) caaRecord() string {
	if e.Report.Forbidden == nil {
		return ""
	}
	return fmt.Sprintf("%s. 300 IN CAA 0 issue %q\n", ascii(e.Report.Wanted.Domain), e.Report.Wanted.CA)
}

// Letter asks the IT department for the records, in German.
func (e *MismatchError) Letter() string {
	w := e.Report.Wanted
	var b strings.Builder
	fmt.Fprintf(&b, "Guten Tag,\n\nüber den Namen %s sollen die Schulen den Videokonferenzdienst des Medienzentrums erreichen. Bitte richten Sie dafür im DNS", both(w.Domain))
	if e.Report.Zone != "" {
		fmt.Fprintf(&b, " in der Zone %s", both(e.Report.Zone))
	}
	fmt.Fprintf(&b, " diese Einträge ein:\n\n%s\nIn Worten: einen A-Eintrag auf die Adresse %s", e.Records(), w.IPv4)
	if w.IPv6.IsValid() {
		fmt.Fprintf(&b, " sowie einen AAAA-Eintrag auf die Adresse %s", w.IPv6)
	}
	b.WriteString(", Gültigkeit (TTL) 300 Sekunden.")
	for _, sentence := range e.wishes() {
		b.WriteString("\n" + sentence)
	}
	b.WriteString("\nDas Zertifikat bezieht der Server danach selbst. Weitere Einträge sind nicht nötig.\n\nVielen Dank")
	return b.String()
}

// wishes are what else the IT department is asked for, one sentence each.
func (e *MismatchError) wishes() []string {
	var out []string
	w := e.Report.Wanted
	var alias string
	var other, needless bool
	for _, a := range e.Report.Answers {
		if a.Problem != "" {
			continue
		}
		if a.Alias != "" && !w.Matches(a.Found) {
			alias = a.Alias
		}
		for _, found := range append(a.Found.A, a.Found.AAAA...) {
			other = other || found != w.IPv4 && found != w.IPv6
		}
		needless = needless || !w.IPv6.IsValid() && len(a.Found.AAAA) > 0
	}
	switch {
	case alias != "":
		out = append(out, fmt.Sprintf("Der vorhandene CNAME-Eintrag auf %s entfällt dann.", alias))
	case needless:
		out = append(out, "Den vorhandenen AAAA-Eintrag entfernen Sie bitte; der Server hat keine IPv6-Adresse.")
	case other:
		out = append(out, "Bestehende andere Adresseinträge für diesen Namen entfernen Sie bitte.")
	}
	if f := e.Report.Forbidden; f != nil {
		out = append(out, fmt.Sprintf("Der CAA-Eintrag ist nötig, weil der vorhandene bei %s (%s) der Zertifizierungsstelle %s die Ausstellung verbietet; er gilt nur für diesen einen Namen.",
			f.Owner, f.Record, w.CA))
	}
	return out
}

// ascii is the form of a name in the DNS (RFC 5891 §5), without a trailing dot. What is no name stays as it is.
func ascii(name string) string {
	name = strings.TrimSuffix(name, ".")
	if out, err := idna.Lookup.ToASCII(name); err == nil {
		return out
	}
	return name
}

// both shows a name as people read it, with its form in the DNS if that is another one.
func both(name string) string {
	encoded := ascii(name)
	readable, err := idna.Display.ToUnicode(encoded)
	if err != nil || readable == encoded {
		return encoded
	}
	return readable + " (" + encoded + ")"
}
