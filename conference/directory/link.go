package directory

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"net/http/httputil"
	"net/netip"
	"net/url"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"

	"github.com/medienzentrenverbund/kreisraum/conference/cluster"
	"github.com/medienzentrenverbund/kreisraum/conference/identity"
)

// Bounds of the way to a bridge; choices.
const (
	dialTimeout   = 3 * time.Second
	answerTimeout = 10 * time.Second
	maxLinked     = 6000     // connections to one bridge, which takes 5000 itself
	maxRefusal    = 16 << 10 // bytes of an answer that is no WebSocket
)

// link is the way to one process on one machine. It ends with that process's lease, and with it everything that goes through it.
type link struct {
	machine string
	boot    string
	private netip.Addr
	// alive ends with the link.
	alive  context.Context
	cut    context.CancelFunc
	next   http.Handler
	linked atomic.Int64
	close  func()
}

// localLink leads to the bridge in this process.
func localLink(machine, boot string, private netip.Addr, bridge http.Handler) *link {
	l := &link{machine: machine, boot: boot, private: private, next: bridge, close: func() {}}
	l.alive, l.cut = context.WithCancel(context.Background())
	return l
}

// remoteLink leads to the machine's room port over mutual TLS.
func remoteLink(machine, boot string, private netip.Addr, port uint16, config func() (*tls.Config, error), log *slog.Logger) *link {
	l := localLink(machine, boot, private, nil)
	t := transport(machine, netip.AddrPortFrom(private, port), config)
	l.close = t.CloseIdleConnections
	to := proxy(machine, t, log)
	l.next = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { to.ServeHTTP(closer{w, r.Context()}, r) })
	return l
}

// closer closes a connection that was taken over when the context ends. ReverseProxy closes the bridge's side only, and then waits for
// the browser's: one that has lost its network says nothing. For the same reason CloseWrite is hidden: no WebSocket is ever half open
// (RFC 6455 §7.1.1).
type closer struct {
	http.ResponseWriter
	until context.Context
}

func (c closer) Unwrap() http.ResponseWriter { return c.ResponseWriter }

func (c closer) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := http.NewResponseController(c.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	context.AfterFunc(c.until, func() { conn.Close() })
	return struct{ net.Conn }{conn}, rw, nil
}

// end cuts off everything that goes through the link.
func (l *link) end() {
	l.cut()
	l.close()
}

// ServeHTTP takes a request to the bridge. A WebSocket lasts until one side ends it or the link does.
func (l *link) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	defer l.linked.Add(-1)
	if l.linked.Add(1) > maxLinked || l.alive.Err() != nil {
		busy(w)
		return
	}
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	defer context.AfterFunc(l.alive, cancel)()
	l.next.ServeHTTP(w, r.WithContext(ctx))
}

// busy answers as the portal does when no bridge takes the room.
func busy(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Retry-After", "2")
	w.WriteHeader(http.StatusServiceUnavailable)
	_, _ = io.WriteString(w, `{"error":{"code":"busy"}}`+"\n")
}

// transport dials one address, whatever a URL says, and insists on the machine's certificate.
func transport(machine string, at netip.AddrPort, config func() (*tls.Config, error)) *http.Transport {
	dialer := &net.Dialer{Timeout: dialTimeout, KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: 15 * time.Second, Interval: 5 * time.Second, Count: 3}}
	return &http.Transport{
		DialTLSContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			ctx, cancel := context.WithTimeout(ctx, dialTimeout)
			defer cancel()
			cfg, err := config()
			if err != nil {
				return nil, fmt.Errorf("dial %s: %w", machine, err)
			}
			cfg = cfg.Clone()
			cfg.ServerName = identity.Name(machine)
			cfg.NextProtos = []string{"http/1.1"} // WebSockets (RFC 6455 §4.1)
			conn, err := (&tls.Dialer{NetDialer: dialer, Config: cfg}).DialContext(ctx, network, at.String())
			if err != nil {
				return nil, fmt.Errorf("dial %s: %w", machine, err)
			}
			return conn, nil
		},
		DisableCompression:     true,
		MaxIdleConns:           8,
		IdleConnTimeout:        30 * time.Second,
		ResponseHeaderTimeout:  answerTimeout,
		MaxResponseHeaderBytes: 16 << 10,
	}
}

// passed are the headers that a bridge gets: what makes a WebSocket (RFC 6455 §4.1), and the admission. It has no use for
// cookies, and no business with addresses and user agents. The portal has checked the origin.
var passed = []string{"Connection", "Upgrade", "Sec-Websocket-Key", "Sec-Websocket-Version", "Sec-Websocket-Protocol", cluster.AdmissionHeader}

func proxy(machine string, t http.RoundTripper, logger *slog.Logger) http.Handler {
	complain := &rate.Sometimes{Interval: 10 * time.Second} // a class that comes back is one line
	to := &url.URL{Scheme: "https", Host: identity.Name(machine)}
	return &httputil.ReverseProxy{
		Transport: t,
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(to)
			r.Out.Host = to.Host
			r.Out.URL.RawQuery = ""
			all := r.Out.Header // with what ReverseProxy puts in for an upgrade
			r.Out.Header = make(http.Header, len(passed))
			for _, name := range passed {
				if v := all.Values(name); len(v) > 0 {
					r.Out.Header[name] = v
				}
			}
		},
		ModifyResponse: func(r *http.Response) error {
			r.Header.Del("Set-Cookie")
			if r.StatusCode != http.StatusSwitchingProtocols {
				r.Body = struct {
					io.Reader
					io.Closer
				}{io.LimitReader(r.Body, maxRefusal), r.Body}
			}
			return nil
		},
		ErrorHandler: func(w http.ResponseWriter, r *http.Request, err error) {
			if r.Context().Err() == nil {
				complain.Do(func() { logger.Warn("bridge does not answer", "machine", machine, "error", err) })
			}
			busy(w)
		},
		ErrorLog: log.New(io.Discard, "", 0), // what matters comes to ErrorHandler
	}
}
