//go:build e2e

package e2e

import (
	"os/exec"
	"strings"
	"testing"
)

// withoutUDP holds a lesson while no UDP passes between browser and server. These tests have a network namespace of their own: browsers have
// no address there but 127.0.0.1, and the relay, which goes on over UDP, sends from the machine's own.
func withoutUDP(t *testing.T, url string, organiser credential) {
	nft(t, "add table inet noudp")
	defer nft(t, "delete table inet noudp")
	nft(t, "add chain inet noudp output { type filter hook output priority 0 ; }")
	nft(t, "add rule inet noudp output udp dport 10000 ip saddr 127.0.0.1 counter drop")
	nft(t, "add rule inet noudp output udp dport 10000 ip6 saddr ::1 counter drop")
	browserTests(t, url, organiser, "e2e/udp.test.mjs")
}

func nft(t *testing.T, rule string) {
	t.Helper()
	cmd := exec.Command("nft", "-f", "-")
	cmd.Stdin = strings.NewReader(rule + "\n")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("nft %s: %v\n%s", rule, err, out)
	}
}
