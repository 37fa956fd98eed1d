package portal

import "net/http"

// netTest asks a WebSocket where it comes from; who only looks whether there is a place sends no Origin.
func (p *portal) netTest() http.Handler {
	guarded := p.sameOrigin(p.cfg.NetTest.ServeHTTP)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Upgrade") == "" {
			p.cfg.NetTest.ServeHTTP(w, r)
			return
		}
		guarded(w, r)
	})
}
