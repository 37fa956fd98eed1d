package client

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/coder/websocket"

	"github.com/medienzentrenverbund/kreisraum/conference/signaling"
)

const (
	// dialTimeout bounds TCP and TLS each.
	dialTimeout = 10 * time.Second
	// openTimeout bounds the whole way to a WebSocket.
	openTimeout = 30 * time.Second
	// writeTimeout bounds one message to the server.
	writeTimeout = 10 * time.Second
	// pingEvery and pongDeadline find a server that is gone without a word.
	pingEvery    = 5 * time.Second
	pongDeadline = 10 * time.Second
	// maxFrame bounds a message from the server, in bytes: a roster of 70 and 200 lines of chat fit many times.
	maxFrame = 4 << 20
)

// Target is the server to talk to.
type Target struct {
	// URL is the site, https://domain[:port].
	URL string
	// DialAddress is the host:port that is really dialled; empty: the URL's.
	DialAddress string
	// Roots are trusted for the site's certificate; nil: the system's.
	Roots *x509.CertPool
}

// socket is the WebSocket to a room. One goroutine reads; writes are safe for concurrent use.
type socket struct {
	conn *websocket.Conn
	http *http.Transport
	// unwatch ends what watch began; nil: nothing was.
	unwatch  context.CancelFunc
	watching sync.WaitGroup
	// told is Options.Told or does nothing.
	told func(signaling.ServerMessage)
}

// dial opens a room's WebSocket. Errors are *Error.
func dial(ctx context.Context, t Target, room, cookie string, told func(signaling.ServerMessage)) (*socket, error) {
	site, err := url.Parse(t.URL)
	if err != nil || site.Host == "" || site.Scheme != "https" {
		return nil, &Error{LegTCP, "give the site as https://domain", errSite}
	}
	transport := &http.Transport{DialTLSContext: func(ctx context.Context, network, address string) (net.Conn, error) {
		if t.DialAddress != "" {
			address = t.DialAddress
		}
		return dialTLS(ctx, network, address, site.Hostname(), t.Roots, "http/1.1")
	}}
	ctx, cancel := context.WithTimeout(ctx, openTimeout)
	defer cancel()
	header := http.Header{"Origin": {"https://" + site.Host}}
	if cookie != "" {
		header.Set("Cookie", cookie)
	}
	conn, response, err := websocket.Dial(ctx, "wss://"+site.Host+"/api/rooms/"+url.PathEscape(room)+"/ws", &websocket.DialOptions{
		HTTPClient:   &http.Client{Transport: transport},
		HTTPHeader:   header,
		Subprotocols: []string{signaling.Subprotocol},
	})
	if err != nil {
		transport.CloseIdleConnections()
		return nil, dialError(response, err)
	}
	if conn.Subprotocol() != signaling.Subprotocol {
		conn.CloseNow()
		return nil, &Error{LegWebSocket, checkWS, errors.New("the server does not speak " + signaling.Subprotocol)}
	}
	conn.SetReadLimit(maxFrame)
	if told == nil {
		told = func(signaling.ServerMessage) {}
	}
	return &socket{conn: conn, http: transport, told: told}, nil
}

// dialError tells the legs apart.
func dialError(response *http.Response, err error) error {
	var known *Error
	if errors.As(err, &known) {
		return known
	}
	if response != nil {
		err = answered(response.StatusCode)
	}
	return &Error{LegWebSocket, checkWS, err}
}

func dialTLS(ctx context.Context, network, address, name string, roots *x509.CertPool, protocols ...string) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, 2*dialTimeout)
	defer cancel()
	tcp, err := (&net.Dialer{Timeout: dialTimeout}).DialContext(ctx, network, address)
	if err != nil {
		return nil, &Error{LegTCP, checkTCP, err}
	}
	conn := tls.Client(tcp, &tls.Config{ServerName: name, RootCAs: roots, NextProtos: protocols})
	if err := conn.HandshakeContext(ctx); err != nil {
		tcp.Close()
		return nil, &Error{LegTLS, checkTLS, err}
	}
	return conn, nil
}

// read returns the next message.
func (s *socket) read(ctx context.Context) (signaling.ServerMessage, error) {
	_, frame, err := s.conn.Read(ctx)
	if err != nil {
		return nil, err
	}
	m, err := signaling.DecodeServer(frame)
	if err == nil {
		s.told(m)
	}
	return m, err
}

// write sends a message.
func (s *socket) write(ctx context.Context, m signaling.ClientMessage) error {
	frame, err := signaling.EncodeClient(m)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, writeTimeout)
	defer cancel()
	return s.conn.Write(ctx, websocket.MessageText, frame)
}

// close says goodbye for at most a second.
func (s *socket) close() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_ = s.write(ctx, signaling.Leave{})
	s.drop()
}

// drop closes the connection without a word.
func (s *socket) drop() {
	if s.unwatch != nil {
		s.unwatch()
	}
	s.cut()
	s.watching.Wait()
	s.http.CloseIdleConnections()
}

// cut breaks the connection; whoever reads finds out.
func (s *socket) cut() { _ = s.conn.CloseNow() }

// watch cuts the connection when the server has fallen silent.
func (s *socket) watch() {
	ctx, cancel := context.WithCancel(context.Background())
	s.unwatch = cancel
	s.watching.Go(func() {
		for sleep(ctx, pingEvery) {
			if s.ping(ctx) != nil {
				s.cut()
				return
			}
		}
	})
}

// ping waits for a pong; whoever reads receives it.
func (s *socket) ping(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, pongDeadline)
	defer cancel()
	return s.conn.Ping(ctx)
}
