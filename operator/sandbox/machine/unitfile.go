package machine

import (
	"fmt"
	"io/fs"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// unitFile is what this runtime understands of a service unit, systemd.service(5) and systemd.exec(5).
type unitFile struct {
	name        string
	description string
	kind        string // simple, exec, notify, oneshot
	command     []string
	ignoreExit  bool // ExecStart=-…
	remain      bool // RemainAfterExit=

	user, group string
	workingDir  string
	environment []string
	envFiles    []envFile

	restart      string // no, always, on-failure
	restartDelay time.Duration
	startTimeout time.Duration // 0: none
	stopTimeout  time.Duration // 0: none
	watchdog     time.Duration // 0: none
	killSignal   syscall.Signal
	limit        startLimit

	directories []unitDirectory
	preserve    string                 // RuntimeDirectoryPreserve=: no, yes, restart
	modes       map[string]fs.FileMode // by variable
	bindService bool                   // CAP_NET_BIND_SERVICE is ambient
	files       uint64
	noCore      bool // LimitCORE=0
	wantedBy    []string

	// warnings are directives without effect here that are not on the list of harmless ones.
	warnings []string
}

// envFile is a file with variables; an optional one may be missing.
type envFile struct {
	name     string
	optional bool
}

// unitDirectory is a folder made before the start and named to the process in a variable.
type unitDirectory struct {
	parent, name, variable string
	owned                  bool // it belongs to the unit's user
	volatile               bool // removed when the unit stops
}

// startLimit is StartLimitBurst= starts within StartLimitIntervalSec=.
type startLimit struct {
	interval time.Duration
	burst    int
}

// harmless are directives that a chroot cannot fulfil and that change nothing about what the service does. Everything else that is
// unknown is reported in the journal.
var harmless = set(
	// [Unit]: order and documentation. There is one target and nothing to wait for.
	"Description", "Documentation", "After", "Before", "Wants", "Requires", "ConditionPathExists",
	// Hardening by namespaces, seccomp and mount flags.
	"AmbientCapabilities", "CapabilityBoundingSet", "NoNewPrivileges", "ProtectSystem", "ProtectHome", "ProtectKernelTunables",
	"ProtectKernelModules", "ProtectKernelLogs", "ProtectControlGroups", "ProtectClock", "ProtectHostname", "ProtectProc", "ProcSubset",
	"PrivateTmp", "PrivateDevices", "PrivateUsers", "PrivateMounts", "PrivateIPC", "ReadWritePaths", "ReadOnlyPaths", "InaccessiblePaths",
	"RestrictAddressFamilies", "RestrictNamespaces", "RestrictRealtime", "RestrictSUIDSGID", "LockPersonality",
	"MemoryDenyWriteExecute", "SystemCallFilter", "SystemCallErrorNumber", "SystemCallArchitectures", "RemoveIPC", "KeyringMode",
	"SecureBits", "DevicePolicy", "DeviceAllow", "IPAddressDeny", "IPAddressAllow", "SocketBindAllow", "SocketBindDeny", "UMask",
	"NotifyAccess", "RestrictFileSystems", "BindReadOnlyPaths", "BindPaths", "TemporaryFileSystem", "NoExecPaths", "ExecPaths",
	// Resources: there are no control groups here; the remaining limits are this computer's.
	"MemoryMax", "MemoryHigh", "MemorySwapMax", "MemoryZSwapMax", "MemoryAccounting", "TasksMax", "CPUQuota", "CPUWeight", "IOWeight",
	"LimitMEMLOCK", "LimitNPROC", "OOMScoreAdjust", "OOMPolicy", "Nice", "CPUSchedulingPolicy", "IOSchedulingClass", "Slice",
	// The journal here is always a file with the process's output.
	"StandardOutput", "StandardError", "StandardInput", "SyslogIdentifier", "SyslogLevel", "LogLevelMax", "LogRateLimitIntervalSec",
	"LogRateLimitBurst",
	// A process group is always killed as a whole.
	"KillMode", "SendSIGKILL", "FinalKillSignal",
)

func set(names ...string) map[string]bool {
	m := make(map[string]bool, len(names))
	for _, n := range names {
		m[n] = true
	}
	return m
}

// maxUnitFile bounds a unit file in bytes; a guess, ours have about two thousand.
const maxUnitFile = 64 << 10

// parseUnitFile parses a service unit. A directive that cannot be obeyed as written is an error; a directive without effect here is a
// warning unless it is harmless.
func parseUnitFile(name string, data []byte) (*unitFile, error) {
	u := &unitFile{
		name: name, kind: "simple", restart: "no", restartDelay: 100 * time.Millisecond,
		startTimeout: 90 * time.Second, stopTimeout: 90 * time.Second, killSignal: syscall.SIGTERM,
		limit: startLimit{interval: 10 * time.Second, burst: 5}, // the defaults of systemd-system.conf(5)
	}
	lines, err := unitLines(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	for _, l := range lines {
		if err := u.set(l.section, l.key, l.value); err != nil {
			return nil, fmt.Errorf("%s:%d: %s=: %w", name, l.number, l.key, err)
		}
	}
	if len(u.command) == 0 {
		return nil, fmt.Errorf("%s: no ExecStart=", name)
	}
	return u, nil
}

func (u *unitFile) set(section, key, value string) (err error) {
	if strings.HasPrefix(key, "X-") || strings.HasPrefix(section, "X-") {
		return nil // systemd.unit(5): ignored
	}
	switch section + "." + key {
	case "Unit.Description":
		u.description = value
	case "Unit.StartLimitIntervalSec":
		u.limit.interval, err = parseSpan(value)
	case "Unit.StartLimitBurst":
		u.limit.burst, err = strconv.Atoi(value)
	case "Service.Type":
		u.kind, err = oneOf(value, "simple", "exec", "notify", "oneshot")
	case "Service.ExecStart":
		err = u.setCommand(value)
	case "Service.RemainAfterExit":
		u.remain, err = parseBool(value)
	case "Service.User":
		u.user = value
	case "Service.Group":
		u.group = value
	case "Service.WorkingDirectory":
		u.workingDir = value
		if value != "" && value != "~" && !strings.HasPrefix(value, "/") {
			err = fmt.Errorf("%q is not an absolute path", value)
		}
	case "Service.Environment":
		u.environment, err = appendOrReset(u.environment, value)
	case "Service.EnvironmentFile":
		u.setEnvFile(value)
	case "Service.Restart":
		u.restart, err = oneOf(value, "no", "always", "on-failure")
	case "Service.RestartSec":
		u.restartDelay, err = parseSpan(value)
	case "Service.TimeoutStartSec":
		u.startTimeout, err = parseSpan(value)
	case "Service.TimeoutStopSec":
		u.stopTimeout, err = parseSpan(value)
	case "Service.WatchdogSec":
		u.watchdog, err = parseSpan(value)
	case "Service.TimeoutSec":
		u.startTimeout, err = parseSpan(value)
		u.stopTimeout = u.startTimeout
	case "Service.KillSignal":
		err = u.setKillSignal(value)
	case "Service.StateDirectory":
		u.setDirectories("/var/lib", value, "STATE_DIRECTORY", true)
	case "Service.LogsDirectory":
		u.setDirectories("/var/log", value, "LOGS_DIRECTORY", true)
	case "Service.CacheDirectory":
		u.setDirectories("/var/cache", value, "CACHE_DIRECTORY", true)
	case "Service.RuntimeDirectory":
		u.setDirectories("/run", value, "RUNTIME_DIRECTORY", true)
	case "Service.ConfigurationDirectory":
		u.setDirectories("/etc", value, "CONFIGURATION_DIRECTORY", false)
	case "Service.StateDirectoryMode":
		err = u.setMode("STATE_DIRECTORY", value)
	case "Service.LogsDirectoryMode":
		err = u.setMode("LOGS_DIRECTORY", value)
	case "Service.CacheDirectoryMode":
		err = u.setMode("CACHE_DIRECTORY", value)
	case "Service.RuntimeDirectoryPreserve":
		u.preserve, err = oneOf(value, "no", "yes", "restart")
	case "Service.RuntimeDirectoryMode":
		err = u.setMode("RUNTIME_DIRECTORY", value)
	case "Service.ConfigurationDirectoryMode":
		err = u.setMode("CONFIGURATION_DIRECTORY", value)
	case "Service.AmbientCapabilities":
		err = u.setCapabilities(value)
	case "Service.LimitNOFILE":
		u.files, err = parseLimit(value)
	case "Service.LimitCORE":
		u.noCore = value == "0"
	case "Install.WantedBy":
		u.wantedBy = append(u.wantedBy, strings.Fields(value)...)
	default:
		if !harmless[key] {
			u.warnings = append(u.warnings, fmt.Sprintf("directive %s= in section [%s] has no effect on this machine", key, section))
		}
	}
	return err
}

func (u *unitFile) setCommand(value string) error {
	if value == "" {
		u.command = nil
		return nil
	}
	if len(u.command) > 0 {
		return fmt.Errorf("more than one command is not supported on this machine")
	}
	value, u.ignoreExit = strings.CutPrefix(value, "-")
	words, err := splitCommand(value)
	if err != nil {
		return err
	}
	if len(words) == 0 || !strings.HasPrefix(words[0], "/") {
		return fmt.Errorf("the command must be an absolute path, without a prefix other than %q", "-")
	}
	u.command = words
	return nil
}

func (u *unitFile) setEnvFile(value string) {
	if value == "" {
		u.envFiles = nil
		return
	}
	name, optional := strings.CutPrefix(value, "-")
	u.envFiles = append(u.envFiles, envFile{name, optional})
}

func (u *unitFile) setKillSignal(value string) error {
	signals := map[string]syscall.Signal{"SIGTERM": syscall.SIGTERM, "SIGINT": syscall.SIGINT, "SIGQUIT": syscall.SIGQUIT, "SIGHUP": syscall.SIGHUP}
	s, ok := signals[value]
	if !ok {
		return fmt.Errorf("%q is none of SIGTERM, SIGINT, SIGQUIT, SIGHUP", value)
	}
	u.killSignal = s
	return nil
}

func (u *unitFile) setDirectories(parent, value, variable string, owned bool) {
	for name := range strings.FieldsSeq(value) {
		u.directories = append(u.directories, unitDirectory{
			parent: parent, name: name, variable: variable, owned: owned, volatile: parent == "/run",
		})
	}
}

func (u *unitFile) setMode(variable, value string) error {
	mode, err := strconv.ParseUint(value, 8, 12)
	if err != nil {
		return fmt.Errorf("%q is not an octal mode", value)
	}
	if u.modes == nil {
		u.modes = make(map[string]fs.FileMode)
	}
	u.modes[variable] = fs.FileMode(mode)
	return nil
}

// mode is the mode of a unit's folder, by default 0755.
func (u *unitFile) mode(d unitDirectory) fs.FileMode {
	if m, ok := u.modes[d.variable]; ok {
		return m
	}
	return 0o755
}

func (u *unitFile) setCapabilities(value string) error {
	for name := range strings.FieldsSeq(value) {
		if name != "CAP_NET_BIND_SERVICE" {
			return fmt.Errorf("%s cannot be given on this machine, only CAP_NET_BIND_SERVICE", name)
		}
		u.bindService = true
	}
	return nil
}

func oneOf(value string, allowed ...string) (string, error) {
	for _, a := range allowed {
		if a == value {
			return value, nil
		}
	}
	return "", fmt.Errorf("%q is none of %s", value, strings.Join(allowed, ", "))
}

func parseBool(value string) (bool, error) {
	switch strings.ToLower(value) {
	case "1", "yes", "y", "true", "t", "on":
		return true, nil
	case "0", "no", "n", "false", "f", "off":
		return false, nil
	}
	return false, fmt.Errorf("%q is not a boolean", value)
}

// parseLimit parses "65536", "soft:hard" or "infinity"; the hard limit counts. 0 means: as it is.
func parseLimit(value string) (uint64, error) {
	if _, hard, ok := strings.Cut(value, ":"); ok {
		value = hard
	}
	if value == "infinity" {
		return 0, nil
	}
	n, err := strconv.ParseUint(value, 10, 63)
	if err != nil {
		return 0, fmt.Errorf("%q is not a limit", value)
	}
	return n, nil
}
