package config

import (
	"errors"
	"fmt"
	"net/mail"
	"net/netip"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// Bounds of single values.
const (
	minParticipants  = 2
	maxParticipants  = 200 // the largest room one bridge was planned for, not measured
	maxRetentionDays = 30
	maxAddresses     = 8
	maxTextLength    = 200 // bytes of any text shown on the page

	// minGrace is how long a broken connection takes to come back, maxGrace how long a class may be left alone. Choices.
	minGrace = 30 * time.Second
	maxGrace = 15 * time.Minute
)

var (
	countyPattern = regexp.MustCompile(`^[a-z][a-z0-9-]{0,31}$`)
	// labelPattern is one label of a host name in LDH form, lower case (RFC 5890 §2.3.1).
	labelPattern = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)
)

// mistakes collects what is wrong, each with the path of its key.
type mistakes []error

func (m *mistakes) add(path, format string, args ...any) {
	*m = append(*m, fmt.Errorf("%s: %s", path, fmt.Sprintf(format, args...)))
}

// Validate reports everything that is wrong at once, one error per mistake, each beginning with the path of its key. It looks at
// the values only; whether files exist and addresses can be bound shows when the server starts.
func (c Config) Validate() error {
	var m mistakes
	if !countyPattern.MatchString(c.County) {
		m.add("county", "%q must be 1 to 32 lower-case letters, digits or hyphens and begin with a letter", short(c.County))
	}
	if len(c.Title) > maxTextLength {
		m.add("title", "longer than %d bytes", maxTextLength)
	}
	if why := domainMistake(c.Domain); why != "" {
		m.add("domain", "%q %s", short(c.Domain), why)
	}
	c.validateRole(&m)
	c.Cluster.validate(&m, c.Listen.Addresses)
	c.Capacity.validate(&m)
	c.Listen.validate(&m)
	c.ACME.validate(&m)
	c.Rooms.validate(&m)
	c.Restart.validate(&m)
	if d := c.AccessLog.RetentionDays; d < 0 || d > maxRetentionDays {
		m.add("access_log.retention_days", "%d is not between 0 (no access log) and %d", d, maxRetentionDays)
	}
	c.Contact.validate(&m)
	c.checkCountries(&m)
	c.Imprint.validate(&m)
	c.DataProtection.validate(&m)
	c.Support.validate(&m)
	c.Accessibility.validate(&m)
	c.Paths.validate(&m)
	return errors.Join(m...)
}

func (l Listen) validate(m *mistakes) {
	switch {
	case len(l.Addresses) == 0:
		m.add("listen.addresses", "empty; name the machine's public IP addresses")
	case len(l.Addresses) > maxAddresses:
		m.add("listen.addresses", "%d addresses are more than %d", len(l.Addresses), maxAddresses)
	}
	seen := map[netip.Addr]bool{}
	for i, text := range l.Addresses {
		path := fmt.Sprintf("listen.addresses[%d]", i)
		addr, err := netip.ParseAddr(text)
		switch {
		case err != nil:
			m.add(path, "%q is not an IP address", short(text))
		case addr.IsUnspecified() || addr.IsMulticast() || addr.Zone() != "" || addr.Is4In6():
			m.add(path, "%s is not one address of this machine; media needs the exact address that browsers reach", text)
		case seen[addr]:
			m.add(path, "%s is there twice", text)
		}
		seen[addr] = true
	}
	checkPort(m, "listen.tls_port", l.TLSPort)
	checkPort(m, "listen.media_port", l.MediaPort)
}

func checkPort(m *mistakes, path string, port int) {
	if port < 1 || port > 65535 {
		m.add(path, "%d is not between 1 and 65535", port)
	}
}

func (a ACME) validate(m *mistakes) {
	if u, err := url.Parse(a.Directory); err != nil || u.Scheme != "https" || u.Host == "" {
		m.add("acme.directory", "%q is not an https:// address", short(a.Directory))
	}
	if u, err := url.Parse(a.Staging); a.Staging != "" && (err != nil || u.Scheme != "https" || u.Host == "") {
		m.add("acme.staging", "%q is not an https:// address", short(a.Staging))
	}
	if a.Email != "" && !isEmail(a.Email) {
		m.add("acme.email", "not an e-mail address; leave it out to register without one")
	}
	if a.RootsFile != "" {
		checkPath(m, "acme.roots_file", a.RootsFile)
	}
}

func (r Rooms) validate(m *mistakes) {
	if n := r.MaxParticipants; n < minParticipants || n > maxParticipants {
		m.add("rooms.max_participants", "%d is not between %d and %d", n, minParticipants, maxParticipants)
	}
	if r.ScreenShare != ScreenShareEveryone && r.ScreenShare != ScreenShareOrganisers {
		m.add("rooms.screen_share", "%q is neither %q nor %q", short(r.ScreenShare), ScreenShareEveryone, ScreenShareOrganisers)
	}
	if r.Cameras != CamerasEveryone && r.Cameras != CamerasOrganisers {
		m.add("rooms.cameras", "%q is neither %q nor %q", short(r.Cameras), CamerasEveryone, CamerasOrganisers)
	}
	if g := r.OrganiserGrace; g < minGrace || g > maxGrace {
		m.add("rooms.organiser_grace", "%v is not between %v and %v", g, minGrace, maxGrace)
	}
}

func (c Contact) validate(m *mistakes) {
	if strings.TrimSpace(c.Name) == "" {
		m.add("contact.name", "empty; name the office that helps teachers")
	}
	if !isEmail(c.Email) {
		m.add("contact.email", "not an e-mail address; name the office's mailbox")
	}
	if c.URL != "" {
		if u, err := url.Parse(c.URL); err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Host == "" {
			m.add("contact.url", "%q is not an http:// or https:// address", short(c.URL))
		}
	}
	for path, text := range map[string]string{"contact.name": c.Name, "contact.phone": c.Phone, "contact.url": c.URL} {
		if len(text) > maxTextLength {
			m.add(path, "longer than %d bytes", maxTextLength)
		}
	}
}

func (p Paths) validate(m *mistakes) {
	checkPath(m, "paths.state", p.State)
	checkPath(m, "paths.logs", p.Logs)
	checkPath(m, "paths.county_ca", p.CountyCA)
	checkPath(m, "paths.ops_certificate", p.OpsCertificate)
	if p.CountyKey != "" {
		checkPath(m, "paths.county_key", p.CountyKey)
	}
	checkPath(m, "paths.runtime", p.Runtime)
}

func checkPath(m *mistakes, path, value string) {
	if !filepath.IsAbs(value) {
		m.add(path, "%q is not an absolute path", short(value))
	}
}

func isEmail(s string) bool {
	a, err := mail.ParseAddress(s)
	return err == nil && a.Address == s && len(s) <= maxTextLength
}

// domainMistake says what is wrong with a host name, or nothing.
func domainMistake(domain string) string {
	labels := strings.Split(domain, ".")
	if len(domain) > 253 || len(labels) < 2 {
		return "is not a host name such as jitsi.kmz-musterkreis.example"
	}
	for _, label := range labels {
		if !labelPattern.MatchString(label) {
			return "is not a host name in lower case (write umlauts as xn--…)"
		}
	}
	if _, err := netip.ParseAddr(domain); err == nil {
		return "is an IP address; a certificate needs a host name"
	}
	return ""
}

// short keeps a wrong value from flooding the message.
func short(s string) string {
	const limit = 80
	if len(s) > limit {
		return strings.ToValidUTF8(s[:limit], "") + "…"
	}
	return s
}
