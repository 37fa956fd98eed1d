package drive

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/medienzentrenverbund/kreisraum/conference/client"
)

const (
	loginTimeout = 15 * time.Second
	// loginAgain is the least time between two logins: a password check costs the site a core for a tenth of a second.
	loginAgain = 5 * time.Second
	cookieName = "__Host-kreisraum"
)

// site is the public site over HTTPS.
type site struct {
	base   *url.URL
	client *http.Client
}

func newSite(t client.Target) (*site, error) {
	base, err := url.Parse(t.URL)
	if err != nil || base.Scheme != "https" || base.Host == "" {
		return nil, errors.New("give the site as https://domain")
	}
	dialer := &net.Dialer{Timeout: loginTimeout}
	transport := &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: t.Roots, ServerName: base.Hostname()},
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			if t.DialAddress != "" {
				address = t.DialAddress
			}
			return dialer.DialContext(ctx, network, address)
		},
		TLSHandshakeTimeout: loginTimeout,
	}
	return &site{base, &http.Client{Transport: transport, Timeout: loginTimeout}}, nil
}

func (s *site) close() { s.client.CloseIdleConnections() }

// login returns the Cookie header of a new session.
func (s *site) login(ctx context.Context, account, password string) (string, error) {
	body, err := json.Marshal(map[string]string{"name": account, "password": password})
	if err != nil {
		return "", err
	}
	q, err := http.NewRequestWithContext(ctx, http.MethodPost, s.base.JoinPath("/api/login").String(), bytes.NewReader(body))
	if err != nil {
		return "", err
	}
	q.Header.Set("Origin", "https://"+s.base.Host)
	q.Header.Set("Content-Type", "application/json")
	a, err := s.client.Do(q)
	if err != nil {
		return "", fmt.Errorf("log in: %w; check the site's address and that it runs", err)
	}
	defer a.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(a.Body, 1<<16))
	for _, c := range a.Cookies() {
		if c.Name == cookieName && a.StatusCode == http.StatusNoContent {
			return c.Name + "=" + c.Value, nil
		}
	}
	return "", fmt.Errorf("log in: the site answered %s; check account and password", a.Status)
}

// session is the organiser's login, shared by all lessons. Safe for concurrent use.
type session struct {
	site              *site
	account, password string

	mu    sync.Mutex // held during a login: one is enough for all
	value string
	at    time.Time
}

// cookie returns a session that is not the bad one.
func (s *session) cookie(ctx context.Context, bad string) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.value != "" && (s.value != bad || time.Since(s.at) < loginAgain) {
		return s.value, nil
	}
	value, err := s.site.login(ctx, s.account, s.password)
	if err == nil {
		s.value, s.at = value, time.Now()
	}
	return s.value, err
}
