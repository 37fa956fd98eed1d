package deploy

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"sync/atomic"
	"time"

	"github.com/pkg/sftp"
	"golang.org/x/crypto/ssh"
)

const (
	// dialTimeout bounds the TCP connection and the SSH handshake, each.
	dialTimeout = 5 * time.Second
	// pauseMin and pauseMax bound the pause between two attempts while the machine boots.
	pauseMin = 100 * time.Millisecond
	pauseMax = 300 * time.Millisecond
	// silence is how long the machine may say nothing while keep-alives are sent every keepAlive.
	silence   = 20 * time.Second
	keepAlive = 5 * time.Second
)

// remote is a connection to a machine. Safe for concurrent use, but for close.
type remote struct {
	address netip.AddrPort
	ssh     *ssh.Client
	files   *sftp.Client
	// shown is the host key that the machine proved to hold.
	shown ssh.PublicKey
	stop  chan struct{}
	// lost is closed when the connection has ended.
	lost chan struct{}
}

// connect tries until the machine answers or patience has passed. A wrong host key ends it at once. When ctx ends, so do the
// connection and everything that waits on it.
func connect(ctx context.Context, address netip.AddrPort, signer ssh.Signer, accepted []ssh.PublicKey, patience time.Duration) (*remote, error) {
	deadline := time.Now().Add(patience)
	for pause := pauseMin; ; pause = min(2*pause, pauseMax) {
		r, err := dial(ctx, address, signer, accepted)
		if err == nil {
			return r, nil
		}
		var wrong *HostKeyError
		if errors.As(err, &wrong) {
			return nil, wrong
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if time.Now().Add(pause).After(deadline) {
			return nil, giveUp(address, err, patience)
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(pause):
		}
	}
}

func giveUp(address netip.AddrPort, err error, patience time.Duration) error {
	if isRefusal(err) {
		return fmt.Errorf("%w at %s: %v; was it put up from another computer? The county's keys are in that one's home", ErrRefused, address, err)
	}
	return fmt.Errorf("%w at %s within %s: %v; check that ssh.sources in the county's file names the network you work from, and that "+
		"no firewall on your side stops port 22, then run the command again", ErrUnreachable, address, patience.Round(time.Second), err)
}

// isRefusal tells a refused key from other failures; x/crypto/ssh offers no type for it.
func isRefusal(err error) bool { return strings.Contains(err.Error(), "unable to authenticate") }

func dial(ctx context.Context, address netip.AddrPort, signer ssh.Signer, accepted []ssh.PublicKey) (*remote, error) {
	conn, err := (&net.Dialer{Timeout: dialTimeout}).DialContext(ctx, "tcp", address.String())
	if err != nil {
		return nil, err
	}
	release := context.AfterFunc(ctx, func() { _ = conn.Close() })
	r := &remote{address: address, stop: make(chan struct{}), lost: make(chan struct{})}
	if err := r.handshake(conn, signer, accepted); err != nil {
		release()
		_ = conn.Close()
		return nil, err
	}
	go r.keepAlive()
	go func() {
		_ = r.ssh.Wait()
		close(r.lost)
	}()
	return r, nil
}

func (r *remote) handshake(conn net.Conn, signer ssh.Signer, accepted []ssh.PublicKey) error {
	config := &ssh.ClientConfig{
		User:              "root",
		Auth:              []ssh.AuthMethod{ssh.PublicKeys(signer)},
		HostKeyCallback:   check(r.address, accepted, &r.shown),
		HostKeyAlgorithms: []string{ssh.KeyAlgoED25519},
	}
	_ = conn.SetDeadline(time.Now().Add(dialTimeout))
	watched := &alive{Conn: conn}
	c, channels, requests, err := ssh.NewClientConn(watched, r.address.String(), config)
	if err != nil {
		return err
	}
	watched.begin()
	r.ssh = ssh.NewClient(c, channels, requests)
	r.files, err = sftp.NewClient(r.ssh, sftp.UseConcurrentWrites(true), sftp.UseConcurrentReads(true))
	if err != nil {
		_ = r.ssh.Close()
		return fmt.Errorf("start SFTP: %w", err)
	}
	return nil
}

// alive ends a connection on which nothing arrives any more; the answers to keep-alives count. Until begin, the deadline of
// the handshake stays as it is.
type alive struct {
	net.Conn
	begun atomic.Bool
}

func (a *alive) begin() {
	a.begun.Store(true)
	_ = a.SetWriteDeadline(time.Time{})
	_ = a.SetReadDeadline(time.Now().Add(silence))
}

func (a *alive) Read(p []byte) (int, error) {
	n, err := a.Conn.Read(p)
	if n > 0 && a.begun.Load() {
		_ = a.SetReadDeadline(time.Now().Add(silence))
	}
	return n, err
}

func (r *remote) keepAlive() {
	tick := time.NewTicker(keepAlive)
	defer tick.Stop()
	for {
		select {
		case <-r.stop:
			return
		case <-tick.C:
			if _, _, err := r.ssh.SendRequest("keepalive@openssh.com", true, nil); err != nil {
				return
			}
		}
	}
}

// close ends the connection. It may be called once.
func (r *remote) close() {
	close(r.stop)
	_ = r.files.Close()
	_ = r.ssh.Close()
	<-r.lost
}
