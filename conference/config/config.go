// Package config is the conference server's configuration: plain structs, strict loading, validation with the path of each
// mistake. The operator writes the file to /etc/kreisraum/server.yaml; it holds no secret.
package config

import "time"

// Config is the whole of server.yaml.
type Config struct {
	// County is the county's short name, for example "tuttlingen".
	County string `yaml:"county"`
	// Title is the media centre's name as the page shows it. Empty: the contact's name.
	Title string `yaml:"title,omitempty"`
	// Domain is the county's one host name, for example "jitsi.kmz-tuttlingen.example".
	Domain string `yaml:"domain"`
	// Role says what this process does: "portal" (the site, and rooms on bridges elsewhere), "bridge" (rooms, no site) or "both".
	Role      string    `yaml:"role"`
	Cluster   Cluster   `yaml:"cluster,omitempty"`
	Capacity  Capacity  `yaml:"capacity,omitempty"`
	Listen    Listen    `yaml:"listen"`
	ACME      ACME      `yaml:"acme"`
	Rooms     Rooms     `yaml:"rooms"`
	Restart   Restart   `yaml:"restart,omitempty"`
	AccessLog AccessLog `yaml:"access_log"`
	Contact   Contact   `yaml:"contact"`
	// Countries are those that the county's machines may be in, ISO 3166-1 alpha-2, for the data protection page. Empty: Germany.
	Countries []string `yaml:"countries,omitempty"`
	// Imprint, DataProtection, Support and Accessibility are for the legal and help pages, see legal.go. A bridge's file has none.
	Imprint        Imprint        `yaml:"imprint,omitempty"`
	DataProtection DataProtection `yaml:"data_protection,omitempty"`
	Support        Support        `yaml:"support,omitempty"`
	Accessibility  Accessibility  `yaml:"accessibility,omitempty"`
	Paths          Paths          `yaml:"paths"`
}

// Cluster says how the machines of a county find each other. Zero: this process is alone, with role "both".
type Cluster struct {
	// Machine is this machine's ID: "portal" or "bridge-3", see package identity.
	Machine string `yaml:"machine,omitempty"`
	// PrivateAddress is this machine's address in the county's private network; rooms and NATS are served there and nowhere else.
	PrivateAddress string `yaml:"private_address,omitempty"`
	// PortalAddress is the portal's address in the private network; bridges find NATS there.
	PortalAddress string `yaml:"portal_address,omitempty"`
	// RoomsPort is the TCP port of a bridge's rooms for the portal, mutual TLS. Default 7443.
	RoomsPort int `yaml:"rooms_port,omitempty"`
	// NATSPort is the TCP port of the portal's NATS server, mutual TLS. Default 4222.
	NATSPort int `yaml:"nats_port,omitempty"`
	// NATSURL names NATS servers of one's own, comma-separated tls:// addresses. Empty: the portal's.
	NATSURL string `yaml:"nats_url,omitempty"`
	// NATSReplicas is how many servers of one's own cluster keep each bucket, 1 to 5. Default 1.
	NATSReplicas int `yaml:"nats_replicas,omitempty"`
}

// Capacity is what this machine's bridge can carry at stress 1; CPU is measured against all cores. Zero: a default by the number of
// cores, see package stress.
type Capacity struct {
	// PacketsPerSecond forwarded, in and out together.
	PacketsPerSecond float64 `yaml:"packets_per_second,omitempty"`
	// EgressMbit is megabits per second sent.
	EgressMbit float64 `yaml:"egress_mbit,omitempty"`
	// HandshakesPerSecond is joins with media per second.
	HandshakesPerSecond float64 `yaml:"handshakes_per_second,omitempty"`
}

// Listen says where the server accepts connections.
type Listen struct {
	// Addresses are the machine's public IP addresses. The server binds exactly these and offers them as ICE candidates.
	Addresses []string `yaml:"addresses"`
	// TLSPort is the TCP port of site, signalling and ops API. Default 443.
	TLSPort int `yaml:"tls_port"`
	// MediaPort is the UDP port of all media. Default 10000.
	MediaPort int `yaml:"media_port"`
}

// ACME says who issues the certificate (RFC 8555).
type ACME struct {
	// Directory is the ACME directory URL.
	Directory string `yaml:"directory"`
	// Staging is the directory at which a first order is rehearsed. Empty: there is no rehearsal.
	Staging string `yaml:"staging,omitempty"`
	// Email is the contact of the ACME account; may be empty.
	Email string `yaml:"email,omitempty"`
	// RootsFile names a PEM file with the roots that the ACME server's own certificate chains to. Empty: the system's roots.
	RootsFile string `yaml:"roots_file,omitempty"`
}

// Rooms are the county's room rules.
type Rooms struct {
	// MaxParticipants bounds a room. Default 70.
	MaxParticipants int `yaml:"max_participants"`
	// CodeRequired forbids rooms without a code. Default true.
	CodeRequired bool `yaml:"code_required"`
	// ScreenShare says who may share the screen: "everyone" or "organisers".
	ScreenShare string `yaml:"screen_share"`
	// Lobby says whether lessons begin with a lobby: an organiser lets everybody in. Default false; organisers switch it in the lesson.
	Lobby bool `yaml:"lobby"`
	// Cameras says who sees participants' cameras when a lesson begins: "everyone" (the default) or "organisers", who switch it in the
	// lesson. Who may not see one gets no packet of it.
	Cameras string `yaml:"cameras"`
	// OrganiserGrace is how long a lesson waits for its last organiser before everybody is sent to the door, 30 s to 15 min. Default 2 min.
	OrganiserGrace time.Duration `yaml:"organiser_grace"`
}

// Restart is the nightly restart: it ends every room, so that no chat and no name outlives the day.
type Restart struct {
	// At is the local time, "HH:MM". Empty: no nightly restart.
	At string `yaml:"at,omitempty"`
	// Latest is the local time, "HH:MM" after At, until which rooms in use have time. Default one hour after At.
	Latest string `yaml:"latest,omitempty"`
	// TimeZone is a name of the IANA time zone database, for example "Europe/Berlin".
	TimeZone string `yaml:"time_zone,omitempty"`
}

// AccessLog bounds the only log with (shortened) addresses.
type AccessLog struct {
	// RetentionDays is how many days an access log is kept, 0 to 30. 0: no access log is written.
	RetentionDays int `yaml:"retention_days"`
}

// Contact is shown on the landing page: an office, never a person.
type Contact struct {
	Name  string `yaml:"name"`
	Email string `yaml:"email"`
	Phone string `yaml:"phone,omitempty"`
	URL   string `yaml:"url,omitempty"`
}

// Paths are the server's folders and files.
type Paths struct {
	// State holds accounts.json, rooms.json, machines.json, night.json, token.key, ops.key, ops.csr and acme/. Default /var/lib/kreisraum.
	State string `yaml:"state"`
	// Logs holds access-YYYY-MM-DD.log. Default /var/log/kreisraum.
	Logs string `yaml:"logs"`
	// CountyCA is the PEM certificate of the county CA. Default /etc/kreisraum/county-ca.crt.
	CountyCA string `yaml:"county_ca"`
	// OpsCertificate is this machine's leaf, signed by the county CA over ops.csr. Default /etc/kreisraum/ops.crt.
	OpsCertificate string `yaml:"ops_certificate"`
	// CountyKey is the key that the county's machines share for tokens. Empty: one of this machine's own in State.
	CountyKey string `yaml:"county_key,omitempty"`
	// Runtime is on a tmpfs; NATS keeps its (empty) store folder there. Default /run/kreisraum.
	Runtime string `yaml:"runtime,omitempty"`
}
