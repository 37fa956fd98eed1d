package machine

import (
	"io/fs"
	"reflect"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestParseUnitFile(t *testing.T) {
	u, err := parseUnitFile("x.service", []byte(`# comment
[Unit]
Description=a service
After=network-online.target
StartLimitIntervalSec=1min
StartLimitBurst=3
OnFailure=mail.service

[Service]
Type=notify
User=kreisraum
Group=www
ExecStart=/opt/x "two words" 'it''s' 100%% \
  ; a comment between
  $$HOME a\x20b
Environment=A=1 "B=two words"
Environment=C=3%%$x
EnvironmentFile=-/etc/default/x
WorkingDirectory=/srv
Restart=on-failure
RestartSec=1min 30s
TimeoutStopSec=500ms
KillSignal=SIGINT
StateDirectory=a b/c
StateDirectoryMode=0700
RuntimeDirectory=x
AmbientCapabilities=CAP_NET_BIND_SERVICE
ProtectSystem=strict
LimitNOFILE=1024:65536
LimitCORE=0
NoSuchThing=1

[Install]
WantedBy=multi-user.target
`))
	must(t, err)
	if want := []string{"/opt/x", "two words", "its", "100%", "$HOME", "a b"}; !reflect.DeepEqual(u.command, want) {
		t.Errorf("command %q, want %q", u.command, want)
	}
	if want := []string{"A=1", "B=two words", "C=3%$x"}; !reflect.DeepEqual(u.environment, want) {
		t.Errorf("environment %q, want %q", u.environment, want)
	}
	if want := []envFile{{"/etc/default/x", true}}; !reflect.DeepEqual(u.envFiles, want) {
		t.Errorf("environment files %v, want %v", u.envFiles, want)
	}
	if u.kind != "notify" || u.user != "kreisraum" || u.group != "www" || u.workingDir != "/srv" || u.restart != "on-failure" ||
		u.killSignal != syscall.SIGINT || !u.bindService || u.files != 65536 || !u.noCore {
		t.Errorf("unit: %+v", u)
	}
	if u.restartDelay != 90*time.Second || u.stopTimeout != 500*time.Millisecond || u.limit != (startLimit{time.Minute, 3}) {
		t.Errorf("times: %v %v %v", u.restartDelay, u.stopTimeout, u.limit)
	}
	if len(u.directories) != 3 || u.directories[1].name != "b/c" || !u.directories[2].volatile {
		t.Errorf("directories: %+v", u.directories)
	}
	if m, r := u.mode(u.directories[0]), u.mode(u.directories[2]); m != 0o700 || r != fs.FileMode(0o755) {
		t.Errorf("modes: %v %v", m, r)
	}
	if len(u.warnings) != 2 || !strings.Contains(u.warnings[0], "OnFailure") || !strings.Contains(u.warnings[1], "NoSuchThing") {
		t.Errorf("warnings: %q", u.warnings)
	}
}

func TestUnitFilesThatCannotBeObeyed(t *testing.T) {
	for name, text := range map[string]string{
		"nothing":              "",
		"no command":           "[Service]\nType=simple\n",
		"outside":              "ExecStart=/x\n",
		"not an assignment":    "[Service]\nhallo\n",
		"open end":             "[Service]\nExecStart=/x \\",
		"open quote":           "[Service]\nExecStart=/x \"y\n",
		"relative command":     "[Service]\nExecStart=x\n",
		"prefix":               "[Service]\nExecStart=+/x\n",
		"two commands":         "[Service]\nExecStart=/x\nExecStart=/y\n",
		"variable":             "[Service]\nExecStart=/x ${HOME}\n",
		"specifier in a value": "[Service]\nEnvironment=A=%n\nExecStart=/x\n",
		"specifier":            "[Service]\nExecStart=/x %n\n",
		"type":                 "[Service]\nType=forking\nExecStart=/x\n",
		"restart":              "[Service]\nRestart=sometimes\nExecStart=/x\n",
		"time":                 "[Service]\nRestartSec=soon\nExecStart=/x\n",
		"other capability":     "[Service]\nAmbientCapabilities=CAP_SYS_ADMIN\nExecStart=/x\n",
		"mode":                 "[Service]\nStateDirectoryMode=9\nExecStart=/x\n",
		"environment":          "[Service]\nEnvironment=A\nExecStart=/x\n",
		"relative directory":   "[Service]\nWorkingDirectory=x\nExecStart=/x\n",
		"too long":             "[Service]\nExecStart=/x\n" + strings.Repeat("#", maxUnitFile),
	} {
		if _, err := parseUnitFile("x.service", []byte(text)); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestResetByEmptyAssignment(t *testing.T) {
	u, err := parseUnitFile("x.service", []byte("[Service]\nExecStart=/x\nExecStart=\nExecStart=-/y\nEnvironment=A=1\nEnvironment=\n"))
	must(t, err)
	if !reflect.DeepEqual(u.command, []string{"/y"}) || !u.ignoreExit || u.environment != nil {
		t.Errorf("%+v", u)
	}
}

func TestParseSpan(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"5": 5 * time.Second, "1.5s": 1500 * time.Millisecond, "100ms": 100 * time.Millisecond, "2min": 2 * time.Minute, "1h 2m 3": time.Hour + 2*time.Minute + 3*time.Second,
		"infinity": 0, "0": 0,
	} {
		if got, err := parseSpan(text); got != want || err != nil {
			t.Errorf("%s: %v, %v; want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "s", "5 apples", "-1", "1e9h", "99999h", "300d"} {
		if got, err := parseSpan(text); err == nil {
			t.Errorf("%q: %v without an error", text, got)
		}
	}
}

func FuzzParseUnitFile(f *testing.F) {
	f.Add([]byte("[Service]\nExecStart=/x \"a b\" \\\n c\nRestartSec=1min 2s\n"))
	f.Add([]byte("[Unit]\nA=\\\n[Service"))
	f.Fuzz(func(t *testing.T, data []byte) {
		u, err := parseUnitFile("x.service", data)
		if err == nil && (len(u.command) == 0 || !strings.HasPrefix(u.command[0], "/")) {
			t.Errorf("command %q without an error", u.command)
		}
		if err == nil && (u.restartDelay < 0 || u.stopTimeout < 0 || u.limit.interval < 0) {
			t.Errorf("negative time: %+v", u)
		}
	})
}

func TestShouldRestart(t *testing.T) {
	for _, c := range []struct {
		policy       string
		failed, want bool
	}{{"no", true, false}, {"no", false, false}, {"always", false, true}, {"always", true, true}, {"on-failure", false, false}, {"on-failure", true, true}} {
		if got := shouldRestart(c.policy, c.failed); got != c.want {
			t.Errorf("%s, failed %v: %v", c.policy, c.failed, got)
		}
	}
}

func TestStartLimit(t *testing.T) {
	limit := startLimit{interval: 10 * time.Second, burst: 3}
	var h startHistory
	now := time.Unix(0, 0)
	for i, c := range []struct {
		after time.Duration
		want  bool
	}{{0, true}, {time.Second, true}, {2 * time.Second, true}, {3 * time.Second, false}, {10*time.Second + 1, true}, {10*time.Second + 2, false}, {13 * time.Second, true}} {
		if got := h.allow(now.Add(c.after), limit); got != c.want {
			t.Errorf("start %d after %v: %v", i, c.after, got)
		}
	}
	for range 10 {
		if !h.allow(now, startLimit{}) {
			t.Error("no limit is a limit")
		}
	}
}

func TestCleanExit(t *testing.T) {
	for _, c := range []struct {
		status exitStatus
		want   bool
	}{
		{exitStatus{}, true}, {exitStatus{code: 1}, false}, {exitStatus{code: 143, signal: syscall.SIGTERM}, true},
		{exitStatus{code: 137, signal: syscall.SIGKILL}, false}, {exitStatus{code: 139, signal: syscall.SIGSEGV}, false},
	} {
		if got := c.status.clean(); got != c.want {
			t.Errorf("%s: %v", c.status, got)
		}
	}
}
