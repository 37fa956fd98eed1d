package templates

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// exposure is the most that systemd may find wrong with the unit, in tenths; 20 is "OK", 0 would be a service without a network. It has 1.5 on
// Debian 12: what is left is the network, its port and its user's files.
const exposure = "20"

// TestServerUnitIsHardened has systemd judge the unit, and all units be free of mistakes.
func TestServerUnitIsHardened(t *testing.T) {
	tool, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Skip("systemd-analyze is not here; on Debian it comes with systemd")
	}
	dir := t.TempDir()
	unit, err := ServerUnit(sampleUnit())
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "kreisraum-conference.service")
	if err := os.WriteFile(path, []byte(unit), 0o644); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), tool, "security", "--no-pager", "--offline=true", "--threshold="+exposure, path).CombinedOutput()
	if err != nil {
		t.Errorf("exposure above %s tenths: %v\n%s", exposure, err, out)
	}
	for _, line := range strings.Split(string(out), "\n") {
		if strings.Contains(line, "Unknown") || strings.Contains(line, "ignoring") {
			t.Errorf("systemd does not know a directive: %s", line)
		}
	}
}

// TestRebootTimeIsOne has systemd read the timer's time.
func TestRebootTimeIsOne(t *testing.T) {
	tool, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Skip("systemd-analyze is not here; on Debian it comes with systemd")
	}
	timer, err := RebootTimer(Reboot{At: "04:40", Zone: "Europe/Berlin"})
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(timer, "OnCalendar=")
	spec, _, _ := strings.Cut(rest, "\n")
	if out, err := exec.CommandContext(t.Context(), tool, "calendar", spec).CombinedOutput(); err != nil {
		t.Errorf("%q: %v\n%s", spec, err, out)
	}
}
