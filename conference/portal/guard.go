package portal

import (
	"net"
	"net/http"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxBody bounds the body of every request, in bytes.
const maxBody = 4 << 10

// guard answers only for the county's domain, bounds bodies and sets the security headers.
func (p *portal) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host, ok := p.ownHost(r.Host)
		if !ok {
			securityHeaders(w.Header(), p.cfg.Domain)
			http.Error(w, "This server does not answer for that name.", http.StatusMisdirectedRequest)
			return
		}
		securityHeaders(w.Header(), host)
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		next.ServeHTTP(w, r)
	})
}

// ownHost checks the Host header and returns it in a form that is safe to repeat: the domain and perhaps a port.
func (p *portal) ownHost(host string) (string, bool) {
	name, port := host, ""
	if h, pt, err := net.SplitHostPort(host); err == nil {
		name, port = h, pt
	}
	if !strings.EqualFold(strings.TrimSuffix(name, "."), p.cfg.Domain) {
		return "", false
	}
	if port == "" || port == "443" {
		return p.cfg.Domain, true
	}
	if len(port) > 5 || strings.Trim(port, "0123456789") != "" {
		return "", false
	}
	return p.cfg.Domain + ":" + port, true
}

// sameOrigin demands an Origin whose host equals Host (docs/signaling.md). Every browser sends Origin with POST and WebSocket
// (Fetch Standard §3.2, RFC 6455 §4.1); together with SameSite=Strict no other site can act for an organiser.
func (p *portal) sameOrigin(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		u, err := url.Parse(r.Header.Get("Origin"))
		if err != nil || u.Scheme != "https" || !strings.EqualFold(u.Host, r.Host) {
			refuse(w, codeWrongOrigin, 0)
			return
		}
		next(w, r)
	}
}

// maxPlausible bounds a path that gets the page, in characters. Longer than a room's name, because the page offers a shorter one.
const maxPlausible = 100

// plausibleRoom reports whether a path may be meant as a room. The page is served for names with umlauts and blanks too, since
// it suggests a valid one; but not for what scanners ask for, which has dots.
func plausibleRoom(name string) bool {
	if !utf8.ValidString(name) || utf8.RuneCountInString(name) > maxPlausible {
		return false
	}
	for _, r := range name {
		if !unicode.In(r, unicode.L, unicode.M, unicode.Nd) && !strings.ContainsRune(" -_'’&+,()", r) {
			return false
		}
	}
	return !strings.EqualFold(name, "api") && !strings.EqualFold(name, "assets")
}
