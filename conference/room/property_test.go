package room

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strconv"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// world drives a room at random and keeps what every client would know from what it was told.
type world struct {
	*rapid.T
	room    *Room
	rules   Rules
	now     time.Time
	clients []*client
	tokens  []Resume // all that were ever issued
	codes   []Code   // all that ever were
	code    Code     // the present one, also while the room does not know it
	// removed are the IDs and devices that were sent out since the room began.
	removed map[string]bool
	// void are IDs whose tokens ended when somebody else was sent out.
	void  map[string]bool
	draws *rand.ChaCha8
}

// client is what one connection was told.
type client struct {
	conn   Conn
	knock  Knock
	tried  Code // the last code given
	phase  phase
	self   string
	roster []Person
	chat   []Message
	locked bool
}

type phase int

const (
	fresh phase = iota
	waiting
	lockedOut
	asked
	inside
	over
)

func newWorld(t *rapid.T) *world {
	rules := Rules{
		MaxParticipants: rapid.IntRange(1, 5).Draw(t, "max"),
		CodeRequired:    rapid.Bool().Draw(t, "codeRequired"),
		ScreenShare:     rapid.SampledFrom([]string{ScreenShareEveryone, ScreenShareOrganisers}).Draw(t, "screenShare"),
	}
	var seed [32]byte
	seed[0] = rapid.Byte().Draw(t, "seed")
	w := &world{T: t, rules: rules, now: time.Unix(1_800_000_000, 0), removed: map[string]bool{}, void: map[string]bool{},
		draws: rand.NewChaCha8(seed)}
	w.room = New(rules, w.draws)
	return w
}

// TestRoomKeepsItsPromises checks after every one of many random inputs what must always hold.
func TestRoomKeepsItsPromises(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(t)
		t.Repeat(map[string]func(*rapid.T){
			"organiser knocks":   func(*rapid.T) { w.knockAs(Organiser) },
			"participant knocks": func(*rapid.T) { w.knockAs(Participant) },
			"enters a code":      func(*rapid.T) { w.enterCode() },
			"leaves": func(*rapid.T) {
				w.apply(Leave{Conn: w.anyConn(), Lost: rapid.Bool().Draw(t, "lost"), Media: rapid.Bool().Draw(t, "media")})
			},
			"media end":     func(*rapid.T) { w.apply(MediaEnded{Participant: w.anyID()}) },
			"locks":         func(*rapid.T) { w.apply(lock(w.anyConn(), rapid.Bool().Draw(t, "locked"))) },
			"removes":       func(*rapid.T) { w.remove() },
			"bridge dies":   func(*rapid.T) { w.restore() },
			"notice":        func(*rapid.T) { w.apply(SetNotice{At: w.now.Add(time.Minute)}) },
			"sets state":    func(*rapid.T) { w.setState() },
			"says":          func(*rapid.T) { w.apply(Say{Conn: w.anyConn(), Text: Text("t" + strconv.Itoa(w.number(0, 1<<20)))}) },
			"sets the code": func(*rapid.T) { w.apply(SetCode{Conn: w.anyConn(), Code: w.someCode()}) },
			"account ends":  func(*rapid.T) { w.endAccount() },
			"time passes":   func(*rapid.T) { w.now = w.now.Add(time.Duration(w.number(0, 40)) * time.Second) },
			"tick":          func(*rapid.T) { w.tick() },
			"":              func(*rapid.T) { w.check() },
		})
	})
}

func (w *world) number(low, high int) int { return rapid.IntRange(low, high).Draw(w.T, "number") }

// anyConn is a connection in whatever phase, or one that never was.
func (w *world) anyConn() Conn { return Conn(w.number(1, len(w.clients)+1)) }

// someCode is none, a wrong one, the present one or an old one.
func (w *world) someCode() Code {
	choices := append([]Code{"", "wrong", w.code, w.code}, w.codes...)
	return rapid.SampledFrom(choices).Draw(w.T, "code")
}

func (w *world) knockAs(role Role) {
	c := &client{conn: Conn(len(w.clients) + 1)}
	w.clients = append(w.clients, c)
	k := Knock{Conn: c.conn, Name: DisplayName("name" + strconv.Itoa(int(c.conn))), RoomName: "Klasse-5a", Role: role,
		Code: w.someCode(), Free: w.number(0, 9) == 0,
		Device: Device(rapid.SampledFrom([]string{"", "d1", "d2", "d3"}).Draw(w.T, "device")), Drained: w.number(0, 9) == 0}
	if role == Organiser {
		k.Account = "account" + strconv.Itoa(w.number(1, 3))
	}
	if len(w.tokens) > 0 && rapid.Bool().Draw(w.T, "resumes") {
		token := rapid.SampledFrom(w.tokens).Draw(w.T, "token")
		k.Resume, k.Media = &token, rapid.Bool().Draw(w.T, "media")
	}
	c.knock, c.tried = k, k.Code
	w.apply(k)
	if c.phase == fresh {
		w.Fatalf("connection %d got no answer", c.conn)
	}
}

func (w *world) enterCode() {
	conn, code := w.anyConn(), w.someCode()
	if c := w.client(conn); c != nil && c.phase == asked { // otherwise nobody looks at it
		c.tried = code
	}
	w.apply(EnterCode{Conn: conn, Code: code})
}

// anyID is somebody's who is or was inside.
func (w *world) anyID() string {
	if len(w.tokens) == 0 {
		return "nobody"
	}
	return rapid.SampledFrom(w.tokens).Draw(w.T, "participant").Participant
}

// remove has somebody try to send somebody out.
func (w *world) remove() {
	by, id := w.room.participant(w.anyConn()), w.anyID()
	if n := len(w.room.inside); n > 0 && w.number(0, 3) > 0 { // rather somebody who is there, by somebody who may
		by = first(w.room.inside, func(p *participant) bool { return p.Role == Organiser && !p.Away })
		id = w.room.inside[w.number(0, n-1)].ID
	}
	p := w.room.named(id)
	allowed := by != nil && by.Role == Organiser && p != nil && p.Role != Organiser
	if allowed {
		w.removed[id] = true
		for _, token := range w.tokens {
			if w.room.named(token.Participant) == nil {
				w.void[token.Participant] = true
			}
		}
		if p.device != "" {
			w.removed["device "+string(p.device)] = true
		}
	}
	conn := Conn(len(w.clients) + 7)
	if by != nil {
		conn = by.conn
	}
	w.apply(Remove{Conn: conn, Participant: id})
	if gone := w.room.named(id) == nil; p != nil && gone != allowed {
		w.Fatalf("removed: %v, allowed: %v", gone, allowed)
	}
}

// restore has the bridge die and another one take the room over from its record.
func (w *world) restore() {
	r, locked, code := w.room.Record(), w.room.settings.Locked, w.code
	for _, c := range w.clients {
		c.phase = over
	}
	notice := w.room.notice
	w.room = New(w.rules, w.draws)
	w.room.notice = notice
	clear(w.void) // the record does not say who was inside
	if r.Epoch == "" {
		return
	}
	hash := r.CodeHash
	if r.Code != "" {
		hash = "hash of " + string(r.Code)
	}
	w.apply(Restore{Epoch: r.Epoch, CodeHash: hash, Settings: r.Settings, Organisers: r.Organisers, Removed: r.Removed,
		Opens: func(c Code) bool { return "hash of "+string(c) == hash }})
	again := w.room.Record()
	if w.rules.CodeRequired && hash == "" {
		w.Fatalf("a room without a code where one is required")
	}
	r.Participants, r.Code, r.CodeHash = 0, "", hash
	if hash != "" && w.code != code {
		w.Fatalf("the restored room has another code")
	}
	if !reflect.DeepEqual(again, r) || w.room.settings.Locked != locked {
		w.Fatalf("the restored room has another record")
	}
}

func (w *world) tick() {
	w.apply(Tick{})
	if next := w.room.Next(); !next.IsZero() && !next.After(w.now) {
		w.Fatalf("somebody is still waited for")
	}
}

func (w *world) setState() {
	w.apply(SetState{Conn: w.anyConn(), State: State{
		Mic: rapid.Bool().Draw(w.T, "mic"), Camera: rapid.Bool().Draw(w.T, "camera"), Screen: rapid.Bool().Draw(w.T, "screen")}})
}

func (w *world) endAccount() {
	ended := "account" + strconv.Itoa(w.number(1, 3))
	w.apply(EndAccounts{Ended: func(account string) bool { return account == ended }})
	for _, p := range w.room.inside {
		if p.account == ended {
			w.Fatalf("an ended account is still inside")
		}
	}
}

func (w *world) client(c Conn) *client {
	if i := int(c) - 1; i >= 0 && i < len(w.clients) {
		return w.clients[i]
	}
	return nil
}

// apply hands the room an input and its clients what they are told.
func (w *world) apply(in Input) {
	epoch, inside := w.room.epoch, ids(w.room.people())
	out := w.room.Apply(w.now, in)
	if l, ok := in.(Leave); ok {
		if c := w.client(l.Conn); c != nil {
			c.phase = over
		}
	}
	for _, o := range out {
		switch e := o.Event.(type) {
		case Begun:
			if k, ok := in.(Knock); ok && k.Drained {
				w.Fatalf("a room began although none may")
			}
			_, restored := in.(Restore)
			if !restored && slices.ContainsFunc(w.tokens, func(r Resume) bool { return r.Epoch == e.Epoch }) {
				w.Fatalf("an epoch came twice")
			}
		case Over:
			epoch = ""
			clear(w.removed)
		}
		for _, conn := range o.To {
			w.tell(conn, o.Event, in, epoch)
		}
	}
	w.code = w.present()
	if w.code != "" && !slices.Contains(w.codes, w.code) {
		w.codes = append(w.codes, w.code)
	}
	w.conserve(in, inside)
}

// present is the code that lets in now.
func (w *world) present() Code {
	if w.room.hidden != nil {
		return w.code
	}
	return w.room.code
}

// conserve checks that a connection's end takes nobody out whose media go on.
func (w *world) conserve(in Input, before []string) {
	if l, ok := in.(Leave); ok && l.Lost && l.Media && !slices.Equal(before, ids(w.room.people())) {
		w.Fatalf("somebody is gone whose media go on")
	}
}

// tell lets a client know. Epoch is the one the room had before the input, empty if it was reset since.
func (w *world) tell(conn Conn, e Event, in Input, epoch string) {
	c := w.client(conn)
	if c == nil {
		if _, ok := e.(Problem); !ok {
			w.Fatalf("%T to a connection that never was", e)
		}
		return
	}
	if _, ok := e.(Problem); ok {
		return // also answers inputs that come late
	}
	if c.phase == over {
		w.Fatalf("%T to connection %d after its end", e, conn)
	}
	switch e := e.(type) {
	case Door:
		c.atDoor(w, e)
	case Refused, Ended:
		c.phase = over
	case Admitted:
		w.admitted(c, e, in, epoch)
	case Joined:
		c.roster = append(c.roster, e.Person)
	case Left:
		c.roster = slices.DeleteFunc(c.roster, func(p Person) bool { return p.ID == e.ID })
	case StateChanged:
		c.setState(e.ID, e.State)
	case Said:
		c.chat = append(c.chat, e.Message)
	case AwayChanged:
		for i := range c.roster {
			if c.roster[i].ID == e.ID {
				c.roster[i].Away = e.Away
			}
		}
	case SettingsChanged:
		c.locked = e.Settings.Locked
	case Noticed:
		if !e.At.Equal(w.room.notice) {
			w.Fatalf("connection %d was told another time", conn)
		}
	case CodeChanged:
		if c.knock.Role != Organiser || c.phase != inside {
			w.Fatalf("the code was told to connection %d", conn)
		}
	default:
		w.Fatalf("%T to connection %d", e, conn)
	}
}

func (c *client) atDoor(w *world, d Door) {
	if c.phase == inside {
		w.Fatalf("connection %d is inside and at the door", c.conn)
	}
	c.phase = waiting
	if d.State == ForUnlocking {
		c.phase = lockedOut
	}
	if d.State == ForCode {
		c.phase = asked
	}
}

func (c *client) setState(id string, s State) {
	for i := range c.roster {
		if c.roster[i].ID == id {
			c.roster[i].State = s
		}
	}
}

// admitted checks that the client had a right to come in.
func (w *world) admitted(c *client, a Admitted, in Input, epoch string) {
	k := c.knock
	own := in == Input(k)
	resumed := own && k.Resume != nil && epoch != "" && k.Resume.Epoch == epoch && k.Resume.Role == k.Role &&
		k.Resume.Account == k.Account && k.Resume.Participant == a.Self.ID && !((w.removed[a.Self.ID] || w.void[a.Self.ID]) && k.Role == Participant)
	organiser := own && k.Role == Organiser
	invited := w.room.open() && !w.room.settings.Locked && (k.Free || w.present() == "" || sameCode(c.tried, w.present()))
	if !resumed && !organiser && !invited {
		w.Fatalf("connection %d came in without a right to", c.conn)
	}
	if k.Role == Participant && w.removed["device "+string(k.Device)] {
		w.Fatalf("connection %d came in with a removed device", c.conn)
	}
	if a.Media && (!resumed || !k.Media || !a.Back) {
		w.Fatalf("connection %d got media that nobody left it", c.conn)
	}
	c.locked = a.Settings.Locked
	if k.Role != Organiser && a.Code != "" {
		w.Fatalf("connection %d was told the code", c.conn)
	}
	if a.Self.Role != k.Role {
		w.Fatalf("connection %d came in as %s, not as %s", c.conn, a.Self.Role, k.Role)
	}
	c.phase, c.self, c.roster, c.chat = inside, a.Self.ID, a.People, a.History
	w.tokens = append(w.tokens, a.Resume)
}

// check compares the room with the rules and with what the clients know.
func (w *world) check() {
	r := w.room
	if len(r.inside) > w.rules.MaxParticipants || len(r.door) > MaxVisitors {
		w.Fatalf("%d inside, %d at the door", len(r.inside), len(r.door))
	}
	if begun := r.epoch != ""; begun != (len(r.inside) > 0 || !r.lingerUntil.IsZero()) {
		w.Fatalf("begun %v with %d inside, lingering %v", begun, len(r.inside), !r.lingerUntil.IsZero())
	}
	if r.epoch == "" && (r.code != "" || r.hidden != nil || r.settings != (Settings{}) || r.restored != nil || len(r.removed.record()) != 0 || r.name != "" || r.history.last != 0 || len(r.history.messages) != 0) {
		w.Fatalf("something of the old room remains")
	}
	if r.epoch != "" && r.code == "" && r.hidden == nil && w.rules.CodeRequired {
		w.Fatalf("the room has no code")
	}
	w.checkClients()
}

func (w *world) checkClients() {
	r := w.room
	for _, c := range w.clients {
		p, v := r.participant(c.conn), r.visitor(c.conn)
		want := over
		switch {
		case p != nil:
			want = inside
		case v != nil && r.open() && r.settings.Locked:
			want = lockedOut
		case v != nil && r.open():
			want = asked
		case v != nil:
			want = waiting
		}
		if c.phase != want {
			w.Fatalf("connection %d believes to be in phase %d, is in %d", c.conn, c.phase, want)
		}
		if p != nil {
			w.checkInside(c, p)
		}
	}
}

func (w *world) checkInside(c *client, p *participant) {
	people := w.room.people()
	c.setState(p.ID, p.State) // its own is not told
	if c.self != p.ID || fmt.Sprint(ids(c.roster)) != fmt.Sprint(ids(people)) || !slices.Equal(c.roster, people) {
		w.Fatalf("connection %d knows of %v, inside are %v", c.conn, ids(c.roster), ids(people))
	}
	if c.locked != w.room.settings.Locked {
		w.Fatalf("connection %d believes that the room is locked: %v", c.conn, c.locked)
	}
	if !w.rules.MayShareScreen(p.Role) && p.State.Screen {
		w.Fatalf("a screen is shared without the right")
	}
	if !slices.Equal(c.chat, w.room.history.messages) {
		w.Fatalf("connection %d has read %d messages, there are %d", c.conn, len(c.chat), len(w.room.history.messages))
	}
}

func ids(people []Person) []string {
	var ids []string
	for _, p := range people {
		ids = append(ids, p.ID)
	}
	return ids
}

// TestGuessesAreBounded lets visitors of several sources try wrong codes at random times, with as many connections as they like.
func TestGuessesAreBounded(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r, now := begun(t, Rules{MaxParticipants: 10, CodeRequired: true})
		start, looked, from := now, 0, map[Source]int{}
		conn, source := Conn(100), Source("a")
		sources := rapid.SampledFrom([]Source{"a", "b", "c", "d", "e", "f", "g", "h"})
		for range rapid.IntRange(1, 1000).Draw(t, "attempts") {
			now = now.Add(time.Duration(rapid.IntRange(0, 3000).Draw(t, "ms")) * time.Millisecond)
			var out []Output
			if rapid.IntRange(0, 3).Draw(t, "stays") > 0 {
				r.Apply(now, Leave{Conn: conn})
				conn++
				source = sources.Draw(t, "source")
				out = r.Apply(now, Knock{Conn: conn, Source: source, Role: Participant, Code: "wrong"})
			} else {
				out = r.Apply(now, EnterCode{Conn: conn, Code: "wrong"})
			}
			if d, ok := out[0].Event.(Door); ok && d.Wrong {
				looked++
				from[source]++
			}
		}
		if limit := roomSize + int(now.Sub(start)/roomRefill) + 1; looked > limit {
			t.Fatalf("%d guesses were looked at in %v, want at most %d", looked, now.Sub(start), limit)
		}
		limit := sourceSize + int(now.Sub(start)/sourceRefill) + 1
		for _, n := range from {
			if n > limit {
				t.Fatalf("%d guesses of one source were looked at in %v, want at most %d", n, now.Sub(start), limit)
			}
		}
	})
}
