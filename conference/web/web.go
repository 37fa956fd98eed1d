// Package web holds the page: the built files of app/, embedded. Only app/dist/.gitkeep is committed, so that the program builds
// without Node; a program built that way says how to build the page.
package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"time"
)

//go:embed all:app/dist
var embedded embed.FS

const index = "index.html"

// Cache rules (RFC 9111). Files below assets/ carry a digest in their name and never change.
const (
	cacheForever = "public, max-age=31536000, immutable"
	cacheNever   = "no-cache"
	cacheShort   = "public, max-age=3600"
)

// Page is the web client's files, in memory. Safe for concurrent use.
type Page struct {
	files map[string]*file
}

// file is one embedded file. zipped is nil where compression gains nothing.
type file struct {
	body, zipped []byte
	contentType  string
	cache        string
	etag         string
}

// New reads the embedded page.
func New() (*Page, error) {
	dist, err := fs.Sub(embedded, "app/dist")
	if err != nil {
		return nil, err
	}
	return load(dist)
}

// load reads a built page. Files whose name begins with a dot are left out.
func load(dist fs.FS) (*Page, error) {
	p := &Page{files: map[string]*file{}}
	err := fs.WalkDir(dist, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasPrefix(path.Base(name), ".") {
			return err
		}
		body, err := fs.ReadFile(dist, name)
		if err != nil {
			return err
		}
		p.files[name] = newFile(name, body)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the embedded page: %w", err)
	}
	return p, nil
}

func newFile(name string, body []byte) *file {
	sum := sha256.Sum256(body)
	f := &file{body: body, contentType: contentType(name), cache: cacheShort, etag: `"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`}
	switch {
	case strings.HasPrefix(name, "assets/"):
		f.cache = cacheForever
	case name == index:
		f.cache = cacheNever
	}
	if z := zip(body); len(z) < len(body)*9/10 {
		f.zipped = z
	}
	return f
}

func zip(body []byte) []byte {
	var b bytes.Buffer
	w, _ := gzip.NewWriterLevel(&b, gzip.BestCompression) // the level is valid
	_, _ = w.Write(body)                                  // a buffer takes everything
	_ = w.Close()
	return b.Bytes()
}

// contentType does not ask the machine's MIME tables, which differ.
func contentType(name string) string {
	types := map[string]string{
		".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".mjs": "text/javascript; charset=utf-8",
		".css": "text/css; charset=utf-8", ".svg": "image/svg+xml", ".png": "image/png", ".webp": "image/webp", ".ico": "image/x-icon",
		".json": "application/json", ".webmanifest": "application/manifest+json", ".woff2": "font/woff2", ".txt": "text/plain; charset=utf-8",
		".wasm": "application/wasm", ".mp3": "audio/mpeg", ".ogg": "audio/ogg", ".wav": "audio/wav", ".map": "application/json",
	}
	if t, ok := types[strings.ToLower(path.Ext(name))]; ok {
		return t
	}
	return "application/octet-stream"
}

// Built reports whether the program holds the page.
func (p *Page) Built() bool { return p.files[index] != nil }

// ServeFile answers with the file of this name, for example "assets/index-B1x.js", or reports that there is none.
func (p *Page) ServeFile(w http.ResponseWriter, r *http.Request, name string) bool {
	f, ok := p.files[name]
	if !ok || name == index {
		return false
	}
	f.serve(w, r)
	return true
}

// ServeIndex answers with the page, or with 503 and how to build it.
func (p *Page) ServeIndex(w http.ResponseWriter, r *http.Request) {
	if f, ok := p.files[index]; ok {
		f.serve(w, r)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(http.StatusServiceUnavailable)
	_, _ = w.Write([]byte(missing))
}

func (f *file) serve(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Type", f.contentType)
	h.Set("Cache-Control", f.cache)
	body, etag := f.body, f.etag
	if f.zipped != nil {
		h.Set("Vary", "Accept-Encoding")
		if acceptsGzip(r) {
			h.Set("Content-Encoding", "gzip")
			body, etag = f.zipped, strings.TrimSuffix(f.etag, `"`)+`-gz"`
		}
	}
	h.Set("ETag", etag)
	content := bytes.NewReader(body)
	http.ServeContent(&inOnePiece{w, body, content}, r, "", time.Time{}, content)
}

// inOnePiece writes what is in memory already as it is. Without it each request to a client that does not read would hold a
// copy of 32 KiB.
type inOnePiece struct {
	http.ResponseWriter
	body    []byte
	content *bytes.Reader // of body
}

// ReadFrom implements io.ReaderFrom, which io.Copy looks for.
func (w *inOnePiece) ReadFrom(src io.Reader) (int64, error) {
	part, ok := src.(*io.LimitedReader)
	if !ok || part.R != w.content {
		return io.Copy(w.ResponseWriter, src)
	}
	at := len(w.body) - w.content.Len()
	n, err := w.ResponseWriter.Write(w.body[at:][:min(part.N, int64(w.content.Len()))])
	part.N -= int64(n)
	_, _ = w.content.Seek(int64(n), io.SeekCurrent) // stays within the body
	return int64(n), err
}

// acceptsGzip reads Accept-Encoding as far as browsers write it (RFC 9110 §12.5.3); "gzip;q=0" means no.
func acceptsGzip(r *http.Request) bool {
	for part := range strings.SplitSeq(r.Header.Get("Accept-Encoding"), ",") {
		name, params, _ := strings.Cut(strings.TrimSpace(part), ";")
		if strings.EqualFold(strings.TrimSpace(name), "gzip") {
			return strings.ReplaceAll(params, " ", "") != "q=0"
		}
	}
	return false
}

const missing = `<!doctype html>
<html lang="de">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Kreisraum</title>
<h1>Die Seite fehlt in diesem Programm</h1>
<p>Der Server läuft, aber er wurde ohne die Web-Oberfläche gebaut.</p>
<p>The server runs, but this binary was built without the web client. Run <code>make web build</code>, then deploy it again.</p>
</html>
`
