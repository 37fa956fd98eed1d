package templates

// Unit is what the conference server's systemd unit depends on.
type Unit struct {
	// User runs the server.
	User string
	// Binary and ConfigFile are absolute paths on the machine.
	Binary, ConfigFile string
	// Deployment is the digest of release, configuration and unit; see Info.Deployment of the ops API. The digest itself is
	// made over the unit rendered with an empty Deployment.
	Deployment string
	// StateDirectory, LogsDirectory and RuntimeDirectory are names below /var/lib, /var/log and /run.
	StateDirectory, LogsDirectory, RuntimeDirectory string
}

// ServerUnit renders the unit of the conference server.
func ServerUnit(u Unit) (string, error) {
	if err := single(u.User, u.Binary, u.ConfigFile, u.Deployment, u.StateDirectory, u.LogsDirectory, u.RuntimeDirectory); err != nil {
		return "", err
	}
	return render("kreisraum-conference.service.tmpl", u)
}
