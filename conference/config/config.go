// Package config is the conference server's configuration: plain structs, strict loading, validation with the path of each
// mistake. The operator writes the file to /etc/kreisraum/server.yaml; it holds no secret.
package config

// Config is the whole of server.yaml.
type Config struct {
	// County is the county's short name, for example "tuttlingen".
	County string `yaml:"county"`
	// Title is the media centre's name as the page shows it. Empty: the contact's name.
	Title string `yaml:"title,omitempty"`
	// Domain is the county's one host name, for example "jitsi.kmz-tuttlingen.example".
	Domain string `yaml:"domain"`
	// Role says what this process does: "portal", "bridge" or "both". Only "both" is accepted until dedicated bridges exist.
	Role      string    `yaml:"role"`
	Listen    Listen    `yaml:"listen"`
	ACME      ACME      `yaml:"acme"`
	Rooms     Rooms     `yaml:"rooms"`
	Restart   Restart   `yaml:"restart,omitempty"`
	AccessLog AccessLog `yaml:"access_log"`
	Contact   Contact   `yaml:"contact"`
	Paths     Paths     `yaml:"paths"`
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
}

// Restart is the nightly restart: it ends every room, so that no chat and no name outlives the day.
type Restart struct {
	// At is the local time, "HH:MM". Empty: no nightly restart.
	At string `yaml:"at,omitempty"`
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
	// State holds accounts.json, token.key, ops.key, ops.csr and certmagic/. Default /var/lib/kreisraum.
	State string `yaml:"state"`
	// Logs holds access-YYYY-MM-DD.log. Default /var/log/kreisraum.
	Logs string `yaml:"logs"`
	// CountyCA is the PEM certificate of the county CA. Default /etc/kreisraum/county-ca.crt.
	CountyCA string `yaml:"county_ca"`
	// OpsCertificate is this machine's leaf, signed by the county CA over ops.csr. Default /etc/kreisraum/ops.crt.
	OpsCertificate string `yaml:"ops_certificate"`
}
