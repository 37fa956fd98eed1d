package deploy

import (
	"bytes"
	"net"
	"net/netip"

	"golang.org/x/crypto/ssh"
)

// HostKeys says which SSH host keys a machine may show, and remembers how far the change from the injected to the machine's
// own key has come:
//
//	injected            Pinned is nil: only the injected key is accepted
//	saved, not proven   Pinned is set, Proven is false: SSH may not have been restarted yet, so both are accepted
//	proven              the machine has shown the pinned key: nothing else is accepted any more
type HostKeys struct {
	// Injected is the key that the machine got through user data. Nil once Proven.
	Injected ssh.PublicKey
	Pinned   ssh.PublicKey
	Proven   bool
	// Save makes Pinned and Proven durable before the next step is taken.
	Save func(pinned ssh.PublicKey, proven bool) error
}

func (k *HostKeys) accepted() []ssh.PublicKey {
	switch {
	case k.Proven:
		return []ssh.PublicKey{k.Pinned}
	case k.Pinned != nil:
		return []ssh.PublicKey{k.Pinned, k.Injected}
	}
	return []ssh.PublicKey{k.Injected}
}

func (k *HostKeys) pin(key ssh.PublicKey) error {
	if err := k.Save(key, false); err != nil {
		return err
	}
	k.Pinned, k.Proven = key, false
	return nil
}

func (k *HostKeys) prove() error {
	if err := k.Save(k.Pinned, true); err != nil {
		return err
	}
	k.Proven = true
	return nil
}

func equal(a, b ssh.PublicKey) bool {
	return a != nil && b != nil && bytes.Equal(a.Marshal(), b.Marshal())
}

// check returns a callback that accepts the given keys only and stores the one it saw.
func check(address netip.AddrPort, accepted []ssh.PublicKey, shown *ssh.PublicKey) ssh.HostKeyCallback {
	return func(_ string, _ net.Addr, key ssh.PublicKey) error {
		refusal := &HostKeyError{Address: address, Got: ssh.FingerprintSHA256(key)}
		for _, a := range accepted {
			if equal(a, key) {
				*shown = key
				return nil
			}
			refusal.Want = append(refusal.Want, ssh.FingerprintSHA256(a))
		}
		return refusal
	}
}
