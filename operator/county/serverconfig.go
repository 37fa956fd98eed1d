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

// serverConfig renders a machine's server.yaml.
func serverConfig(c config.Config, m infra.Machine, e endpoints.Endpoints) ([]byte, error) {
	out := server.Config{
		County: c.Name,
		Title:  c.Title,
		Domain: c.Domain,
		Role:   "both",
		Listen: server.Listen{Addresses: addresses(m), TLSPort: sitePort, MediaPort: mediaPort},
		ACME:   server.ACME{Directory: c.ACME.Directory, Email: c.ACME.Email},
		Rooms: server.Rooms{
			MaxParticipants: c.Rooms.MaxParticipants, CodeRequired: c.Rooms.CodeRequired, ScreenShare: c.Rooms.ScreenShare,
		},
		Restart:   server.Restart{At: c.Restart.At, TimeZone: c.Restart.TimeZone},
		AccessLog: server.AccessLog{RetentionDays: c.AccessLog.RetentionDays},
		Contact:   server.Contact{Name: c.Contact.Name, Email: c.Contact.Email, Phone: c.Contact.Phone, URL: c.Contact.URL},
		Paths: server.Paths{
			State: deploy.StateDir, Logs: deploy.LogDir, CountyCA: deploy.CountyCAFile, OpsCertificate: deploy.OpsCertFile,
		},
	}
	if e.ACMEDirectory != "" {
		out.ACME.Directory = e.ACMEDirectory
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

func addresses(m infra.Machine) []string {
	if m.IPv6 == "" {
		return []string{m.IPv4}
	}
	return []string{m.IPv4, m.IPv6}
}
