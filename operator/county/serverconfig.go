package county

import (
	"fmt"
	"path"

	server "github.com/medienzentrenverbund/kreisraum/conference/config"
	"github.com/medienzentrenverbund/kreisraum/infra"
	"github.com/medienzentrenverbund/kreisraum/operator/config"
	"github.com/medienzentrenverbund/kreisraum/operator/deploy"
	"github.com/medienzentrenverbund/kreisraum/operator/endpoints"
	"gopkg.in/yaml.v3"
)

// mediaPort is the UDP port of all media; the firewall lets it through.
const mediaPort = 10000

// serverConfig renders a machine's server.yaml; front is the portal. The portal's names no bridge, so that none that comes or goes
// restarts it.
func serverConfig(c config.Config, m, front infra.Machine, e endpoints.Endpoints) ([]byte, error) {
	out := server.Config{
		County: c.Name,
		Title:  c.Title,
		Domain: c.Domain,
		Role:   role(m),
		Capacity: server.Capacity{
			PacketsPerSecond: float64(c.Bridges.Capacity.PacketsPerSecond), EgressMbit: float64(c.Bridges.Capacity.EgressMbit),
			HandshakesPerSecond: float64(c.Bridges.Capacity.HandshakesPerSecond),
		},
		Listen: server.Listen{Addresses: addresses(m), TLSPort: sitePort, MediaPort: mediaPort},
		ACME:   server.ACME{Directory: c.ACME.Directory, Email: c.ACME.Email},
		Rooms: server.Rooms{
			MaxParticipants: c.Rooms.MaxParticipants, CodeRequired: c.Rooms.CodeRequired, ScreenShare: c.Rooms.ScreenShare,
			Lobby: c.Rooms.Lobby, Cameras: c.Rooms.Cameras, OrganiserGrace: c.Rooms.OrganiserGrace,
		},
		Restart:   server.Restart{At: c.Restart.At, Latest: c.Restart.Latest, TimeZone: c.Restart.TimeZone},
		AccessLog: server.AccessLog{RetentionDays: c.AccessLog.RetentionDays},
		Contact:   server.Contact{Name: c.Contact.Name, Email: c.Contact.Email, Phone: c.Contact.Phone, URL: c.Contact.URL},
		Paths: server.Paths{
			State: deploy.StateDir, Logs: deploy.LogDir, CountyCA: deploy.CountyCAFile, OpsCertificate: deploy.OpsCertFile,
			CountyKey: deploy.CountyKeyFile, Runtime: deploy.RuntimeDir,
		},
	}
	if m.Role == infra.RolePortal { // a word in the imprint is no reason to deploy to bridges
		out.Countries = c.Countries()
		out.Imprint, out.DataProtection = server.Imprint(c.Imprint), server.DataProtection(c.DataProtection)
		out.Support, out.Accessibility = server.Support(c.Support), server.Accessibility(c.Accessibility)
	}
	if !e.NoPrivateNetwork {
		out.Cluster = server.Cluster{Machine: machineID(m), PrivateAddress: m.PrivateIP, PortalAddress: front.PrivateIP}
	}
	out.ACME.Staging = staging(c.ACME)
	if e.ACMEDirectory != "" {
		out.ACME.Directory, out.ACME.Staging = e.ACMEDirectory, ""
	}
	if len(e.ACMERoots) > 0 {
		out.ACME.RootsFile = path.Clean(deploy.ACMERootsFile)
	}
	text, err := yaml.Marshal(out)
	if err != nil {
		return nil, fmt.Errorf("render server.yaml: %w", err)
	}
	return append([]byte("# Written by `kreisraum up`; changes by hand are replaced by the next one.\n"), text...), nil
}

// letsEncryptStaging is Let's Encrypt's staging directory (https://letsencrypt.org/docs/staging-environment/).
const letsEncryptStaging = "https://acme-staging-v02.api.letsencrypt.org/directory"

// staging is where a first order is rehearsed, "" for nowhere.
func staging(c config.ACME) string {
	if c.Staging == "" && (c.Directory == "" || c.Directory == server.LetsEncrypt) {
		return letsEncryptStaging
	}
	return c.Staging
}

// role of the server on a machine: the portal's has a bridge as well.
func role(m infra.Machine) string {
	if m.Role == infra.RolePortal {
		return server.RoleBoth
	}
	return server.RoleBridge
}

func addresses(m infra.Machine) []string {
	if m.IPv6 == "" {
		return []string{m.IPv4}
	}
	return []string{m.IPv4, m.IPv6}
}
