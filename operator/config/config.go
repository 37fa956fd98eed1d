package config

import (
	"net/netip"
	"slices"
	"strings"
	"time"
)

// Config is the whole of a county's file.
type Config struct {
	// Name is the county's short name, the same as the file's: lower-case letters, digits and hyphens.
	Name string `mapstructure:"name"`
	// Title is the name of the media centre as people read it.
	Title string `mapstructure:"title"`
	// Domain is the county's one host name.
	Domain  string  `mapstructure:"domain"`
	Contact Contact `mapstructure:"contact"`
	// Locations are Hetzner locations in order of preference, for server types that name none of their own.
	Locations []string `mapstructure:"locations"`
	// AllowOutsideGermany must be the words of OutsideGermanyWords before a location outside Germany is accepted.
	AllowOutsideGermany string      `mapstructure:"allow_locations_outside_germany"`
	ServerTypes         ServerTypes `mapstructure:"server_types"`
	// Image is a Hetzner system image.
	Image string `mapstructure:"image"`
	// IPv6 says whether the machines get an IPv6 address beside IPv4.
	IPv6      bool      `mapstructure:"ipv6"`
	Bridges   Bridges   `mapstructure:"bridges"`
	Timetable Timetable `mapstructure:"timetable"`
	Restart   Restart   `mapstructure:"restart"`
	Rooms     Rooms     `mapstructure:"rooms"`
	AccessLog AccessLog `mapstructure:"access_log"`
	SSH       SSH       `mapstructure:"ssh"`
	ACME      ACME      `mapstructure:"acme"`
	Accounts  Accounts  `mapstructure:"accounts"`
	DNS       DNS       `mapstructure:"dns"`
	State     State     `mapstructure:"state"`
	// Imprint, DataProtection, Support and Accessibility are what the legal and help pages say, see legal.go.
	Imprint        Imprint        `mapstructure:"imprint"`
	DataProtection DataProtection `mapstructure:"data_protection"`
	Support        Support        `mapstructure:"support"`
	Accessibility  Accessibility  `mapstructure:"accessibility"`
}

// Contact is the office shown on the landing page, never a person.
type Contact struct {
	Name  string `mapstructure:"name"`
	Email string `mapstructure:"email"`
	Phone string `mapstructure:"phone"`
	URL   string `mapstructure:"url"`
}

// ServerTypes are Hetzner server types in order of preference for each role: when one is sold out, the next is taken. An entry is a type,
// "cpx22", tried in all Locations, or a type in one location, "cpx22@nbg1". See PortalKinds and BridgeKinds.
type ServerTypes struct {
	Portal []string `mapstructure:"portal"`
	Bridge []string `mapstructure:"bridge"`
}

// Kind is what a machine is rented as: a server type in a location.
type Kind struct {
	ServerType string `json:"server_type"`
	Location   string `json:"location"`
}

// PortalKinds are what the portal machine may be, the best first; never empty on a validated configuration.
func (c Config) PortalKinds() []Kind { return kinds(c.ServerTypes.Portal, c.Locations) }

// BridgeKinds are what dedicated bridges may be, the best first; never empty on a validated configuration.
func (c Config) BridgeKinds() []Kind { return kinds(c.ServerTypes.Bridge, c.Locations) }

// Countries are those that the county's machines may be in, ISO 3166-1 alpha-2, each once.
func (c Config) Countries() []string {
	var all []string
	for _, k := range append(c.PortalKinds(), c.BridgeKinds()...) {
		if country := locations[k.Location]; !slices.Contains(all, country) {
			all = append(all, country)
		}
	}
	return all
}

// kinds puts the type before the location: the first type in all its locations, then the next type, because the county's capacity figures
// belong to the type.
func kinds(types, locations []string) []Kind {
	var all []Kind
	for _, entry := range types {
		serverType, location, fixed := strings.Cut(entry, "@")
		where := locations
		if fixed {
			where = []string{location}
		}
		for _, l := range where {
			if k := (Kind{serverType, l}); !slices.Contains(all, k) {
				all = append(all, k)
			}
		}
	}
	return all
}

// DNS says who keeps the domain's records.
type DNS struct {
	// Records is "auto": at Hetzner if the zone is in the county's project, else by hand; or "by-hand".
	Records string `mapstructure:"records"`
	// CAA is the certificate authority that alone may issue for the domain (RFC 8659); empty: no CAA record is made.
	CAA string `mapstructure:"caa"`
}

// State says where Pulumi keeps the county's state.
type State struct {
	// URL of a Pulumi DIY backend: "s3://bucket/path?endpoint=…", "postgres://host/database". Empty: a folder in the operator's home. It
	// holds no secret: credentials come from the environment (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, PGPASSWORD).
	URL string `mapstructure:"url"`
}

// Bridges says how many dedicated bridge machines there may be and when.
type Bridges struct {
	Min int `mapstructure:"min"`
	Max int `mapstructure:"max"`
	// BudgetPerDay bounds what dedicated bridges may cost in a calendar day, in the currency of the price list, net: "12.00". Empty: no
	// bound. Bridges.Min is not held back by it.
	BudgetPerDay string `mapstructure:"budget_per_day"`
	// Headroom is how much more than now must fit: 1.5 means half as much again.
	Headroom float64 `mapstructure:"headroom"`
	// ShrinkAfter is how long fewer bridges must have been enough before one is drained.
	ShrinkAfter time.Duration `mapstructure:"shrink_after"`
	// BillingPeriod is what a started part of is billed whole: an hour at Hetzner. A drained, empty machine goes at its end.
	BillingPeriod time.Duration `mapstructure:"billing_period"`
	Capacity      Capacity      `mapstructure:"capacity"`
}

// Capacity is what one bridge can carry, see Capacity in conference/config. Zero: the server's default for its number of cores.
type Capacity struct {
	PacketsPerSecond    int `mapstructure:"packets_per_second"`
	EgressMbit          int `mapstructure:"egress_mbit"`
	HandshakesPerSecond int `mapstructure:"handshakes_per_second"`
}

// Timetable says when lessons begin, so that bridges are there before.
type Timetable struct {
	// Bells are local times at which lessons begin, "07:50".
	Bells []string `mapstructure:"bells"`
	// Days are the school days: mon, tue, wed, thu, fri, sat, sun.
	Days []string `mapstructure:"days"`
	// Holidays is the calendar of school holidays: "bw" (Baden-Württemberg) or "none".
	Holidays string `mapstructure:"holidays"`
	// Lead is how long before a bell the bridges are to be there.
	Lead time.Duration `mapstructure:"lead"`
}

// Restart is the time of the nightly restart.
type Restart struct {
	// At is the local time, "HH:MM".
	At string `mapstructure:"at"`
	// Latest is the local time, "HH:MM", until which rooms in use have time.
	Latest string `mapstructure:"latest"`
	// TimeZone is a name of the IANA time zone database.
	TimeZone string `mapstructure:"time_zone"`
}

// Rooms are the county's room rules.
type Rooms struct {
	MaxParticipants int  `mapstructure:"max_participants"`
	CodeRequired    bool `mapstructure:"code_required"`
	// ScreenShare is "everyone" or "organisers".
	ScreenShare string `mapstructure:"screen_share"`
	// Lobby says whether lessons begin with a lobby.
	Lobby bool `mapstructure:"lobby"`
	// Cameras says who sees participants' cameras when a lesson begins: "everyone" or "organisers".
	Cameras string `mapstructure:"cameras"`
	// OrganiserGrace is how long a lesson waits for its last organiser before everybody is sent to the door.
	OrganiserGrace time.Duration `mapstructure:"organiser_grace"`
}

// AccessLog bounds the only log with (shortened) addresses.
type AccessLog struct {
	// RetentionDays is 0 to 30; 0: no access log is written.
	RetentionDays int `mapstructure:"retention_days"`
}

// AnyWhileRunning is the word for an operator without a fixed address: port 22 opens for every address, but only while a
// deployment runs.
const AnyWhileRunning = "any-while-running"

// SSH says from where the operator reaches port 22 of the machines while a deployment runs.
type SSH struct {
	// Sources are CIDRs, or AnyWhileRunning alone.
	Sources []string `mapstructure:"sources"`
}

// Prefixes returns the sources for the firewall. Call it on a validated configuration only.
func (s SSH) Prefixes() []netip.Prefix {
	if slices.Equal(s.Sources, []string{AnyWhileRunning}) {
		return []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0"), netip.MustParsePrefix("::/0")}
	}
	out := make([]netip.Prefix, 0, len(s.Sources))
	for _, text := range s.Sources {
		out = append(out, netip.MustParsePrefix(text))
	}
	return out
}

// ACME says who issues the site's certificate (RFC 8555).
type ACME struct {
	Directory string `mapstructure:"directory"`
	// Staging is the directory at which a new county tries an order first, so that a mistake does not use up the authority's limits. Empty: Let's
	// Encrypt's staging directory if Directory is theirs, else none.
	Staging string `mapstructure:"staging"`
	// Email is the contact of the ACME account; may be empty.
	Email string `mapstructure:"email"`
}

// Accounts says what an account stands for.
type Accounts struct {
	// Model is "applicant" (a non-personal account for each application), "school" (one account for each school, which its label names)
	// or "teacher" (an account for each teacher, its label names the school).
	Model string `mapstructure:"model"`
	// Prefixes replaces the built-in words that account names begin with.
	Prefixes []string `mapstructure:"prefixes"`
}

// Architecture is the Go name of the machines' architecture; all of a county's have the same. Without a server type it is amd64: some
// commands do without the county's file.
func (c Config) Architecture() string { return architecture(strings.Join(c.ServerTypes.Portal, " ")) }

// architecture of a server type. Hetzner Cloud: the types cax… are Ampere (arm64), all others x86.
func architecture(serverType string) string {
	if strings.HasPrefix(serverType, "cax") {
		return "arm64"
	}
	return "amd64"
}
