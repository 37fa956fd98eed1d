package machine

import (
	"errors"
	"io"
	"log/slog"
	"net"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/medienzentrenverbund/kreisraum/conference/eventually"
)

func TestTooManySSHConnections(t *testing.T) {
	l := newLab(t, "")
	l.powerOn()
	banner := func(c net.Conn) error {
		_ = c.SetReadDeadline(time.Now().Add(10 * time.Second))
		_, err := c.Read(make([]byte, 4))
		return err
	}
	var held []net.Conn
	for range maxConnections {
		c, err := net.Dial("tcp", l.sshAddress())
		must(t, err)
		defer c.Close()
		must(t, banner(c))
		held = append(held, c)
	}
	c, err := net.Dial("tcp", l.sshAddress())
	must(t, err)
	defer c.Close()
	if err := banner(c); !errors.Is(err, io.EOF) {
		t.Errorf("one connection too many: %v", err)
	}
	_ = held[0].Close()
	eventually.True(t, "a free place", func() bool { c, err := l.dial(); return err == nil && c.Close() == nil })
}

func TestSilentSSHClientIsClosed(t *testing.T) {
	disk, _ := applyUserData(t, "")
	e := newSSHEndpoint(disk, &shell{}, slog.New(slog.DiscardHandler))
	must(t, e.restart())
	e.grace = 20 * time.Millisecond
	client, server := net.Pipe()
	defer client.Close()
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer server.Close()
		e.serve(server)
	}()
	go func() { _, _ = io.Copy(io.Discard, client) }()
	select {
	case <-done:
	case <-time.After(10 * time.Second):
		t.Fatal("still waiting for the end of a client that says nothing")
	}
}

func TestChannelsPerConnection(t *testing.T) {
	l := newLab(t, "")
	l.powerOn()
	c := l.client()
	var last error
	for range maxChannels + 1 {
		var channel ssh.Channel
		var requests <-chan *ssh.Request
		if channel, requests, last = c.OpenChannel("session", nil); last == nil {
			go ssh.DiscardRequests(requests)
			defer channel.Close()
		}
	}
	var refused *ssh.OpenChannelError
	if !errors.As(last, &refused) || refused.Reason != ssh.ResourceShortage {
		t.Errorf("one channel too many: %v", last)
	}
}
