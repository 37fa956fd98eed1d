package web

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"
)

// built is a page as Vite leaves it.
func built(t *testing.T) *Page {
	t.Helper()
	p, err := load(fstest.MapFS{
		".gitkeep":               {},
		"index.html":             {Data: []byte("<!doctype html><title>Kreisraum</title>" + strings.Repeat("<p>Text</p>", 50))},
		"assets/index-B1xZ9.js":  {Data: []byte(strings.Repeat("console.log('Kreisraum');\n", 100))},
		"assets/index-C2yA8.css": {Data: []byte("a{}")},
		"icon.svg":               {Data: []byte("<svg/>")},
		".well-hidden/secret":    {Data: []byte("secret")},
	})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func fetch(t *testing.T, serve func(http.ResponseWriter, *http.Request), header http.Header) *http.Response {
	t.Helper()
	r := httptest.NewRequest("GET", "/", nil)
	r.Header = header
	w := httptest.NewRecorder()
	serve(w, r)
	return w.Result()
}

func (p *Page) one(name string) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, r *http.Request) {
		if !p.ServeFile(w, r, name) {
			http.NotFound(w, r)
		}
	}
}

func TestCacheAndType(t *testing.T) {
	p := built(t)
	for _, tt := range []struct {
		name        string
		serve       func(http.ResponseWriter, *http.Request)
		cache, kind string
		status      int
	}{
		{"index", p.ServeIndex, "no-cache", "text/html; charset=utf-8", 200},
		{"script", p.one("assets/index-B1xZ9.js"), "public, max-age=31536000, immutable", "text/javascript; charset=utf-8", 200},
		{"icon", p.one("icon.svg"), "public, max-age=3600", "image/svg+xml", 200},
		{"missing", p.one("assets/other.js"), "", "text/plain; charset=utf-8", 404},
		{"index by its name", p.one("index.html"), "", "text/plain; charset=utf-8", 404},
		{"dot file", p.one(".gitkeep"), "", "text/plain; charset=utf-8", 404},
		{"climbing out", p.one("../web.go"), "", "text/plain; charset=utf-8", 404},
	} {
		t.Run(tt.name, func(t *testing.T) {
			resp := fetch(t, tt.serve, http.Header{})
			if resp.StatusCode != tt.status || resp.Header.Get("Cache-Control") != tt.cache || resp.Header.Get("Content-Type") != tt.kind {
				t.Errorf("got %s, %v", resp.Status, resp.Header)
			}
		})
	}
}

func TestCompression(t *testing.T) {
	p := built(t)
	script := p.one("assets/index-B1xZ9.js")
	for accept, want := range map[string]string{"gzip, deflate, br, zstd": "gzip", "br": "", "": "", "gzip;q=0": "", "GZIP;q=0.5": "gzip", "identity": ""} {
		resp := fetch(t, script, http.Header{"Accept-Encoding": {accept}})
		if got := resp.Header.Get("Content-Encoding"); got != want {
			t.Errorf("accepting %q: got %q", accept, got)
		}
		if resp.Header.Get("Vary") != "Accept-Encoding" {
			t.Errorf("accepting %q: caches are not told that it matters", accept)
		}
	}
	resp := fetch(t, script, http.Header{"Accept-Encoding": {"gzip"}})
	zr, err := gzip.NewReader(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(zr)
	if err != nil || len(body) != 100*len("console.log('Kreisraum');\n") {
		t.Errorf("%d bytes, %v", len(body), err)
	}
	if resp := fetch(t, p.one("assets/index-C2yA8.css"), http.Header{"Accept-Encoding": {"gzip"}}); resp.Header.Get("Content-Encoding") != "" {
		t.Error("three bytes were compressed")
	}
}

func TestRevalidation(t *testing.T) {
	p := built(t)
	plain := fetch(t, p.ServeIndex, http.Header{}).Header.Get("ETag")
	zipped := fetch(t, p.ServeIndex, http.Header{"Accept-Encoding": {"gzip"}}).Header.Get("ETag")
	if plain == "" || plain == zipped {
		t.Errorf("tags: %q and %q", plain, zipped)
	}
	if resp := fetch(t, p.ServeIndex, http.Header{"If-None-Match": {plain}}); resp.StatusCode != http.StatusNotModified {
		t.Errorf("known tag: %s", resp.Status)
	}
	if resp := fetch(t, p.ServeIndex, http.Header{"If-None-Match": {zipped}}); resp.StatusCode != http.StatusOK {
		t.Errorf("tag of the other encoding: %s", resp.Status)
	}
}

func TestWithoutPage(t *testing.T) {
	p, err := load(fstest.MapFS{".gitkeep": {}})
	if err != nil {
		t.Fatal(err)
	}
	if p.Built() || !built(t).Built() {
		t.Error("Built does not tell the two apart")
	}
	resp := fetch(t, p.ServeIndex, http.Header{})
	body, _ := io.ReadAll(resp.Body)
	if resp.StatusCode != http.StatusServiceUnavailable || resp.Header.Get("Cache-Control") != "no-store" || !strings.Contains(string(body), "make web") {
		t.Errorf("got %s %v %s", resp.Status, resp.Header, body)
	}
}

func TestEmbeddedPageLoads(t *testing.T) {
	p, err := New()
	if err != nil {
		t.Fatal(err)
	}
	resp := fetch(t, p.ServeIndex, http.Header{})
	if want := map[bool]int{true: 200, false: 503}[p.Built()]; resp.StatusCode != want {
		t.Errorf("built %v: %s", p.Built(), resp.Status)
	}
}

// TestPageKeepsTheContentSecurityPolicy: what the policy forbids must not be in the page, where it would fail only in browsers.
func TestPageKeepsTheContentSecurityPolicy(t *testing.T) {
	p, err := New()
	if err != nil {
		t.Fatal(err)
	}
	if !p.Built() {
		t.Skip("built without the web client")
	}
	page := string(p.files[index].body)
	for _, forbidden := range []string{"<script>", "<style", " style=", "javascript:", "http://", "https://", " onload=", " onclick="} {
		if strings.Contains(page, forbidden) {
			t.Errorf("index.html contains %q", forbidden)
		}
	}
}

func BenchmarkNew(b *testing.B) {
	for b.Loop() {
		if _, err := New(); err != nil {
			b.Fatal(err)
		}
	}
}

// piece notes how the body was written.
type piece struct {
	http.ResponseWriter
	sizes []int
}

func (p *piece) Write(b []byte) (int, error) {
	p.sizes = append(p.sizes, len(b))
	return p.ResponseWriter.Write(b)
}

// TestNoCopyPerRequest: what is in memory already is not copied for each client, who may never read it.
func TestNoCopyPerRequest(t *testing.T) {
	const size = 200 << 10
	p, err := load(fstest.MapFS{"index.html": {Data: []byte("x")}, "assets/a.js": {Data: []byte(strings.Repeat("0123456789abcdef", size/16))}})
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, bytes string
		status      int
		want        string
	}{
		{"whole", "", 200, strings.Repeat("0123456789abcdef", size/16)},
		{"range", "bytes=5-36", 206, strings.Repeat("0123456789abcdef", 3)[5:37]},
		{"end", "bytes=-3", 206, "def"},
		{"beyond", "bytes=300000-", 416, "invalid range: failed to overlap\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := httptest.NewRequest("GET", "/assets/a.js", nil)
			if tt.bytes != "" {
				r.Header.Set("Range", tt.bytes)
			}
			rec := httptest.NewRecorder()
			w := &piece{ResponseWriter: rec}
			p.ServeFile(w, r, "assets/a.js")
			if rec.Code != tt.status || rec.Body.String() != tt.want {
				t.Errorf("status %d, %d bytes", rec.Code, rec.Body.Len())
			}
			if len(w.sizes) != 1 {
				t.Errorf("written in %d pieces", len(w.sizes))
			}
		})
	}
}
