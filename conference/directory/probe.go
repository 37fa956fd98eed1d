package directory

import (
	"strings"

	"github.com/medienzentrenverbund/kreisraum/conference/identity"
	"github.com/medienzentrenverbund/kreisraum/conference/signaling"
)

// probeOn begins the names of probe rooms that a certain machine shall have: kreisraum-probe-on-bridge-3-9f2c…
const probeOn = signaling.ProbeRoomPrefix + "on-"

// ProbeRoom is the name of a probe room on a machine; hex tells it from other ones.
func ProbeRoom(machine, hex string) string { return probeOn + machine + "-" + hex }

// probeMachine returns the machine that a probe room's name asks for.
func probeMachine(room string) (machine string, ok bool) {
	rest, ok := strings.CutPrefix(room, probeOn)
	if !ok {
		return "", false
	}
	i := strings.LastIndexByte(rest, '-')
	if i < 0 || i == len(rest)-1 || strings.Trim(rest[i+1:], "0123456789abcdef") != "" {
		return "", false
	}
	return rest[:i], identity.IsMachine(rest[:i])
}
