package config

import "time"

// LetsEncrypt is the production directory of Let's Encrypt (https://letsencrypt.org/docs/acme-protocol-updates/).
const LetsEncrypt = "https://acme-v02.api.letsencrypt.org/directory"

// Roles of a server process.
const (
	RolePortal = "portal"
	RoleBridge = "bridge"
	RoleBoth   = "both"
)

// Who may share the screen.
const (
	ScreenShareEveryone   = "everyone"
	ScreenShareOrganisers = "organisers"
)

// Who sees participants' cameras.
const (
	CamerasEveryone   = "everyone"
	CamerasOrganisers = "organisers"
)

// Default returns a configuration with every value that has a default. County, domain, addresses and contact have none.
func Default() Config {
	return Config{
		Role:    RoleBoth,
		Cluster: Cluster{RoomsPort: 7443, NATSPort: 4222, NATSReplicas: 1},
		Listen:  Listen{TLSPort: 443, MediaPort: 10000},
		ACME:    ACME{Directory: LetsEncrypt},
		Rooms: Rooms{
			MaxParticipants: 70, CodeRequired: true, ScreenShare: ScreenShareEveryone, Cameras: CamerasEveryone, OrganiserGrace: 2 * time.Minute,
		},
		AccessLog: AccessLog{RetentionDays: 7},
		Paths: Paths{
			State:          "/var/lib/kreisraum",
			Logs:           "/var/log/kreisraum",
			CountyCA:       "/etc/kreisraum/county-ca.crt",
			OpsCertificate: "/etc/kreisraum/ops.crt",
			Runtime:        "/run/kreisraum",
		},
	}
}
