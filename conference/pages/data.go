package pages

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/medienzentrenverbund/kreisraum/conference/config"
)

// data is what the texts may say of the county: everything in it is in force, because the server runs with it.
type data struct {
	config.Config
	Lang string
}

// Site is the name of the site's operator, as at the top of the page.
func (d data) Site() string { return cmp.Or(d.Title, d.Contact.Name) }

// Responsible is who answers for the site.
func (d data) Responsible() string { return cmp.Or(d.Imprint.Office, d.Contact.Name) }

// OfficerEmail is the mailbox of the data protection officer's office.
func (d data) OfficerEmail() string { return cmp.Or(d.DataProtection.OfficerEmail, d.Contact.Email) }

// HelpPhone is for a lesson that does not begin; may be empty.
func (d data) HelpPhone() string { return cmp.Or(d.Support.Phone, d.Contact.Phone) }

// BarrierEmail and BarrierPhone take reports of barriers; the telephone may be empty.
func (d data) BarrierEmail() string { return cmp.Or(d.Accessibility.Email, d.Contact.Email) }

// BarrierPhone takes reports of barriers; may be empty.
func (d data) BarrierPhone() string { return cmp.Or(d.Accessibility.Phone, d.Contact.Phone) }

// OrganisersShare says whether a lesson begins with the screen shared by organisers only.
func (d data) OrganisersShare() bool { return d.Rooms.ScreenShare == "organisers" }

// CamerasToOrganisers says whether a lesson begins with cameras seen by organisers only.
func (d data) CamerasToOrganisers() bool { return d.Rooms.Cameras == "organisers" }

// Logged says whether an access log is kept.
func (d data) Logged() bool { return d.AccessLog.RetentionDays > 0 }

// ReviewedOn is the day of the last look at the accessibility statement in the language's way of writing; may be empty.
func (d data) ReviewedOn() string {
	day, err := time.Parse(time.DateOnly, d.Accessibility.Reviewed)
	if err != nil {
		return ""
	}
	if d.Lang == english {
		return day.Format("2 January 2006")
	}
	return fmt.Sprintf("%d. %s %d", day.Day(), months[day.Month()-1], day.Year())
}

// Germany says whether all machines are in Germany.
func (d data) Germany() bool {
	return !slices.ContainsFunc(d.Countries, func(c string) bool { return c != config.Germany })
}

// ThirdCountry says whether a machine may be in a country where the GDPR is not in force.
func (d data) ThirdCountry() bool {
	return slices.ContainsFunc(d.Countries, func(c string) bool { return c != config.Germany && c != config.Finland })
}

// Places are the countries in words, after "in".
func (d data) Places() string {
	and := " und "
	if d.Lang == english {
		and = " and "
	}
	var names []string
	for _, c := range d.Countries {
		names = append(names, countryNames[d.Lang][c])
	}
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	return strings.Join(names[:len(names)-1], ", ") + and + names[len(names)-1]
}

var countryNames = map[string]map[string]string{
	german:  {config.Germany: "Deutschland", config.Finland: "Finnland", config.USA: "den USA", config.Singapore: "Singapur"},
	english: {config.Germany: "Germany", config.Finland: "Finland", config.USA: "the USA", config.Singapore: "Singapore"},
}

var months = [...]string{"Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober", "November", "Dezember"}

// Grace is the organiser's grace in words.
func (d data) Grace() string {
	g := d.Rooms.OrganiserGrace
	if g%time.Minute != 0 {
		return plural(int(g/time.Second), d.Lang, "Sekunde", "Sekunden", "second", "seconds")
	}
	return plural(int(g/time.Minute), d.Lang, "Minute", "Minuten", "minute", "minutes")
}

// Retention is how long the access log is kept, in words.
func (d data) Retention() string {
	return plural(d.AccessLog.RetentionDays, d.Lang, "Tag", "Tagen", "day", "days")
}

func plural(n int, lang, ein, viele, one, many string) string {
	if lang == english {
		ein, viele = one, many
	}
	if n == 1 {
		viele = ein
	}
	return fmt.Sprintf("%d %s", n, viele)
}

// markdownSpecial are the characters that may mean something in Markdown (CommonMark §2.4: each may be escaped).
const markdownSpecial = "\\`*_{}[]()<>#+-.!|~&\"'$%,/:;=?@^"

// plain keeps a value of the configuration from being read as Markdown.
func plain(s string) string {
	var b strings.Builder
	for _, r := range s {
		if strings.ContainsRune(markdownSpecial, r) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}

// mail, phone and link make links of values of the configuration.
func mail(address string) string { return "[" + plain(address) + "](<mailto:" + target(address) + ">)" }

func phone(number string) string {
	digits := strings.Map(func(r rune) rune {
		if r == '+' || r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, number)
	return "[" + plain(number) + "](<tel:" + digits + ">)"
}

func link(text, url string) string { return "[" + plain(text) + "](<" + target(url) + ">)" }

// target keeps a link's target within its angle brackets (CommonMark §6.3).
func target(s string) string {
	return strings.NewReplacer("<", "%3C", ">", "%3E", "\n", "", "\\", "%5C").Replace(s)
}
