package deploy

import "slices"

// Paths on a county's machine. The deployment and the cloud-init template agree on them.
const (
	ServiceUnit     = "kreisraum-conference.service"
	HostKeyUnit     = "kreisraum-hostkey.service"
	SSHUnit         = "ssh.service"
	UnitDir         = "/etc/systemd/system"
	CountyCAFile    = "/etc/kreisraum/county-ca.crt"
	OpsCertFile     = "/etc/kreisraum/ops.crt"
	ACMERootsFile   = "/etc/kreisraum/acme-roots.pem"
	CountyKeyFile   = "/etc/kreisraum/county.key"
	RuntimeDir      = "/run/kreisraum"
	ReleasesDir     = "/opt/kreisraum/releases"
	CurrentLink     = "/opt/kreisraum/current"  // to the release that the next start of the server takes
	PreviousLink    = "/opt/kreisraum/previous" // to the one that ran well before it
	IncomingFile    = "/opt/kreisraum/incoming" // a binary on its way; compressed it has ".gz" appended
	ConfigFile      = CurrentLink + "/" + configName
	EnvironmentFile = CurrentLink + "/" + environmentName
	BinaryName      = "kreisraum-conference"
	StateDir        = "/var/lib/kreisraum"
	OpsCSRFile      = StateDir + "/ops.csr"
	LogDir          = "/var/log/kreisraum"
	HostKeyFile     = "/etc/ssh/ssh_host_ed25519_key" // the public half has ".pub" appended
	ServiceUser     = "kreisraum"
	ReadyMarkerFile = "/etc/kreisraum/machine-ready" // written by cloud-init's last step
)

// Files in a release's folder, beside the binary and the unit.
const (
	configName      = "server.yaml"
	environmentName = "deployment.env"
)

// The commands that a deployment runs on a machine. Nothing else is ever executed there; the sandbox's machines refuse all
// others with exit code 127, so a new command must be added here first.
const (
	CmdCloudInitStatus = "cloud-init status"
	CmdDaemonReload    = "systemctl daemon-reload"
	CmdEnable          = "systemctl enable " + ServiceUnit
	CmdRestart         = "systemctl restart " + ServiceUnit
	CmdIsActive        = "systemctl is-active " + ServiceUnit
	CmdShow            = "systemctl show --property=ActiveState,SubState,NRestarts,ExecMainStatus,MainPID " + ServiceUnit
	CmdJournal         = "journalctl --no-pager --lines=50 --output=cat --unit=" + ServiceUnit
	CmdJournal1000     = "journalctl --no-pager --lines=1000 --output=cat --unit=" + ServiceUnit
	CmdRenewHostKey    = "systemctl restart " + HostKeyUnit
	CmdRestartSSH      = "systemctl restart " + SSHUnit
	// CmdApplySysctl applies /etc/sysctl.d, which cloud-init writes only after the boot has read it.
	CmdApplySysctl = "systemctl restart systemd-sysctl.service"
	// CmdUnpack leaves IncomingFile in place of the compressed one, CmdMeasure prints its SHA-256.
	CmdUnpack  = "gzip --decompress --force --synchronous " + IncomingFile + ".gz"
	CmdMeasure = "sha256sum " + IncomingFile
)

// Allowed reports whether line is exactly one of the deployment's commands.
func Allowed(line string) bool { return slices.Contains(Commands(), line) }

// Commands lists every command a deployment may run.
func Commands() []string {
	return []string{
		CmdCloudInitStatus, CmdDaemonReload, CmdEnable, CmdRestart, CmdIsActive, CmdShow, CmdJournal, CmdJournal1000, CmdRenewHostKey, CmdRestartSSH,
		CmdApplySysctl, CmdUnpack, CmdMeasure,
	}
}
