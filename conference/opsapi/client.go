package opsapi

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"
)

// ClientConfig says which server a Client calls and as whom.
type ClientConfig struct {
	// Address is host:port of the machine, an IP address and the site's port.
	Address string
	// Certificate is the operator's leaf of the county CA with its key.
	Certificate tls.Certificate
	// CA holds the county CA's certificate and nothing else.
	CA *x509.CertPool
	// Timeout bounds one call, from dialling to the last byte. Default 10 s.
	Timeout time.Duration
}

// Client calls the ops API of one server. Safe for concurrent use.
type Client struct {
	http      *http.Client
	transport *http.Transport
	address   string
}

// NewClient returns a Client; nothing is dialled before the first call.
func NewClient(cfg ClientConfig) *Client {
	if cfg.Timeout <= 0 {
		cfg.Timeout = 10 * time.Second
	}
	dialer := &tls.Dialer{
		NetDialer: &net.Dialer{Timeout: cfg.Timeout},
		Config: &tls.Config{
			Certificates: []tls.Certificate{cfg.Certificate},
			RootCAs:      cfg.CA,
			ServerName:   ServerName,
			NextProtos:   []string{ALPN},
			MinVersion:   tls.VersionTLS13,
		},
	}
	transport := &http.Transport{
		DialTLSContext:         dialALPN(dialer, cfg.Address),
		MaxIdleConns:           1,
		IdleConnTimeout:        30 * time.Second,
		MaxResponseHeaderBytes: 16 << 10,
		DisableCompression:     true,
	}
	return &Client{
		http:      &http.Client{Transport: transport, Timeout: cfg.Timeout, CheckRedirect: noRedirect},
		transport: transport,
		address:   cfg.Address,
	}
}

// dialALPN dials address, whatever the URL says, and insists on the protocol: a server that picks none is no ops API.
func dialALPN(d *tls.Dialer, address string) func(context.Context, string, string) (net.Conn, error) {
	return func(ctx context.Context, network, _ string) (net.Conn, error) {
		conn, err := d.DialContext(ctx, network, address)
		if err != nil {
			return nil, err
		}
		if conn.(*tls.Conn).ConnectionState().NegotiatedProtocol != ALPN {
			conn.Close()
			return nil, errors.New("what answers there does not speak " + ALPN)
		}
		return conn, nil
	}
}

func noRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// Info asks for the server's state.
func (c *Client) Info(ctx context.Context) (Info, error) {
	return call[Info](ctx, c, http.MethodGet, PathInfo, nil)
}

// OrderCertificate tells the server to order its certificate and returns at once; Certificate shows how it goes.
func (c *Client) OrderCertificate(ctx context.Context) (Certificate, error) {
	return call[Certificate](ctx, c, http.MethodPost, PathCertificate, nil)
}

// Certificate asks for the state of the site's certificate.
func (c *Client) Certificate(ctx context.Context) (Certificate, error) {
	return call[Certificate](ctx, c, http.MethodGet, PathCertificate, nil)
}

// PutAccounts replaces the server's accounts.
func (c *Client) PutAccounts(ctx context.Context, list Accounts) (AccountsResult, error) {
	return send[AccountsResult](ctx, c, http.MethodPut, PathAccounts, list)
}

// PutMachines replaces the portal's list of machines.
func (c *Client) PutMachines(ctx context.Context, list Machines) (MachinesResult, error) {
	return send[MachinesResult](ctx, c, http.MethodPut, PathMachines, list)
}

// ProbeToken asks for a token that admits synthetic participants to a reserved room on that machine, ready or not; on any ready one
// if machine is empty.
func (c *Client) ProbeToken(ctx context.Context, machine string) (ProbeToken, error) {
	path := PathProbeToken
	if machine != "" {
		path += "?" + url.Values{machineKey: {machine}}.Encode()
	}
	return call[ProbeToken](ctx, c, http.MethodPost, path, nil)
}

// Load asks the portal how busy the county's bridges are.
func (c *Client) Load(ctx context.Context) (Load, error) {
	return call[Load](ctx, c, http.MethodGet, PathLoad, nil)
}

// Night asks what there is to say about restarts.
func (c *Client) Night(ctx context.Context) (Night, error) {
	return call[Night](ctx, c, http.MethodGet, PathNight, nil)
}

// Restart orders a restart, from the portal that of the whole county. It returns when the server has accepted the order.
func (c *Client) Restart(ctx context.Context, order RestartOrder) (Night, error) {
	return send[Night](ctx, c, http.MethodPost, PathRestart, order)
}

// Close closes idle connections.
func (c *Client) Close() { c.transport.CloseIdleConnections() }

// send makes one request with a body.
func send[T any](ctx context.Context, c *Client, method, path string, v any) (T, error) {
	body, err := json.Marshal(v)
	if err != nil {
		var zero T
		return zero, fmt.Errorf("encode body of %s %s: %w", method, path, err)
	}
	return call[T](ctx, c, method, path, body)
}

// call makes one request. The error is an *Error when the server answered one.
func call[T any](ctx context.Context, c *Client, method, path string, body []byte) (T, error) {
	var zero T
	fail := func(err error) (T, error) {
		return zero, fmt.Errorf("ops API %s %s at %s: %w", method, path, c.address, err)
	}
	req, err := http.NewRequestWithContext(ctx, method, "https://"+ServerName+path, bytes.NewReader(body))
	if err != nil {
		return fail(err)
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return fail(err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return fail(err)
	}
	if resp.StatusCode >= 300 {
		return fail(answerError(resp.StatusCode, data))
	}
	var v T
	if err := json.Unmarshal(data, &v); err != nil {
		return fail(fmt.Errorf("answer is not the JSON this version expects: %w", err))
	}
	return v, nil
}

func answerError(status int, data []byte) error {
	var e Error
	if json.Unmarshal(data, &e) != nil || e.Code == "" {
		return fmt.Errorf("HTTP status %d", status)
	}
	return &e
}
