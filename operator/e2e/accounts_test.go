//go:build e2e

package e2e

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/cookiejar"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
)

// disableWithin is how long a disabled account may keep its place in a running room.
const disableWithin = 5 * time.Second

// accounts makes accounts from a list, uses one, disables it in the middle of a lesson and resets another.
func accounts(t *testing.T, p program, url string) {
	dir := t.TempDir()
	list, out := filepath.Join(dir, "list.csv"), filepath.Join(dir, "accounts.csv")
	if err := os.WriteFile(list, []byte("\ufeffBezeichnung;Ort\nSchule am Beispielweg;Musterstadt\nSchule Übungshausen;Musterstadt\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	p.must("accounts", "create", "demo", "--sandbox", "--csv", list, "--out", out)
	made := credentials(t, out)
	if len(made) != 2 {
		t.Fatalf("got %d accounts, want 2", len(made))
	}
	if o := p.run("accounts", "create", "demo", "--sandbox", "--csv", list, "--out", out); o.code != 1 || !strings.Contains(o.stderr, "exists") {
		t.Errorf("passwords were overwritten, or the error is odd: %d %s", o.code, o.stderr)
	}

	b := newBrowser(t, p, url)
	if code := b.login(made[0]); code != http.StatusNoContent {
		t.Fatalf("login: got %d", code)
	}
	if code := newBrowser(t, p, url).login(credential{made[0].Name, "wrong-pass-word-here"}); code != http.StatusUnauthorized {
		t.Errorf("login with a wrong password: got %d", code)
	}
	room := b.open("e2e-konten")
	begun := time.Now()
	p.must("accounts", "disable", "demo", made[0].Name, "--sandbox")
	room.expect("ended", func(m message) bool { return m.Reason == "account-disabled" })
	if took := time.Since(begun); took > disableWithin {
		t.Errorf("a disabled account kept its place for %v", took)
	}
	if code := b.login(made[0]); code != http.StatusForbidden {
		t.Errorf("login with a disabled account: got %d", code)
	}

	var reset struct {
		Accounts []credential `json:"accounts"`
	}
	o := p.must("accounts", "reset", "demo", made[1].Name, "--sandbox", "--json")
	if err := json.Unmarshal([]byte(o.stdout), &reset); err != nil || len(reset.Accounts) != 1 || reset.Accounts[0].Password == made[1].Password {
		t.Fatalf("reset: %v %s", err, o.stdout)
	}
	if code := b.login(made[1]); code != http.StatusUnauthorized {
		t.Errorf("login with the old password: got %d", code)
	}
	if code := b.login(reset.Accounts[0]); code != http.StatusNoContent {
		t.Errorf("login with the new password: got %d", code)
	}
}

// credentials reads the file of `accounts create --out`.
func credentials(t *testing.T, path string) []credential {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r := csv.NewReader(f)
	r.Comma = ';'
	rows, err := r.ReadAll()
	if err != nil || len(rows) == 0 {
		t.Fatalf("read %s: %v", path, err)
	}
	var made []credential
	for _, row := range rows[1:] {
		made = append(made, credential{row[0], row[1]})
	}
	return made
}

// browser is an HTTP client that trusts the sandbox's authority and, like a browser, takes *.localhost for this computer.
type browser struct {
	t    *testing.T
	site string
	http *http.Client
}

func newBrowser(t *testing.T, p program, site string) *browser {
	t.Helper()
	roots := x509.NewCertPool()
	data, err := os.ReadFile(filepath.Join(p.home, "sandbox", "acme-roots.pem"))
	if err != nil || !roots.AppendCertsFromPEM(data) {
		t.Fatalf("the sandbox's roots: %v", err)
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: roots},
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			_, port, err := net.SplitHostPort(address)
			if err != nil {
				return nil, err
			}
			return new(net.Dialer).DialContext(ctx, network, net.JoinHostPort("127.0.0.1", port))
		},
	}
	t.Cleanup(transport.CloseIdleConnections)
	return &browser{t: t, site: strings.TrimSuffix(site, "/"), http: &http.Client{Jar: jar, Transport: transport, Timeout: 20 * time.Second}}
}

// login returns the status.
func (b *browser) login(c credential) int {
	b.t.Helper()
	body, err := json.Marshal(map[string]string{"name": c.Name, "password": c.Password})
	if err != nil {
		b.t.Fatal(err)
	}
	request, err := http.NewRequestWithContext(b.t.Context(), http.MethodPost, b.site+"/api/login", strings.NewReader(string(body)))
	if err != nil {
		b.t.Fatal(err)
	}
	request.Header.Set("Origin", b.site)
	request.Header.Set("Content-Type", "application/json")
	response, err := b.http.Do(request)
	if err != nil {
		b.t.Fatal(err)
	}
	response.Body.Close()
	return response.StatusCode
}

// message has the fields of the server's messages that are looked at here.
type message struct {
	Type   string `json:"type"`
	State  string `json:"state"`
	Reason string `json:"reason"`
	Code   string `json:"code"`
}

type socket struct {
	t    *testing.T
	conn *websocket.Conn
}

// open joins a room as its organiser.
func (b *browser) open(room string) *socket {
	b.t.Helper()
	conn, _, err := websocket.Dial(b.t.Context(), b.site+"/api/rooms/"+room+"/ws", &websocket.DialOptions{
		HTTPClient: &http.Client{Jar: b.http.Jar, Transport: b.http.Transport}, Subprotocols: []string{"kreisraum.2"},
		HTTPHeader: http.Header{"Origin": {b.site}},
	})
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() { _ = conn.CloseNow() })
	s := &socket{b.t, conn}
	if err := conn.Write(b.t.Context(), websocket.MessageText, []byte(`{"type":"join","name":"Lehrkraft","role":"organiser"}`)); err != nil {
		b.t.Fatal(err)
	}
	s.expect("joined", func(message) bool { return true })
	return s
}

// expect reads until the wanted message is there.
func (s *socket) expect(kind string, ok func(message) bool) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), 20*time.Second)
	defer cancel()
	var seen []string
	for {
		_, data, err := s.conn.Read(ctx)
		if err != nil {
			s.t.Fatalf("waiting for %s, saw %v: %v", kind, seen, err)
		}
		var m message
		if err := json.Unmarshal(data, &m); err != nil {
			s.t.Fatal(err)
		}
		if m.Type == kind && ok(m) {
			return
		}
		seen = append(seen, fmt.Sprintf("%s %s%s%s", m.Type, m.State, m.Reason, m.Code))
	}
}
