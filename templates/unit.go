package templates

// Unit is what the conference server's systemd unit depends on.
type Unit struct {
	// User runs the server.
	User string
	// Binary and ConfigFile are absolute paths on the machine.
	Binary, ConfigFile string
	// EnvironmentFile is an absolute path on the machine. It stands beside Binary and ConfigFile, so that all three change at once.
	EnvironmentFile string
	// StateDirectory, LogsDirectory and RuntimeDirectory are names below /var/lib, /var/log and /run.
	StateDirectory, LogsDirectory, RuntimeDirectory string
}

// ServerUnit renders the unit of the conference server.
func ServerUnit(u Unit) (string, error) {
	if err := single(u.User, u.Binary, u.ConfigFile, u.EnvironmentFile, u.StateDirectory, u.LogsDirectory, u.RuntimeDirectory); err != nil {
		return "", err
	}
	return render("kreisraum-conference.service.tmpl", u)
}
