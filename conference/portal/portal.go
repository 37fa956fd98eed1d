// Package portal is the county's door: it serves the page, checks who is an organiser, and hands whoever asks for a room to the
// room's bridge. It knows nothing of what happens inside. The calls are in docs/signaling.md.
//
//	browser ── GET /api/rooms/{room}/ws ──▶ portal ── signed cluster.Admission ──▶ bridge (through cluster.Directory)
package portal

import (
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"golang.org/x/time/rate"

	"github.com/medienzentrenverbund/kreisraum/conference/account"
	"github.com/medienzentrenverbund/kreisraum/conference/cluster"
	"github.com/medienzentrenverbund/kreisraum/conference/myrooms"
	"github.com/medienzentrenverbund/kreisraum/conference/signaling"
	"github.com/medienzentrenverbund/kreisraum/conference/token"
	"github.com/medienzentrenverbund/kreisraum/conference/web"
)

// Accounts is what the portal asks of the account store.
type Accounts interface {
	// Verify checks a login; the errors are those of account.Store.Verify.
	Verify(ctx context.Context, name, password, source string) (account.Account, error)
	// ByID returns an account, disabled or not.
	ByID(id string) (account.Account, bool)
}

// Config is what the portal needs.
type Config struct {
	// Domain is the only host name that is answered.
	Domain string
	// Site is what GET /api/site says.
	Site Site
	// Key is the county's: bridges believe what it signs.
	Key token.Key
	// SessionKey signs logins and is the portal's own: who has taken a bridge must not be able to log in. Default Key.
	SessionKey token.Key
	Accounts   Accounts
	Rooms      cluster.Directory
	// MyRooms are the rooms of accounts. Nil: no account has any, and there are no calls for them.
	MyRooms *myrooms.Store
	// NetTest answers GET /api/nettest/ws, see package nettest. Nil: there is no media here to test with.
	NetTest http.Handler
	// Codes derives the codes of MyRooms.
	Codes myrooms.Codes
	Page  *web.Page
	// Pages serves the texts at signaling.TextPaths and below. Nil: they are not found.
	Pages http.Handler
	// Now is the clock of sessions and admissions. Default time.Now.
	Now func() time.Time
	Log *slog.Logger
}

// Site tells the page about the county.
type Site struct {
	// Name of the media centre.
	Name    string  `json:"name"`
	Contact Contact `json:"contact"`
	Rooms   Rooms   `json:"rooms"`
	Version string  `json:"version"`
}

// Contact is an office, never a person.
type Contact struct {
	Name  string `json:"name"`
	Email string `json:"email"`
	Phone string `json:"phone,omitempty"`
	URL   string `json:"url,omitempty"`
}

// Rooms are the county's room rules.
type Rooms struct {
	MaxParticipants int    `json:"maxParticipants"`
	CodeRequired    bool   `json:"codeRequired"`
	ScreenShare     string `json:"screenShare"`
}

type portal struct {
	cfg Config
	// busy and noBridge keep the log from being filled by whoever asks again and again.
	busy, noBridge, disk rate.Sometimes
	// waiting counts WebSockets in the queue by account.
	waiting *underWay
	// changes bounds what an account has written, by its ID; handoverTries uses of tokens, by source.
	changes, handoverTries *limiter
	handovers              *handovers
}

// New returns the portal's handler. It sets each request's Pattern and nothing else of it before routing, so that an access log
// around it sees the pattern.
func New(cfg Config) http.Handler {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.SessionKey == nil {
		cfg.SessionKey = cfg.Key
	}
	p := &portal{cfg: cfg, busy: rate.Sometimes{Interval: time.Minute}, noBridge: rate.Sometimes{Interval: 10 * time.Second},
		disk:    rate.Sometimes{Interval: time.Minute},
		waiting: &underWay{max: maxInQueue, maxOfOne: maxOfOneAccount, bySource: map[string]int{}},
		changes: newLimiter(changesPerSecond, changesAtOnce, maxChangers), handovers: newHandovers(),
		handoverTries: newLimiter(handoverTryRate, handoverTries, maxHandoverSource)}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/site", p.site)
	mux.HandleFunc("GET /api/health", p.health)
	mux.HandleFunc("GET /api/session", p.session)
	mux.HandleFunc("POST /api/login", p.sameOrigin(p.login))
	mux.HandleFunc("POST /api/logout", p.sameOrigin(p.logout))
	mux.HandleFunc("POST /api/handover", p.sameOrigin(p.handOver))
	mux.HandleFunc("POST /api/handover/use", p.sameOrigin(p.takeOver))
	if cfg.MyRooms != nil {
		mux.HandleFunc("GET /api/rooms", p.withLogin(p.listRooms))
		mux.HandleFunc("POST /api/rooms", p.paced(p.addRoom))
		mux.HandleFunc("PATCH /api/rooms/{id}", p.paced(p.changeRoom))
		mux.HandleFunc("POST /api/rooms/{id}/code", p.paced(p.newRoomCode))
		mux.HandleFunc("DELETE /api/rooms/{id}", p.paced(p.removeRoom))
	}
	mux.HandleFunc("/api/", p.unknownCall)
	mux.HandleFunc("GET /assets/", p.asset)
	for _, path := range signaling.TextPaths {
		mux.HandleFunc("GET /"+path, p.texts)
		mux.HandleFunc("GET /"+path+"/", p.texts)
	}
	mux.HandleFunc("GET /{room}", p.page)
	mux.HandleFunc("GET /{$}", p.page)
	short := &underWay{max: maxUnderWay, maxOfOne: maxOfOneSource, bySource: map[string]int{}}
	all := http.NewServeMux()
	long := &underWay{max: maxSockets, maxOfOne: maxSocketsOfOneSource, bySource: map[string]int{}}
	all.Handle("GET /api/rooms/{room}/ws", long.bounded(p.sameOrigin(p.room))) // lasts a lesson
	if cfg.NetTest != nil {
		all.Handle("GET /api/nettest/ws", long.bounded(p.netTest()))
	}
	all.Handle("/", short.bounded(withoutSlash(mux)))
	return p.guard(all)
}

// withoutSlash leads from /klasse-5a/, as some programs turn a copied link into, to /klasse-5a.
func withoutSlash(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		room, slash := strings.CutSuffix(strings.TrimPrefix(r.URL.Path, "/"), "/")
		if slash && room != "" && r.Method == http.MethodGet && plausibleRoom(room) {
			http.Redirect(w, r, "/"+url.PathEscape(room), http.StatusPermanentRedirect)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func (p *portal) site(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, p.cfg.Site)
}

func (p *portal) health(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	_, _ = w.Write([]byte("ok"))
}

func (p *portal) unknownCall(w http.ResponseWriter, _ *http.Request) { refuse(w, codeNotFound, 0) }

func (p *portal) asset(w http.ResponseWriter, r *http.Request) {
	if !p.cfg.Page.ServeFile(w, r, strings.TrimPrefix(r.URL.Path, "/")) {
		http.NotFound(w, r)
	}
}

// texts serves what the server renders for people to read.
func (p *portal) texts(w http.ResponseWriter, r *http.Request) {
	if p.cfg.Pages == nil {
		http.NotFound(w, r)
		return
	}
	p.cfg.Pages.ServeHTTP(w, r)
}

// page serves the landing page, its other paths, and rooms. A path of the site that is written with capitals leads to it. Files beside index.html, such as the icon, come first; their names have a dot and
// therefore never hide a room.
func (p *portal) page(w http.ResponseWriter, r *http.Request) {
	name := strings.TrimPrefix(r.URL.Path, "/")
	lower := strings.ToLower(name)
	switch {
	case lower != name && (slices.Contains(signaling.PagePaths, lower) || slices.Contains(signaling.TextPaths, lower)):
		http.Redirect(w, r, "/"+lower, http.StatusPermanentRedirect)
	case name == "" || plausibleRoom(name):
		p.cfg.Page.ServeIndex(w, r)
	case p.cfg.Page.ServeFile(w, r, name):
	default:
		http.NotFound(w, r)
	}
}
