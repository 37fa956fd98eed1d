package config

import (
	"strings"
	"time"

	"github.com/medienzentrenverbund/kreisraum/operator/autoscale"
)

// kind is the YAML shape that an option demands.
type kind int

const (
	text kind = iota
	number
	truth
	texts
	textOrTexts
	decimal
	money
	duration
)

func (k kind) String() string {
	return [...]string{"text", "a whole number", "true or false", "a list of texts", "a text or a list of texts", "a number such as 1.5",
		"an amount such as 12.00", "a duration such as 15m"}[k]
}

// option declares one key of the file. A nil preset means that the key must be given.
type option struct {
	path   string
	kind   kind
	preset any
}

// letsEncrypt is Let's Encrypt's production directory, https://letsencrypt.org/getting-started/.
const letsEncrypt = "https://acme-v02.api.letsencrypt.org/directory"

// options declares every key once; loading, defaults and the search for unknown keys come from here.
var options = []option{
	{"name", text, nil},
	{"title", text, nil},
	{"domain", text, nil},
	{"contact.name", text, nil},
	{"contact.email", text, nil},
	{"contact.phone", text, ""},
	{"contact.url", text, ""},
	{"imprint.office", text, ""},
	{"imprint.address", texts, []string{}},
	{"imprint.represented_by", text, ""},
	{"imprint.supervisory_authority", text, ""},
	{"imprint.vat_id", text, ""},
	{"data_protection.officer_email", text, ""},
	{"data_protection.officer_address", texts, []string{}},
	{"data_protection.authority", text, ""},
	{"data_protection.authority_url", text, ""},
	{"support.hours", text, ""},
	{"support.phone", text, ""},
	{"accessibility.email", text, ""},
	{"accessibility.phone", text, ""},
	{"accessibility.arbitration", text, ""},
	{"accessibility.arbitration_url", text, ""},
	{"accessibility.reviewed", text, ""},
	{"locations", texts, []string{"fsn1", "nbg1"}},
	{"allow_locations_outside_germany", text, ""},
	{"server_types.portal", textOrTexts, []string{"cpx22"}},
	{"server_types.bridge", textOrTexts, []string{"cpx22"}},
	{"image", text, "debian-12"},
	{"ipv6", truth, true},
	{"bridges.min", number, 0},
	{"bridges.max", number, 4},
	{"bridges.budget_per_day", money, ""},
	{"bridges.headroom", decimal, autoscale.DefaultHeadroom},
	{"bridges.shrink_after", duration, autoscale.DefaultPatience},
	{"bridges.billing_period", duration, autoscale.DefaultPaidPeriod},
	{"bridges.capacity.packets_per_second", number, 0},
	{"bridges.capacity.egress_mbit", number, 0},
	{"bridges.capacity.handshakes_per_second", number, 0},
	{"timetable.bells", texts, []string{"07:50", "08:40", "09:45", "10:35", "11:35", "12:25"}},
	{"timetable.days", texts, []string{"mon", "tue", "wed", "thu", "fri"}},
	{"timetable.holidays", text, "bw"},
	{"timetable.lead", duration, 15 * time.Minute},
	{"restart.at", text, "03:30"},
	{"restart.latest", text, ""},
	{"restart.time_zone", text, "Europe/Berlin"},
	{"rooms.max_participants", number, 70},
	{"rooms.code_required", truth, true},
	{"rooms.screen_share", text, "everyone"},
	{"rooms.lobby", truth, false},
	{"rooms.cameras", text, "everyone"},
	{"rooms.organiser_grace", duration, 2 * time.Minute},
	{"access_log.retention_days", number, 7},
	{"ssh.sources", textOrTexts, nil},
	{"acme.directory", text, letsEncrypt},
	{"acme.staging", text, ""},
	{"acme.email", text, ""},
	{"accounts.model", text, "applicant"},
	{"accounts.prefixes", texts, []string{}},
	{"dns.records", text, "auto"},
	{"dns.caa", text, "letsencrypt.org"},
	{"state.url", text, ""},
}

// find returns the option declared for path.
func find(path string) (option, bool) {
	for _, o := range options {
		if o.path == path {
			return o, true
		}
	}
	return option{}, false
}

// isGroup reports whether path holds further keys.
func isGroup(path string) bool {
	for _, o := range options {
		if strings.HasPrefix(o.path, path+".") {
			return true
		}
	}
	return false
}

// nearest suggests a declared key for a mistyped one, or "".
func nearest(path string) string {
	best, limit := "", 3
	for _, candidate := range append(paths(), groups()...) {
		if d := distance(path, candidate); d < limit {
			best, limit = candidate, d
		}
	}
	return best
}

func paths() []string {
	out := make([]string, len(options))
	for i, o := range options {
		out[i] = o.path
	}
	return out
}

func groups() []string {
	var out []string
	for _, o := range options {
		for i := range len(o.path) {
			if o.path[i] == '.' {
				out = append(out, o.path[:i])
			}
		}
	}
	return out
}

// distance is the Levenshtein distance between a and b in bytes.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
