package portal

import (
	"errors"
	"net/http"
	"net/netip"
	"time"

	"github.com/medienzentrenverbund/kreisraum/conference/accesslog"
	"github.com/medienzentrenverbund/kreisraum/conference/account"
	"github.com/medienzentrenverbund/kreisraum/conference/token"
)

const (
	// cookieName binds the cookie to this host and to HTTPS (RFC 6265bis §4.1.3.2).
	cookieName = "__Host-kreisraum"
	// sessionLife is a school day with its evening.
	sessionLife = 12 * time.Hour
)

// sessionClaims are what the cookie says. The account is looked up at each use, so a disabled account or a new password ends
// the session at once.
type sessionClaims struct {
	Account     string `json:"a"`
	Fingerprint string `json:"f"`
	// Until is the session's end in milliseconds since 1970. Another device gets no longer one, see handover.go.
	Until int64 `json:"u"`
}

func (s sessionClaims) end() time.Time { return time.UnixMilli(s.Until) }

type credentials struct {
	Name     string `json:"name"`
	Password string `json:"password"`
}

func (p *portal) login(w http.ResponseWriter, r *http.Request) {
	var c credentials
	if !readJSON(w, r, &c) {
		return
	}
	acc, err := p.cfg.Accounts.Verify(r.Context(), c.Name, c.Password, source(r))
	if err != nil {
		p.refuseLogin(w, err)
		return
	}
	claims := sessionClaims{Account: acc.ID, Fingerprint: acc.Fingerprint, Until: p.cfg.Now().Add(sessionLife).UnixMilli()}
	// No Max-Age: the cookie goes with the browser, as it should on a shared computer. The token inside has its own end.
	setCookie(w, token.Sign(p.cfg.SessionKey, token.PurposeSession, claims, claims.end()), 0)
	w.WriteHeader(http.StatusNoContent)
}

func (p *portal) refuseLogin(w http.ResponseWriter, err error) {
	var throttled *account.ThrottledError
	var busy *account.BusyError
	switch {
	case errors.As(err, &throttled):
		refuse(w, codeTooManyAttempts, throttled.RetryAfter)
	case errors.As(err, &busy):
		p.busy.Do(func() { p.cfg.Log.Warn("logins refused: the queue for password checks is full") })
		refuse(w, codeBusy, busy.RetryAfter)
	case errors.Is(err, account.ErrDisabled):
		refuse(w, codeAccountDisabled, 0)
	case errors.Is(err, account.ErrWrong):
		refuse(w, codeLoginWrong, 0)
	default: // the browser is gone
		refuse(w, codeBusy, time.Second)
	}
}

func (p *portal) logout(w http.ResponseWriter, _ *http.Request) {
	setCookie(w, "", -1)
	w.WriteHeader(http.StatusNoContent)
}

func setCookie(w http.ResponseWriter, value string, maxAge int) {
	w.Header().Set("Cache-Control", "no-store")
	http.SetCookie(w, &http.Cookie{Name: cookieName, Value: value, Path: "/", MaxAge: maxAge, Secure: true, HttpOnly: true,
		SameSite: http.SameSiteStrictMode})
}

func (p *portal) session(w http.ResponseWriter, r *http.Request) {
	var body struct {
		Organiser bool   `json:"organiser"`
		Name      string `json:"name,omitempty"`
	}
	if acc, ok := p.loggedIn(r); ok {
		body.Organiser, body.Name = true, acc.Name
	}
	writeJSON(w, http.StatusOK, body)
}

// loggedIn returns the account of the request's cookie, if it is still good for anything.
func (p *portal) loggedIn(r *http.Request) (account.Account, bool) {
	_, acc, ok := p.sessionOf(r)
	return acc, ok
}

func (p *portal) sessionOf(r *http.Request) (sessionClaims, account.Account, bool) {
	c, err := r.Cookie(cookieName)
	if err != nil {
		return sessionClaims{}, account.Account{}, false
	}
	claims, err := token.Verify[sessionClaims](p.cfg.SessionKey, token.PurposeSession, c.Value, p.cfg.Now())
	if err != nil {
		return sessionClaims{}, account.Account{}, false
	}
	acc, ok := p.accountOf(claims)
	return claims, acc, ok
}

// accountOf looks the session's account up.
func (p *portal) accountOf(s sessionClaims) (account.Account, bool) {
	acc, ok := p.cfg.Accounts.ByID(s.Account)
	if !ok || acc.Disabled || acc.Fingerprint != s.Fingerprint {
		return account.Account{}, false
	}
	return acc, true
}

// source is the client's shortened address, which is all that the throttle counts by.
func source(r *http.Request) string {
	ap, _ := netip.ParseAddrPort(r.RemoteAddr)
	return accesslog.Shorten(ap.Addr())
}
