package config

import (
	"regexp"
	"time"
)

// What the legal and help pages say of the county. All of it is optional; offices and functions, never a person's name.

// Imprint is who answers for the site (§ 5 DDG, § 18 MStV).
type Imprint struct {
	// Office is the responsible body, for example "Landkreis Musterkreis". Empty: Contact.Name.
	Office string `mapstructure:"office"`
	// Address is its postal address, a line each.
	Address []string `mapstructure:"address"`
	// RepresentedBy is the function that represents it, for example "die Landrätin oder den Landrat".
	RepresentedBy        string `mapstructure:"represented_by"`
	SupervisoryAuthority string `mapstructure:"supervisory_authority"`
	// VATID is its VAT identification number.
	VATID string `mapstructure:"vat_id"`
}

// DataProtection is whom people ask about their data (art. 13 GDPR).
type DataProtection struct {
	// OfficerEmail is the mailbox of the data protection officer's office. Empty: Contact.Email.
	OfficerEmail   string   `mapstructure:"officer_email"`
	OfficerAddress []string `mapstructure:"officer_address"`
	// Authority takes complaints (art. 77 GDPR).
	Authority    string `mapstructure:"authority"`
	AuthorityURL string `mapstructure:"authority_url"`
}

// Support is when and where teachers get help, beside Contact.
type Support struct {
	// Hours in words.
	Hours string `mapstructure:"hours"`
	// Phone for urgent cases. Empty: Contact.Phone.
	Phone string `mapstructure:"phone"`
}

// Accessibility is where barriers are reported and who mediates.
type Accessibility struct {
	// Email and Phone take reports. Empty: those of Contact.
	Email string `mapstructure:"email"`
	Phone string `mapstructure:"phone"`
	// Arbitration is the office one turns to when a report is not answered.
	Arbitration    string `mapstructure:"arbitration"`
	ArbitrationURL string `mapstructure:"arbitration_url"`
	// Reviewed is the day on which the statement was last looked through, "YYYY-MM-DD".
	Reviewed string `mapstructure:"reviewed"`
}

// maxAddressLines bounds a postal address (DIN 5008: six lines, and a country); maxLine each line and text, in bytes.
const maxAddressLines, maxLine = 8, 200

var vatShape = regexp.MustCompile(`^[A-Z]{2}[A-Z0-9]{2,12}$`) // Directive 2006/112/EC art. 215

func (r *report) imprint(i Imprint) {
	r.line("imprint.office", i.Office)
	r.address("imprint.address", i.Address)
	r.line("imprint.represented_by", i.RepresentedBy)
	r.line("imprint.supervisory_authority", i.SupervisoryAuthority)
	r.check(i.VATID == "" || vatShape.MatchString(i.VATID), "imprint.vat_id", "%q: a VAT number such as DE123456789 was expected, or nothing", i.VATID)
}

func (r *report) dataProtection(d DataProtection) {
	r.mailbox("data_protection.officer_email", d.OfficerEmail)
	r.address("data_protection.officer_address", d.OfficerAddress)
	r.line("data_protection.authority", d.Authority)
	r.site("data_protection.authority_url", d.AuthorityURL)
}

func (r *report) support(s Support) {
	r.line("support.hours", s.Hours)
	r.line("support.phone", s.Phone)
}

func (r *report) accessibility(a Accessibility) {
	r.mailbox("accessibility.email", a.Email)
	r.line("accessibility.phone", a.Phone)
	r.line("accessibility.arbitration", a.Arbitration)
	r.site("accessibility.arbitration_url", a.ArbitrationURL)
	_, err := time.Parse(time.DateOnly, a.Reviewed)
	r.check(a.Reviewed == "" || err == nil, "accessibility.reviewed", "%q: a day such as 2026-11-23 was expected, or nothing", a.Reviewed)
}

func (r *report) line(path, text string) {
	r.check(text == "" || plain(text, maxLine), path, "one line of at most %d bytes was expected, or nothing", maxLine)
}

func (r *report) address(path string, lines []string) {
	r.check(len(lines) <= maxAddressLines, path, "%d lines are more than %d", len(lines), maxAddressLines)
	for _, text := range lines {
		r.check(plain(text, maxLine), path,
			"%q: a line of an address was expected, at most %d bytes", text, maxLine)
	}
}

func (r *report) mailbox(path, text string) {
	r.check(text == "" || isMail(text) && len(text) <= maxLine, path, "%q: an office's mail address was expected, or nothing", text)
}

func (r *report) site(path, text string) {
	r.check(text == "" || isHTTPS(text) && len(text) <= maxLine, path, "%q: an address that begins with https:// was expected, or nothing", text)
}
