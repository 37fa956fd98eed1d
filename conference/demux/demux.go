// Package demux shares the machine's one TLS port between the site, the ops API and ACME challenges. The protocols are told
// apart by ALPN (RFC 7301) in the TLS handshake, each with its own TLS configuration:
//
//	kreisraum-ops/1   TLS 1.3, client certificate of the county CA required   → Ops()
//	acme-tls/1        challenge certificate; closed after the handshake (RFC 8737 §3)
//	h2, http/1.1      TLS 1.2 and later, the site's certificate               → Site()
//	stun.turn         the same (RFC 7443)                                     → Relay()
//	–                 the same; the first byte tells STUN from HTTP           → Relay() or Site()
//
// Browsers' TURN clients offer no protocol at all, hence the last line.
//
// A connection reaches a listener only after its handshake, so nothing of net/http ever sees a caller without the right
// certificate.
package demux

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"slices"
	"sync"
	"time"

	"github.com/mholt/acmez/v3"

	"github.com/medienzentrenverbund/kreisraum/conference/opsapi"
)

// Config is what a Demux needs.
type Config struct {
	// Site serves the public: its certificate callback also answers ACME challenges. MinVersion and NextProtos are set here. Nil: there
	// is no site, and whoever wants anything but the ops API gets no handshake.
	Site *tls.Config
	// Ops returns the configuration of the ops API, or an error while the machine has no certificate for it yet.
	Ops func() (*tls.Config, error)
	// Relay says that somebody serves Relay(). Without, there is none and everything but the ops API is the site's.
	Relay bool
	// Handshake bounds a handshake, with the first byte where that has to be looked at. Default 10 s.
	Handshake time.Duration
	// MaxConns bounds open connections. Default 10,000, about 200 MB when all are busy.
	MaxConns int
	// MaxPerAddress bounds open connections of one address, an IPv6 /64 counting as one and a /48 as two. Default 2,000: a
	// school centre with 1,500 devices behind one address, and some to spare.
	MaxPerAddress int
	Log           *slog.Logger
}

// Demux accepts on any number of listeners and hands the connections on.
type Demux struct {
	cfg   Config
	base  *tls.Config
	site  *queue
	ops   *queue
	relay *queue
	count *counter

	ctx    context.Context // ends with Close and with it every handshake
	cancel context.CancelFunc
	work   sync.WaitGroup

	mu        sync.Mutex
	listeners []net.Listener
	closed    bool
}

// New returns a Demux without listeners.
func New(cfg Config) *Demux {
	if cfg.Handshake <= 0 {
		cfg.Handshake = 10 * time.Second
	}
	if cfg.MaxConns <= 0 {
		cfg.MaxConns = 10000
	}
	if cfg.MaxPerAddress <= 0 {
		cfg.MaxPerAddress = 2000
	}
	ctx, cancel := context.WithCancel(context.Background())
	d := &Demux{cfg: cfg, ctx: ctx, cancel: cancel, count: newCounter(cfg.MaxConns, cfg.MaxPerAddress)}
	d.site, d.ops, d.relay = newQueue(ctx), newQueue(ctx), newQueue(ctx)
	d.base = d.tlsConfig()
	return d
}

// tlsConfig chooses among the three configurations by what the client offers.
func (d *Demux) tlsConfig() *tls.Config {
	if d.cfg.Site == nil {
		return &tls.Config{MinVersion: tls.VersionTLS13, GetConfigForClient: d.onlyOps}
	}
	site := d.cfg.Site.Clone()
	site.MinVersion = tls.VersionTLS12
	site.NextProtos = []string{"h2", "http/1.1"}
	if d.cfg.Relay {
		site.NextProtos = append(site.NextProtos, stunTURN)
	}
	challenge := d.cfg.Site.Clone()
	challenge.MinVersion = tls.VersionTLS12
	challenge.NextProtos = []string{acmez.ACMETLS1Protocol}
	base := site.Clone()
	base.GetConfigForClient = func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
		switch {
		case slices.Contains(hello.SupportedProtos, opsapi.ALPN):
			return d.opsConfig()
		case slices.Contains(hello.SupportedProtos, acmez.ACMETLS1Protocol):
			return challenge, nil
		default:
			return nil, nil // base, whose session ticket keys rotate by themselves
		}
	}
	return base
}

// onlyOps is the choice without a site.
func (d *Demux) onlyOps(hello *tls.ClientHelloInfo) (*tls.Config, error) {
	if !slices.Contains(hello.SupportedProtos, opsapi.ALPN) {
		return nil, errNoSite
	}
	return d.opsConfig()
}

var errNoSite = errors.New("this machine has no site")

// opsConfig insists on what the ops API promises, whatever the callback returned.
func (d *Demux) opsConfig() (*tls.Config, error) {
	cfg, err := d.cfg.Ops()
	if err != nil {
		return nil, err
	}
	cfg = cfg.Clone()
	cfg.MinVersion = tls.VersionTLS13
	cfg.ClientAuth = tls.RequireAndVerifyClientCert
	cfg.NextProtos = []string{opsapi.ALPN}
	cfg.SessionTicketsDisabled = true // every connection shows its certificate anew
	return cfg, nil
}

// Site returns the listener of the site's connections, for http.Server.Serve. Closing it does not close the Demux.
func (d *Demux) Site() net.Listener { return d.site }

// Relay returns the listener of connections that speak TURN.
func (d *Demux) Relay() net.Listener { return d.relay }

// Ops returns the listener of the ops API's connections.
func (d *Demux) Ops() net.Listener { return d.ops }

// Serve accepts on l until Close. It returns nil after Close and the listener's error otherwise.
func (d *Demux) Serve(l net.Listener) error {
	if !d.add(l) {
		l.Close()
		return nil
	}
	d.site.setAddr(l.Addr())
	d.ops.setAddr(l.Addr())
	d.relay.setAddr(l.Addr())
	for {
		conn, err := l.Accept()
		if err != nil {
			if d.ctx.Err() != nil {
				return nil
			}
			if errors.Is(err, net.ErrClosed) {
				return err
			}
			d.pause(err)
			continue
		}
		d.start(conn)
	}
}

func (d *Demux) add(l net.Listener) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return false
	}
	d.listeners = append(d.listeners, l)
	return true
}

// pause waits out a shortage, mostly of file descriptors, instead of spinning.
func (d *Demux) pause(err error) {
	d.cfg.Log.Warn("accepting connections pauses", "error", err)
	timer := time.NewTimer(100 * time.Millisecond)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-d.ctx.Done():
	}
}

// start begins a connection's handshake in its own goroutine, which ends with the hand-over.
func (d *Demux) start(conn net.Conn) {
	counted, ok := d.count.admit(conn)
	if !ok {
		conn.Close()
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		counted.Close()
		return
	}
	d.work.Go(func() { d.shake(tls.Server(counted, d.base)) })
}

// shake makes the handshake and hands the connection on. Failed handshakes leave no trace in the log: a public port sees
// thousands of scans a day.
func (d *Demux) shake(conn *tls.Conn) {
	ctx, cancel := context.WithTimeout(d.ctx, d.cfg.Handshake)
	defer cancel()
	if err := conn.HandshakeContext(ctx); err != nil {
		conn.NetConn().Close()
		return
	}
	switch conn.ConnectionState().NegotiatedProtocol {
	case opsapi.ALPN:
		d.ops.put(opaque{conn})
	case acmez.ACMETLS1Protocol:
		conn.Close()
	case stunTURN:
		d.relay.put(opaque{conn})
	case "":
		d.sort(ctx, conn)
	default:
		d.site.put(conn)
	}
}

// opaque hides that a connection is TLS from net/http, which closes a *tls.Conn whose protocol it does not know.
type opaque struct{ net.Conn }

// Open is the number of open connections of all kinds.
func (d *Demux) Open() int { return d.count.open() }

// Close stops accepting, breaks off handshakes and waits for them. Connections that were handed on are their server's.
// Idempotent.
func (d *Demux) Close() error {
	d.mu.Lock()
	d.closed = true
	listeners := d.listeners
	d.listeners = nil
	d.mu.Unlock()
	d.cancel()
	var errs []error
	for _, l := range listeners {
		errs = append(errs, l.Close())
	}
	d.work.Wait()
	return errors.Join(errs...)
}
