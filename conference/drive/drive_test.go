package drive

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/medienzentrenverbund/kreisraum/conference/account"
	"github.com/medienzentrenverbund/kreisraum/conference/bridge"
	"github.com/medienzentrenverbund/kreisraum/conference/client"
	"github.com/medienzentrenverbund/kreisraum/conference/cluster"
	"github.com/medienzentrenverbund/kreisraum/conference/opsapi"
	"github.com/medienzentrenverbund/kreisraum/conference/passhash"
	"github.com/medienzentrenverbund/kreisraum/conference/portal"
	"github.com/medienzentrenverbund/kreisraum/conference/room"
	"github.com/medienzentrenverbund/kreisraum/conference/sfu"
	"github.com/medienzentrenverbund/kreisraum/conference/token"
	"github.com/medienzentrenverbund/kreisraum/conference/web"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	testPatience = 30 * time.Second
	name         = "ahorn-4827"
	password     = "nur-fuer-den-test"
)

// county is a real portal and a real bridge in this process.
type county struct {
	target client.Target
	bridge *bridge.Bridge
}

func newCounty(t *testing.T) *county {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	engine, err := sfu.NewEngine(sfu.Config{Addresses: []netip.Addr{netip.MustParseAddr("127.0.0.1")}, Log: log})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = engine.Close() })
	accounts, err := account.Open(filepath.Join(t.TempDir(), "accounts.json"), account.Options{})
	if err != nil {
		t.Fatal(err)
	}
	hash, err := passhash.Hash(password)
	if err != nil {
		t.Fatal(err)
	}
	if err := accounts.Replace(opsapi.Accounts{Revision: "1", Accounts: []opsapi.Account{{ID: "7f3a", Name: name, Hash: hash}}}); err != nil {
		t.Fatal(err)
	}
	page, err := web.New()
	if err != nil {
		t.Fatal(err)
	}
	key := token.NewKey()
	b := bridge.New(bridge.Config{
		Key: key, Rooms: room.Rules{MaxParticipants: 70, CodeRequired: true, ScreenShare: room.ScreenShareEveryone}, Log: log,
	}, bridge.SFU(engine))
	// The certificate of net/http/httptest is for example.com.
	site := httptest.NewTLSServer(portal.New(portal.Config{
		Domain: "example.com", Key: key, Accounts: accounts, Rooms: only{b}, Page: page, Log: log,
	}))
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), testPatience)
		defer cancel()
		if err := b.Close(ctx); err != nil {
			t.Error(err)
		}
		site.Close()
	})
	roots := x509.NewCertPool()
	roots.AddCert(site.Certificate())
	return &county{client.Target{URL: "https://example.com", DialAddress: strings.TrimPrefix(site.URL, "https://"), Roots: roots}, b}
}

// only is the directory of a site with one bridge.
type only struct{ bridge *bridge.Bridge }

func (o only) Locate(context.Context, cluster.Seeker) (cluster.Place, error) {
	return cluster.Place{Bridge: o.bridge}, nil
}

func (only) Queue(context.Context, cluster.Seeker, func(int)) error { return nil }

// drive runs lessons until the reports fit, and returns the last one.
func drive(t *testing.T, c Config, enough func(Report) bool) Report {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*testPatience)
	defer cancel()
	var mu sync.Mutex
	found, hit := false, Report{}
	c.Every = 50 * time.Millisecond
	c.Log = slog.New(slog.NewTextHandler(t.Output(), nil))
	c.Report = func(r Report) {
		mu.Lock()
		defer mu.Unlock()
		if !found && enough(r) {
			found, hit = true, r // afterwards people begin to leave
			cancel()
		}
	}
	last, err := Run(ctx, c)
	if err != nil {
		t.Fatal(err)
	}
	mu.Lock()
	defer mu.Unlock()
	if !found {
		t.Fatalf("after a minute: %+v", last)
	}
	return hit
}

func TestLessonsWithRealMedia(t *testing.T) {
	c := newCounty(t)
	r := drive(t, Config{Target: c.target, Account: name, Password: password, Rooms: 2, People: 3, Camera: true}, func(r Report) bool {
		return r.Rooms == 2 && r.Inside == 6 && r.Total > 600
	})
	if r.Waiting != 0 || r.Lost != 0 || r.Reconnects != 0 || r.Expected < r.Total || r.Gap == 0 {
		t.Errorf("%+v", r)
	}
	if header, line := Header, r.String(); len(strings.Fields(header)) != len(strings.Fields(line)) {
		t.Errorf("columns differ:\n%s\n%s", header, line)
	}
}

// Who is thrown out comes back: a bridge that loses its rooms loses nobody for long.
func TestPeopleComeBack(t *testing.T) {
	c := newCounty(t)
	ended := false
	r := drive(t, Config{Target: c.target, Account: name, Password: password, Rooms: 1, People: 3}, func(r Report) bool {
		if !ended && r.Inside == 3 {
			ended = true
			c.bridge.EndAccounts(func(string) bool { return true }) // the organiser loses the place
			return false
		}
		if r.Lost > 0 {
			c.bridge.EndAccounts(func(string) bool { return false })
		}
		return ended && r.Inside == 3 && r.Lost > 0
	})
	if r.Total == 0 {
		t.Errorf("nothing was received: %+v", r)
	}
}

func TestWrongConfigurationSaysWhat(t *testing.T) {
	good := Config{Target: client.Target{URL: "https://example.com"}, Account: name, Password: password, Rooms: 1, People: 2}
	tests := map[string]struct {
		change func(*Config)
		want   string
	}{
		"no rooms":        {func(c *Config) { c.Rooms = 0 }, "0 rooms: give 1 to 1000"},
		"too many people": {func(c *Config) { c.People = 71 }, "71 people in a room: give 1 to 70"},
		"no account":      {func(c *Config) { c.Account = "" }, "an organiser's account"},
		"no site":         {func(c *Config) { c.Target.URL = "example.com" }, "give the site as https://domain"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			c := good
			tt.change(&c)
			if _, err := Run(t.Context(), c); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want %q", err, tt.want)
			}
		})
	}
}

func TestWrongPasswordEndsAtOnce(t *testing.T) {
	c := newCounty(t)
	_, err := Run(t.Context(), Config{Target: c.target, Account: name, Password: "falsch", Rooms: 1, People: 2})
	if err == nil || !strings.Contains(err.Error(), "401") || !strings.Contains(err.Error(), "check account and password") || strings.Contains(err.Error(), "falsch") {
		t.Errorf("error %v", err)
	}
}

// All lessons share a login, and a bad one is not asked for again and again.
func TestOneLoginForAll(t *testing.T) {
	var mu sync.Mutex
	logins := 0
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var body map[string]string
		if err := json.NewDecoder(r.Body).Decode(&body); err != nil || body["name"] != name || body["password"] != password ||
			r.Header.Get("Origin") == "" || r.URL.Path != "/api/login" {
			t.Errorf("%s %s %v", r.Method, r.URL.Path, err)
		}
		mu.Lock()
		defer mu.Unlock()
		logins++
		http.SetCookie(w, &http.Cookie{Name: cookieName, Value: "v" + string(rune('0'+logins)), Path: "/", Secure: true})
		w.WriteHeader(http.StatusNoContent)
	}))
	defer server.Close()
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	st, err := newSite(client.Target{URL: "https://example.com", DialAddress: strings.TrimPrefix(server.URL, "https://"), Roots: roots})
	if err != nil {
		t.Fatal(err)
	}
	defer st.close()
	s := &session{site: st, account: name, password: password}
	for _, bad := range []string{"", cookieName + "=v1", cookieName + "=v0"} {
		if got, err := s.cookie(t.Context(), bad); err != nil || got != cookieName+"=v1" {
			t.Errorf("cookie %q, error %v", got, err)
		}
	}
	s.at = s.at.Add(-loginAgain)
	if got, err := s.cookie(t.Context(), cookieName+"=v1"); err != nil || got != cookieName+"=v2" {
		t.Errorf("cookie %q, error %v", got, err)
	}
	if logins != 2 {
		t.Errorf("%d logins", logins)
	}
}
