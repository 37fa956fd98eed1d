package portal

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/medienzentrenverbund/kreisraum/conference/cluster"
	"github.com/medienzentrenverbund/kreisraum/conference/token"
)

// TestHeadersOfEveryAnswer asks for everything that the portal has and for what it has not, over HTTP as browsers do, with and without login.
func TestHeadersOfEveryAnswer(t *testing.T) {
	d := newDoor(t)
	cookie := d.login(t)
	var room myRoom
	d.call(t, cookie, "POST", "/api/rooms", `{"title":"Chor"}`, &room)
	site := httptest.NewServer(d)
	defer site.Close()
	client := site.Client()
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	cookies := map[string]bool{"POST /api/login": true, "POST /api/logout": true, "POST /api/handover/use": true}
	for _, call := range []string{
		"GET /", "GET /klasse-5a", "GET /Klasse%205%C3%A4", "GET /klasse-5a/", "GET /Impressum", "GET /netztest", "GET /meine-raeume", "GET /weiter",
		"GET /hilfe", "GET /hilfe/kinder", "GET /datenschutz", "GET /nutzung", "GET /impressum", "GET /barrierefreiheit", "GET /kontakt",
		"GET /assets/nothing.js", "GET /nothing.php", "GET /a/b", "GET /kreisraum.svg", "HEAD /", "DELETE /", "OPTIONS /",
		"GET /api/site", "GET /api/health", "GET /api/session", "POST /api/login", "POST /api/logout", "GET /api/nothing", "GET /api/rooms/klasse-5a/ws",
		"GET /api/rooms/a%20b/ws", "POST /api/handover", "POST /api/handover/use", "GET /api/rooms", "POST /api/rooms", "PATCH /api/rooms/" + room.ID,
		"POST /api/rooms/" + room.ID + "/code", "DELETE /api/rooms/" + room.ID,
	} {
		for _, as := range []string{"", cookie} {
			for _, host := range []string{domain + ":8443", "another.example"} {
				method, path, _ := strings.Cut(call, " ")
				r, err := http.NewRequestWithContext(t.Context(), method, site.URL+path, strings.NewReader(`{"name":"ahorn-4827","password":"`+password+`"}`))
				if err != nil {
					t.Fatal(err)
				}
				r.Host = host
				r.Header.Set("Origin", "https://"+host)
				r.Header.Set("Cookie", as)
				resp, err := client.Do(r)
				if err != nil {
					t.Fatalf("%s: %v", call, err)
				}
				resp.Body.Close()
				if host == domain+":8443" {
					checkHeaders(t, call, resp, domain+":8443")
				} else {
					checkHeaders(t, call, resp, domain)
				}
				if len(resp.Cookies()) > 0 && !cookies[call] {
					t.Errorf("%s sets a cookie", call)
				}
			}
		}
	}
}

func checkHeaders(t *testing.T, call string, resp *http.Response, host string) {
	t.Helper()
	directives := map[string]string{}
	for d := range strings.SplitSeq(resp.Header.Get("Content-Security-Policy"), ";") {
		name, value, _ := strings.Cut(strings.TrimSpace(d), " ")
		directives[name] = value
	}
	if want := map[string]string{
		"default-src": "'none'", "script-src": "'self'", "style-src": "'self'", "img-src": "'self' data:", "media-src": "'self'", "font-src": "'self'",
		"manifest-src": "'self'", "connect-src": "'self' wss://" + host, "base-uri": "'none'", "form-action": "'self'", "frame-ancestors": "'none'",
		"require-trusted-types-for": "'script'", "trusted-types": "'none'",
	}; !maps.Equal(directives, want) {
		t.Errorf("%s: CSP %v", call, directives)
	}
	for name, want := range map[string]string{
		"Referrer-Policy": "no-referrer", "Strict-Transport-Security": "max-age=63072000", "X-Content-Type-Options": "nosniff",
		"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin", "Access-Control-Allow-Origin": "", "Server": "",
	} {
		if got := resp.Header.Get(name); got != want {
			t.Errorf("%s: %s is %q, want %q", call, name, got, want)
		}
	}
	var used []string
	for f := range strings.SplitSeq(resp.Header.Get("Permissions-Policy"), ", ") {
		name, who, _ := strings.Cut(f, "=")
		if who == "(self)" {
			used = append(used, name)
		} else if who != "()" {
			t.Errorf("%s: permission %s", call, f)
		}
	}
	if want := []string{"autoplay", "camera", "clipboard-write", "display-capture", "fullscreen", "microphone", "screen-wake-lock", "speaker-selection"}; !slices.Equal(used, want) {
		t.Errorf("%s: permissions for %v", call, used)
	}
	if kind := resp.Header.Get("Content-Type"); kind == "application/json" && resp.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("%s: may be kept: %q", call, resp.Header.Get("Cache-Control"))
	}
}

// TestRequestsThatAreTooManyHaveTheHeadersToo: they are answered before anything looks at them.
func TestRequestsThatAreTooManyHaveTheHeadersToo(t *testing.T) {
	d := newDoor(t)
	p := &portal{cfg: Config{Domain: domain, Key: token.NewKey(), Rooms: d}}
	full := &underWay{bySource: map[string]int{}}
	r := httptest.NewRequest("GET", "/", nil)
	r.Host = domain
	w := httptest.NewRecorder()
	p.guard(full.bounded(http.NotFoundHandler())).ServeHTTP(w, r)
	if w.Code != http.StatusServiceUnavailable {
		t.Errorf("status %d", w.Code)
	}
	checkHeaders(t, "one too many", w.Result(), domain)
}

// TestTextsAreServedByTheirHandler, with the headers of the site.
func TestTextsAreServedByTheirHandler(t *testing.T) {
	d := newDoor(t)
	var asked []string
	d.Handler = New(Config{Domain: domain, Key: d.key, Accounts: d.accounts, Rooms: d, Log: d.logger(),
		Pages: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			asked = append(asked, r.URL.Path)
			w.WriteHeader(http.StatusTeapot)
		})})
	paths := []string{"/hilfe", "/hilfe/kinder", "/datenschutz", "/nutzung", "/impressum", "/barrierefreiheit", "/kontakt", "/kontakt/a/b"}
	for _, path := range paths {
		resp := d.ask("GET", path+"?lang=en", "")
		if resp.StatusCode != http.StatusTeapot {
			t.Errorf("%s: %s", path, resp.Status)
		}
		checkHeaders(t, path, resp, domain)
	}
	if !slices.Equal(asked, paths) {
		t.Errorf("asked for %v", asked)
	}
	if resp := d.ask("POST", "/hilfe", ""); resp.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("POST: %s", resp.Status)
	}
}

// TestWithoutRoomsOfOnesOwn: the calls are not there, and no address is anybody's.
func TestWithoutRoomsOfOnesOwn(t *testing.T) {
	d := newDoor(t)
	cookie := d.login(t)
	d.Handler = New(Config{Domain: domain, Key: d.key, Accounts: d.accounts, Rooms: d, Log: d.logger()})
	if resp := d.ask("GET", "/api/rooms", "", "Cookie", cookie); resp.StatusCode != http.StatusNotFound {
		t.Errorf("list: %s", resp.Status)
	}
	d.ask("GET", "/api/rooms/klasse-5a/ws", "", "Cookie", cookie)
	if want := (cluster.Seeker{Room: "klasse-5a", Organiser: true}); len(d.sought) != 1 || d.sought[0] != want || d.admitted[0].Owner != "" {
		t.Errorf("sought %+v", d.sought)
	}
}
