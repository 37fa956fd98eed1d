// Package frontdoor lets browsers into the sandbox's machines. They pin every name under .localhost to 127.0.0.1, but a machine has an address of
// its own; so the front door listens on 127.0.0.1, reads which host a TLS ClientHello names, and passes the connection on to that machine's port
// 443, byte by byte. It holds no key and ends no TLS.
package frontdoor

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"sync"
	"time"
)

// Config says what the front door opens to.
type Config struct {
	// Listen is a host:port. Port 0 takes any. If the host is 127.0.0.1, [::1] is opened with the same port where that is possible.
	Listen string
	// Names are the addresses of each host, in lower case. Called for each connection.
	Names func() map[string][]netip.Addr
	// Port is the machines' port. 0: 443.
	Port int
	// MaxConnections bounds the connections at a time; more are closed at once. 0: 1024, a guess that holds a few classes.
	MaxConnections int
	// HelloTimeout bounds how long a client takes for its ClientHello. 0: ten seconds.
	HelloTimeout time.Duration
	// Log gets one line per event worth acting on. nil: nothing is logged.
	Log *slog.Logger
}

const dialTimeout = 5 * time.Second

// Door is a running front door.
type Door struct {
	config    Config
	listeners []net.Listener
	ctx       context.Context
	cancel    context.CancelFunc
	wg        sync.WaitGroup

	mu    sync.Mutex
	conns map[net.Conn]struct{}
	count int // of clients
}

// Start opens the front door.
func Start(c Config) (*Door, error) {
	if c.Port == 0 {
		c.Port = 443
	}
	if c.MaxConnections == 0 {
		c.MaxConnections = 1024
	}
	if c.HelloTimeout == 0 {
		c.HelloTimeout = 10 * time.Second
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	l, err := net.Listen("tcp", c.Listen)
	if err != nil {
		return nil, fmt.Errorf("front door: %w", err)
	}
	d := &Door{config: c, listeners: []net.Listener{l}, conns: make(map[net.Conn]struct{})}
	d.ctx, d.cancel = context.WithCancel(context.Background())
	if a := l.Addr().(*net.TCPAddr); a.IP.Equal(net.IPv4(127, 0, 0, 1)) {
		if l6, err := net.Listen("tcp", net.JoinHostPort("::1", strconv.Itoa(a.Port))); err == nil {
			d.listeners = append(d.listeners, l6)
		} else {
			c.Log.Info("the front door is open on 127.0.0.1 only", "error", err)
		}
	}
	for _, l := range d.listeners {
		d.wg.Go(func() { d.accept(l) })
	}
	return d, nil
}

// Address is the host:port that is listened on.
func (d *Door) Address() string { return d.listeners[0].Addr().String() }

// Close closes the front door and all connections through it.
func (d *Door) Close() error {
	d.cancel()
	for _, l := range d.listeners {
		_ = l.Close()
	}
	d.mu.Lock()
	for c := range d.conns {
		_ = c.Close()
	}
	d.mu.Unlock()
	d.wg.Wait()
	return nil
}

func (d *Door) accept(l net.Listener) {
	for {
		client, err := l.Accept()
		switch {
		case errors.Is(err, net.ErrClosed):
			return
		case err != nil:
			d.config.Log.Warn("accepting connections is disturbed", "error", err)
			select {
			case <-time.After(100 * time.Millisecond): // out of file descriptors: give others time to close theirs
			case <-d.ctx.Done():
			}
			continue
		}
		if !d.enter(client) {
			_ = client.Close()
			continue
		}
		d.wg.Go(func() {
			defer d.leave(client)
			d.serve(client)
		})
	}
}

func (d *Door) enter(client net.Conn) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.ctx.Err() != nil || d.count >= d.config.MaxConnections {
		return false
	}
	d.count++
	d.conns[client] = struct{}{}
	return true
}

func (d *Door) leave(client net.Conn) {
	d.forget(client)
	d.mu.Lock()
	defer d.mu.Unlock()
	d.count--
}

func (d *Door) forget(c net.Conn) {
	_ = c.Close()
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.conns, c)
}

// serve reads the ClientHello, finds the machine and joins the two. A client that names no known host gets its connection closed.
func (d *Door) serve(client net.Conn) {
	_ = client.SetReadDeadline(time.Now().Add(d.config.HelloTimeout))
	hello, name, err := readClientHello(client)
	if err != nil {
		return
	}
	_ = client.SetReadDeadline(time.Time{})
	machine, err := d.dial(d.config.Names()[name])
	if err != nil {
		return
	}
	d.mu.Lock()
	closing := d.ctx.Err() != nil
	if !closing {
		d.conns[machine] = struct{}{}
	}
	d.mu.Unlock()
	defer d.forget(machine)
	if closing {
		return
	}
	if _, err := machine.Write(hello); err != nil {
		return
	}
	join(client, machine)
}

var errUnknown = errors.New("no machine has this name")

// dial connects to the first address that answers, IPv4 first: it is the one that works without rights.
func (d *Door) dial(addresses []netip.Addr) (net.Conn, error) {
	addresses = slices.SortedFunc(slices.Values(addresses), netip.Addr.Compare)
	err := errUnknown
	dialer := net.Dialer{Timeout: dialTimeout}
	for _, a := range addresses {
		var c net.Conn
		if c, err = dialer.DialContext(d.ctx, "tcp", netip.AddrPortFrom(a, uint16(d.config.Port)).String()); err == nil {
			return c, nil
		}
	}
	return nil, err
}

// join copies both ways until both sides have ended.
func join(a, b net.Conn) {
	var wg sync.WaitGroup
	wg.Go(func() { pass(a, b) })
	wg.Go(func() { pass(b, a) })
	wg.Wait()
}

// pass copies one way. An orderly end is passed on as one; after an error nothing can be saved and both are closed.
func pass(from, to net.Conn) {
	_, err := io.Copy(to, from)
	if half, ok := to.(interface{ CloseWrite() error }); ok && err == nil {
		_ = half.CloseWrite()
		return
	}
	_ = from.Close()
	_ = to.Close()
}
