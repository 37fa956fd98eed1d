package sfu

import (
	"errors"
	"net"
	"net/netip"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pion/transport/v4"
	"github.com/pion/transport/v4/stdnet"
	"github.com/pion/webrtc/v4"

	"github.com/medienzentrenverbund/kreisraum/conference/client"
)

// impatient is an engine that gives up soon.
func impatient(t *testing.T) *Room {
	t.Helper()
	e, err := NewEngine(Config{
		Addresses: []netip.Addr{netip.MustParseAddr("127.0.0.1")},
		timeouts:  timeouts{disconnected: 500 * time.Millisecond, failed: 500 * time.Millisecond, handshake: time.Second},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Close() })
	return e.NewRoom()
}

// failure waits for Events.Failed.
func failure(t *testing.T, failed <-chan error) {
	t.Helper()
	select {
	case err := <-failed:
		if !errors.Is(err, ErrConnectionLost) {
			t.Errorf("got %v, want ErrConnectionLost", err)
		}
	case <-time.After(15 * time.Second):
		t.Error("no failure was reported within 15 s")
	}
}

func TestAClientThatNeverConnectsIsGivenUp(t *testing.T) {
	offer, err := os.ReadFile("testdata/offers/chromium.sdp")
	if err != nil {
		t.Fatal(err)
	}
	failed := make(chan error, 1)
	s, _, err := impatient(t).Join("a", string(offer), Events{Failed: func(err error) { failed <- err }})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	failure(t, failed)
}

// unplugged is a network whose cable can be pulled.
type unplugged struct {
	transport.Net
	pulled atomic.Bool
}

func (u *unplugged) ListenUDP(network string, a *net.UDPAddr) (transport.UDPConn, error) {
	c, err := u.Net.ListenUDP(network, a)
	return &cable{c, u}, err
}

type cable struct {
	transport.UDPConn
	net *unplugged
}

func (c *cable) WriteTo(b []byte, to net.Addr) (int, error) {
	if c.net.pulled.Load() {
		return len(b), nil
	}
	return c.UDPConn.WriteTo(b, to)
}

func TestAClientThatVanishesIsNoticed(t *testing.T) {
	plain, err := stdnet.NewNet()
	if err != nil {
		t.Fatal(err)
	}
	network := &unplugged{Net: plain}
	peer, err := client.NewPeer(client.PeerConfig{
		AudioSlots: 1, Microphone: true, Tune: func(s *webrtc.SettingEngine) { s.SetNet(network) },
	})
	if err != nil {
		t.Fatal(err)
	}
	defer peer.Close()
	failed := make(chan error, 1)
	s, answer, err := impatient(t).Join("a", peer.Offer(), Events{Failed: func(err error) { failed <- err }})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := peer.Answer(answer); err != nil {
		t.Fatal(err)
	}
	<-peer.Connected()
	network.pulled.Store(true)
	failure(t, failed)
}
