package bus

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/medienzentrenverbund/kreisraum/conference/identity"
)

const (
	dialTimeout = 3 * time.Second
	// pingEvery and two pings without an answer: a server that hangs is noticed before a lease ends.
	pingEvery     = time.Second
	reconnectWait = 100 * time.Millisecond
	// reconnectJitter spreads 99 bridges that lost the same portal.
	reconnectJitter = 200 * time.Millisecond
)

// Link is the way to NATS.
type Link struct {
	// Machine is this machine's ID.
	Machine string
	// Server is reached within the process; nil: URL is dialled.
	Server *Server
	// URL is one or more tls:// addresses, comma-separated.
	URL string
	// TLS gives the client configuration with this machine's leaf; as long as it returns an error, nothing is dialled. ServerName is
	// the portal's name for its embedded server, and empty for servers whose certificates name their hosts. A leaf that changes is used
	// from the next connection on.
	TLS func() (*tls.Config, error)
}

func (l Link) check() error {
	if !identity.IsMachine(l.Machine) {
		return fmt.Errorf("connect to NATS: %q is no machine's ID: give portal or bridge-1 to bridge-99", l.Machine)
	}
	if l.Server == nil && (l.URL == "" || l.TLS == nil) {
		return errors.New("connect to NATS: neither a server in this process nor an address and a certificate is given")
	}
	return nil
}

// connect returns a connection that is being made, and made again, for ever. It waits for the leaf alone. changed is called whenever
// the connection is made or lost; it must not block.
func (l Link) connect(ctx context.Context, log *slog.Logger, changed func(connected bool)) (*nats.Conn, error) {
	options := []nats.Option{
		nats.Name(l.Machine),
		nats.CustomInboxPrefix(inbox(l.Machine)),
		nats.RetryOnFailedConnect(true),
		nats.MaxReconnects(-1),
		nats.IgnoreAuthErrorAbort(), // the leaf may come later, or the county CA be a new one
		nats.IgnoreDiscoveredServers(),
		nats.ReconnectBufSize(-1), // what is late is said anew, not delivered late
		nats.Timeout(dialTimeout),
		nats.PingInterval(pingEvery),
		nats.MaxPingsOutstanding(2),
		nats.ReconnectWait(reconnectWait),
		nats.ReconnectJitter(reconnectJitter, reconnectJitter),
		nats.ConnectHandler(func(*nats.Conn) { changed(true) }),
		nats.ReconnectHandler(func(*nats.Conn) { changed(true) }),
		nats.DisconnectErrHandler(func(*nats.Conn, error) { changed(false) }),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) {
			log.Warn("message connection", "error", err)
		}),
	}
	url := l.URL
	if l.Server != nil {
		url = ""
		options = append(options, nats.InProcessServer(l.Server.nats), nats.Token(l.Server.secret))
	} else {
		t, err := l.leaf(ctx, log)
		if err != nil {
			return nil, err
		}
		options = append(options, nats.Secure(t))
	}
	conn, err := nats.Connect(url, options...)
	if err != nil {
		return nil, fmt.Errorf("connect to NATS: %w; check cluster.nats_url", err)
	}
	return conn, nil
}

// leaf waits until there is one.
func (l Link) leaf(ctx context.Context, log *slog.Logger) (*tls.Config, error) {
	for told := false; ; told = true {
		t, err := l.TLS()
		if err == nil {
			t = t.Clone()
			t.MinVersion = tls.VersionTLS13
			if t.GetClientCertificate == nil {
				t.Certificates, t.GetClientCertificate = nil, l.present
			}
			return t, nil
		}
		if !told {
			log.Info("message connection waits for this machine's certificate", "error", err)
		}
		if err := pause(ctx, time.Second); err != nil {
			return nil, err
		}
	}
}

// present gives the leaf of the day, for tls.Config.GetClientCertificate.
func (l Link) present(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
	t, err := l.TLS()
	if err != nil {
		return nil, err
	}
	if len(t.Certificates) == 0 {
		return nil, errors.New("this machine has no certificate")
	}
	return &t.Certificates[0], nil
}

// pause returns after d, or with the context's error.
func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
