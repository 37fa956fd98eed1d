package server

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/medienzentrenverbund/kreisraum/conference/config"
	"github.com/medienzentrenverbund/kreisraum/conference/logtest"
	"github.com/medienzentrenverbund/kreisraum/conference/myrooms"
	"github.com/medienzentrenverbund/kreisraum/conference/opsapi"
	"github.com/medienzentrenverbund/kreisraum/conference/passhash"
)

// teachersHash is made once: it costs what a login costs.
var teachersHash = sync.OnceValue(func() string {
	h, err := passhash.Hash("blaue-giraffe-tanzt")
	if err != nil {
		panic(err)
	}
	return h
})

// portalIn is a server whose files are in dir, without anything listening to it.
func portalIn(t *testing.T, dir string, log *logtest.Buffer) *Server {
	t.Helper()
	cfg := config.Default()
	cfg.Domain = domain
	cfg.Listen = config.Listen{Addresses: []string{"127.0.0.1"}}
	cfg.Paths = pathsIn(dir)
	s, err := New(cfg, Options{Log: slog.New(slog.NewJSONHandler(log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.close)
	return s
}

func putAccounts(t *testing.T, s *Server, accounts ...opsapi.Account) {
	t.Helper()
	if _, err := (&backend{s}).PutAccounts(t.Context(), opsapi.Accounts{Revision: "sha256:" + time.Now().Format("150405.000000"), Accounts: accounts}); err != nil {
		t.Fatal(err)
	}
}

// askSite makes a request as the county's own page would.
func askSite(s *Server, method, path, body, cookie string) *http.Response {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Host, r.RemoteAddr = domain, "203.0.113.77:4711"
	r.Header.Set("Origin", "https://"+domain)
	if cookie != "" {
		r.Header.Set("Cookie", cookie)
	}
	w := httptest.NewRecorder()
	s.site.http.Handler.ServeHTTP(w, r)
	return w.Result()
}

func loginAs(t *testing.T, s *Server, name string) string {
	t.Helper()
	resp := askSite(s, "POST", "/api/login", `{"name":"`+name+`","password":"blaue-giraffe-tanzt"}`, "")
	if len(resp.Cookies()) != 1 {
		t.Fatalf("login: %s", resp.Status)
	}
	return resp.Cookies()[0].Name + "=" + resp.Cookies()[0].Value
}

// TestRoomsGoWithTheirAccount: a disabled account keeps its rooms, with a deleted one they are gone from memory and disk.
func TestRoomsGoWithTheirAccount(t *testing.T) {
	t.Parallel()
	dir, log := t.TempDir(), &logtest.Buffer{}
	s := portalIn(t, dir, log)
	ahorn := opsapi.Account{ID: "id-ahorn", Name: "ahorn-4827", Hash: teachersHash()}
	birke := opsapi.Account{ID: "id-birke", Name: "birke-1000", Hash: teachersHash()}
	putAccounts(t, s, ahorn, birke)
	for _, name := range []string{"ahorn-4827", "birke-1000"} {
		if resp := askSite(s, "POST", "/api/rooms", `{"title":"Kanarienvogel `+name+`"}`, loginAs(t, s, name)); resp.StatusCode != http.StatusCreated {
			t.Fatalf("room of %s: %s", name, resp.Status)
		}
	}
	onDisk := func() string {
		data, err := os.ReadFile(s.state(myRoomsFile))
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	birke.Disabled = true
	putAccounts(t, s, ahorn, birke)
	if text := onDisk(); strings.Count(text, `"title"`) != 2 {
		t.Errorf("after an account was disabled: %d rooms", strings.Count(text, `"title"`))
	}
	putAccounts(t, s, ahorn)
	if text := onDisk(); strings.Count(text, `"title"`) != 1 || strings.Contains(text, "birke") {
		t.Errorf("after an account was deleted: %d rooms", strings.Count(text, `"title"`))
	}
	if _, found := s.site.myRooms.ByAddress("kanarienvogel-birke-1000"); found {
		t.Error("the address is still the deleted account's")
	}
	if text := log.String(); strings.Contains(text, "anarien") || !strings.Contains(text, `"rooms_forgotten":1`) {
		t.Errorf("log: %s", text)
	}
}

// TestRoomsOfAccountsThatWentWithACrash: the list of accounts was kept, the end of their rooms was not.
func TestRoomsOfAccountsThatWentWithACrash(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := portalIn(t, dir, &logtest.Buffer{})
	ahorn := opsapi.Account{ID: "id-ahorn", Name: "ahorn-4827", Hash: teachersHash()}
	putAccounts(t, s, ahorn)
	for _, account := range []string{"id-ahorn", "id-gone"} {
		if _, err := s.site.myRooms.Add(account, myrooms.Draft{Title: "Chor"}); err != nil {
			t.Fatal(err)
		}
	}
	s.close()
	again := portalIn(t, dir, &logtest.Buffer{})
	if kept, gone := again.site.myRooms.Of("id-ahorn"), again.site.myRooms.Of("id-gone"); len(kept) != 1 || len(gone) != 0 {
		t.Errorf("%d rooms of the account, %d of the one that is gone", len(kept), len(gone))
	}
	again.close()
	// Without a list nobody knows who is gone: the operator's next one says so.
	if err := os.WriteFile(again.state("accounts.json"), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	third := portalIn(t, dir, &logtest.Buffer{})
	if kept := third.site.myRooms.Of("id-ahorn"); len(kept) != 1 {
		t.Errorf("with a damaged list of accounts %d rooms are left", len(kept))
	}
	putAccounts(t, third, ahorn)
	if kept := third.site.myRooms.Of("id-ahorn"); len(kept) != 1 {
		t.Errorf("with the next list %d rooms are left", len(kept))
	}
}

func TestDayOfCodes(t *testing.T) {
	for _, tt := range []struct {
		name    string
		restart config.Restart
		same    bool // 2:00 and 4:00 UTC
	}{
		{"without a nightly restart", config.Restart{}, true},
		{"with one in between", config.Restart{At: "03:30", TimeZone: "UTC"}, false},
		{"with one later", config.Restart{At: "05:30", TimeZone: "UTC"}, true},
		{"in the county's zone", config.Restart{At: "03:30", TimeZone: "Europe/Berlin"}, false}, // 2:30 UTC
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := &Server{cfg: config.Config{Restart: tt.restart}, key: make([]byte, 32)}
			codes, room := s.codes(), myrooms.Room{ID: "a"}
			two, four := time.Date(2026, 11, 23, 2, 0, 0, 0, time.UTC), time.Date(2026, 11, 23, 4, 0, 0, 0, time.UTC)
			if got := codes.Of(room, two) == codes.Of(room, four); got != tt.same {
				t.Errorf("the same code: %v", got)
			}
		})
	}
}
