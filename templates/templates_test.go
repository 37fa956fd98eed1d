package templates

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func sampleMachine() Machine {
	return Machine{
		Hostname: "kreisraum-musterkreis-portal", ServiceUser: "kreisraum", HostKeyUnit: "kreisraum-hostkey.service",
		UnitDir: "/etc/systemd/system", RenewHostKey: "/opt/kreisraum/current/kreisraum-conference renew-host-key",
		ReadyMarker:    "/etc/kreisraum/machine-ready",
		HostKeyPrivate: "-----BEGIN OPENSSH PRIVATE KEY-----\nbm90IGEga2V5\n-----END OPENSSH PRIVATE KEY-----\n",
		HostKeyPublic:  "ssh-ed25519 bm90IGEga2V5 musterkreis\n",
	}
}

func sampleUnit() Unit {
	return Unit{User: "kreisraum", Binary: "/opt/kreisraum/current/kreisraum-conference", ConfigFile: "/opt/kreisraum/current/server.yaml",
		EnvironmentFile: "/opt/kreisraum/current/deployment.env", StateDirectory: "kreisraum", LogsDirectory: "kreisraum", RuntimeDirectory: "kreisraum"}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs (go test ./templates -update rewrites it); got:\n%s", path, got)
	}
}

func TestCloudInitIsAsReviewed(t *testing.T) {
	got, err := CloudInit(sampleMachine())
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "cloud-config.yaml", got)
}

func TestServerUnitIsAsReviewed(t *testing.T) {
	got, err := ServerUnit(sampleUnit())
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "kreisraum-conference.service", got)
}

func TestRebootTimerIsAsReviewed(t *testing.T) {
	got, err := RebootTimer(Reboot{At: "04:40", Zone: "Europe/Berlin"})
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "kreisraum-reboot.timer", got)
}

func TestCloudInitIsYAMLThatKeepsTheHostKey(t *testing.T) {
	m := sampleMachine()
	text, err := CloudInit(m)
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		SSHKeys map[string]string `yaml:"ssh_keys"`
		Files   []struct {
			Path string `yaml:"path"`
		} `yaml:"write_files"`
	}
	if err := yaml.Unmarshal([]byte(text), &got); err != nil {
		t.Fatalf("not YAML: %v", err)
	}
	if got.SSHKeys["ed25519_private"] != m.HostKeyPrivate {
		t.Errorf("private host key: got %q, want %q", got.SSHKeys["ed25519_private"], m.HostKeyPrivate)
	}
	if last := got.Files[len(got.Files)-1].Path; last != m.ReadyMarker {
		t.Errorf("last file is %s, want the ready marker %s", last, m.ReadyMarker)
	}
}

func TestValuesCannotBreakOutOfTheirLine(t *testing.T) {
	m := sampleMachine()
	m.Hostname = "x\nruncmd: [reboot]"
	if _, err := CloudInit(m); err == nil {
		t.Error("a host name with a line break was accepted")
	}
	u := sampleUnit()
	u.EnvironmentFile = "x\nUser=root"
	if _, err := ServerUnit(u); err == nil {
		t.Error("a path with a line break was accepted")
	}
}

func TestUserDataLargerThanHetznerAcceptsIsRefused(t *testing.T) {
	m := sampleMachine()
	m.HostKeyPrivate = strings.Repeat("A", userDataLimit)
	if _, err := CloudInit(m); err == nil {
		t.Error("user data above 32 KiB was accepted")
	}
}
