package templates

import (
	"fmt"
	"strings"
)

// Machine is what a machine's cloud-config depends on.
type Machine struct {
	// Hostname of the machine, for example "kreisraum-tuttlingen-portal".
	Hostname string
	// ServiceUser runs the conference server.
	ServiceUser string
	// HostKeyUnit is the name of the unit that renews the machine's SSH host key.
	HostKeyUnit string
	// UnitDir is systemd's folder for local units.
	UnitDir string
	// RenewHostKey is the command line of HostKeyUnit.
	RenewHostKey string
	// ReadyMarker is the file that the last step writes.
	ReadyMarker string
	// HostKeyPrivate is the injected host key for the first connection, PEM in OpenSSH's format. Any process on the machine
	// can read user data, so it is worth nothing after that connection.
	HostKeyPrivate string
	// HostKeyPublic is its public half, one line in authorized_keys format.
	HostKeyPublic string
}

// userDataLimit is Hetzner's bound on user_data in bytes. Hetzner Cloud API: POST /servers.
const userDataLimit = 32 << 10

// CloudInit renders the machine's cloud-config. It returns an error when a value does not fit or the result is larger than
// Hetzner accepts.
func CloudInit(m Machine) (string, error) {
	m.HostKeyPublic = strings.TrimSpace(m.HostKeyPublic)
	if err := single(m.Hostname, m.ServiceUser, m.HostKeyUnit, m.UnitDir, m.RenewHostKey, m.ReadyMarker, m.HostKeyPublic); err != nil {
		return "", err
	}
	text, err := render("cloud-config.yaml.tmpl", m)
	if err != nil {
		return "", err
	}
	if len(text) > userDataLimit {
		return "", fmt.Errorf("render cloud-config: %d bytes, Hetzner accepts %d", len(text), userDataLimit)
	}
	return text, nil
}
