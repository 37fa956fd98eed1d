package portal

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/medienzentrenverbund/kreisraum/conference/account"
	"github.com/medienzentrenverbund/kreisraum/conference/cluster"
	"github.com/medienzentrenverbund/kreisraum/conference/myrooms"
	"github.com/medienzentrenverbund/kreisraum/conference/token"
	"github.com/medienzentrenverbund/kreisraum/conference/web"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	domain   = "jitsi.kmz-musterkreis.example"
	password = "Kanarienvogel-Passwort"
)

// door is a portal with accounts, a bridge and a clock of the test's.
type door struct {
	http.Handler
	key      token.Key
	now      time.Time
	accounts *fakeAccounts
	myRooms  *myrooms.Store
	admitted []cluster.Admission
	sought   []cluster.Seeker
	header   http.Header // of the last request that reached the bridge
	noBridge bool
	line     *fakeLine // nil: there is capacity
	log      bytes.Buffer
}

// fakeAccounts knows one organiser, and one whose cookie a test makes itself.
type fakeAccounts struct {
	acc    account.Account
	other  account.Account
	err    error // of the next Verify
	source string
}

func (f *fakeAccounts) Verify(_ context.Context, name, pw, source string) (account.Account, error) {
	f.source = source
	switch {
	case f.err != nil:
		return account.Account{}, f.err
	case name != f.acc.Name || pw != password:
		return account.Account{}, account.ErrWrong
	}
	return f.acc, nil
}

func (f *fakeAccounts) ByID(id string) (account.Account, bool) {
	if id == f.other.ID {
		return f.other, true
	}
	return f.acc, id == f.acc.ID
}

// embedded is the page; compressing it takes a moment.
var embedded = sync.OnceValues(web.New)

func newDoor(t *testing.T) *door {
	t.Helper()
	page, err := embedded()
	if err != nil {
		t.Fatal(err)
	}
	d := &door{key: token.NewKey(), now: time.Now(),
		accounts: &fakeAccounts{acc: account.Account{ID: "id-1", Name: "ahorn-4827", Fingerprint: "f1"},
			other: account.Account{ID: "id-2", Name: "birke-1000", Fingerprint: "f2"}}}
	if d.myRooms, err = myrooms.Open(filepath.Join(t.TempDir(), "rooms.json"), myrooms.Options{}); err != nil {
		t.Fatal(err)
	}
	d.Handler = New(Config{
		Domain: domain,
		Site: Site{Name: "KMZ Musterkreis", Contact: Contact{Name: "KMZ Musterkreis", Email: "hilfe@kmz-musterkreis.example"},
			Rooms: Rooms{MaxParticipants: 70, CodeRequired: true, ScreenShare: "everyone"}, Version: "1.2.3"},
		Key: d.key, Accounts: d.accounts, Rooms: d, MyRooms: d.myRooms, Codes: d.codes(), Page: page, Now: func() time.Time { return d.now },
		Log: d.logger(),
	})
	return d
}

func (d *door) logger() *slog.Logger {
	return slog.New(slog.NewJSONHandler(&d.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// codes change at midnight.
func (d *door) codes() myrooms.Codes {
	return myrooms.Codes{Key: d.key, DayEnds: func(now time.Time) time.Time { return now.Truncate(24 * time.Hour).Add(24 * time.Hour) }}
}

// Locate implements cluster.Directory with a bridge that notes what it is given.
func (d *door) Locate(_ context.Context, who cluster.Seeker) (cluster.Place, error) {
	d.sought = append(d.sought, who)
	switch {
	case d.noBridge:
		return cluster.Place{}, cluster.ErrNoBridge
	case d.line != nil:
		return cluster.Place{}, cluster.ErrFull
	}
	return cluster.Place{Bridge: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		d.header = r.Header.Clone()
		a, err := cluster.AdmissionOf(r, d.key, d.now)
		if err != nil {
			http.Error(w, err.Error(), http.StatusForbidden)
			return
		}
		d.admitted = append(d.admitted, a)
		w.WriteHeader(http.StatusTeapot) // stands for the WebSocket
	})}, nil
}

// Queue implements cluster.Directory with the test's line.
func (d *door) Queue(ctx context.Context, who cluster.Seeker, told func(int)) error {
	return d.line.queue(ctx, who, told)
}

// ask makes a request from the county's own page; header lines replace what that would send.
func (d *door) ask(method, path, body string, header ...string) *http.Response {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Host = domain
	r.RemoteAddr = "203.0.113.77:4711"
	r.Header.Set("Origin", "https://"+domain)
	for i := 0; i < len(header); i += 2 {
		if header[i] == "Host" {
			r.Host = header[i+1]
			continue
		}
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	d.ServeHTTP(w, r)
	return w.Result()
}

func text(resp *http.Response) string {
	var b bytes.Buffer
	b.ReadFrom(resp.Body)
	return strings.TrimSpace(b.String())
}

// otherLogin returns the Cookie header of the other account.
func (d *door) otherLogin() string {
	claims := sessionClaims{Account: "id-2", Fingerprint: "f2", Until: d.now.Add(sessionLife).UnixMilli()}
	return cookieName + "=" + token.Sign(d.key, token.PurposeSession, claims, claims.end())
}

// login logs in and returns the Cookie header.
func (d *door) login(t *testing.T) string {
	t.Helper()
	resp := d.ask("POST", "/api/login", `{"name":"ahorn-4827","password":"`+password+`"}`)
	if resp.StatusCode != http.StatusNoContent || len(resp.Cookies()) != 1 {
		t.Fatalf("login: %s, %v", resp.Status, resp.Cookies())
	}
	return resp.Cookies()[0].Name + "=" + resp.Cookies()[0].Value
}

func TestSite(t *testing.T) {
	resp := newDoor(t).ask("GET", "/api/site", "")
	want := `{"name":"KMZ Musterkreis","contact":{"name":"KMZ Musterkreis","email":"hilfe@kmz-musterkreis.example"},` +
		`"rooms":{"maxParticipants":70,"codeRequired":true,"screenShare":"everyone"},"version":"1.2.3"}`
	if got := text(resp); got != want || resp.Header.Get("Content-Type") != "application/json" {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestHealth(t *testing.T) {
	if resp := newDoor(t).ask("GET", "/api/health", ""); resp.StatusCode != 200 || text(resp) != "ok" {
		t.Errorf("got %s", resp.Status)
	}
}

func TestCookie(t *testing.T) {
	resp := newDoor(t).ask("POST", "/api/login", `{"name":"ahorn-4827","password":"`+password+`"}`)
	c := resp.Cookies()[0]
	if c.Name != "__Host-kreisraum" || !c.HttpOnly || !c.Secure || c.SameSite != http.SameSiteStrictMode || c.Path != "/" || c.Domain != "" || c.MaxAge != 0 {
		t.Errorf("cookie: %+v", c)
	}
	if strings.Contains(c.Value, "ahorn") {
		t.Errorf("the cookie carries the name: %s", c.Value)
	}
}

func TestSessionEnds(t *testing.T) {
	const yes, no = `{"organiser":true,"name":"ahorn-4827"}`, `{"organiser":false}`
	for _, tt := range []struct {
		name   string
		change func(*door)
		want   string
	}{
		{"stays", func(*door) {}, yes},
		{"after eleven hours", func(d *door) { d.now = d.now.Add(11 * time.Hour) }, yes},
		{"after twelve hours", func(d *door) { d.now = d.now.Add(12 * time.Hour) }, no},
		{"account disabled", func(d *door) { d.accounts.acc.Disabled = true }, no},
		{"account gone", func(d *door) { d.accounts.acc.ID = "id-3" }, no},
		{"new password", func(d *door) { d.accounts.acc.Fingerprint = "f2" }, no},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := newDoor(t)
			cookie := d.login(t)
			tt.change(d)
			if got := text(d.ask("GET", "/api/session", "", "Cookie", cookie)); got != tt.want {
				t.Errorf("got %s", got)
			}
		})
	}
}

func TestForgedCookies(t *testing.T) {
	d := newDoor(t)
	claims := sessionClaims{Account: "id-1", Fingerprint: "f1"}
	for name, value := range map[string]string{
		"none":            "",
		"garbage":         "abc.def",
		"another key":     token.Sign(token.NewKey(), token.PurposeSession, claims, d.now.Add(time.Hour)),
		"another purpose": token.Sign(d.key, token.PurposeResume, claims, d.now.Add(time.Hour)),
		"very long":       strings.Repeat("a", 10000),
	} {
		if got := text(d.ask("GET", "/api/session", "", "Cookie", cookieName+"="+value)); got != `{"organiser":false}` {
			t.Errorf("%s: %s", name, got)
		}
	}
}

func TestLoginRefusals(t *testing.T) {
	right := `{"name":"ahorn-4827","password":"` + password + `"}`
	for _, tt := range []struct {
		name, body string
		err        error
		status     int
		code       string
		retry      string
	}{
		{"wrong password", `{"name":"ahorn-4827","password":"x"}`, nil, 401, "login-wrong", ""},
		{"no fields", `{}`, nil, 401, "login-wrong", ""},
		{"not JSON", `name=ahorn`, nil, 400, "bad-message", ""},
		{"empty", ``, nil, 400, "bad-message", ""},
		{"too large", `{"name":"` + strings.Repeat("a", maxBody) + `"}`, nil, 400, "bad-message", ""},
		{"disabled", right, account.ErrDisabled, 403, "account-disabled", ""},
		{"throttled", right, &account.ThrottledError{RetryAfter: 1500 * time.Millisecond}, 429, "too-many-attempts", "2"},
		{"busy", right, &account.BusyError{RetryAfter: 10 * time.Second}, 503, "busy", "10"},
		{"browser is gone", right, context.Canceled, 503, "busy", "1"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := newDoor(t)
			d.accounts.err = tt.err
			resp := d.ask("POST", "/api/login", tt.body)
			var body struct{ Error struct{ Code string } }
			if err := json.Unmarshal([]byte(text(resp)), &body); err != nil {
				t.Fatal(err)
			}
			if resp.StatusCode != tt.status || body.Error.Code != tt.code || resp.Header.Get("Retry-After") != tt.retry || len(resp.Cookies()) != 0 {
				t.Errorf("got %s %+v %v", resp.Status, body, resp.Header)
			}
			for _, canary := range []string{"anarie", "ahorn", "203.0"} {
				if strings.Contains(d.log.String(), canary) {
					t.Errorf("log has %q: %s", canary, d.log.String())
				}
			}
		})
	}
}

func TestThrottleSeesTheShortenedAddress(t *testing.T) {
	d := newDoor(t)
	d.login(t)
	if d.accounts.source != "203.0.113.0" {
		t.Errorf("source is %q", d.accounts.source)
	}
}

func TestLogout(t *testing.T) {
	resp := newDoor(t).ask("POST", "/api/logout", "")
	if c := resp.Cookies(); resp.StatusCode != http.StatusNoContent || len(c) != 1 || c[0].MaxAge >= 0 || c[0].Value != "" {
		t.Errorf("%s, %v", resp.Status, c)
	}
}

func TestOtherOriginsAreRefused(t *testing.T) {
	for _, call := range [][2]string{
		{"POST", "/api/login"}, {"POST", "/api/logout"}, {"GET", "/api/rooms/klasse-5a/ws"}, {"POST", "/api/handover"}, {"POST", "/api/handover/use"},
		{"POST", "/api/rooms"}, {"PATCH", "/api/rooms/x"}, {"DELETE", "/api/rooms/x"}, {"POST", "/api/rooms/x/code"},
	} {
		for _, origin := range []string{"", "null", "https://evil.example", "http://" + domain, "https://" + domain + ":8443", "https://" + domain + ".evil.example", "::"} {
			d := newDoor(t)
			resp := d.ask(call[0], call[1], "{}", "Origin", origin)
			if resp.StatusCode != http.StatusForbidden || text(resp) != `{"error":{"code":"wrong-origin"}}` || len(d.admitted) > 0 || len(resp.Cookies()) > 0 {
				t.Errorf("%v from %q: %s", call, origin, resp.Status)
			}
		}
	}
	d := newDoor(t)
	if resp := d.ask("POST", "/api/logout", "", "Host", domain+":8443", "Origin", "https://"+domain+":8443"); resp.StatusCode != http.StatusNoContent {
		t.Errorf("own origin with a port: %s", resp.Status)
	}
}

func TestOtherHostsAreRefused(t *testing.T) {
	for host, want := range map[string]int{
		domain: 200, strings.ToUpper(domain): 200, domain + ":8443": 200, domain + ".": 200,
		"": 421, "evil.example": 421, "192.0.2.1": 421, domain + ":x": 421, domain + ":123456": 421, domain + ":8443; script-src *": 421,
	} {
		if resp := newDoor(t).ask("GET", "/api/health", "", "Host", host); resp.StatusCode != want {
			t.Errorf("%q: got %d, want %d", host, resp.StatusCode, want)
		}
	}
}

func TestRoomAdmission(t *testing.T) {
	d := newDoor(t)
	if resp := d.ask("GET", "/api/rooms/Klasse-5a/ws", ""); resp.StatusCode != http.StatusTeapot {
		t.Fatal(resp.Status)
	}
	cookie := d.login(t)
	if resp := d.ask("GET", "/api/rooms/Klasse-5a/ws", "", "Cookie", cookie); resp.StatusCode != http.StatusTeapot {
		t.Fatal(resp.Status)
	}
	source := cluster.SourceTag(d.key, "203.0.113.0")
	want := []cluster.Admission{
		{Room: "klasse-5a", DisplayRoom: "Klasse-5a", Host: domain, Source: source},
		{Room: "klasse-5a", DisplayRoom: "Klasse-5a", Host: domain, Source: source, Account: "id-1", AccountName: "ahorn-4827", Organiser: true},
	}
	if len(d.admitted) != 2 || d.admitted[0] != want[0] || d.admitted[1] != want[1] {
		t.Errorf("got %+v", d.admitted)
	}
	if d.header.Get("Cookie") != "" {
		t.Error("the bridge gets the session cookie")
	}
}

func TestForgedAdmissionIsReplaced(t *testing.T) {
	d := newDoor(t)
	forged := cluster.Admission{Room: "klasse-5a", Organiser: true, Account: "id-1"}.Sign(d.key, d.now) // even a well-signed one
	d.ask("GET", "/api/rooms/klasse-5a/ws", "", cluster.AdmissionHeader, forged)
	if len(d.admitted) != 1 || d.admitted[0].Organiser {
		t.Errorf("got %+v", d.admitted)
	}
	if got := d.header.Values(cluster.AdmissionHeader); len(got) != 1 {
		t.Errorf("%d admission headers", len(got))
	}
}

func TestDisabledOrganiserIsAdmittedAsNobody(t *testing.T) {
	d := newDoor(t)
	cookie := d.login(t)
	d.accounts.acc.Disabled = true
	d.ask("GET", "/api/rooms/klasse-5a/ws", "", "Cookie", cookie)
	if len(d.admitted) != 1 || d.admitted[0].Organiser || d.admitted[0].Account != "" {
		t.Errorf("got %+v", d.admitted)
	}
}

func TestRoomRefusals(t *testing.T) {
	d := newDoor(t)
	for _, name := range []string{"ab", "api", "klasse_5a", "gr%C3%B6%C3%9Fe", "a%2Fb", strings.Repeat("a", 65)} {
		if resp := d.ask("GET", "/api/rooms/"+name+"/ws", ""); resp.StatusCode != http.StatusBadRequest || text(resp) != `{"error":{"code":"room-invalid"}}` {
			t.Errorf("%s: %s", name, resp.Status)
		}
	}
	d.noBridge = true
	if resp := d.ask("GET", "/api/rooms/klasse-5a/ws", ""); resp.StatusCode != http.StatusServiceUnavailable || resp.Header.Get("Retry-After") == "" {
		t.Errorf("no bridge: %s", resp.Status)
	}
	if strings.Contains(d.log.String(), "klasse") || len(d.admitted) > 0 {
		t.Errorf("log: %s, admitted %v", d.log.String(), d.admitted)
	}
}

// TestPages: the page for rooms, 404 for what scanners look for.
func TestPages(t *testing.T) {
	d := newDoor(t)
	index := d.ask("GET", "/", "").StatusCode // 200 with the web client, 503 without
	for path, page := range map[string]bool{
		"/": true, "/klasse-5a": true, "/" + url.PathEscape("Klasse 5ä"): true, "/%E6%95%B0%E5%AD%A6": true, "/ab": true, "/?x=1": true,
		"/wp-login.php": false, "/.env": false, "/.git/config": false, "/klasse/5a": false, "/api": false, "/assets": false, "/Assets": false,
		"/netztest": true, "/meine-raeume": true, "/weiter": true, "/weiter/x": false,
		"/impressum": false, "/hilfe": false, "/hilfe/kinder": false, // texts that this door has none of
		"/index.html": false, "/%00": false, "/%ff": false, "/" + strings.Repeat("a", 101): false, "/a%2Fb": false, "/<script>": false,
	} {
		want := http.StatusNotFound
		if page {
			want = index
		}
		if got := d.ask("GET", path, "").StatusCode; got != want {
			t.Errorf("%s: got %d, want %d", path, got, want)
		}
	}
}

func TestSlashBehindARoom(t *testing.T) {
	d := newDoor(t)
	for path, want := range map[string]string{
		"/klasse-5a/": "/klasse-5a", "/" + url.PathEscape("Klasse 5ä") + "/": "/Klasse%205%C3%A4",
		"/netztest/": "/netztest", "/impressum/": "/impressum", "/Netztest": "/netztest", "/HILFE": "/hilfe", "/Impressum": "/impressum",
		"/": "", "/klasse-5a/x/": "", "/Hilfe-raum": "", "/hilfe": "", "/hilfe/kinder/": "", "/api/": "", "/assets/": "", "/wp-admin.php/": "", "/%5Cevil.example/": "",
	} {
		if got := d.ask("GET", path, "").Header.Get("Location"); got != want {
			t.Errorf("%s: leads to %q, want %q", path, got, want)
		}
	}
}

func TestUnknownCallsAndMethods(t *testing.T) {
	d := newDoor(t)
	for _, call := range [][2]string{{"GET", "/api/"}, {"GET", "/api/v2/site"}, {"GET", "/api/login"}, {"PUT", "/api/site"}, {"GET", "/api/rooms/klasse-5a"}} {
		if resp := d.ask(call[0], call[1], ""); resp.StatusCode != http.StatusNotFound || text(resp) != `{"error":{"code":"not-found"}}` {
			t.Errorf("%v: %s", call, resp.Status)
		}
	}
	if resp := d.ask("DELETE", "/klasse-5a", ""); resp.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("DELETE of a room: %s", resp.Status)
	}
}

// FuzzPath: no path leads to a panic, a redirect elsewhere or an answer without the security headers.
func FuzzPath(f *testing.F) {
	for _, seed := range []string{"/", "/klasse-5a", "/api/rooms/x/ws", "//evil.example", "/%2e%2e/", "/assets/../x"} {
		f.Add(seed)
	}
	page, err := embedded()
	if err != nil {
		f.Fatal(err)
	}
	h := New(Config{Domain: domain, Key: token.NewKey(), Accounts: &fakeAccounts{}, Rooms: &door{noBridge: true}, Page: page, Log: slog.New(slog.DiscardHandler)})
	f.Fuzz(func(t *testing.T, path string) {
		u, err := url.ParseRequestURI(path)
		if err != nil || u.Host != "" || u.Scheme != "" {
			return
		}
		r := &http.Request{Method: "GET", URL: u, Host: domain, Header: http.Header{"Origin": {"https://" + domain}}, Body: http.NoBody, RemoteAddr: "203.0.113.77:1"}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Header().Get("Content-Security-Policy") == "" {
			t.Errorf("%q: no security headers", path)
		}
		if to := w.Header().Get("Location"); strings.HasPrefix(to, "//") || strings.Contains(to, "://") {
			t.Errorf("%q redirects to %q", path, to)
		}
	})
}

// TestOneSourceDoesNotFillABridge opens as many rooms at once as one source may, and more.
func TestOneSourceDoesNotFillABridge(t *testing.T) {
	d := newDoor(t)
	held := &heldRooms{in: make(chan struct{}), out: make(chan struct{})}
	d.Handler = New(Config{Domain: domain, Key: d.key, Accounts: d.accounts, Rooms: held, Log: slog.New(slog.DiscardHandler)})
	ask := func(from string) int {
		r := httptest.NewRequest("GET", "/api/rooms/klasse-5a/ws", nil)
		r.Host, r.RemoteAddr = domain, from
		r.Header.Set("Origin", "https://"+domain)
		w := httptest.NewRecorder()
		d.ServeHTTP(w, r)
		return w.Code
	}
	var under sync.WaitGroup
	for range maxSocketsOfOneSource {
		under.Go(func() { ask("203.0.113.77:4711") })
		<-held.in
	}
	refused := make(chan int, 1)
	under.Go(func() { refused <- ask("203.0.113.99:4711") })
	select {
	case code := <-refused:
		if code != http.StatusServiceUnavailable {
			t.Errorf("one more of the same source: %d", code)
		}
	case <-held.in:
		t.Error("one more of the same source comes through")
	}
	under.Go(func() { ask("198.51.100.7:4711") })
	<-held.in // somebody else comes through
	close(held.out)
	under.Wait()
}

// heldRooms is a directory whose rooms keep everybody until out is closed.
type heldRooms struct{ in, out chan struct{} }

func (h *heldRooms) Locate(context.Context, cluster.Seeker) (cluster.Place, error) {
	return cluster.Place{Bridge: http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		h.in <- struct{}{}
		<-h.out
	})}, nil
}

func (h *heldRooms) Queue(context.Context, cluster.Seeker, func(int)) error { return nil }

// TestRequestsUnderWayAreBounded holds handlers back, as clients do that open streams and do not read.
func TestRequestsUnderWayAreBounded(t *testing.T) {
	u := &underWay{max: 3, maxOfOne: 2, bySource: map[string]int{}}
	var held sync.WaitGroup
	begun, stop := make(chan struct{}), make(chan struct{})
	h := u.bounded(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/held" {
			begun <- struct{}{}
			<-stop
		}
	}))
	ask := func(path, from string) *http.Response {
		r := httptest.NewRequest("GET", path, nil)
		r.RemoteAddr = from + ":4711"
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w.Result()
	}
	hold := func(from string) {
		held.Go(func() { ask("/held", from) })
		<-begun
	}
	hold("192.0.2.1")
	hold("192.0.2.2") // the same source
	resp := ask("/", "192.0.2.3")
	if body, _ := io.ReadAll(resp.Body); resp.StatusCode != http.StatusServiceUnavailable || resp.Header.Get("Retry-After") == "" || len(body) > 0 {
		t.Errorf("one source's third: %s", resp.Status)
	}
	if resp := ask("/", "198.51.100.1"); resp.StatusCode != http.StatusOK {
		t.Errorf("another source: %s", resp.Status)
	}
	hold("198.51.100.1")
	if resp := ask("/", "203.0.113.1"); resp.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("the fourth of all: %s", resp.Status)
	}
	close(stop)
	held.Wait()
	if resp := ask("/", "192.0.2.1"); resp.StatusCode != http.StatusOK {
		t.Errorf("afterwards: %s", resp.Status)
	}
	if len(u.bySource) != 0 || u.all != 0 {
		t.Errorf("%d sources and %d requests are still counted", len(u.bySource), u.all)
	}
}
