package config

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
)

// What the legal and help pages say of the county. Everything is optional; a page that lacks something says so or leaves it out, and
// a county whose imprint is elsewhere links there from its own site. Offices and functions, never a person's name.

// Imprint is who answers for the site (§ 5 DDG, § 18 MStV).
type Imprint struct {
	// Office is the responsible body, for example "Landkreis Musterkreis". Empty: the contact's name.
	Office string `yaml:"office,omitempty"`
	// Address is its postal address, a line each.
	Address []string `yaml:"address,omitempty"`
	// RepresentedBy is the function that represents it, for example "die Landrätin oder den Landrat".
	RepresentedBy string `yaml:"represented_by,omitempty"`
	// SupervisoryAuthority supervises it, for example "Regierungspräsidium Musterstadt".
	SupervisoryAuthority string `yaml:"supervisory_authority,omitempty"`
	// VATID is its VAT identification number, if it has one: two letters and up to 12 digits or letters.
	VATID string `yaml:"vat_id,omitempty"`
}

// DataProtection is whom pupils, parents and teachers ask about their data (art. 13 GDPR).
type DataProtection struct {
	// OfficerEmail is the mailbox of the data protection officer's office. Empty: the contact's.
	OfficerEmail string `yaml:"officer_email,omitempty"`
	// OfficerAddress is its postal address, a line each.
	OfficerAddress []string `yaml:"officer_address,omitempty"`
	// Authority takes complaints (art. 77 GDPR), for example "Landesbeauftragte für den Datenschutz".
	Authority string `yaml:"authority,omitempty"`
	// AuthorityURL is its site.
	AuthorityURL string `yaml:"authority_url,omitempty"`
}

// Support is when and where teachers get help, beside Contact.
type Support struct {
	// Hours in words, for example "Montag bis Freitag, 8 bis 16 Uhr".
	Hours string `yaml:"hours,omitempty"`
	// Phone for urgent cases, a lesson that does not begin. Empty: the contact's.
	Phone string `yaml:"phone,omitempty"`
}

// Accessibility is where barriers are reported and who mediates (§ 12b BGG and the states' acts).
type Accessibility struct {
	// Email and Phone take reports. Empty: the contact's.
	Email string `yaml:"email,omitempty"`
	Phone string `yaml:"phone,omitempty"`
	// Arbitration is the office one turns to when a report is not answered, for example "Schlichtungsstelle des Landes".
	Arbitration string `yaml:"arbitration,omitempty"`
	// ArbitrationURL is its site.
	ArbitrationURL string `yaml:"arbitration_url,omitempty"`
	// Reviewed is the day on which the statement was last looked through, "YYYY-MM-DD".
	Reviewed string `yaml:"reviewed,omitempty"`
}

// Countries with machines that counties may rent (Hetzner Cloud API: GET /locations), ISO 3166-1 alpha-2.
const (
	Germany   = "DE"
	Finland   = "FI"
	USA       = "US"
	Singapore = "SG"
)

func (c Config) checkCountries(m *mistakes) {
	for i, country := range c.Countries {
		if !slices.Contains([]string{Germany, Finland, USA, Singapore}, country) {
			m.add(fmt.Sprintf("countries[%d]", i), "%q is not one of %s, %s, %s and %s", short(country), Germany, Finland, USA, Singapore)
		}
	}
}

// maxAddressLines bounds a postal address (DIN 5008: six lines, and a country).
const maxAddressLines = 8

var vatPattern = regexp.MustCompile(`^[A-Z]{2}[A-Z0-9]{2,12}$`) // Directive 2006/112/EC art. 215

func (i Imprint) validate(m *mistakes) {
	checkLine(m, "imprint.office", i.Office)
	checkAddress(m, "imprint.address", i.Address)
	checkLine(m, "imprint.represented_by", i.RepresentedBy)
	checkLine(m, "imprint.supervisory_authority", i.SupervisoryAuthority)
	if i.VATID != "" && !vatPattern.MatchString(i.VATID) {
		m.add("imprint.vat_id", "%q is not a VAT number such as DE123456789", short(i.VATID))
	}
}

func (d DataProtection) validate(m *mistakes) {
	checkOptionalEmail(m, "data_protection.officer_email", d.OfficerEmail)
	checkAddress(m, "data_protection.officer_address", d.OfficerAddress)
	checkLine(m, "data_protection.authority", d.Authority)
	checkOptionalURL(m, "data_protection.authority_url", d.AuthorityURL)
}

func (s Support) validate(m *mistakes) {
	checkLine(m, "support.hours", s.Hours)
	checkLine(m, "support.phone", s.Phone)
}

func (a Accessibility) validate(m *mistakes) {
	checkOptionalEmail(m, "accessibility.email", a.Email)
	checkLine(m, "accessibility.phone", a.Phone)
	checkLine(m, "accessibility.arbitration", a.Arbitration)
	checkOptionalURL(m, "accessibility.arbitration_url", a.ArbitrationURL)
	if _, err := time.Parse(time.DateOnly, a.Reviewed); a.Reviewed != "" && err != nil {
		m.add("accessibility.reviewed", "%q is not a day such as 2026-11-23", short(a.Reviewed))
	}
}

// checkLine accepts one line of text, or nothing.
func checkLine(m *mistakes, path, text string) {
	switch {
	case len(text) > maxTextLength:
		m.add(path, "longer than %d bytes", maxTextLength)
	case strings.ContainsFunc(text, unicode.IsControl):
		m.add(path, "more than one line")
	}
}

func checkAddress(m *mistakes, path string, lines []string) {
	if len(lines) > maxAddressLines {
		m.add(path, "%d lines are more than %d", len(lines), maxAddressLines)
	}
	for i, line := range lines {
		checkLine(m, fmt.Sprintf("%s[%d]", path, i), line)
	}
}

func checkOptionalEmail(m *mistakes, path, text string) {
	if text != "" && !isEmail(text) {
		m.add(path, "not an e-mail address; name an office's mailbox, or leave it out")
	}
}

func checkOptionalURL(m *mistakes, path, text string) {
	if text == "" {
		return
	}
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || len(text) > maxTextLength {
		m.add(path, "%q is not an http:// or https:// address", short(text))
	}
}
