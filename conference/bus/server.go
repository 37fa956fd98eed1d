package bus

import (
	"crypto/rand"
	"crypto/subtle"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"strconv"
	"sync"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"github.com/medienzentrenverbund/kreisraum/conference/identity"
)

const (
	// maxMemory bounds what all buckets hold together, in bytes.
	maxMemory = 32 << 20
	// maxConnections is of machines; a county has up to 99 bridges, and during a reconnect each may count twice.
	maxConnections = 256
	// maxOfOneMachine leaves the others theirs, whatever one that was taken over does. A portal has two, its store's and its bridge's.
	maxOfOneMachine = 8
	// startTimeout bounds the start of the server, which reads and waits for nothing.
	startTimeout = 20 * time.Second
	readyPoll    = 50 * time.Millisecond
)

// ServerConfig is what an embedded server needs.
type ServerConfig struct {
	// Listen is the address for other machines, in the private network; port 0 takes a free one. The zero value: none, the server is
	// for this process alone.
	Listen netip.AddrPort
	// TLS gives the configuration for a connection: this machine's leaf. It is asked for each; as long as it returns an error, nobody
	// gets in. Client certificates are demanded and their roots taken from RootCAs.
	TLS func() (*tls.Config, error)
	// StoreDir is a folder on a tmpfs. JetStream wants one; nothing is written to it but empty folders.
	StoreDir string
	Log      *slog.Logger
}

// Server is an embedded NATS server. Safe for concurrent use.
type Server struct {
	nats   *server.Server
	secret string // of connections within the process
	once   sync.Once
}

// StartServer starts a server and returns when it accepts connections. An address that can't be bound is an error; a missing leaf is not.
func StartServer(c ServerConfig) (*Server, error) {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Listen.IsValid() && c.TLS == nil {
		return nil, errors.New("start message server: an address to listen on is given, but no certificate")
	}
	if err := os.MkdirAll(c.StoreDir, 0o700); err != nil {
		return nil, fmt.Errorf("start message server: make its folder: %w", err)
	}
	secret := make([]byte, 32)
	_, _ = rand.Read(secret) // never fails, see crypto/rand
	s := &Server{secret: hex.EncodeToString(secret)}
	options, err := options(c, s)
	if err != nil {
		return nil, fmt.Errorf("start message server: %w", err)
	}
	if s.nats, err = server.NewServer(options); err != nil {
		return nil, fmt.Errorf("start message server: %w", err)
	}
	logs := newServerLog(c.Log)
	s.nats.SetLoggerV2(logs, false, false, false)
	go s.nats.Start()
	if s.ready(logs.fatal) {
		return s, nil
	}
	s.Close()
	return nil, fmt.Errorf("start message server on %s: %s; check that the address is this machine's and the port is free", c.Listen, logs.last())
}

// ready waits until connections are accepted; false: the server says that it cannot, or has not managed to within startTimeout.
func (s *Server) ready(fatal <-chan struct{}) bool {
	for deadline := time.Now().Add(startTimeout); time.Now().Before(deadline); {
		if s.nats.ReadyForConnections(readyPoll) {
			return true
		}
		select {
		case <-fatal:
			return false
		default:
		}
	}
	return false
}

// options of the server: memory only, no port but the given one, no signals, no files.
func options(c ServerConfig, auth server.Authentication) (*server.Options, error) {
	o := &server.Options{}
	// Only a configuration text can say that there is no file storage at all: a zero in the field stands for "as much as fits".
	if err := o.ProcessConfigString(fmt.Sprintf("jetstream {max_memory_store: %d, max_file_store: 0, store_dir: %s}\n%s",
		maxMemory, strconv.Quote(c.StoreDir), accounts(false))); err != nil {
		return nil, err
	}
	o.ServerName = "portal"
	o.DontListen = true
	o.NoSigs = true
	o.NoLog = false
	o.MaxConn = maxConnections
	o.MaxPayload = 256 << 10
	o.MaxControlLine = 1 << 10
	o.MaxSubs = 1000
	o.PingInterval = 2 * time.Second
	o.MaxPingsOut = 2
	o.WriteDeadline = 5 * time.Second
	o.AuthTimeout = 5
	o.TLSTimeout = 5
	o.DisableJetStreamBanner = true
	o.CustomClientAuthentication = auth
	if !c.Listen.IsValid() {
		return o, nil
	}
	o.DontListen = false
	o.Host = c.Listen.Addr().String()
	if o.Port = int(c.Listen.Port()); o.Port == 0 {
		o.Port = server.RANDOM_PORT
	}
	o.TLSConfig = &tls.Config{
		MinVersion: tls.VersionTLS13,
		ClientAuth: tls.RequireAndVerifyClientCert,
		GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) {
			t, err := c.TLS()
			if err != nil {
				return nil, err
			}
			t = t.Clone()
			t.ClientAuth, t.MinVersion, t.NextProtos = tls.RequireAndVerifyClientCert, tls.VersionTLS13, nil
			if t.ClientCAs == nil {
				t.ClientCAs = t.RootCAs
			}
			if t.ClientCAs == nil {
				return nil, errors.New("no county CA to check machines with")
			}
			return t, nil
		},
	}
	return o, nil
}

// Check implements server.Authentication: a connection of this process knows the secret, any other has a certificate that names a machine.
func (s *Server) Check(c server.ClientAuthentication) bool {
	machine := ""
	switch state := c.GetTLSConnectionState(); {
	case c.Kind() != server.CLIENT:
		return false
	case state != nil:
		if len(state.VerifiedChains) == 0 {
			return false
		}
		m, err := identity.MachineOf(state.PeerCertificates[0])
		if err != nil {
			return false
		}
		machine = m
	case subtle.ConstantTimeCompare([]byte(c.GetOpts().Token), []byte(s.secret)) == 1:
		machine = identity.Portal
	default:
		return false
	}
	account, err := s.nats.LookupAccount(machine)
	if err != nil || account.NumLocalConnections() >= maxOfOneMachine {
		return false
	}
	r := rightsOf(machine)
	c.RegisterUser(&server.User{Username: machine, Account: account, Permissions: &server.Permissions{
		Publish:   &server.SubjectPermission{Allow: r.publish},
		Subscribe: &server.SubjectPermission{Allow: r.subscribe},
	}})
	return true
}

// Addr is where other machines connect; the zero value if nowhere.
func (s *Server) Addr() netip.AddrPort {
	if s.nats.Addr() == nil {
		return netip.AddrPort{}
	}
	a, _ := netip.ParseAddrPort(s.nats.Addr().String())
	return netip.AddrPortFrom(a.Addr().Unmap(), a.Port())
}

// Close ends all connections and returns when nothing runs any more. Idempotent.
func (s *Server) Close() {
	s.once.Do(func() {
		s.nats.Shutdown()
		s.nats.WaitForShutdown()
	})
}
