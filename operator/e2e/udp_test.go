//go:build e2e

package e2e

import (
	"fmt"
	"os/exec"
	"strings"
	"syscall"
	"testing"
)

// noUDP is the group whose programs send no UDP to a server's media port; the number means nothing.
const noUDP = 4711

// withoutUDP drops what that group sends to media ports, until the test ends. Tests have a network namespace of their own, and the relay,
// which goes on over UDP, is in another group.
func withoutUDP(t *testing.T) {
	t.Helper()
	nft(t, "add table inet noudp")
	t.Cleanup(func() { nft(t, "delete table inet noudp") })
	nft(t, "add chain inet noudp output { type filter hook output priority 0 ; }")
	nft(t, fmt.Sprintf("add rule inet noudp output udp dport 10000 meta skgid %d counter drop", noUDP))
}

// inGroup starts a program, and all that it starts, in a group.
func inGroup(group uint32) func(*exec.Cmd) {
	return func(cmd *exec.Cmd) {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Gid: group}}
	}
}

func nft(t *testing.T, rule string) {
	t.Helper()
	cmd := exec.Command("nft", "-f", "-")
	cmd.Stdin = strings.NewReader(rule + "\n")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("nft %s: %v\n%s", rule, err, out)
	}
}
