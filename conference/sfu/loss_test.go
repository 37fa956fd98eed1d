package sfu_test

import (
	"net"
	"net/netip"
	"sync/atomic"
	"testing"

	"github.com/pion/transport/v4"
	"github.com/pion/transport/v4/stdnet"
	"github.com/pion/webrtc/v4"

	"github.com/medienzentrenverbund/kreisraum/conference/eventually"
	"github.com/medienzentrenverbund/kreisraum/conference/sfu"
)

// lossy drops every n-th UDP packet that arrives after the connection is made.
type lossy struct {
	transport.Net
	every   int64
	enabled *atomic.Bool
}

func (l *lossy) ListenUDP(network string, a *net.UDPAddr) (transport.UDPConn, error) {
	c, err := l.Net.ListenUDP(network, a)
	return &lossyConn{UDPConn: c, lossy: l}, err
}

type lossyConn struct {
	transport.UDPConn
	lossy *lossy
	n     atomic.Int64
}

func (c *lossyConn) drop(b []byte) bool {
	media := len(b) > 1 && b[0]>>6 == 2 && b[1]&0x7f == 96 // video only: audio is not retransmitted
	return media && c.lossy.enabled.Load() && c.n.Add(1)%c.lossy.every == 0
}

func (c *lossyConn) ReadFromUDPAddrPort(b []byte) (int, netip.AddrPort, error) {
	for {
		n, from, err := c.UDPConn.(interface {
			ReadFromUDPAddrPort([]byte) (int, netip.AddrPort, error)
		}).ReadFromUDPAddrPort(b)
		if err != nil || !c.drop(b[:n]) {
			return n, from, err
		}
	}
}

func (c *lossyConn) ReadFrom(b []byte) (int, net.Addr, error) {
	for {
		n, from, err := c.UDPConn.ReadFrom(b)
		if err != nil || !c.drop(b[:n]) {
			return n, from, err
		}
	}
}

func TestLostPacketsAreRecovered(t *testing.T) {
	r := newEngine(t).NewRoom()
	plain, err := stdnet.NewNet()
	if err != nil {
		t.Fatal(err)
	}
	var losing atomic.Bool
	bad := both
	bad.Tune = func(s *webrtc.SettingEngine) { s.SetNet(&lossy{plain, 10, &losing}) }
	a, b := join(t, r, "a", bad), join(t, r, "b", both)
	a.see(b)
	eventually.True(t, "video", func() bool { return a.sees(b).Packets > 10 })
	losing.Store(true)
	sawLoss := false
	eventually.True(t, "300 packets through the lossy network", func() bool {
		s := a.sees(b)
		sawLoss = sawLoss || s.Lost() > 0
		return s.Packets > 300
	})
	if !sawLoss {
		t.Fatal("the network lost nothing")
	}
	losing.Store(false)
	eventually.True(t, "every lost packet again", func() bool { return a.sees(b).Lost() == 0 })
}

func TestAThinConnectionGetsASmallerLayer(t *testing.T) {
	r := newEngine(t).NewRoom()
	plain, err := stdnet.NewNet()
	if err != nil {
		t.Fatal(err)
	}
	var losing atomic.Bool
	bad, layered := both, both
	layered.Simulcast = true
	bad.Tune = func(s *webrtc.SettingEngine) { s.SetNet(&lossy{plain, 3, &losing}) }
	a, thin, good := join(t, r, "a", layered), join(t, r, "thin", bad), join(t, r, "good", both)
	for _, g := range []*guest{thin, good} {
		g.session.SetView([]sfu.Want{{Participant: "a", Source: sfu.Camera, Height: 720}})
		eventually.True(t, "the full layer", func() bool { return g.sees(a).Height == 720 })
	}
	losing.Store(true)
	eventually.True(t, "a smaller layer at the thin connection", func() bool { return thin.sees(a).Height < 720 })
	if h := good.sees(a).Height; h != 720 {
		t.Errorf("the good connection got a layer of %d", h)
	}
}
