package portal

import (
	"errors"
	"net/http"
	"time"

	"github.com/medienzentrenverbund/kreisraum/conference/cluster"
	"github.com/medienzentrenverbund/kreisraum/conference/myrooms"
	"github.com/medienzentrenverbund/kreisraum/conference/signaling"
)

// room finds the room's bridge and hands the request over with an admission. What the client sent under the admission's name
// is removed, and so is the cookie: a bridge has no use for it.
func (p *portal) room(w http.ResponseWriter, r *http.Request) {
	display := r.PathValue("room")
	room, err := signaling.CanonicalRoom(display)
	if err != nil {
		refuse(w, codeRoomInvalid, 0)
		return
	}
	acc, organiser := p.loggedIn(r)
	own, owned := p.ownedRoom(room)
	// Who has a login, but not the owner's, cannot begin the lesson; no bridge needs place for it.
	who := cluster.Seeker{Room: room, Organiser: organiser && (!owned || own.Account == acc.ID)}
	place, err := p.cfg.Rooms.Locate(r.Context(), who)
	if errors.Is(err, cluster.ErrFull) {
		p.queue(w, r, who, acc.ID)
		return
	}
	if err != nil {
		p.noBridge.Do(func() { p.cfg.Log.Warn("room refused: no bridge takes it", "error", err) })
		refuse(w, codeBusy, 5*time.Second)
		return
	}
	host, _ := p.ownHost(r.Host) // guard came before
	admission := cluster.Admission{Room: room, DisplayRoom: display, Host: host, Source: cluster.SourceTag(p.cfg.Key, source(r)), Restore: place.Restore}
	if organiser {
		admission.Account, admission.AccountName, admission.Organiser = acc.ID, acc.Name, true
	}
	if owned {
		admission.Owner, admission.Title, admission.FirstCode = own.Account, own.Title, p.cfg.Codes.Of(own, p.cfg.Now())
	}
	r.Header.Del("Cookie")
	r.Header.Set(cluster.AdmissionHeader, admission.Sign(p.cfg.Key, p.cfg.Now()))
	place.Bridge.ServeHTTP(w, r)
}

// ownedRoom is the room of an account at this address, if it is anybody's. An owner whose account is disabled keeps it: nobody begins a
// lesson there.
func (p *portal) ownedRoom(room string) (myrooms.Room, bool) {
	if p.cfg.MyRooms == nil {
		return myrooms.Room{}, false
	}
	return p.cfg.MyRooms.ByAddress(room)
}
