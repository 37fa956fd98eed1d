package portal

import (
	"errors"
	"net/http"
	"slices"
	"time"

	"golang.org/x/time/rate"

	"github.com/medienzentrenverbund/kreisraum/conference/account"
	"github.com/medienzentrenverbund/kreisraum/conference/myrooms"
)

// How often an account may change its rooms: each change writes a file. Choices; a teacher who prepares a school year makes twenty in
// some minutes.
const (
	changesAtOnce    = 60
	changesPerSecond = rate.Limit(0.5)
	maxChangers      = 20000 // all accounts of a county
)

// myRoom is one of an account's rooms as GET /api/rooms shows it.
type myRoom struct {
	ID        string `json:"id"`
	Title     string `json:"title"`
	Address   string `json:"address"`
	Secret    bool   `json:"secret"`
	CodeStays bool   `json:"codeStays"`
	// Code is today's; it changes with the nightly restart, unless it stays.
	Code string `json:"code"`
	Link string `json:"link"`
}

func (p *portal) myRoom(r *http.Request, room myrooms.Room) myRoom {
	host, _ := p.ownHost(r.Host) // guard came before
	return myRoom{
		ID: room.ID, Title: room.Title, Address: room.Address, Secret: room.Secret, CodeStays: room.CodeStays,
		Code: p.cfg.Codes.Of(room, p.cfg.Now()), Link: "https://" + host + "/" + room.Address,
	}
}

func (p *portal) listRooms(w http.ResponseWriter, r *http.Request, acc account.Account) {
	list := []myRoom{}
	for _, room := range slices.Backward(p.cfg.MyRooms.Of(acc.ID)) { // the newest first
		list = append(list, p.myRoom(r, room))
	}
	writeJSON(w, http.StatusOK, list)
}

func (p *portal) addRoom(w http.ResponseWriter, r *http.Request, acc account.Account) {
	var d struct {
		Title     string `json:"title"`
		Address   string `json:"address"`
		Secret    bool   `json:"secret"`
		CodeStays bool   `json:"codeStays"`
	}
	if !readJSON(w, r, &d) {
		return
	}
	room, err := p.cfg.MyRooms.Add(acc.ID, myrooms.Draft(d))
	p.answerRoom(w, r, http.StatusCreated, room, err)
}

func (p *portal) changeRoom(w http.ResponseWriter, r *http.Request, acc account.Account) {
	var c struct {
		Title     *string `json:"title"`
		Address   *string `json:"address"`
		Secret    *bool   `json:"secret"`
		CodeStays *bool   `json:"codeStays"`
	}
	if !readJSON(w, r, &c) {
		return
	}
	room, err := p.cfg.MyRooms.Change(acc.ID, r.PathValue("id"), myrooms.Change(c))
	p.answerRoom(w, r, http.StatusOK, room, err)
}

func (p *portal) newRoomCode(w http.ResponseWriter, r *http.Request, acc account.Account) {
	room, err := p.cfg.MyRooms.NewCode(acc.ID, r.PathValue("id"))
	p.answerRoom(w, r, http.StatusOK, room, err)
}

func (p *portal) removeRoom(w http.ResponseWriter, r *http.Request, acc account.Account) {
	if err := p.cfg.MyRooms.Remove(acc.ID, r.PathValue("id")); err != nil {
		p.refuseRoom(w, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func (p *portal) answerRoom(w http.ResponseWriter, r *http.Request, status int, room myrooms.Room, err error) {
	if err != nil {
		p.refuseRoom(w, err)
		return
	}
	writeJSON(w, status, p.myRoom(r, room))
}

func (p *portal) refuseRoom(w http.ResponseWriter, err error) {
	var taken *myrooms.TakenError
	switch {
	case errors.As(err, &taken):
		refuseWith(w, errorBody{Code: codeAddressTaken, Suggestion: taken.Suggestion}, 0)
	case errors.Is(err, myrooms.ErrNone):
		refuse(w, codeNotFound, 0)
	case errors.Is(err, myrooms.ErrTitle):
		refuse(w, codeTitleInvalid, 0)
	case errors.Is(err, myrooms.ErrAddress):
		refuse(w, codeRoomInvalid, 0)
	case errors.Is(err, myrooms.ErrTooMany):
		refuse(w, codeTooManyRooms, 0)
	default:
		p.disk.Do(func() { p.cfg.Log.Error("a change of a teacher's rooms was not kept", "error", err) })
		refuse(w, codeBusy, 5*time.Second)
	}
}

// withLogin serves accounts only, from the county's own page; others are told login-required.
func (p *portal) withLogin(next func(http.ResponseWriter, *http.Request, account.Account)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		acc, ok := p.loggedIn(r)
		if !ok {
			refuse(w, codeLoginRequired, 0)
			return
		}
		next(w, r, acc)
	}
}

// paced bounds an account's changes.
func (p *portal) paced(next func(http.ResponseWriter, *http.Request, account.Account)) http.HandlerFunc {
	return p.sameOrigin(p.withLogin(func(w http.ResponseWriter, r *http.Request, acc account.Account) {
		if wait := p.changes.take(acc.ID, p.cfg.Now()); wait > 0 {
			refuse(w, codeTooManyAttempts, wait)
			return
		}
		next(w, r, acc)
	}))
}
