package config

import (
	"fmt"
	"net/mail"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"

	server "github.com/medienzentrenverbund/kreisraum/conference/config"
	"github.com/medienzentrenverbund/kreisraum/conference/identity"
)

// OutsideGermanyWords must be written out before a location outside Germany is accepted.
const OutsideGermanyWords = "yes, the controller has agreed"

// locations says which country each Hetzner location is in, ISO 3166-1 alpha-2. Hetzner Cloud API: GET /locations.
var locations = map[string]string{
	"fsn1": server.Germany, "nbg1": server.Germany, "hel1": server.Finland, "ash": server.USA, "hil": server.USA, "sin": server.Singapore,
}

// countryNames are for people.
var countryNames = map[string]string{server.Germany: "Germany", server.Finland: "Finland", server.USA: "the USA", server.Singapore: "Singapore"}

// images are the system images that the machine's set-up was written for.
var images = []string{"debian-12", "debian-13", "ubuntu-24.04"}

var (
	nameShape       = regexp.MustCompile(`^[a-z][a-z0-9-]{1,30}[a-z0-9]$`)
	domainShape     = regexp.MustCompile(`^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]$`)
	serverTypeShape = regexp.MustCompile(`^(cx|cpx|ccx|cax)[0-9]{2}$`)
	prefixShape     = regexp.MustCompile(`^[a-z]{3,12}$`)
)

// report collects problems of a configuration.
type report struct{ problems []Problem }

func (r *report) check(ok bool, path, format string, args ...any) {
	if !ok {
		r.problems = append(r.problems, Problem{Path: path, Text: fmt.Sprintf(format, args...)})
	}
}

// validate returns every impossible value.
func validate(c Config, county string) []Problem {
	r := &report{}
	r.identity(c, county)
	r.contact(c.Contact)
	r.imprint(c.Imprint)
	r.dataProtection(c.DataProtection)
	r.support(c.Support)
	r.accessibility(c.Accessibility)
	r.cloud(c)
	r.bridges(c.Bridges)
	r.timetable(c.Timetable)
	r.restart(c.Restart)
	r.rooms(c.Rooms)
	r.check(between(c.AccessLog.RetentionDays, 0, 30), "access_log.retention_days", "%d is not between 0 and 30", c.AccessLog.RetentionDays)
	r.ssh(c.SSH.Sources)
	r.acme(c.ACME)
	r.accounts(c.Accounts)
	r.dns(c.DNS)
	r.state(c.State)
	return r.problems
}

func between(n, low, high int) bool { return low <= n && n <= high }

func (r *report) identity(c Config, county string) {
	r.check(nameShape.MatchString(c.Name), "name", "%q: lower-case letters, digits and hyphens were expected, 3 to 32 of them", c.Name)
	r.check(c.Name == county, "name", "%q must be the file's name without .yaml, %q", c.Name, county)
	r.check(plain(c.Title, 120), "title", "one line of 1 to 120 characters was expected")
	r.check(domainShape.MatchString(c.Domain) && len(c.Domain) <= 253, "domain",
		"%q: a host name in lower case was expected, without https:// and without a port, for example jitsi.kmz-tuttlingen.example", c.Domain)
}

// plain reports whether s is one printable line of at most limit bytes.
func plain(s string, limit int) bool {
	return strings.TrimSpace(s) != "" && len(s) <= limit && !strings.ContainsFunc(s, unicode.IsControl)
}

func (r *report) contact(c Contact) {
	r.check(plain(c.Name, 120), "contact.name", "the name of the office was expected, one line of 1 to 120 characters")
	r.check(isMail(c.Email), "contact.email", "%q: a mail address of the office was expected", c.Email)
	r.check(c.Phone == "" || plain(c.Phone, 40), "contact.phone", "one line of at most 40 characters was expected")
	r.check(c.URL == "" || isHTTPS(c.URL), "contact.url", "%q: an address that begins with https:// was expected", c.URL)
}

func isMail(s string) bool {
	a, err := mail.ParseAddress(s)
	return err == nil && a.Address == s
}

func isHTTPS(s string) bool {
	u, err := url.Parse(s)
	return err == nil && u.Scheme == "https" && u.Host != ""
}

func (r *report) cloud(c Config) {
	r.check(len(c.Locations) > 0, "locations", "empty; fsn1 or nbg1 was expected")
	for _, l := range c.Locations {
		r.location("locations", l, c.AllowOutsideGermany)
	}
	words := c.AllowOutsideGermany
	r.check(words == "" || words == OutsideGermanyWords, "allow_locations_outside_germany", "exactly these words were expected: %q", OutsideGermanyWords)
	r.serverTypes(c, "server_types.portal", c.ServerTypes.Portal)
	r.serverTypes(c, "server_types.bridge", c.ServerTypes.Bridge)
	r.check(slices.Contains(images, c.Image), "image", "%q: one of %s was expected", c.Image, strings.Join(images, ", "))
}

// serverTypes checks an ordered list of types, each with or without a location of its own.
func (r *report) serverTypes(c Config, path string, entries []string) {
	r.check(len(entries) > 0, path, "empty; a type such as cpx22 was expected")
	for _, entry := range entries {
		serverType, location, fixed := strings.Cut(entry, "@")
		r.check(serverTypeShape.MatchString(serverType), path, "%q: a type such as cpx22 was expected, or one in a location, cpx22@nbg1", entry)
		if fixed {
			r.location(path, location, c.AllowOutsideGermany)
		}
		r.check(architecture(serverType) == c.Architecture(), path, "%s is %s, but the portal's %s is %s: one program runs on all machines of a county",
			serverType, architecture(serverType), strings.Join(c.ServerTypes.Portal, ", "), c.Architecture())
	}
}

func (r *report) location(path, name, words string) {
	country, known := locations[name]
	r.check(known, path, "%q is no Hetzner location; fsn1 or nbg1 was expected", name)
	r.check(!known || country == server.Germany || words == OutsideGermanyWords, path,
		"%s is in %s: pupils' video would leave Germany. If the controller agrees, say so with allow_locations_outside_germany: %q",
		name, countryNames[country], OutsideGermanyWords)
}

func (r *report) bridges(b Bridges) {
	r.check(between(b.Min, 0, identity.MaxBridges), "bridges.min", "%d is not between 0 and %d", b.Min, identity.MaxBridges)
	r.check(between(b.Max, 0, identity.MaxBridges), "bridges.max", "%d is not between 0 and %d", b.Max, identity.MaxBridges)
	r.check(b.Max >= b.Min, "bridges.max", "%d is below bridges.min (%d)", b.Max, b.Min)
	budget, err := cents(b.BudgetPerDay)
	r.check(budget > 0 || b.BudgetPerDay == "" || err != nil, "bridges.budget_per_day",
		"%q: to have no dedicated bridges set bridges.max to 0, to have no bound leave this out", b.BudgetPerDay)
	r.check(err == nil, "bridges.budget_per_day", "%q: an amount such as 12.00 was expected, at most %d", b.BudgetPerDay, maxBudget)
	r.check(1 <= b.Headroom && b.Headroom <= 5, "bridges.headroom", "%v is not between 1 and 5", b.Headroom)
	r.check(minShrink <= b.ShrinkAfter && b.ShrinkAfter <= maxShrink, "bridges.shrink_after", "%v is not between %v and %v", b.ShrinkAfter, minShrink, maxShrink)
	r.check(minBilling <= b.BillingPeriod && b.BillingPeriod <= maxBilling, "bridges.billing_period", "%v is not between %v and %v",
		b.BillingPeriod, minBilling, maxBilling)
	r.capacity(b.Capacity)
}

// Bounds of what shrinking waits for. The autoscaler remembers an hour.
const (
	minShrink, maxShrink   = 10 * time.Second, 45 * time.Minute
	minBilling, maxBilling = 10 * time.Second, time.Hour
)

// capacity refuses what no machine can carry: those are figures in another unit.
func (r *report) capacity(c Capacity) {
	const path = "bridges.capacity."
	r.check(between(c.PacketsPerSecond, 0, 10_000_000), path+"packets_per_second", "%d is not between 0 and 10000000", c.PacketsPerSecond)
	r.check(between(c.EgressMbit, 0, 100_000), path+"egress_mbit", "%d is not between 0 and 100000", c.EgressMbit)
	r.check(between(c.HandshakesPerSecond, 0, 10_000), path+"handshakes_per_second", "%d is not between 0 and 10000", c.HandshakesPerSecond)
}

const (
	// maxBells is one for each quarter of an hour.
	maxBells = 96
	// maxLead bounds how long before a bell bridges may be made: machines that wait longer are paid for nothing.
	maxLead = 2 * time.Hour
)

func (r *report) timetable(t Timetable) {
	r.check(len(t.Bells) <= maxBells, "timetable.bells", "%d bells are more than %d, one for each quarter of an hour", len(t.Bells), maxBells)
	for i, b := range t.Bells {
		_, err := minutes(b)
		r.check(err == nil, "timetable.bells", "%q: a time such as 07:50 was expected", b)
		r.check(!slices.Contains(t.Bells[:i], b), "timetable.bells", "%q is there twice", b)
	}
	for i, d := range t.Days {
		_, known := weekdays[d]
		r.check(known, "timetable.days", "%q: mon, tue, wed, thu, fri, sat or sun was expected", d)
		r.check(!slices.Contains(t.Days[:i], d), "timetable.days", "%q is there twice", d)
	}
	r.check(t.Holidays == "bw" || t.Holidays == "none", "timetable.holidays", "%q: bw (Baden-Württemberg) or none was expected", t.Holidays)
	r.check(0 <= t.Lead && t.Lead <= maxLead, "timetable.lead", "%v is not between 0 and %v", t.Lead, maxLead)
}

func (r *report) restart(s Restart) {
	at, err := minutes(s.At)
	r.check(err == nil, "restart.at", "%q: a time such as 03:30 was expected", s.At)
	if s.Latest != "" {
		latest, latestErr := minutes(s.Latest)
		r.check(latestErr == nil, "restart.latest", "%q: a time such as 04:30 was expected, or nothing for an hour after restart.at", s.Latest)
		r.check(err != nil || latestErr != nil || at != latest, "restart.latest", "%q is restart.at itself: rooms in use would have no time", s.Latest)
	}
	_, err = time.LoadLocation(s.TimeZone)
	r.check(err == nil && s.TimeZone != "" && s.TimeZone != "Local", "restart.time_zone", "%q: a time zone such as Europe/Berlin was expected", s.TimeZone)
}

func (r *report) rooms(s Rooms) {
	r.check(between(s.MaxParticipants, 2, 200), "rooms.max_participants", "%d is not between 2 and 200", s.MaxParticipants)
	r.check(s.ScreenShare == "everyone" || s.ScreenShare == "organisers", "rooms.screen_share", "%q: everyone or organisers was expected", s.ScreenShare)
	r.check(s.Cameras == "everyone" || s.Cameras == "organisers", "rooms.cameras", "%q: everyone or organisers was expected", s.Cameras)
	r.check(minGrace <= s.OrganiserGrace && s.OrganiserGrace <= maxGrace, "rooms.organiser_grace", "%v is not between %v and %v",
		s.OrganiserGrace, minGrace, maxGrace)
}

// Bounds of how long a class waits alone: shorter than a connection takes to come back, longer than a break. See conference/config.
const minGrace, maxGrace = 30 * time.Second, 15 * time.Minute

// maxSources bounds the networks of one firewall rule. Hetzner Cloud API: POST /firewalls.
const maxSources = 100

func (r *report) ssh(sources []string) {
	const path = "ssh.sources"
	r.check(len(sources) > 0, path, "empty: nobody could reach the machine to set it up. Give the networks you work from, for example "+
		"[\"198.51.100.7/32\"], or %q if your address changes", AnyWhileRunning)
	if slices.Equal(sources, []string{AnyWhileRunning}) {
		return
	}
	r.check(len(sources) <= maxSources, path, "%d networks are more than the %d that Hetzner takes", len(sources), maxSources)
	for _, s := range sources {
		r.source(path, s)
	}
}

func (r *report) source(path, s string) {
	p, err := netip.ParsePrefix(s)
	switch {
	case s == AnyWhileRunning:
		r.check(false, path, "%q stands alone, not in a list with networks", s)
	case err != nil:
		r.check(false, path, "%q: a network such as 198.51.100.7/32 was expected", s)
	case p.Bits() == 0:
		r.check(false, path, "%s would let the whole internet in; if your address changes, write %q instead", s, AnyWhileRunning)
	default:
		r.check(p == p.Masked(), path, "%s has host bits; %s was probably meant", s, p.Masked())
	}
}

func (r *report) acme(a ACME) {
	r.check(isHTTPS(a.Directory), "acme.directory", "%q: an address that begins with https:// was expected", a.Directory)
	r.check(a.Staging == "" || isHTTPS(a.Staging), "acme.staging", "%q: an address that begins with https:// was expected, or nothing", a.Staging)
	r.check(a.Email == "" || isMail(a.Email), "acme.email", "%q: a mail address was expected, or nothing", a.Email)
}

func (r *report) dns(d DNS) {
	r.check(d.Records == "auto" || d.Records == "by-hand", "dns.records", "%q: auto or by-hand was expected", d.Records)
	r.check(d.CAA == "" || domainShape.MatchString(d.CAA), "dns.caa", "%q: the domain of a certificate authority was expected, such as letsencrypt.org, or nothing", d.CAA)
}

// state refuses credentials in the address: the file is no place for secrets.
func (r *report) state(s State) {
	if s.URL == "" {
		return
	}
	u, err := url.Parse(s.URL)
	r.check(err == nil && (u.Scheme == "s3" || u.Scheme == "postgres") && u.Host != "", "state.url",
		"%q: an address such as s3://bucket/path?endpoint=s3.example.org&region=eu-central-1 or postgres://host/database was expected, or nothing", redact(u))
	if err != nil {
		return
	}
	_, password := u.User.Password()
	r.check(!password, "state.url", "it holds a password: leave it out here and set PGPASSWORD or AWS_SECRET_ACCESS_KEY in the environment")
}

// redact is the address without its password; empty if it could not be read.
func redact(u *url.URL) string {
	if u == nil {
		return ""
	}
	return u.Redacted()
}

func (r *report) accounts(a Accounts) {
	models := []string{"applicant", "school", "teacher"}
	r.check(slices.Contains(models, a.Model), "accounts.model", "%q: one of %s was expected", a.Model, strings.Join(models, ", "))
	for _, p := range a.Prefixes {
		r.check(prefixShape.MatchString(p), "accounts.prefixes", "%q: a word of 3 to 12 letters a to z was expected", p)
	}
}
