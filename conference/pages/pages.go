// Package pages serves the site's fixed pages: help, data protection, terms of use, imprint, accessibility, contact. What they say of the county comes from
// the configuration that the server runs with, so that text and practice cannot part. They are plain HTML: they can be read without
// JavaScript, printed, and by any screen reader.
package pages

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"html/template"
	"net/http"
	"strings"
	texttemplate "text/template"
	"time"

	"github.com/yuin/goldmark"

	"github.com/medienzentrenverbund/kreisraum/conference/config"
	files "github.com/medienzentrenverbund/kreisraum/templates/pages"
)

// Languages of the pages; the first is what everybody gets who does not ask for another.
const (
	german  = "de"
	english = "en"
)

// page is one fixed page.
type page struct {
	path string
	// file is the name of its text, without language and ending.
	file string
	// parent is the path of the page it is part of, empty for none.
	parent string
}

// all pages, in the order of the footer's links.
var all = []page{
	{"/hilfe", "hilfe", ""},
	{"/hilfe/lehrkraefte", "lehrkraefte", "/hilfe"},
	{"/hilfe/kinder", "kinder", "/hilfe"},
	{"/hilfe/eltern", "eltern", "/hilfe"},
	{"/hilfe/netz", "netz", "/hilfe"},
	{"/datenschutz", "datenschutz", ""},
	{"/nutzung", "nutzung", ""},
	{"/impressum", "impressum", ""},
	{"/barrierefreiheit", "barrierefreiheit", ""},
	{"/kontakt", "kontakt", ""},
}

// Handler answers for the fixed pages. Safe for concurrent use.
type Handler struct {
	// byPath and language.
	pages map[string]map[string]answer
	style answer
}

// answer is what is sent for one page in one language.
type answer struct {
	body []byte
	etag string
}

// stylePath is below a path that no room can have.
const stylePath = "/hilfe/seite.css"

// New renders all pages for the county. It fails only on a mistake in the texts, which a test would find.
func New(cfg config.Config) (*Handler, error) {
	frame, err := template.ParseFS(files.Files, "frame.html")
	if err != nil {
		return nil, fmt.Errorf("read the frame of the fixed pages: %w", err)
	}
	style, err := files.Files.ReadFile("pages.css")
	if err != nil {
		return nil, fmt.Errorf("read the style of the fixed pages: %w", err)
	}
	h := &Handler{pages: map[string]map[string]answer{}, style: newAnswer(style)}
	for _, p := range all {
		h.pages[p.path] = map[string]answer{}
		for _, lang := range []string{german, english} {
			body, err := render(frame, p, data{cfg, lang})
			if err != nil {
				return nil, fmt.Errorf("render %s in %q: %w", p.path, lang, err)
			}
			h.pages[p.path][lang] = newAnswer(body)
		}
	}
	return h, nil
}

func newAnswer(body []byte) answer {
	sum := sha256.Sum256(body)
	return answer{body, `"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`}
}

// view is what the frame shows.
type view struct {
	data
	Title   string
	Path    string
	Style   string
	Content template.HTML
	Up      string
	Footer  []footerLink
	Words   words
}

type footerLink struct {
	Path, Text string
	Here       bool
}

func render(frame *template.Template, p page, d data) ([]byte, error) {
	source, err := files.Files.ReadFile(p.file + "." + d.Lang + ".md")
	if err != nil {
		return nil, err
	}
	text, err := texttemplate.New(p.file).Option("missingkey=error").
		Funcs(texttemplate.FuncMap{"plain": plain, "mail": mail, "phone": phone, "link": link}).Parse(string(source))
	if err != nil {
		return nil, err
	}
	var markdown, html, out bytes.Buffer
	if err := text.Execute(&markdown, d); err != nil {
		return nil, err
	}
	// goldmark leaves raw HTML and dangerous links out unless told otherwise.
	if err := goldmark.Convert(markdown.Bytes(), &html); err != nil {
		return nil, err
	}
	v := view{data: d, Title: title(markdown.String()), Path: p.path, Style: stylePath, Content: template.HTML(withSymbols(html.String())), //nolint:gosec // made from our own texts, without raw HTML
		Up: p.parent, Words: wordsIn[d.Lang]}
	for i, other := range footer {
		v.Footer = append(v.Footer, footerLink{Path: other, Text: v.Words.Footer[i], Here: other == p.path})
	}
	if err := frame.Execute(&out, v); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// title is the text of the first heading.
func title(markdown string) string {
	for line := range strings.Lines(markdown) {
		if heading, ok := strings.CutPrefix(line, "# "); ok {
			return strings.TrimSpace(heading)
		}
	}
	return ""
}

// Paths are all paths that the handler answers for.
func Paths() []string {
	paths := []string{stylePath}
	for _, p := range all {
		paths = append(paths, p.path)
	}
	return paths
}

// ServeHTTP implements http.Handler: 404 for what is no fixed page. The language is the query's `lang` or else what the browser prefers (RFC 9110 §12.5.4).
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "This page can only be read.", http.StatusMethodNotAllowed)
		return
	}
	if r.URL.Path == stylePath {
		h.style.serve(w, r, "text/css; charset=utf-8")
		return
	}
	languages, ok := h.pages[r.URL.Path]
	if !ok {
		http.NotFound(w, r)
		return
	}
	lang := chosen(r)
	w.Header().Set("Content-Language", lang)
	w.Header().Set("Vary", "Accept-Language")
	languages[lang].serve(w, r, "text/html; charset=utf-8")
}

func (a answer) serve(w http.ResponseWriter, r *http.Request, contentType string) {
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Cache-Control", "no-cache")
	w.Header().Set("ETag", a.etag)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(a.body))
}

// chosen is the page's language for a request.
func chosen(r *http.Request) string {
	switch r.URL.Query().Get("lang") {
	case german:
		return german
	case english:
		return english
	}
	return preferred(r.Header.Get("Accept-Language"))
}
