package pages

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/medienzentrenverbund/kreisraum/conference/config"
)

// county is one with everything that the pages may mention.
func county() config.Config {
	c := config.Default()
	c.County, c.Title, c.Domain = "musterkreis", "Medienzentrum Musterkreis", "meet.kmz-musterkreis.example"
	c.Contact = config.Contact{Name: "Kreismedienzentrum Musterkreis", Email: "hilfe@kmz-musterkreis.example", Phone: "07000 000004", URL: "https://kmz-musterkreis.example/"}
	c.Restart = config.Restart{At: "03:30", Latest: "04:15", TimeZone: "Europe/Berlin"}
	c.Imprint = config.Imprint{Office: "Landkreis Musterkreis", Address: []string{"Musterweg 1", "00000 Musterstadt"}, RepresentedBy: "die Landrätin oder den Landrat",
		SupervisoryAuthority: "Regierungspräsidium Musterstadt", VATID: "DE000000000"}
	c.DataProtection = config.DataProtection{OfficerEmail: "datenschutz@musterkreis.example", OfficerAddress: []string{"Musterweg 2"},
		Authority: "Aufsicht für den Datenschutz", AuthorityURL: "https://aufsicht.example/"}
	c.Support = config.Support{Hours: "Montag bis Freitag, 8 bis 16 Uhr", Phone: "07000 000005"}
	c.Accessibility = config.Accessibility{Email: "barriere@musterkreis.example", Phone: "07000 000006", Arbitration: "Schlichtungsstelle",
		ArbitrationURL: "https://schlichtung.example/", Reviewed: "2026-11-02"}
	return c
}

// bare is a county that says no more than it must.
func bare() config.Config {
	c := config.Default()
	c.County, c.Domain = "musterkreis", "meet.kmz-musterkreis.example"
	c.Contact = config.Contact{Name: "Kreismedienzentrum Musterkreis", Email: "hilfe@kmz-musterkreis.example"}
	return c
}

func open(t *testing.T, c config.Config) *Handler {
	t.Helper()
	h, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func get(h http.Handler, path string, header http.Header) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, path, nil)
	for name, values := range header {
		r.Header[name] = values
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

var (
	tag    = regexp.MustCompile(`<[^>]*>`)
	blanks = regexp.MustCompile(`\s+`)
)

// text is what a reader sees.
func text(html string) string {
	html = strings.NewReplacer("&amp;", "&", "&quot;", `"`, "&#39;", "'", "&lt;", "<", "&gt;", ">").Replace(tag.ReplaceAllString(html, ""))
	return blanks.ReplaceAllString(html, " ")
}

var href = regexp.MustCompile(`(?:href|src)="([^"]*)"`)

// TestEveryPage: each page in each language is whole, links to what is there, and needs nothing from elsewhere.
func TestEveryPage(t *testing.T) {
	allowed := []string{"/", "/netztest", "/meine-raeume", "#inhalt"}
	allowed = append(allowed, Paths()...)
	outside := []string{"https://kmz-musterkreis.example/", "https://aufsicht.example/", "https://schlichtung.example/"}
	for name, c := range map[string]config.Config{"whole": county(), "bare": bare()} {
		h := open(t, c)
		for _, p := range all {
			for _, lang := range []string{german, english} {
				w := get(h, p.path+"?lang="+lang, nil)
				body := w.Body.String()
				where := name + " " + p.path + " " + lang
				if w.Code != http.StatusOK || w.Header().Get("Content-Language") != lang || !strings.Contains(body, `<html lang="`+lang+`">`) {
					t.Errorf("%s: status %d, language %q", where, w.Code, w.Header().Get("Content-Language"))
				}
				if n := strings.Count(body, "<h1"); n != 1 {
					t.Errorf("%s: %d main headings", where, n)
				}
				for _, bad := range []string{"{{", "<no value>", "<!-- raw", "<script", " style=", "\\", ", ,", "()", "**"} {
					if strings.Contains(body, bad) {
						t.Errorf("%s: %q is in it", where, bad)
					}
				}
				if found := symbolName.FindAllString(tag.ReplaceAllString(body, ""), -1); len(found) > 0 {
					t.Errorf("%s: no symbols called %v", where, found)
				}
				for _, found := range href.FindAllStringSubmatch(body, -1) {
					target, _, _ := strings.Cut(found[1], "?")
					known := slices.Contains(allowed, target) || slices.Contains(outside, found[1]) || strings.HasPrefix(target, "mailto:") || strings.HasPrefix(target, "tel:") || target == "data:,"
					if !known {
						t.Errorf("%s: leads to %q", where, found[1])
					}
				}
			}
		}
	}
}

// TestTextsFollowTheConfiguration: what a page promises is what the server does.
func TestTextsFollowTheConfiguration(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(*config.Config)
		path   string
		says   string // in German
		not    string
	}{
		{"nightly restart", func(c *config.Config) { c.Restart.At = "02:15" }, "/datenschutz", "nächtlichen Neustart um 02:15 Uhr", "03:30"},
		{"no nightly restart", func(c *config.Config) { c.Restart = config.Restart{} }, "/datenschutz", "Arbeitsspeicher", "Neustart"},
		{"no access log", func(c *config.Config) { c.AccessLog.RetentionDays = 0 }, "/datenschutz", "Es wird kein Zugriffsprotokoll geführt", "gelöscht. Zweck"},
		{"one day of access log", func(c *config.Config) { c.AccessLog.RetentionDays = 1 }, "/datenschutz", "nach 1 Tag gelöscht", "kein Zugriffsprotokoll"},
		{"access log", func(c *config.Config) { c.AccessLog.RetentionDays = 7 }, "/datenschutz", "nach 7 Tagen gelöscht", "kein Zugriffsprotokoll"},
		{"size of a room", func(c *config.Config) { c.Rooms.MaxParticipants = 33 }, "/nutzung", "höchstens 33 Personen", "70"},
		{"lobby", func(c *config.Config) { c.Rooms.Lobby = true }, "/hilfe/lehrkraefte", "wartet im Warteraum", "schalten Sie unter Regeln den Warteraum ein"},
		{"no lobby", func(c *config.Config) { c.Rooms.Lobby = false }, "/hilfe/lehrkraefte", "schalten Sie unter Regeln den Warteraum ein", "wartet im Warteraum"},
		{"cameras to organisers", func(c *config.Config) { c.Rooms.Cameras = "organisers" }, "/hilfe/eltern", "erhält zunächst nur die Lehrkraft", "kann festlegen"},
		{"cameras to everyone", func(c *config.Config) { c.Rooms.Cameras = "everyone" }, "/hilfe/eltern", "kann festlegen", "erhält zunächst nur die Lehrkraft"},
		{"screens of organisers", func(c *config.Config) { c.Rooms.ScreenShare = "organisers" }, "/hilfe/lehrkraefte", "zunächst nur Sie. Sie können es", "zunächst alle."},
		{"screens of everyone", func(c *config.Config) { c.Rooms.ScreenShare = "everyone" }, "/hilfe/lehrkraefte", "zunächst alle.", "zunächst nur Sie. Sie können es"},
		{"grace", func(c *config.Config) { c.Rooms.OrganiserGrace = 5 * time.Minute }, "/hilfe/lehrkraefte", "wartet 5 Minuten auf Sie", "2 Minuten"},
		{"grace in seconds", func(c *config.Config) { c.Rooms.OrganiserGrace = 90 * time.Second }, "/hilfe/lehrkraefte", "wartet 90 Sekunden auf Sie", "Minuten auf Sie"},
		{"code required", func(c *config.Config) { c.Rooms.CodeRequired = true }, "/hilfe/lehrkraefte", "Ohne den Raumcode kommt niemand herein", "nur herein, wer ihn kennt"},
		{"code not required", func(c *config.Config) { c.Rooms.CodeRequired = false }, "/hilfe/lehrkraefte", "nur herein, wer ihn kennt", "Ohne den Raumcode"},
		{"ports", func(c *config.Config) { c.Listen.TLSPort, c.Listen.MediaPort = 443, 10000 }, "/hilfe/netz", "UDP 10000", "\x00"},
		{"imprint", func(*config.Config) {}, "/impressum", "Landkreis Musterkreis Musterweg 1 00000 Musterstadt", "\x00"},
		{"represented by", func(*config.Config) {}, "/impressum", "Vertreten durch die Landrätin oder den Landrat", "\x00"},
		{"no imprint", func(c *config.Config) { c.Imprint = config.Imprint{} }, "/impressum", "Kreismedienzentrum Musterkreis", "Vertreten"},
		{"officer", func(*config.Config) {}, "/datenschutz", "datenschutz@musterkreis.example", "\x00"},
		{"no officer", func(c *config.Config) { c.DataProtection = config.DataProtection{} }, "/datenschutz", "Datenschutzbeauftragte Stelle: hilfe@kmz-musterkreis.example", "aufsicht"},
		{"Germany", func(*config.Config) {}, "/datenschutz", "GmbH in Deutschland, im Auftrag", "Damit werden Daten in einem Drittland"},
		{"Finland", func(c *config.Config) { c.Countries = []string{"DE", "FI"} }, "/datenschutz", "GmbH in Deutschland und Finnland, im Auftrag", "Damit werden Daten in einem Drittland"},
		{"third country", func(c *config.Config) { c.Countries = []string{"DE", "FI", "US"} }, "/datenschutz", "Deutschland, Finnland und den USA", "keine Daten übermittelt"},
		{"hours", func(*config.Config) {}, "/kontakt", "Erreichbar: Montag bis Freitag, 8 bis 16 Uhr", "\x00"},
		{"no hours", func(c *config.Config) { c.Support = config.Support{} }, "/kontakt", "07000 000004", "Erreichbar"},
		{"review", func(*config.Config) {}, "/barrierefreiheit", "Zuletzt überprüft am 2. November 2026", "\x00"},
		{"no review", func(c *config.Config) { c.Accessibility.Reviewed = "" }, "/barrierefreiheit", "barriere@musterkreis.example", "Zuletzt"},
	} {
		c := county()
		tt.change(&c)
		got := text(get(open(t, c), tt.path+"?lang=de", nil).Body.String())
		if !strings.Contains(got, tt.says) {
			t.Errorf("%s: %s does not say %q:\n%s", tt.name, tt.path, tt.says, got)
		}
		if strings.Contains(got, tt.not) {
			t.Errorf("%s: %s says %q", tt.name, tt.path, tt.not)
		}
	}
}

// TestValuesAreText: no value of the configuration is read as Markdown or HTML.
func TestValuesAreText(t *testing.T) {
	const odd = `A*B* _c_ [x](https://boese.example/) <b>d</b> 1. | & "e"`
	c := county()
	c.Title, c.Contact.Name, c.Imprint.Office, c.Imprint.Address = odd, odd, odd, []string{odd}
	h := open(t, c)
	for _, p := range all {
		body := get(h, p.path, nil).Body.String()
		if strings.Contains(body, "boese.example/\"") || strings.Contains(body, "<b>d") || strings.Contains(body, "<em>") {
			t.Errorf("%s reads a value as markup", p.path)
		}
	}
	if got := text(get(h, "/impressum", nil).Body.String()); strings.Count(got, odd) < 2 {
		t.Errorf("the imprint does not say the office as it is written:\n%s", got)
	}
}

func TestLanguage(t *testing.T) {
	h := open(t, county())
	for _, tt := range []struct{ query, header, want string }{
		{"", "", german},
		{"", "de-DE,de;q=0.9,en;q=0.8", german},
		{"", "en-GB,en;q=0.9,de;q=0.8", english},
		{"", "fr,en;q=0.5", english},
		{"", "fr", german},
		{"", "en;q=0", german},
		{"", "en;q=nonsense", german},
		{"?lang=en", "de", english},
		{"?lang=de", "en", german},
		{"?lang=xx", "en", english},
	} {
		w := get(h, "/kontakt"+tt.query, http.Header{"Accept-Language": {tt.header}})
		if got := w.Header().Get("Content-Language"); got != tt.want || w.Header().Get("Vary") != "Accept-Language" {
			t.Errorf("%q with %q: %s, want %s", tt.query, tt.header, got, tt.want)
		}
	}
}

func TestAnswers(t *testing.T) {
	h := open(t, county())
	first := get(h, "/kontakt", nil)
	again := get(h, "/kontakt", http.Header{"If-None-Match": {first.Header().Get("ETag")}})
	if again.Code != http.StatusNotModified || again.Body.Len() > 0 {
		t.Errorf("a known page is answered %d with %d bytes", again.Code, again.Body.Len())
	}
	if w := get(h, stylePath, nil); w.Code != http.StatusOK || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/css") {
		t.Errorf("style: %d %s", w.Code, w.Header().Get("Content-Type"))
	}
	for _, path := range []string{"/", "/hilfe/", "/hilfe/nichts", "/frame.html", "/hilfe/../datenschutz"} {
		if w := get(h, path, nil); w.Code != http.StatusNotFound {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/kontakt", nil))
	if w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") != "GET, HEAD" {
		t.Errorf("POST: %d, Allow %q", w.Code, w.Header().Get("Allow"))
	}
}

func FuzzPreferred(f *testing.F) {
	f.Add("de-DE,de;q=0.9,en;q=0.8")
	f.Add("en;q=NaN,;;;,")
	f.Fuzz(func(t *testing.T, header string) {
		if got := preferred(header); got != german && got != english {
			t.Errorf("%q: %q", header, got)
		}
	})
}
