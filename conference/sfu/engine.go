package sfu

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"math/big"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/pion/dtls/v3"
	"github.com/pion/ice/v4"
	"github.com/pion/logging"
	"github.com/pion/webrtc/v4"
)

const (
	// socketBuffer is asked of the kernel for each socket, in bytes; 4 MiB hold 70 keyframes. The kernel gives at most
	// net.core.rmem_max and wmem_max.
	socketBuffer = 4 << 20
	// receiveMTU bounds a packet read, in bytes; nothing larger crosses an Ethernet unfragmented.
	receiveMTU = 1500
	// maxPayload bounds an RTP payload kept for retransmission.
	maxPayload = receiveMTU
	// certificateLife bounds how long one DTLS certificate is used, so that clients can't be recognised by it for long.
	certificateLife = 24 * time.Hour
)

// Config is what an Engine needs.
type Config struct {
	// Addresses are bound and offered as ICE candidates: exactly these.
	Addresses []netip.Addr
	// Port is the UDP port of all media; 0 takes a free one, for tests.
	Port int
	Log  *slog.Logger

	timeouts timeouts
}

// timeouts of a connection; the zero value stands for the defaults.
type timeouts struct {
	disconnected, failed time.Duration // RFC 7675: consent expires after 30 s at the latest
	handshake            time.Duration // DTLS
}

// Engine owns the UDP sockets, the DTLS certificate and the rooms. Safe for concurrent use.
type Engine struct {
	log     *slog.Logger
	port    int
	mux     ice.UDPMux
	sockets sockets
	setting webrtc.SettingEngine

	handshakes atomic.Uint64

	mu          sync.Mutex
	closed      bool
	rooms       map[*Room]struct{}
	certificate *webrtc.Certificate
	expires     time.Time

	// open counts the transports that are not closed yet.
	open sync.WaitGroup
}

// NewEngine opens one UDP socket per address. The error names the address that can't be bound and what to do.
func NewEngine(c Config) (*Engine, error) {
	if len(c.Addresses) == 0 {
		return nil, errors.New("open media sockets: no address given; set listen.addresses")
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	conns, port, err := listen(c.Addresses, c.Port)
	if err != nil {
		return nil, err
	}
	e := &Engine{log: c.Log, port: port, rooms: map[*Room]struct{}{}}
	logs := newPionLog(c.Log)
	muxes := make([]ice.UDPMux, len(conns))
	for i, conn := range conns {
		s := newSocket(conn)
		e.sockets = append(e.sockets, s)
		muxes[i] = ice.NewUDPMuxDefault(ice.UDPMuxParams{UDPConn: s, Logger: logs.NewLogger("mux")})
	}
	e.mux = ice.NewMultiUDPMuxDefault(muxes...)
	e.setting = settings(e.mux, logs, c.timeouts)
	return e, nil
}

// listen binds all addresses to the same port.
func listen(addresses []netip.Addr, port int) ([]*net.UDPConn, int, error) {
	var conns []*net.UDPConn
	for _, a := range addresses {
		at := netip.AddrPortFrom(a.Unmap(), uint16(port))
		conn, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(at))
		if err != nil {
			for _, c := range conns {
				c.Close()
			}
			return nil, 0, fmt.Errorf("open media socket UDP %s: %w; %s", at, err, remedy(err))
		}
		// A kernel that grants less only makes bursts lossier.
		_ = conn.SetReadBuffer(socketBuffer)
		_ = conn.SetWriteBuffer(socketBuffer)
		conns = append(conns, conn)
		port = conn.LocalAddr().(*net.UDPAddr).Port
	}
	return conns, port, nil
}

// remedy says what to do when a socket can't be bound.
func remedy(err error) string {
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return "another program holds this port: find it with 'ss -ulpn' and stop it, or set listen.media_port"
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return "this machine has no such address: correct listen.addresses"
	case errors.Is(err, syscall.EACCES):
		return "ports below 1024 need the capability CAP_NET_BIND_SERVICE: set listen.media_port above"
	}
	return "check listen.addresses and listen.media_port"
}

// settings is how pion behaves: ICE-lite on our sockets, AES-GCM first, nothing that asks the network.
func settings(mux ice.UDPMux, logs logging.LoggerFactory, t timeouts) webrtc.SettingEngine {
	if t == (timeouts{}) {
		t = timeouts{disconnected: 5 * time.Second, failed: 15 * time.Second, handshake: 20 * time.Second}
	}
	s := webrtc.SettingEngine{LoggerFactory: logs}
	s.SetLite(true)
	s.SetICEUDPMux(mux)
	s.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeUDP4, webrtc.NetworkTypeUDP6})
	s.SetIncludeLoopbackCandidate(true)
	s.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	s.SetICETimeouts(t.disconnected, t.failed, 2*time.Second)
	s.SetReceiveMTU(receiveMTU)
	s.SetSRTPReplayProtectionWindow(1024) // late retransmissions are welcome
	s.SetSRTPProtectionProfiles(dtls.SRTP_AEAD_AES_128_GCM, dtls.SRTP_AES128_CM_HMAC_SHA1_80)
	s.SetDTLSRetransmissionInterval(200 * time.Millisecond)
	s.SetDTLSConnectContextMaker(func() (context.Context, func()) {
		return context.WithTimeout(context.Background(), t.handshake)
	})
	// The client starts ICE, so it also starts DTLS: its first flight is never early (RFC 8842 §5.3 lets the answerer choose).
	_ = s.SetAnsweringDTLSRole(webrtc.DTLSRoleServer) // fails for other roles only
	return s
}

// Port is the UDP port of all media.
func (e *Engine) Port() int { return e.port }

// NewRoom returns an empty room. Close it, or the Engine, to end it.
func (e *Engine) NewRoom() *Room { return e.newRoom(false) }

// NewEcho returns a room in which everybody gets their own media too, for tests of a network.
func (e *Engine) NewEcho() *Room { return e.newRoom(true) }

func (e *Engine) newRoom(echo bool) *Room {
	r := newRoom(e, echo)
	e.mu.Lock()
	if !e.closed {
		e.rooms[r] = struct{}{}
	}
	closed := e.closed
	e.mu.Unlock()
	if closed {
		r.Close()
	}
	return r
}

// forget is called by a room that has closed.
func (e *Engine) forget(r *Room) {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.rooms, r)
}

// Close ends all rooms, closes the sockets and waits until nothing runs any more. Idempotent.
func (e *Engine) Close() error {
	e.mu.Lock()
	e.closed = true
	rooms := make([]*Room, 0, len(e.rooms))
	for r := range e.rooms {
		rooms = append(rooms, r)
	}
	e.mu.Unlock()
	for _, r := range rooms {
		r.Close()
	}
	e.open.Wait()
	return e.mux.Close()
}

// admit counts a transport about to be made; e.open.Done after closing it. It reports false once Close has been called.
func (e *Engine) admit() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return false
	}
	e.open.Add(1)
	e.handshakes.Add(1)
	return true
}

// api returns what makes one PeerConnection, bounded by x. Codecs and interceptors can't be shared between PeerConnections.
func (e *Engine) api(x *excess) (*webrtc.API, error) {
	m, err := mediaEngine()
	if err != nil {
		return nil, err
	}
	r, err := interceptors(e.setting.LoggerFactory)
	if err != nil {
		return nil, err
	}
	setting := e.setting
	setting.BufferFactory = x.buffer
	setting.SetRemoteIPFilter(x.remote)
	return webrtc.NewAPI(webrtc.WithMediaEngine(m), webrtc.WithInterceptorRegistry(r), webrtc.WithSettingEngine(setting)), nil
}

// dtlsCertificate returns the certificate to use now, a fresh one when the last is a day old.
func (e *Engine) dtlsCertificate(now time.Time) (webrtc.Certificate, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.certificate != nil && now.Before(e.expires) {
		return *e.certificate, nil
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return webrtc.Certificate{}, fmt.Errorf("make DTLS key: %w", err)
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 63))
	if err != nil {
		return webrtc.Certificate{}, fmt.Errorf("make DTLS certificate: %w", err)
	}
	c, err := webrtc.NewCertificate(key, x509.Certificate{
		SerialNumber: serial, NotBefore: now.Add(-certificateLife), NotAfter: now.Add(2 * certificateLife),
	})
	if err != nil {
		return webrtc.Certificate{}, fmt.Errorf("make DTLS certificate: %w", err)
	}
	e.certificate, e.expires = c, now.Add(certificateLife)
	return *c, nil
}
