package main

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"flag"
	"fmt"
	"io"

	"golang.org/x/crypto/ssh"

	"github.com/medienzentrenverbund/kreisraum/conference/atomicfile"
)

// renewHostKey makes this machine a new SSH host key. The one it was born with came through the cloud's user data, which every
// process on the machine can read; it is good for the operator's first connection only. The file is replaced at once, the
// public half first, so that sshd never finds a half-written key.
func renewHostKey(_ context.Context, args []string, stdout, _ io.Writer) error {
	set := flag.NewFlagSet("renew-host-key", flag.ContinueOnError)
	file := set.String("file", "/etc/ssh/ssh_host_ed25519_key", "")
	if _, err := parse(set, args, 0); err != nil {
		return err
	}
	private, public, err := newHostKey()
	if err != nil {
		return fmt.Errorf("make host key: %w", err)
	}
	if err := errors.Join(atomicfile.Write(*file+".pub", public, 0o644), atomicfile.Write(*file, private, 0o600)); err != nil {
		return fmt.Errorf("host key: %w; run as root", err)
	}
	fmt.Fprintf(stdout, "%s: new host key, restart sshd to use it\n", *file)
	return nil
}

// newHostKey returns an ed25519 key in OpenSSH's format and its public half in authorized_keys format.
func newHostKey() (private, public []byte, err error) {
	pub, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	const comment = "kreisraum"
	block, err := ssh.MarshalPrivateKey(key, comment)
	if err != nil {
		return nil, nil, err
	}
	sshPub, err := ssh.NewPublicKey(pub)
	if err != nil {
		return nil, nil, err
	}
	return pem.EncodeToMemory(block), ssh.MarshalAuthorizedKey(sshPub), nil
}
