package server

import (
	"cmp"
	"crypto/tls"
	"net/http"
	"time"

	"github.com/medienzentrenverbund/kreisraum/conference/accesslog"
	"github.com/medienzentrenverbund/kreisraum/conference/account"
	"github.com/medienzentrenverbund/kreisraum/conference/certs"
	"github.com/medienzentrenverbund/kreisraum/conference/config"
	"github.com/medienzentrenverbund/kreisraum/conference/myrooms"
	"github.com/medienzentrenverbund/kreisraum/conference/nettest"
	"github.com/medienzentrenverbund/kreisraum/conference/night"
	"github.com/medienzentrenverbund/kreisraum/conference/pages"
	"github.com/medienzentrenverbund/kreisraum/conference/portal"
	"github.com/medienzentrenverbund/kreisraum/conference/web"
)

// site is what a portal has and a bridge has not.
type site struct {
	page     *web.Page
	texts    *pages.Handler
	accounts *account.Store
	myRooms  *myrooms.Store
	machines *machines
	certs    *certs.Manager
	access   *accesslog.Log
	rooms    lateDirectory
	http     *http.Server
	netTest  *nettest.Server // nil without a bridge beside the portal
}

// myRoomsFile is the file of accounts' rooms in the state folder.
const myRoomsFile = "rooms.json"

// openSite opens the portal's files and its certificate.
func (s *Server) openSite() error {
	if !s.cfg.HasPortal() {
		return nil
	}
	p := &site{}
	for _, step := range []func(*site) error{s.openPage, s.openAccounts, s.openMyRooms, s.openAccessLog, s.openCertificate} {
		if err := step(p); err != nil {
			return err
		}
	}
	if s.media != nil {
		p.netTest = nettest.New(nettest.Config{Engine: s.media.engine, ICE: s.media.trialICE})
		s.cleanup(p.netTest.Close)
	}
	door := portal.New(portal.Config{
		Domain: s.cfg.Domain, Site: siteOf(s.cfg, s.opt.Version), Key: s.key, SessionKey: s.ownKey, Accounts: p.accounts,
		Rooms: &p.rooms, MyRooms: p.myRooms, Codes: s.codes(), Page: p.page, Pages: p.texts, NetTest: handlerOf(p.netTest), Now: s.opt.Now, Log: s.opt.Log,
	})
	p.http = newHTTPServer(p.access.Wrap(contain(door, s.opt.Log)))
	s.site = p
	return nil
}

// handlerOf is nil without a network test.
func handlerOf(t *nettest.Server) http.Handler {
	if t == nil {
		return nil
	}
	return t
}

func (s *Server) openPage(p *site) (err error) {
	if p.page, err = web.New(); err != nil {
		return err
	}
	p.texts, err = pages.New(s.cfg)
	return err
}

func (s *Server) openAccounts(p *site) (err error) {
	if p.accounts, err = account.Open(s.state("accounts.json"), account.Options{Now: s.opt.Now, Log: s.opt.Log}); err != nil {
		return err
	}
	p.machines, err = openMachines(s.state("machines.json"), s.cfg, s.opt.Log)
	return err
}

// openMyRooms opens the rooms of accounts. After a crash between a new list of accounts and its rooms, those of accounts that are gone are
// still there; without any list nobody knows who is gone.
func (s *Server) openMyRooms(p *site) (err error) {
	if p.myRooms, err = myrooms.Open(s.state(myRoomsFile), myrooms.Options{Now: s.opt.Now, Log: s.opt.Log}); err != nil {
		return err
	}
	if p.accounts.Revision() == "" {
		return nil
	}
	if _, err := p.pruneRooms(); err != nil { // the next list of accounts tries again; no reason to keep teachers from their lessons
		s.opt.Log.Error("rooms of accounts that are gone are still on disk; free some space, then run kreisraum up", "error", err)
	}
	return nil
}

// pruneRooms forgets the rooms of accounts that are gone. A disabled account keeps its own.
func (p *site) pruneRooms() (int, error) {
	return p.myRooms.Prune(func(id string) bool { _, ok := p.accounts.ByID(id); return ok })
}

// codes are those of accounts' rooms. Their day is the county's, from one nightly restart to the next; without one it ends at midnight UTC, when
// no lesson is held in Germany.
func (s *Server) codes() myrooms.Codes {
	day := night.Daily{Zone: time.UTC}
	if schedule, err := scheduleOf(s.cfg.Restart); err == nil && schedule != nil { // openNight came before
		day = night.Daily{At: schedule.At, Zone: schedule.Zone}
	}
	return myrooms.Codes{Key: s.key, DayEnds: day.Next}
}

func (s *Server) openAccessLog(p *site) (err error) {
	p.access, err = accesslog.Open(accesslog.Config{Dir: s.cfg.Paths.Logs, RetentionDays: s.cfg.AccessLog.RetentionDays, Log: s.opt.Log})
	if err == nil {
		s.cleanup(p.access.Close)
	}
	return err
}

func (s *Server) openCertificate(p *site) (err error) {
	p.certs, err = certs.New(certs.Config{
		Domain: s.cfg.Domain, Directory: s.cfg.ACME.Directory, Staging: s.cfg.ACME.Staging, Email: s.cfg.ACME.Email,
		RootsFile: s.cfg.ACME.RootsFile, Dir: s.state("acme"), Listen: s.TLSAddr(), Log: s.opt.Log,
	})
	if err == nil {
		s.cleanup(p.certs.Close)
	}
	return err
}

// siteTLS is nil without a site.
func (s *Server) siteTLS() *tls.Config {
	if s.site == nil {
		return nil
	}
	return &tls.Config{GetCertificate: s.site.certs.GetCertificate}
}

func siteOf(cfg config.Config, version string) portal.Site {
	c := cfg.Contact
	return portal.Site{
		Name:    cmp.Or(cfg.Title, c.Name),
		Contact: portal.Contact{Name: c.Name, Email: c.Email, Phone: c.Phone, URL: c.URL},
		Rooms: portal.Rooms{MaxParticipants: cfg.Rooms.MaxParticipants, CodeRequired: cfg.Rooms.CodeRequired,
			ScreenShare: cfg.Rooms.ScreenShare},
		Version: version,
	}
}
