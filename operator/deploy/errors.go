package deploy

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
)

var (
	// ErrUnreachable is wrapped when nobody answers on port 22 in time.
	ErrUnreachable = errors.New("the machine cannot be reached")
	// ErrRefused is wrapped when the machine does not accept the operator's key.
	ErrRefused = errors.New("the machine refuses the operator's SSH key")
	// ErrDiskFull is wrapped when the machine has no room for the release.
	ErrDiskFull = errors.New("the machine's disk is full")
	// ErrNoPrevious says that there is no release to go back to.
	ErrNoPrevious = errors.New("the machine has no earlier release that ran well")
)

// HostKeyError says that the machine showed another SSH host key than the expected one.
type HostKeyError struct {
	Address netip.AddrPort
	// Got and Want are fingerprints, "SHA256:…".
	Got  string
	Want []string
}

func (e *HostKeyError) Error() string {
	return fmt.Sprintf("the machine at %s shows the SSH host key %s, expected was %s: either somebody stands in between, or the machine was "+
		"set up again without this program. Nothing was sent. Compare the key on the machine's console in the Hetzner Console; "+
		"if it is not yours to explain, take the county down, with --keep-register if it is to keep its accounts, and up again", e.Address, e.Got, strings.Join(e.Want, " or "))
}

// CommandError says that a command on the machine ended with an exit code other than 0.
type CommandError struct {
	Command string
	Code    int
	// Output is the end of what it printed.
	Output string
}

func (e *CommandError) Error() string {
	text := fmt.Sprintf("%q on the machine ended with exit code %d", e.Command, e.Code)
	if out := strings.TrimSpace(e.Output); out != "" {
		text += ":\n" + out
	}
	return text
}

// StartError says that the server did not become healthy.
type StartError struct {
	// Reason is what was still missing, for example that the ops API does not answer.
	Reason error
	// State is systemd's view of the unit, Journal its last lines; the server logs no personal data.
	State, Journal string
}

func (e *StartError) Error() string {
	text := "the server was started but is not healthy: " + e.Reason.Error()
	if e.State != "" {
		text += "\nsystemd: " + strings.Join(strings.Fields(e.State), " ")
	}
	if e.Journal != "" {
		text += "\nlast lines of its log:\n" + e.Journal
	}
	return text
}

func (e *StartError) Unwrap() error { return e.Reason }

// RolledBackError says that the new release did not become healthy, and that the machine runs the one of before again.
type RolledBackError struct {
	// To is the name of the release that runs.
	To     string
	Reason *StartError
}

func (e *RolledBackError) Error() string {
	return fmt.Sprintf("the new release was taken back, the machine runs %s again: %v", e.To, e.Reason)
}

func (e *RolledBackError) Unwrap() error { return e.Reason }
