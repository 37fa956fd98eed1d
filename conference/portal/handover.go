package portal

import (
	"crypto/rand"
	"crypto/sha256"
	"net/http"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/medienzentrenverbund/kreisraum/conference/token"
)

// A teacher who is logged in on the computer takes the telephone as well: the computer asks for a token and shows it, the telephone uses
// it once and is logged in. The token is in memory only, and what is kept of it is a digest.
const (
	handoverLife = 2 * time.Minute
	// maxHandovers bounds tokens that wait, maxHandoversOfOne those of one account: the newest counts.
	maxHandovers      = 2000
	maxHandoversOfOne = 3
	// handoverTries is how often a source may come with a token, at once and per second: a school behind one address. With 130 random bits it
	// bounds the work, not the guessing.
	handoverTries     = 120
	handoverTryRate   = rate.Limit(2)
	maxHandoverSource = 20000
	// maxHandoverToken bounds what is looked at, in bytes.
	maxHandoverToken = 64
)

// handovers are the tokens that wait for the other device. Safe for concurrent use.
type handovers struct {
	mu      sync.Mutex
	waiting map[[sha256.Size]byte]waitingHandover
}

type waitingHandover struct {
	session sessionClaims
	until   time.Time
}

func newHandovers() *handovers {
	return &handovers{waiting: map[[sha256.Size]byte]waitingHandover{}}
}

// issue returns a token for the session; "" if too many wait.
func (h *handovers) issue(s sessionClaims, now time.Time) string {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.forget(now)
	h.makePlace(s.Account)
	if len(h.waiting) >= maxHandovers {
		return ""
	}
	tok := rand.Text() // 26 characters with 130 bits at least
	h.waiting[sha256.Sum256([]byte(tok))] = waitingHandover{session: s, until: now.Add(handoverLife)}
	return tok
}

// makePlace drops the account's oldest token if it has as many as it may.
func (h *handovers) makePlace(account string) {
	var oldest [sha256.Size]byte
	var at time.Time
	n := 0
	for digest, w := range h.waiting {
		if w.session.Account != account {
			continue
		}
		if n++; n == 1 || w.until.Before(at) {
			oldest, at = digest, w.until
		}
	}
	if n >= maxHandoversOfOne {
		delete(h.waiting, oldest)
	}
}

// use takes the token's session, once. Finding a digest in a map takes no time that depends on the token.
func (h *handovers) use(tok string, now time.Time) (sessionClaims, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.forget(now)
	digest := sha256.Sum256([]byte(tok))
	w, ok := h.waiting[digest]
	delete(h.waiting, digest)
	return w.session, ok
}

func (h *handovers) forget(now time.Time) {
	for digest, w := range h.waiting {
		if !now.Before(w.until) {
			delete(h.waiting, digest)
		}
	}
}

// handOver gives a device that is logged in a token for another one.
func (p *portal) handOver(w http.ResponseWriter, r *http.Request) {
	session, _, ok := p.sessionOf(r)
	if !ok {
		refuse(w, codeLoginRequired, 0)
		return
	}
	if wait := p.changes.take(session.Account, p.cfg.Now()); wait > 0 {
		refuse(w, codeTooManyAttempts, wait)
		return
	}
	tok := p.handovers.issue(session, p.cfg.Now())
	if tok == "" {
		refuse(w, codeBusy, handoverLife)
		return
	}
	writeJSON(w, http.StatusOK, struct {
		Token   string `json:"token"`
		Seconds int    `json:"seconds"`
	}{tok, int(handoverLife.Seconds())})
}

// takeOver logs the other device in, as long as the first one is.
func (p *portal) takeOver(w http.ResponseWriter, r *http.Request) {
	var body struct {
		Token string `json:"token"`
	}
	if !readJSON(w, r, &body) {
		return
	}
	now := p.cfg.Now()
	if wait := p.handoverTries.take(source(r), now); wait > 0 {
		refuse(w, codeTooManyAttempts, wait)
		return
	}
	if len(body.Token) > maxHandoverToken {
		refuse(w, codeHandoverInvalid, 0)
		return
	}
	session, ok := p.handovers.use(body.Token, now)
	if _, good := p.accountOf(session); !ok || !good || !now.Before(session.end()) {
		refuse(w, codeHandoverInvalid, 0)
		return
	}
	setCookie(w, token.Sign(p.cfg.SessionKey, token.PurposeSession, session, session.end()), 0)
	w.WriteHeader(http.StatusNoContent)
}
