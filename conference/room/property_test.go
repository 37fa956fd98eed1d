package room

import (
	"cmp"
	"flag"
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
	owner   string // of the address
	now     time.Time
	clients []*client
	tokens  []issued // all that were ever issued
	codes   []Code   // all that ever were
	code    Code     // the present one, also while the room does not know it
	codeNo  int      // counts its changes
	// roles are the last that were told, by participant ID.
	roles map[string]Role
	// void are IDs whose tokens bring nobody in any more.
	void map[string]bool
	// kept are devices that are kept out, back those that have to be admitted.
	kept, back map[Device]bool
	// forwards are the last that were told, by participant ID.
	forwards map[string]Forward
	hands    int
	// led says that an organiser was inside in this lesson, restored that it goes on from a record: then devices are the bridge's business.
	led, restored bool
	draws         *rand.ChaCha8
}

// issued is a token and the device it was issued to.
type issued struct {
	Resume
	device Device
}

// client is what one connection was told.
type client struct {
	conn  Conn
	knock Knock
	tried Code // the last code given
	// knew is the number of the code that it gave, 0: none. Asked says that an organiser sent it back to the lobby, pass that it was inside
	// when the lesson fell asleep.
	knew              int
	sentBack, pass    bool
	phase             phase
	self              string
	own               State
	roster            []Person
	chat              []Message
	lobby             []Visitor
	settings          Settings
	emergency, paused bool
}

type phase string

const (
	fresh   phase = "fresh"
	waiting phase = phase(ForOrganiser)
	locked  phase = phase(ForUnlocking)
	asked   phase = phase(ForCode)
	lobby   phase = phase(ForAdmission)
	inside  phase = "inside"
	over    phase = "over"
)

func newWorld(t *rapid.T) *world {
	rules := Rules{
		MaxParticipants: rapid.IntRange(1, 5).Draw(t, "max"),
		CodeRequired:    rapid.Bool().Draw(t, "codeRequired"),
		ScreenShare:     rapid.SampledFrom([]string{ScreenShareEveryone, ScreenShareOrganisers}).Draw(t, "screenShare"),
		Lobby:           rapid.IntRange(0, 3).Draw(t, "lobby") == 0,
		Cameras:         rapid.SampledFrom([]string{"", CamerasEveryone, CamerasOrganisers}).Draw(t, "cameras"),
	}
	var seed [32]byte
	seed[0] = rapid.Byte().Draw(t, "seed")
	w := &world{T: t, rules: rules, owner: rapid.SampledFrom([]string{"", "", "account1"}).Draw(t, "owner"), now: time.Unix(1_800_000_000, 0),
		draws: rand.NewChaCha8(seed)}
	w.forget()
	w.room = New(rules, w.draws)
	return w
}

// forget is the end of a lesson.
func (w *world) forget() {
	w.roles, w.void, w.forwards = map[string]Role{}, map[string]bool{}, map[string]Forward{}
	w.kept, w.back, w.hands, w.led, w.restored = map[Device]bool{}, map[Device]bool{}, 0, false, false
	for _, c := range w.clients {
		c.knew, c.sentBack, c.pass = 0, false, false
	}
}

// TestRoomKeepsItsPromises checks after every one of many random inputs what must always hold.
func TestRoomKeepsItsPromises(t *testing.T) {
	atLeast(t, "rapid.checks", 200)
	atLeast(t, "rapid.steps", 200)
	rapid.Check(t, promises)
}

// atLeast sets one of rapid's flags unless it is larger: by default it draws some thirty inputs a hundred times, and a lesson that falls
// asleep in an emergency takes longer.
func atLeast(t *testing.T, name string, n int) {
	t.Helper()
	f := flag.Lookup(name)
	before := f.Value.String()
	if has, err := strconv.Atoi(before); err != nil || has >= n {
		return
	}
	if err := f.Value.Set(strconv.Itoa(n)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Value.Set(before) })
}

func promises(t *rapid.T) {
	w := newWorld(t)
	t.Repeat(map[string]func(*rapid.T){
		"organiser knocks":   func(*rapid.T) { w.knockAs(Organiser) },
		"participant knocks": func(*rapid.T) { w.knockAs(Participant) },
		"another one knocks": func(*rapid.T) { w.knockAs(Participant) },
		"enters a code":      func(*rapid.T) { w.enterCode() },
		"enters the code":    func(*rapid.T) { w.enterCode() },
		"leaves":             func(*rapid.T) { w.leave() },
		"media end":          func(*rapid.T) { w.apply(MediaEnded{Participant: w.anyID()}) },
		"changes settings":   func(*rapid.T) { w.apply(ChangeSettings{Conn: w.someone(), Change: w.anyChange()}) },
		"makes an exception": func(*rapid.T) { w.apply(w.anyException()) },
		"mutes":              func(*rapid.T) { w.apply(Mute{Conn: w.someone(), Participant: w.anyTarget(), Source: w.anySource()}) },
		"raises a hand":      func(*rapid.T) { w.apply(RaiseHand{Conn: w.someone(), Up: w.bool()}) },
		"lowers hands":       func(*rapid.T) { w.apply(LowerHand{Conn: w.someone(), Participant: w.anyTarget()}) },
		"reacts":             func(*rapid.T) { w.apply(React{Conn: w.someone(), Kind: rapid.SampledFrom(reactions).Draw(t, "kind")}) },
		"says of its line": func(*rapid.T) {
			w.apply(SetLine{Conn: w.someone(), Level: rapid.SampledFrom([]Line{LineGood, LineWeak, LineBad, "?"}).Draw(t, "line")})
		},
		"sets a role":           func(*rapid.T) { w.setRole() },
		"removes":               func(*rapid.T) { w.remove() },
		"sends back":            func(*rapid.T) { w.sendBack() },
		"admits":                func(*rapid.T) { w.apply(Admit{Conn: w.someone(), Visitor: w.anyVisitor()}) },
		"turns away":            func(*rapid.T) { w.turnAway() },
		"pardons":               func(*rapid.T) { w.pardon() },
		"declares an emergency": func(*rapid.T) { w.emergency() },
		"releases":              func(*rapid.T) { w.apply(Release{Conn: w.someone(), Participant: w.anyTarget()}) },
		"ends the lesson":       func(*rapid.T) { w.end() },
		"bridge dies":           func(*rapid.T) { w.restore() },
		"notice":                func(*rapid.T) { w.apply(SetNotice{At: w.now.Add(time.Minute)}) },
		"sets state":            func(*rapid.T) { w.setState() },
		"sets more state":       func(*rapid.T) { w.setState() },
		"says": func(*rapid.T) {
			w.apply(Say{Conn: w.someone(), Text: Text("t" + strconv.Itoa(w.number(0, 1<<20))), To: w.anyTarget()})
		},
		"sets the code":    func(*rapid.T) { w.apply(SetCode{Conn: w.someone(), Code: w.someCode()}) },
		"has a code drawn": func(*rapid.T) { w.apply(NewCode{Conn: w.someone()}) },
		"account ends":     func(*rapid.T) { w.endAccount() },
		"time passes":      func(*rapid.T) { w.pass() },
		"tick":             func(*rapid.T) { w.tick() },
		"":                 func(*rapid.T) { w.check() },
	})
}

func (w *world) number(low, high int) int { return rapid.IntRange(low, high).Draw(w.T, "number") }

func (w *world) bool() bool { return rapid.Bool().Draw(w.T, "bool") }

// anyConn is a connection in whatever phase, or one that never was.
func (w *world) anyConn() Conn { return Conn(w.number(1, len(w.clients)+1)) }

// someone is mostly somebody inside, rather an organiser.
func (w *world) someone() Conn {
	if len(w.room.inside) == 0 || w.number(0, 9) == 0 {
		return w.anyConn()
	}
	if leaders := conns(w.room.inside, organisers); len(leaders) > 0 && w.bool() {
		return leaders[w.number(0, len(leaders)-1)]
	}
	return w.room.inside[w.number(0, len(w.room.inside)-1)].conn
}

// someCode is none, a wrong one, the present one or an old one.
func (w *world) someCode() Code {
	choices := append([]Code{"", "wrong", w.code, w.code, w.code}, w.codes...)
	return rapid.SampledFrom(choices).Draw(w.T, "code")
}

func (w *world) anySource() MediaSource {
	return rapid.SampledFrom([]MediaSource{Microphone, Camera, Screen, "nothing"}).Draw(w.T, "source")
}

// anyID is somebody's who is or was inside.
func (w *world) anyID() string {
	if n := len(w.room.inside); n > 0 && w.number(0, 3) > 0 {
		return w.room.inside[w.number(0, n-1)].ID
	}
	if len(w.tokens) == 0 {
		return "nobody"
	}
	return rapid.SampledFrom(w.tokens).Draw(w.T, "participant").Participant
}

// anyTarget is one or all.
func (w *world) anyTarget() string {
	if w.number(0, 3) == 0 {
		return ""
	}
	return w.anyID()
}

func (w *world) anyVisitor() string {
	if list := w.room.visitors(); len(list) > 0 && w.bool() {
		return list[w.number(0, len(list)-1)].ID
	}
	return rapid.SampledFrom([]string{"", "nobody"}).Draw(w.T, "visitor")
}

func (w *world) anyChange() SettingsChange {
	maybe := func() *bool {
		if w.number(0, 2) > 0 {
			return nil
		}
		b := w.bool()
		return &b
	}
	c := SettingsChange{Locked: maybe(), Lobby: maybe(), Microphones: maybe(), Cameras: maybe(), Screens: maybe(), Chat: maybe(), PrivateChat: maybe()}
	if to := rapid.SampledFrom([]Audience{Nobody, Organisers, Everyone, "all"}).Draw(w.T, "audience"); to != Nobody {
		c.CamerasTo = &to
	}
	return c
}

func (w *world) anyException() Allow {
	return Allow{Conn: w.someone(), Participant: w.anyID(), What: rapid.SampledFrom(append([]Right{"none"}, rights...)).Draw(w.T, "right"),
		Value: Exception(w.number(-2, 2))}
}

func (w *world) knockAs(role Role) {
	c := &client{conn: Conn(len(w.clients) + 1), phase: fresh}
	w.clients = append(w.clients, c)
	k := Knock{Conn: c.conn, Name: DisplayName("name" + strconv.Itoa(int(c.conn))), RoomName: "Klasse-5a", Role: role, Owner: w.owner,
		FirstCode: rapid.SampledFrom([]Code{"", "first"}).Draw(w.T, "first"), Code: w.someCode(), Free: w.number(0, 9) == 0,
		Device: Device(rapid.SampledFrom([]string{"", "d1", "d2", "d3"}).Draw(w.T, "device")), Drained: w.number(0, 9) == 0}
	if role == Organiser {
		k.Account = "account" + strconv.Itoa(w.number(1, 2))
	}
	if len(w.tokens) > 0 && w.number(0, 2) > 0 {
		token := rapid.SampledFrom(w.tokens).Draw(w.T, "token")
		if w.number(0, 3) > 0 {
			k.Device, k.Account = token.device, token.Account
			if k.Role = Participant; k.Account != "" {
				k.Role = Organiser
			}
		}
		k.Resume, k.Media = &token.Resume, w.bool()
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

func (w *world) leave() {
	w.apply(Leave{Conn: w.anyConn(), Lost: w.bool(), Media: w.bool()})
}

// leads is somebody's connection and whether it is an organiser's.
func (w *world) leads() (Conn, bool) {
	conn := w.someone()
	p := w.room.participant(conn)
	return conn, p != nil && p.Role == Organiser
}

func (w *world) setRole() {
	conn, may := w.leads()
	id, role := w.anyID(), rapid.SampledFrom([]Role{Participant, Organiser, Organiser, "other"}).Draw(w.T, "role")
	before := w.roles[id]
	w.apply(SetRole{Conn: conn, Participant: id, Role: role})
	if p := w.room.named(id); p != nil && !may && p.Role != before {
		w.Fatalf("connection %d gave a role without the right to", conn)
	}
}

// voidAbsent ends the tokens of participants who are not inside.
func (w *world) voidAbsent() {
	for _, token := range w.tokens {
		if w.room.named(token.Participant) == nil && w.roles[token.Participant] != Organiser {
			w.void[token.Participant] = true
		}
	}
}

// remove has somebody try to send somebody out.
func (w *world) remove() {
	conn, may := w.leads()
	id := w.anyID()
	p := w.room.named(id)
	if may = may && p != nil && p.Role != Organiser; may {
		w.voidAbsent()
		w.void[id] = true
		w.keep(p.device)
	}
	w.apply(Remove{Conn: conn, Participant: id})
	if gone := w.room.named(id) == nil; p != nil && gone != may {
		w.Fatalf("removed: %v, allowed: %v", gone, may)
	}
}

// keep notes that a device is kept out from now on, and whoever has it.
func (w *world) keep(d Device) {
	if d == "" {
		return
	}
	w.kept[d] = true
	for _, p := range w.room.inside {
		if p.device == d && p.Role != Organiser {
			w.void[p.ID] = true
		}
	}
}

// sendBack has somebody try to send somebody to the lobby.
func (w *world) sendBack() {
	conn, may := w.leads()
	id := w.anyID()
	p := w.room.named(id)
	if may = may && p != nil && p.Role != Organiser; may {
		w.void[id], w.back[p.device] = true, true
		if c := w.client(p.conn); c != nil {
			c.sentBack = true
		}
	}
	w.apply(ToLobby{Conn: conn, Participant: id})
	if gone := w.room.named(id) == nil; p != nil && gone != may {
		w.Fatalf("sent back: %v, allowed: %v", gone, may)
	}
}

func (w *world) turnAway() {
	conn, may := w.leads()
	id := w.anyVisitor()
	v := w.room.inLobby(id)
	if may && v != nil {
		w.keep(v.device)
	}
	w.apply(TurnAway{Conn: conn, Visitor: id})
	if v != nil && may != (w.room.visitor(v.conn) == nil) {
		w.Fatalf("turned away: %v, allowed: %v", !may, may)
	}
}

func (w *world) pardon() {
	conn, may := w.leads()
	if may {
		clear(w.kept)
		clear(w.back)
	}
	w.apply(Pardon{Conn: conn})
}

func (w *world) emergency() {
	conn, may := w.leads()
	on := w.bool()
	if may && on {
		w.voidAbsent()
	}
	w.apply(Emergency{Conn: conn, On: on})
	for _, p := range w.room.inside {
		if may && p.Role != Organiser && p.Held != on {
			w.Fatalf("held: %v in an emergency that is on: %v", p.Held, on)
		}
	}
	if may && on && !w.room.settings.Locked {
		w.Fatalf("the door is open in an emergency")
	}
}

func (w *world) end() {
	conn, may := w.leads()
	if w.number(0, 3) > 0 {
		return // not too often
	}
	n := len(w.room.inside)
	out := w.apply(End{Conn: conn})
	if begun := w.room.Begun(); may == begun && (may || n > 0) {
		w.Fatalf("the lesson is over: %v, allowed: %v", !begun, may)
	}
	if !may {
		return
	}
	e, _ := told(out, conn).(Ended)
	if e.Reason != LessonOver || e.Report == nil || !e.Report.Verified || e.Report.Participants != n {
		w.Fatalf("the organiser was told %+v", e)
	}
}

// restore has the bridge die and another one take the room over from its record.
func (w *world) restore() {
	if w.number(0, 2) > 0 {
		return // not too often
	}
	r, code := w.room.Record(), w.code
	for _, c := range w.clients {
		c.phase = over
	}
	notice := w.room.notice
	w.room = New(w.rules, w.draws)
	w.room.notice = notice
	if r.Epoch == "" {
		return
	}
	hash := r.CodeHash
	if r.Code != "" {
		hash = "hash of " + string(r.Code)
	}
	w.restored = true
	clear(w.forwards)
	w.apply(Restore{Epoch: r.Epoch, Owner: r.Owner, CodeHash: hash, Settings: r.Settings, Emergency: r.Emergency, Organisers: r.Organisers,
		Removed: r.Removed, Seats: r.Seats, Opens: func(c Code) bool { return "hash of "+string(c) == hash }})
	w.hands = 0 // numbers of hands that are down again are not in the record
	for _, p := range w.room.absent() {
		w.hands = max(w.hands, p.Hand)
	}
	again := w.room.Record()
	if w.rules.CodeRequired && hash == "" {
		w.Fatalf("a room without a code where one is required")
	}
	r.Participants, r.Code, r.CodeHash = 0, "", hash
	if hash != "" && w.code != code {
		w.Fatalf("the restored room has another code")
	}
	if !reflect.DeepEqual(again, r) {
		w.Fatalf("the restored room has another record")
	}
}

// pass lets seconds pass, or minutes.
func (w *world) pass() {
	unit := rapid.SampledFrom([]time.Duration{time.Second, time.Second, time.Minute}).Draw(w.T, "unit")
	w.now = w.now.Add(time.Duration(w.number(0, 40)) * unit)
	w.tick()
}

func (w *world) tick() {
	w.apply(Tick{})
	if next := w.room.Next(); !next.IsZero() && !next.After(w.now) {
		w.Fatalf("somebody is still waited for")
	}
}

func (w *world) setState() {
	conn, s := w.someone(), State{Mic: w.bool(), Camera: w.bool(), Screen: w.bool()}
	if c := w.client(conn); c != nil {
		c.own = s
	}
	w.apply(SetState{Conn: conn, State: s})
}

func (w *world) endAccount() {
	if w.number(0, 2) > 0 {
		return // not too often
	}
	ended := "account" + strconv.Itoa(w.number(1, 2))
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
func (w *world) apply(in Input) []Output {
	epoch, before := w.room.epoch, ids(w.room.people())
	out := w.room.Apply(w.now, in)
	if code := w.present(); code != w.code {
		w.code = code
		w.codeNo++
		if code != "" && !slices.Contains(w.codes, code) {
			w.codes = append(w.codes, code)
		}
	}
	if l, ok := in.(Leave); ok {
		if c := w.client(l.Conn); c != nil {
			c.phase = over
		}
	}
	for _, o := range out {
		switch e := o.Event.(type) {
		case Begun:
			w.begun(in, e)
		case Over:
			epoch = ""
			w.forget()
			if w.room.epoch == "" && !w.room.blank() {
				w.Fatalf("something of the old lesson remains")
			}
		case Left:
			delete(w.forwards, e.ID)
		case Forward:
			if len(o.To) != 0 {
				w.Fatalf("a rule of forwarding was told to somebody")
			}
			w.forwards[e.ID] = e
		}
		w.privacy(o)
		for _, conn := range o.To {
			w.tell(conn, o.Event, in, epoch)
		}
	}
	if l, ok := in.(Leave); ok && l.Lost && l.Media && !slices.Equal(before, ids(w.room.people())) {
		w.Fatalf("somebody is gone whose media go on")
	}
	return out
}

func (w *world) begun(in Input, e Begun) {
	if k, ok := in.(Knock); ok && (k.Drained || k.Owner != "" && k.Owner != k.Account) {
		w.Fatalf("a room began although none may")
	}
	_, restored := in.(Restore)
	if !restored && slices.ContainsFunc(w.tokens, func(r issued) bool { return r.Epoch == e.Epoch }) {
		w.Fatalf("an epoch came twice")
	}
}

// privacy checks who is told what only some may know.
func (w *world) privacy(o Output) {
	switch e := o.Event.(type) {
	case CodeChanged, VisitorCame, VisitorGone:
		for _, conn := range o.To {
			if c := w.client(conn); c == nil || c.phase != inside || w.roles[c.self] != Organiser {
				w.Fatalf("%T to connection %d, which is no organiser's", e, conn)
			}
		}
	case Said:
		from := w.room.named(e.Message.From)
		if !w.room.open() || from.Held || from.Role != Organiser && from.Except.Chat != Yes && !(w.room.settings.Chat && from.Except.Chat != No) {
			w.Fatalf("somebody wrote without a right to")
		}
		if to := w.room.named(e.Message.To); to != nil && !w.room.settings.PrivateChat && from.Role != Organiser && to.Role != Organiser {
			w.Fatalf("participants wrote to one another")
		}
	case Reacted:
		if !w.room.open() || w.room.named(e.ID).Held {
			w.Fatalf("somebody reacted without a right to")
		}
	case PersonChanged:
		if before := w.hands; e.Person.Hand > before {
			w.hands = e.Person.Hand
		}
	}
}

// present is the code that lets in now.
func (w *world) present() Code {
	if w.room.hidden != nil {
		return w.code
	}
	return w.room.code
}

// tell lets a client know. Epoch is the one the room had before the input, empty if it was reset since.
func (w *world) tell(conn Conn, e Event, in Input, epoch string) {
	c := w.client(conn)
	if p, ok := e.(Problem); ok { // also answers inputs that come late
		if c != nil {
			c.correct(p)
		}
		return
	}
	if c == nil || c.phase == over {
		w.Fatalf("%T to connection %d, which is not there", e, conn)
	}
	switch e := e.(type) {
	case Door:
		c.atDoor(w, e)
		if w.returns(c, in, epoch, c.id()) && w.room.dormant {
			c.pass = true
		}
	case Refused:
		c.phase = over
		if _, let := in.(Admit); let { // there was no room, but the organiser's word holds
			delete(w.void, cmp.Or(c.self, c.id()))
			delete(w.back, c.knock.Device)
		}
	case Ended:
		c.phase = over
		if k, ok := in.(Knock); ok && e.Reason == Replaced { // who comes takes the place, wherever that is
			to := w.client(k.Conn)
			to.sentBack, to.pass = c.sentBack, c.pass
		}
	case Admitted:
		w.admitted(c, e, in, epoch)
	case Noticed:
		if !e.At.Equal(w.room.notice) {
			w.Fatalf("connection %d was told another time", conn)
		}
	default:
		if c.phase != inside {
			w.Fatalf("%T to connection %d, which is not inside", e, conn)
		}
		c.hear(w, e)
	}
}

// correct takes back what was not allowed.
func (c *client) correct(p Problem) {
	switch p.Code {
	case MicNotAllowed:
		c.own.Mic = false
	case CameraNotAllowed:
		c.own.Camera = false
	case ScreenNotAllowed:
		c.own.Screen = false
	}
}

// hear is what only those inside are told.
func (c *client) hear(w *world, e Event) {
	switch e := e.(type) {
	case Joined:
		c.roster = append(c.roster, e.Person)
		slices.SortFunc(c.roster, func(a, b Person) int { return cmp.Compare(a.Place, b.Place) })
	case Left:
		c.roster = slices.DeleteFunc(c.roster, func(p Person) bool { return p.ID == e.ID })
	case StateChanged:
		c.person(e.ID).State = e.State
	case PersonChanged:
		p := c.person(e.Person.ID)
		if e.Person.Hand != 0 && e.Person.Hand != p.Hand && e.Person.Hand < w.hands {
			w.Fatalf("a hand went up before others that were up")
		}
		if w.roles[p.ID] = e.Person.Role; p.ID == c.self && e.Person.Role != Organiser {
			c.lobby = nil
		}
		*p = e.Person
	case AwayChanged:
		c.person(e.ID).Away = e.Away
	case Said:
		if e.Message.To != "" && e.Message.To != c.self && e.Message.From != c.self {
			w.Fatalf("connection %d read what was for another", c.conn)
		}
		c.chat = append(c.chat, e.Message)
	case SettingsChanged:
		c.settings = e.Settings
	case EmergencyChanged:
		c.emergency = e.On
	case Paused:
		c.paused = !e.Until.IsZero()
	case Muted:
		if on := c.own.of(e.Source); !*on {
			w.Fatalf("connection %d was muted twice", c.conn)
		} else {
			*on = false
		}
	case VisitorCame:
		if i := slices.IndexFunc(c.lobby, func(v Visitor) bool { return v.ID == e.Visitor.ID }); i >= 0 {
			c.lobby[i] = e.Visitor
		} else {
			c.lobby = append(c.lobby, e.Visitor)
		}
	case VisitorGone:
		c.lobby = slices.DeleteFunc(c.lobby, func(v Visitor) bool { return v.ID == e.ID })
	case CodeChanged, Reacted:
	default:
		w.Fatalf("%T to connection %d", e, c.conn)
	}
}

func (c *client) person(id string) *Person {
	for i := range c.roster {
		if c.roster[i].ID == id {
			return &c.roster[i]
		}
	}
	return &Person{}
}

func (c *client) atDoor(w *world, d Door) {
	if c.phase == inside && !c.sentBack {
		c.pass = true
	}
	if d.Wrong && sameCode(c.tried, w.code) {
		w.Fatalf("the right code of connection %d was called wrong", c.conn)
	}
	if c.phase = phase(d.State); c.phase == lobby && !c.sentBack {
		if sameCode(c.tried, w.present()) {
			c.knew = w.codeNo
		}
	}
}

// id is who the client's token names, empty for none.
func (c *client) id() string {
	if c.knock.Resume == nil {
		return ""
	}
	return c.knock.Resume.Participant
}

// returns says whether the input is the client's own knock, with a good token of that participant.
func (w *world) returns(c *client, in Input, epoch, id string) bool {
	k := c.knock
	return reflect.DeepEqual(in, Input(k)) && k.Resume != nil && epoch != "" && k.Resume.Epoch == epoch && k.Resume.Account == k.Account &&
		k.Resume.Participant == id && !w.void[id] &&
		(w.restored || slices.ContainsFunc(w.tokens, func(t issued) bool { return t.Participant == id && t.device == k.Device }))
}

// admitted checks that the client had a right to come in.
func (w *world) admitted(c *client, a Admitted, in Input, epoch string) {
	k, id := c.knock, a.Self.ID
	resumed := w.returns(c, in, epoch, id)
	organiser := w.led && w.room.open()
	leads := k.Role == Organiser && k.Account == w.room.owner
	codeRight := k.Free || w.present() == "" || c.knew == w.codeNo || sameCode(c.tried, w.present())
	invited := organiser && !w.room.settings.Locked && codeRight && (k.Free || !w.room.settings.Lobby) && (k.Free || !w.back[k.Device] || k.Device == "")
	by, isAdmit := in.(Admit)
	let := isAdmit && organiser && (c.sentBack || c.phase == lobby) && w.client(by.Conn) != nil
	pass := c.pass && organiser
	if !resumed && !leads && !invited && !let && !pass {
		w.Fatalf("connection %d came in without a right to", c.conn)
	}
	if k.Device != "" && w.kept[k.Device] && !leads {
		w.Fatalf("connection %d came in with a device that is kept out", c.conn)
	}
	if let {
		delete(w.void, id)
		delete(w.back, k.Device)
	}
	if a.Media && (!resumed || !k.Media || !a.Back) {
		w.Fatalf("connection %d got media that nobody left it", c.conn)
	}
	role := cmp.Or(w.roles[id], Participant)
	if leads {
		role = Organiser
	}
	if a.Self.Role != role {
		w.Fatalf("connection %d came in as %s, not as %s", c.conn, a.Self.Role, role)
	}
	if role == Organiser {
		w.led = true
	} else if a.Code != "" || a.Lobby != nil {
		w.Fatalf("connection %d was told the code or the lobby", c.conn)
	}
	if !w.led && !w.restored {
		w.Fatalf("connection %d came in before any organiser", c.conn)
	}
	if f, known := w.forwards[id]; !known || f.Organiser != (role == Organiser) {
		w.Fatalf("connection %d came in before its media were settled", c.conn)
	}
	w.roles[id] = role
	*c = client{conn: c.conn, knock: k, phase: inside, self: id, own: a.Self.State, roster: a.People, chat: a.History, lobby: a.Lobby,
		settings: a.Settings, emergency: a.Emergency, paused: !a.PausedUntil.IsZero()}
	w.tokens = append(w.tokens, issued{a.Resume, k.Device})
}

// check compares the room with the rules and with what the clients know.
func (w *world) check() {
	r := w.room
	if n := len(r.inside); n > w.rules.MaxParticipants+1 || len(conns(r.inside, everyone)) > n || len(r.door) > MaxVisitors+n+w.rules.MaxParticipants {
		w.Fatalf("%d inside, %d at the door", n, len(r.door))
	}
	if r.epoch != "" && r.code == "" && r.hidden == nil && w.rules.CodeRequired {
		w.Fatalf("the room has no code")
	}
	if paused := r.epoch != "" && !r.open(); paused == r.pausedSince.IsZero() || r.dormant && len(r.inside) > 0 {
		w.Fatalf("paused: %v since %v, dormant %v with %d inside", paused, r.pausedSince, r.dormant, len(r.inside))
	}
	if r.epoch != "" && len(r.inside) == 0 && r.Next().IsZero() {
		w.Fatalf("a lesson without an end")
	}
	for _, p := range r.inside {
		if f := w.forwards[p.ID]; f != w.allowed(p) {
			w.Fatalf("forwarded is %+v, allowed %+v", f, w.allowed(p))
		}
		if slices.ContainsFunc(r.visitors(), func(v Visitor) bool { return v.ID == p.ID }) || r.visitor(p.conn) != nil {
			w.Fatalf("somebody is inside and at the door")
		}
	}
	for _, c := range w.clients {
		if c.phase != over || r.participant(c.conn) != nil || r.visitor(c.conn) != nil {
			w.checkClient(c)
		}
	}
}

// allowed is what may be forwarded of somebody, by the words of the rules.
func (w *world) allowed(p *participant) Forward {
	s, f := w.room.settings, Forward{ID: p.ID, Organiser: p.Role == Organiser}
	right := func(e Exception, rule bool) bool {
		return p.Role == Organiser || !p.Held && (e == Yes || e == ByRule && rule)
	}
	if !w.room.open() {
		return f
	}
	if p.State.Mic && right(p.Except.Microphone, s.Microphones) {
		f.Microphone = Everyone
	}
	if p.State.Screen && right(p.Except.Screen, s.Screens) {
		f.Screen = Everyone
	}
	if p.State.Camera && right(p.Except.Camera, s.Cameras) {
		if f.Camera = Organisers; right(p.Except.Shown, s.CamerasTo == Everyone) {
			f.Camera = Everyone
		}
	}
	return f
}

func (w *world) checkClient(c *client) {
	r := w.room
	p, v := r.participant(c.conn), r.visitor(c.conn)
	want := over
	switch {
	case p != nil:
		want = inside
	case v == nil:
	case !r.open():
		want = waiting
	case c.sentBack:
		want = lobby
	case r.settings.Locked:
		want = locked
	case !c.knock.Free && w.present() != "" && c.knew != w.codeNo:
		want = asked
	default:
		want = lobby
	}
	if c.phase != want {
		w.Fatalf("connection %d believes to be in phase %s, is in %s", c.conn, c.phase, want)
	}
	if p != nil {
		w.checkInside(c, p)
	}
}

func (w *world) checkInside(c *client, p *participant) {
	r, people := w.room, w.room.people()
	c.person(p.ID).State = c.own // its own is not told
	if c.self != p.ID || !slices.Equal(c.roster, people) {
		w.Fatalf("connection %d knows of %+v, inside are %+v", c.conn, c.roster, people)
	}
	if c.settings != r.settings || c.emergency != r.emergency || c.paused != !r.pausedSince.IsZero() {
		w.Fatalf("connection %d believes in %+v, emergency %v, paused %v", c.conn, c.settings, c.emergency, c.paused)
	}
	if p.Role == Organiser && !slices.Equal(c.lobby, r.visitors()) {
		w.Fatalf("connection %d believes that %d are in the lobby, there are %d", c.conn, len(c.lobby), len(r.visitors()))
	}
	if p.Held && (p.Role == Organiser || p.State != State{}) {
		w.Fatalf("an organiser is held, or something is on of who is")
	}
	if p.Role != Organiser && w.kept[p.device] && p.device != "" {
		w.Fatalf("somebody is inside with a device that is kept out")
	}
	if !slices.Equal(c.chat, r.history.of(p.ID)) {
		w.Fatalf("connection %d has read %d messages, there are %d", c.conn, len(c.chat), len(r.history.of(p.ID)))
	}
}

func ids(people []Person) []string {
	var ids []string
	for _, p := range people {
		ids = append(ids, p.ID)
	}
	return ids
}
