package turn

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/pion/logging"
	"github.com/pion/stun/v4"
	pion "github.com/pion/turn/v5"
	"go.uber.org/goleak"

	"github.com/medienzentrenverbund/kreisraum/conference/eventually"
	"github.com/medienzentrenverbund/kreisraum/conference/token"
)

const (
	realm    = "kreis.example"
	patience = 30 * time.Second
)

var localhost = netip.MustParseAddr("127.0.0.1")

// ofTheClient are goroutines of pion's client, which outlive a broken connection.
var ofTheClient = goleak.IgnoreAnyFunction("github.com/pion/turn/v5/internal/client.(*PeriodicTimer).Start.func1")

// desk is a server with a UDP echo beside it that plays a bridge.
type desk struct {
	t       *testing.T
	key     token.Key
	server  *Server
	address string
	bridge  netip.AddrPort
	skew    atomic.Int64 // seconds that the server's clock is ahead
	log     bytes.Buffer
}

func newDesk(t *testing.T, change func(*Config)) *desk {
	t.Helper()
	running := goleak.IgnoreCurrent()
	t.Cleanup(func() { goleak.VerifyNone(t, running, ofTheClient) })
	d := &desk{t: t, key: token.NewKey()}
	d.bridge = echo(t, localhost)
	cfg := Config{
		Key: d.key, Realm: realm, Addresses: []netip.Addr{localhost, netip.IPv6Loopback()}, Log: slog.New(slog.NewTextHandler(&d.log, nil)),
		Now: func() time.Time { return time.Now().Add(time.Duration(d.skew.Load()) * time.Second) },
	}
	if change != nil {
		change(&cfg)
	}
	d.server = New(cfg)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	d.address = l.Addr().String()
	served := make(chan error, 1)
	go func() { served <- d.server.Serve(l) }()
	t.Cleanup(func() {
		d.server.Close()
		if err := <-served; err != nil {
			t.Errorf("Serve: %v", err)
		}
		if n := d.server.Allocations(); n != 0 {
			t.Errorf("%d allocations are left", n)
		}
		if s := d.log.String(); strings.Contains(s, "127.0.0.1") || strings.Contains(s, "panicked") {
			t.Errorf("log: %s", s)
		}
	})
	return d
}

// echo answers UDP packets at an address until the test ends. Only a computer without ::1 skips the test.
func echo(t *testing.T, at netip.Addr) netip.AddrPort {
	t.Helper()
	c, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(at, 0)))
	if errors.Is(err, syscall.EADDRNOTAVAIL) && at == netip.IPv6Loopback() {
		t.Skip("this computer has no ::1")
	}
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		buf := make([]byte, 2048)
		for {
			n, from, err := c.ReadFromUDPAddrPort(buf)
			if err != nil {
				return
			}
			_, _ = c.WriteToUDPAddrPort(buf[:n], from)
		}
	}()
	t.Cleanup(func() { c.Close(); <-done })
	return c.LocalAddr().(*net.UDPAddr).AddrPort()
}

func (d *desk) dial() net.Conn {
	d.t.Helper()
	c, err := net.DialTimeout("tcp", d.address, patience)
	if err != nil {
		d.t.Fatal(err)
	}
	d.t.Cleanup(func() { c.Close() })
	return c
}

func (d *desk) credential() Credential {
	return NewCredential(d.key, []netip.AddrPort{d.bridge}, time.Now())
}

// client is pion's TURN client over a connection of its own.
func (d *desk) client(c Credential) *pion.Client {
	d.t.Helper()
	logs := logging.NewDefaultLoggerFactory()
	logs.DefaultLogLevel = logging.LogLevelDisabled
	p, err := pion.NewClient(&pion.ClientConfig{
		TURNServerAddr: d.address, Conn: pion.NewSTUNConn(d.dial()), Username: c.Username, Password: c.Password, Realm: realm, LoggerFactory: logs,
	})
	if err != nil {
		d.t.Fatal(err)
	}
	if err := p.Listen(); err != nil {
		d.t.Fatal(err)
	}
	d.t.Cleanup(p.Close)
	return p
}

// roundTrip sends packets of all sizes to the bridge until they come back; the client loses some while it binds its channel.
func roundTrip(t *testing.T, c net.PacketConn, to netip.AddrPort) {
	t.Helper()
	for _, size := range []int{1, 3, 4, 160, 1199, 1200, 1400} {
		packet := bytes.Repeat([]byte{byte(size)}, size)
		eventually.True(t, fmt.Sprintf("%d bytes to come back", size), func() bool { return bytes.Equal(exchange(c, to, packet), packet) })
	}
}

// exchange sends a packet and returns what comes within a moment, nil if nothing does.
func exchange(c net.PacketConn, to netip.AddrPort, packet []byte) []byte {
	_, _ = c.WriteTo(packet, net.UDPAddrFromAddrPort(to))
	_ = c.SetReadDeadline(time.Now().Add(100 * time.Millisecond))
	buf := make([]byte, 2048)
	n, _, err := c.ReadFrom(buf)
	if err != nil {
		return nil
	}
	return buf[:n]
}

func TestRelay(t *testing.T) {
	d := newDesk(t, nil)
	soonOver := NewCredential(d.key, []netip.AddrPort{d.bridge}, time.Now().Add(2*time.Minute-Life))
	relay, err := d.client(soonOver).Allocate()
	if err != nil {
		t.Fatal(err)
	}
	roundTrip(t, relay, d.bridge) // by indications, then by a channel
	roundTrip(t, relay, d.bridge)
	if n := d.server.Allocations(); n != 1 {
		t.Errorf("%d allocations", n)
	}
	d.skew.Store(int64((permissionLife + time.Minute) / time.Second)) // the credential has expired, and so has the permission
	eventually.True(t, "packets again once the client has renewed its permission", func() bool {
		_ = d.permit(relay)
		return exchange(relay, d.bridge, []byte("hello")) != nil
	})
	if err := relay.Close(); err != nil {
		t.Errorf("Refresh with lifetime 0: %v", err)
	}
	eventually.True(t, "no allocation", func() bool { return d.server.Allocations() == 0 })
}

// permit creates the permission anew.
func (d *desk) permit(relay net.PacketConn) error {
	p, ok := relay.(interface{ CreatePermissions(...net.Addr) error })
	if !ok {
		d.t.Fatalf("%T creates no permissions", relay)
	}
	return p.CreatePermissions(net.UDPAddrFromAddrPort(d.bridge))
}

func TestNothingButTheBridge(t *testing.T) {
	d := newDesk(t, nil)
	elsewhere := echo(t, netip.MustParseAddr("127.0.0.2"))
	samePlace := echo(t, localhost) // another port of the same machine
	relay, err := d.client(d.credential()).Allocate()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := relay.WriteTo([]byte("x"), net.UDPAddrFromAddrPort(elsewhere)); err == nil {
		t.Error("a permission for another machine was given")
	}
	if err := d.permit(relay); err != nil {
		t.Fatal(err)
	}
	if exchange(relay, samePlace, []byte("hello")) != nil {
		t.Error("another port of the bridge was reached")
	}
	// Somebody who guesses the relay's port is not heard.
	stranger, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(relay.LocalAddr().(*net.UDPAddr).AddrPort()))
	if err != nil {
		t.Fatal(err)
	}
	defer stranger.Close()
	if _, err := stranger.Write([]byte("let me in")); err != nil {
		t.Fatal(err)
	}
	_ = relay.SetReadDeadline(time.Now().Add(200 * time.Millisecond))
	if n, from, err := relay.ReadFrom(make([]byte, 64)); err == nil {
		t.Errorf("%d bytes of %s came through", n, from)
	}
	roundTrip(t, relay, d.bridge)
}

func TestCredentialsThatAreRefused(t *testing.T) {
	d := newDesk(t, nil)
	good := d.credential()
	parts := strings.Split(good.Username, ".")
	for name, c := range map[string]Credential{
		"expired":               NewCredential(d.key, []netip.AddrPort{d.bridge}, time.Now().Add(-Life-time.Second)),
		"of another county":     NewCredential(token.NewKey(), []netip.AddrPort{d.bridge}, time.Now()),
		"wrong password":        {Username: good.Username, Password: good.Password + "x"},
		"a later expiry":        {Username: "9999999999." + parts[1] + "." + parts[2], Password: good.Password},
		"another target":        {Username: parts[0] + "." + parts[1] + ".BH8AAAIAUA", Password: good.Password},
		"no target":             {Username: parts[0] + "." + parts[1] + ".", Password: good.Password},
		"not ours":              {Username: "gisela", Password: "secret"},
		"too long":              {Username: good.Username + strings.Repeat("A", 200), Password: good.Password},
		"targets that are none": {Username: parts[0] + "." + parts[1] + ".____", Password: good.Password},
	} {
		t.Run(name, func(t *testing.T) {
			if relay, err := d.client(c).Allocate(); err == nil {
				relay.Close()
				t.Error("allocated")
			}
			if n := d.server.Allocations(); n != 0 {
				t.Errorf("%d allocations", n)
			}
		})
	}
}

func TestIPv6(t *testing.T) {
	d := newDesk(t, nil)
	six := echo(t, netip.IPv6Loopback())
	relay, err := d.client(NewCredential(d.key, []netip.AddrPort{six}, time.Now())).Allocate() // it has no IPv4: IPv6 without being asked
	if err != nil {
		t.Fatal(err)
	}
	roundTrip(t, relay, six)
}

func TestQuota(t *testing.T) {
	for name, b := range map[string]*bound{"of one source": newBound(100, 2), "of all": newBound(2, 100)} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t, func(c *Config) { c.bound = b })
			var relays []net.PacketConn
			for range 2 {
				relay, err := d.client(d.credential()).Allocate()
				if err != nil {
					t.Fatal(err)
				}
				relays = append(relays, relay)
			}
			third := d.client(d.credential())
			if _, err := third.Allocate(); err == nil {
				t.Fatal("a third allocation")
			}
			relays[0].Close()
			eventually.True(t, "one to be given back", func() bool { return d.server.Allocations() == 1 })
			if _, err := d.client(d.credential()).Allocate(); err != nil {
				t.Errorf("afterwards: %v", err)
			}
		})
	}
}

func TestABrokenConnectionGivesItsRelayBack(t *testing.T) {
	d := newDesk(t, nil)
	p := d.client(d.credential())
	if _, err := p.Allocate(); err != nil {
		t.Fatal(err)
	}
	p.Close()
	d.server.mu.Lock()
	for c := range d.server.conns {
		c.Close() // as a network that is gone
	}
	d.server.mu.Unlock()
	eventually.True(t, "no allocation", func() bool { return d.server.Allocations() == 0 })
}

func TestSilentConnectionsEnd(t *testing.T) {
	short := func(c *Config) { c.setup, c.idle = 200*time.Millisecond, 400*time.Millisecond }
	d := newDesk(t, short)
	closes := func(t *testing.T, c net.Conn) {
		t.Helper()
		_ = c.SetReadDeadline(time.Now().Add(patience))
		_, err := io.Copy(io.Discard, c)
		var timeout net.Error
		if errors.As(err, &timeout) && timeout.Timeout() {
			t.Error("still open")
		}
	}
	t.Run("who says nothing", func(t *testing.T) { closes(t, d.dial()) })
	t.Run("who never allocates", func(t *testing.T) {
		c := d.dial()
		stop := make(chan struct{})
		defer close(stop)
		go func() {
			for {
				select {
				case <-stop:
					return
				case <-time.After(50 * time.Millisecond):
					_, _ = c.Write(stun.MustBuild(stun.TransactionID, stun.BindingRequest).Raw)
				}
			}
		}()
		closes(t, c)
	})
	t.Run("who falls silent", func(t *testing.T) {
		if _, err := d.client(d.credential()).Allocate(); err != nil {
			t.Fatal(err)
		}
		eventually.True(t, "the allocation to end", func() bool { return d.server.Allocations() == 0 })
	})
}

// What would make a lenient reader wait, loop or read too much ends the connection.
func TestFramesThatEndTheConnection(t *testing.T) {
	d := newDesk(t, nil)
	header := func(kind, size uint16) []byte {
		b := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint16(nil, kind), size), stunCookie)
		return append(b, make([]byte, 12)...)
	}
	for name, b := range map[string][]byte{
		"HTTP":                       []byte("GET / HTTP/1.1\r\nHost: example.org\r\n\r\n"),
		"a length that wraps around": header(1, 0xffec),
		"channel data that wraps":    header(0x4000, 0xfffc),
		"too long":                   header(1, 4096),
		"not a multiple of four":     header(1, 2),
		"another magic cookie":       append([]byte{0, 1, 0, 0, 1, 2, 3, 4}, make([]byte, 12)...),
		"a response":                 stun.MustBuild(stun.TransactionID, stun.BindingSuccess).Raw,
		"attributes cut short":       append(header(1, 4)[:20], 0, 6, 0, 9),
		"an unused channel number":   header(0x5000, 4),
	} {
		t.Run(name, func(t *testing.T) {
			c := d.dial()
			if _, err := c.Write(b); err != nil {
				t.Fatal(err)
			}
			_ = c.SetReadDeadline(time.Now().Add(setupTime / 2))
			if got, err := io.ReadAll(c); len(got) > 0 || errors.Is(err, errTimeout(err)) {
				t.Errorf("answered %x, %v", got, err)
			}
		})
	}
}

func errTimeout(err error) error {
	var n net.Error
	if errors.As(err, &n) && n.Timeout() {
		return err
	}
	return errors.New("none")
}

func TestRequestsAreBounded(t *testing.T) {
	d := newDesk(t, nil)
	c := d.dial()
	go func() {
		for range 10 * requestBurst {
			if _, err := c.Write(stun.MustBuild(stun.TransactionID, stun.BindingRequest).Raw); err != nil {
				return
			}
		}
	}()
	_ = c.SetReadDeadline(time.Now().Add(patience))
	answers, err := io.ReadAll(c)
	var n net.Error
	if errors.As(err, &n) && n.Timeout() || len(answers) > 2*requestBurst*64 {
		t.Errorf("%d bytes of answers, %v", len(answers), err)
	}
}

// answers asks a server's connection without a network.
func answers(t testing.TB, s *Server, frames ...[]byte) *conn {
	t.Helper()
	ours, theirs := net.Pipe()
	t.Cleanup(func() { ours.Close(); theirs.Close() })
	go func() { _, _ = io.Copy(io.Discard, theirs) }()
	c := newConn(s, ours)
	for _, f := range frames {
		c.message(f)
	}
	return c
}

func FuzzFrame(f *testing.F) {
	f.Add(stun.MustBuild(stun.TransactionID, stun.BindingRequest).Raw)
	f.Add([]byte{0x40, 0, 0, 5, 1, 2, 3, 4, 5, 0, 0, 0})
	f.Add([]byte{0x40, 0, 0xff, 0xfc})
	f.Fuzz(func(t *testing.T, b []byte) {
		r, buf := bytes.NewReader(b), make([]byte, maxFrame)
		for {
			before := r.Len()
			fr, err := readFrame(r, buf)
			if err != nil {
				return
			}
			if len(fr.raw) > maxFrame || before-r.Len() != len(fr.raw) || fr.channel != 0 && len(fr.payload()) > len(fr.raw)-channelHeader {
				t.Fatalf("a frame of %d bytes from %d", len(fr.raw), before-r.Len())
			}
		}
	})
}

func FuzzMessage(f *testing.F) {
	key := token.Key(bytes.Repeat([]byte{1}, token.KeySize))
	s := New(Config{Key: key, Realm: realm, Addresses: []netip.Addr{localhost}})
	cred := NewCredential(key, []netip.AddrPort{netip.MustParseAddrPort("127.0.0.1:9")}, time.Now().Add(time.Hour))
	allocate := stun.MustBuild(stun.TransactionID, stun.NewType(stun.MethodAllocate, stun.ClassRequest), attribute{stun.AttrRequestedTransport, []byte{udpProtocol, 0, 0, 0}},
		stun.NewUsername(cred.Username), stun.NewRealm(realm), stun.NewNonce("x"), stun.NewLongTermIntegrity(cred.Username, realm, cred.Password))
	f.Add(allocate.Raw)
	f.Add(stun.MustBuild(stun.TransactionID, stun.NewType(stun.MethodSend, stun.ClassIndication), xor(stun.AttrXORPeerAddress, netip.MustParseAddrPort("127.0.0.1:9")), attribute{stun.AttrData, []byte("x")}).Raw)
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) > maxFrame {
			return
		}
		c := answers(t, s, b)
		c.release()
	})
}

func FuzzUsername(f *testing.F) {
	f.Add(NewCredential(token.NewKey(), []netip.AddrPort{netip.MustParseAddrPort("192.0.2.1:10000"), netip.MustParseAddrPort("[2001:db8::1]:10000")}, time.Now()).Username)
	f.Fuzz(func(t *testing.T, s string) {
		if g, ok := parseUsername(s); ok && (len(g.targets) == 0 || len(g.targets) > maxTargets) {
			t.Fatalf("%d targets", len(g.targets))
		}
	})
}

func TestUsernameNamesTheTargets(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	targets := []netip.AddrPort{netip.MustParseAddrPort("192.0.2.1:10000"), netip.MustParseAddrPort("[2001:db8::1]:10001")}
	c := NewCredential(token.NewKey(), targets, now)
	g, ok := parseUsername(c.Username)
	if !ok || len(g.targets) != 2 || g.targets[0] != targets[0] || g.targets[1] != targets[1] || !g.expires.Equal(now.Add(Life)) {
		t.Errorf("got %+v", g)
	}
	if again := NewCredential(token.NewKey(), targets, now); again.Username == c.Username || again.Password == c.Password {
		t.Error("two credentials are the same")
	}
}

// Forwarding in both directions allocates nothing of ours.
func TestLanes(t *testing.T) {
	s := New(Config{})
	l := newLane(1000, s.up)
	if !l.take(1000) || l.take(500) {
		t.Error("a lane of 1000 bytes per second takes 1000 at once and no more")
	}
}
