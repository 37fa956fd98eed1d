package room

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// begun is a room that organiser 1 has begun, and the time.
func begun(t interface {
	Helper()
	Fatalf(string, ...any)
}, rules Rules) (*Room, time.Time) {
	t.Helper()
	r := New(rules, rand.NewChaCha8([32]byte{1}))
	out := r.Apply(noon, Knock{Conn: 1, Name: "Frau Ahorn", RoomName: "Klasse-5a", Role: Organiser, Account: "a"})
	if _, in := told(out, 1).(Admitted); !in {
		t.Fatalf("the first organiser was told %T", told(out, 1))
	}
	return r, noon
}

func defaults() Rules {
	return Rules{MaxParticipants: 70, CodeRequired: true, ScreenShare: ScreenShareOrganisers}
}

// told is the last event that reached the connection, nil if none did.
func told(out []Output, c Conn) Event {
	for _, o := range slices.Backward(out) {
		if slices.Contains(o.To, c) {
			return o.Event
		}
	}
	return nil
}

func want[E Event](t *testing.T, out []Output, c Conn) E {
	t.Helper()
	e, ok := told(out, c).(E)
	if !ok {
		t.Fatalf("connection %d was told %T, want %T", c, told(out, c), *new(E))
	}
	return e
}

func TestCodeIsAskedFromThoseWhoWaitedToo(t *testing.T) {
	r := New(defaults(), rand.NewChaCha8([32]byte{}))
	want[Door](t, r.Apply(noon, Knock{Conn: 2, Name: "Mia", Role: Participant}), 2)
	out := r.Apply(noon, Knock{Conn: 1, Name: "Frau Ahorn", Role: Organiser, Account: "a"})
	if d := want[Door](t, out, 2); d.State != ForCode {
		t.Fatal("who waited was not asked for the code")
	}
	want[Admitted](t, r.Apply(noon, EnterCode{Conn: 2, Code: r.code}), 2)
}

func TestCodeGivenWhileWaitingIsLookedAtOnce(t *testing.T) {
	r, now := begun(t, defaults())
	code := r.code
	r.Apply(now, Knock{Conn: 2, Name: "Mia", Role: Participant, Code: code})
	r.Apply(now, Leave{Conn: 1}) // the organiser goes, Mia keeps the room alive
	for conn, given := range map[Conn]Code{3: code, 4: "wrong", 5: ""} {
		if d := want[Door](t, r.Apply(now, Knock{Conn: conn, Role: Participant, Code: given}), conn); d.State == ForCode {
			t.Fatal("the door is open without an organiser")
		}
	}
	out := r.Apply(now, Knock{Conn: 6, Role: Organiser, Account: "a"})
	want[Admitted](t, out[:slices.IndexFunc(out, func(o Output) bool { _, is := o.Event.(Admitted); return is && o.To[0] == 3 })+1], 3)
	if d := want[Door](t, out, 4); !d.Wrong {
		t.Fatal("the wrong code was not called wrong")
	}
	if d := want[Door](t, out, 5); d.Wrong || d.State != ForCode {
		t.Fatalf("who gave no code was told %+v", d)
	}
}

func TestResume(t *testing.T) {
	first := func() (*Room, Resume) {
		r, now := begun(t, Rules{MaxParticipants: 2, CodeRequired: true})
		return r, want[Admitted](t, r.Apply(now, Knock{Conn: 2, Name: "Mia", Role: Participant, Code: r.code}), 2).Resume
	}
	tests := []struct {
		name   string
		before func(*Room)
		change func(*Knock)
		inside bool
	}{
		{name: "replaces the old connection", inside: true},
		{name: "after the connection was lost", before: func(r *Room) { r.Apply(noon, Leave{Conn: 2, Lost: true}) }, inside: true},
		{name: "without an organiser", before: func(r *Room) { r.Apply(noon, Leave{Conn: 1}) }, inside: true},
		{name: "while the empty room lingers", before: func(r *Room) {
			r.Apply(noon, Leave{Conn: 1})
			r.Apply(noon, Leave{Conn: 2, Lost: true})
			r.Apply(noon.Add(Linger-1), Tick{})
		}, inside: true},
		{name: "after lingering", before: func(r *Room) {
			r.Apply(noon, Leave{Conn: 1})
			r.Apply(noon, Leave{Conn: 2, Lost: true})
			r.Apply(noon.Add(Linger), Tick{})
		}},
		{name: "after the reset", before: func(r *Room) {
			r.Apply(noon, Leave{Conn: 2})
			r.Apply(noon, Leave{Conn: 1})
		}},
		{name: "in the next room", before: func(r *Room) {
			r.Apply(noon, Leave{Conn: 2})
			r.Apply(noon, Leave{Conn: 1})
			r.Apply(noon, Knock{Conn: 3, Role: Organiser, Account: "a"})
		}},
		{name: "after the organiser came back on another device", before: func(r *Room) {
			r.Apply(noon, Leave{Conn: 1})
			r.Apply(noon, Leave{Conn: 2, Lost: true})
			r.Apply(noon, Knock{Conn: 3, Role: Organiser, Account: "a"})
		}, inside: true},
		{name: "with another device", change: func(k *Knock) { k.Device = "other" }},
		{name: "another epoch", change: func(k *Knock) { k.Resume.Epoch = "other" }},
		{name: "empty epoch after the reset", before: func(r *Room) {
			r.Apply(noon, Leave{Conn: 2})
			r.Apply(noon, Leave{Conn: 1})
		}, change: func(k *Knock) { k.Resume.Epoch = "" }},
		{name: "token of another account", change: func(k *Knock) { k.Resume.Account = "b" }},
		{name: "place taken in a full room", before: func(r *Room) {
			r.Apply(noon, Leave{Conn: 2, Lost: true})
			r.Apply(noon, Knock{Conn: 3, Role: Organiser, Account: "a"})
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r, token := first()
			id := token.Participant
			if tt.before != nil {
				tt.before(r)
			}
			k := Knock{Conn: 9, Name: "Mia", Role: Participant, Resume: &token}
			if tt.change != nil {
				tt.change(&k)
			}
			out := r.Apply(noon, k)
			a, inside := told(out, 9).(Admitted)
			if inside != tt.inside {
				t.Fatalf("told %T, want inside: %v", told(out, 9), tt.inside)
			}
			if inside && a.Self.ID != id {
				t.Fatalf("came back as somebody else")
			}
		})
	}
}

func TestReplacedConnectionHasNoSay(t *testing.T) {
	r, now := begun(t, defaults())
	token := want[Admitted](t, r.Apply(now, Knock{Conn: 2, Role: Participant, Code: r.code}), 2).Resume
	out := r.Apply(now, Knock{Conn: 3, Role: Participant, Resume: &token})
	if e := want[Ended](t, out, 2); e.Reason != Replaced {
		t.Fatalf("the old connection was ended with %s", e.Reason)
	}
	if a := want[Admitted](t, out, 3); a.Replaced != 2 || len(a.People) != 2 {
		t.Fatalf("replaced %d, %d people", a.Replaced, len(a.People))
	}
	if want[Problem](t, r.Apply(now, Say{Conn: 2, Text: "?"}), 2).Code != NotAllowed {
		t.Fatal("the old connection was heard")
	}
	r.Apply(now, Leave{Conn: 2, Lost: true})
	if r.Participants() != 2 {
		t.Fatal("the end of the old connection took the new one along")
	}
}

func TestCodeMayBeRemovedWhereAllowed(t *testing.T) {
	for _, required := range []bool{true, false} {
		t.Run(fmt.Sprintf("required %v", required), func(t *testing.T) {
			r, now := begun(t, Rules{MaxParticipants: 70, CodeRequired: required})
			r.Apply(now, Knock{Conn: 2, Role: Participant})
			out := r.Apply(now, SetCode{Conn: 1})
			if required {
				if p := want[Problem](t, out, 1); p.Code != CodeInvalid || r.code == "" {
					t.Fatalf("told %+v", p)
				}
				return
			}
			if want[Admitted](t, out, 2).Code != "" {
				t.Fatal("there is a code")
			}
			want[Admitted](t, r.Apply(now, Knock{Conn: 3, Role: Participant}), 3)
			r.Apply(now, SetCode{Conn: 1, Code: "Igel-17"})
			if d := want[Door](t, r.Apply(now, Knock{Conn: 4, Role: Participant}), 4); d.State != ForCode {
				t.Fatal("no code is asked for")
			}
		})
	}
}

func TestOneVisitorsGuesses(t *testing.T) {
	r, now := begun(t, defaults())
	r.Apply(now, Knock{Conn: 2, Role: Participant})
	for i, wait := range []time.Duration{0, 0, 2, 4, 8, 16, 32, 60, 60} {
		d := want[Door](t, r.Apply(now, EnterCode{Conn: 2, Code: "wrong"}), 2)
		if !d.Wrong || d.RetryAfter != wait*time.Second {
			t.Fatalf("attempt %d: told %+v, want to wait %d s", i+1, d, wait)
		}
		if wait > 0 {
			d = want[Door](t, r.Apply(now.Add(d.RetryAfter-1), EnterCode{Conn: 2, Code: r.code}), 2)
			if d.Wrong || d.RetryAfter != 1 {
				t.Fatalf("attempt %d too early: told %+v", i+1, d)
			}
		}
		now = now.Add(wait * time.Second)
	}
	want[Admitted](t, r.Apply(now, EnterCode{Conn: 2, Code: r.code}), 2)
}

// guessAway reconnects with wrong codes until none is looked at any more, and returns how many were.
func guessAway(r *Room, now time.Time, from Source, conn Conn) int {
	for n := 0; ; n++ {
		out := r.Apply(now, Knock{Conn: conn, Source: from, Role: Participant, Code: "wrong"})
		r.Apply(now, Leave{Conn: conn})
		if d, ok := told(out, conn).(Door); !ok || !d.Wrong {
			return n
		}
	}
}

func TestOneSourceDoesNotStarveTheOthers(t *testing.T) {
	r, now := begun(t, defaults())
	for range 90 { // a lesson with a guesser in it who never stops
		if n := guessAway(r, now, "guesser", 2); n > sourceSize {
			t.Fatalf("%d guesses of one source were looked at", n)
		}
		now = now.Add(time.Minute)
	}
	guessAway(r, now, "guesser", 2)
	if d := want[Door](t, r.Apply(now, Knock{Conn: 3, Source: "guesser", Role: Participant, Code: r.code}), 3); d.State != ForAdmission {
		t.Fatalf("the guesser's own source is told %+v", d)
	}
	for i := range 30 { // a class behind one address mistypes twice each
		conn := Conn(10 + i)
		r.Apply(now, Knock{Conn: conn, Source: "school", Role: Participant, Code: "wrong"})
		r.Apply(now, EnterCode{Conn: conn, Code: "wrong"})
		want[Admitted](t, r.Apply(now, EnterCode{Conn: conn, Code: r.code}), conn)
	}
}

// TestAGuesserKeepsNoClassOut: somebody at the school's address uses up all guesses and goes on. Pupils who know the code come to the lobby, and the
// teacher lets them in; the guesser learns nothing, and is not among those who are admitted together.
func TestAGuesserKeepsNoClassOut(t *testing.T) {
	const pupil, other, guesser Conn = 20, 21, 30
	r, now := begun(t, defaults())
	guessAway(r, now, "school", guesser)
	for _, c := range []Conn{pupil, other} {
		out := r.Apply(now, Knock{Conn: c, Name: "Mia", Source: "school", Role: Participant, Code: r.code})
		if d := want[Door](t, out, c); d.State != ForAdmission || d.Wrong {
			t.Fatalf("a pupil is told %+v", d)
		}
		if v := want[VisitorCame](t, out, 1).Visitor; !v.Unchecked {
			t.Error("the organiser does not see that no code was looked at")
		}
	}
	right := r.Apply(now, Knock{Conn: guesser, Source: "school", Role: Participant, Code: r.code})
	wrong := r.Apply(now, Knock{Conn: guesser + 1, Source: "school", Role: Participant, Code: "wrong"})
	if a, b := want[Door](t, right, guesser), want[Door](t, wrong, guesser+1); a != b {
		t.Errorf("the guesser learns something: %+v, %+v", a, b)
	}
	r.Apply(now, Admit{Conn: 1})
	if n := r.Participants(); n != 1 {
		t.Errorf("%d are inside after all were admitted", n)
	}
	a := want[Admitted](t, r.Apply(now, Knock{Conn: 2, Role: Organiser, Account: "a"}), 2)
	if len(a.Lobby) != 4 || !a.Lobby[0].Unchecked {
		t.Errorf("an organiser who comes later sees %d, of the first %v", len(a.Lobby), a.Lobby[0].Unchecked)
	}
	want[Admitted](t, r.Apply(now, Admit{Conn: 1, Visitor: r.visitor(pupil).id}), pupil)
	// With another code, codes are looked at again, as far as there are guesses by then.
	now = now.Add(sourceRefill)
	if d := want[Door](t, r.Apply(now, NewCode{Conn: 1}), other); d.State != ForCode {
		t.Errorf("after a new code: %+v", d)
	}
	want[Admitted](t, r.Apply(now, EnterCode{Conn: other, Code: r.code}), other)
}

// TestNoCodeToLookAt: who waits in the lobby with a code that was not looked at waits like all others once the room has none.
func TestNoCodeToLookAt(t *testing.T) {
	const pupil, checked, guesser Conn = 20, 21, 30
	r, now := begun(t, Rules{MaxParticipants: 70})
	r.Apply(now, SetCode{Conn: 1, Code: "482713"})
	r.Apply(now, ChangeSettings{Conn: 1, Change: SettingsChange{Lobby: &on}})
	out := r.Apply(now, Knock{Conn: checked, Source: "home", Role: Participant, Code: r.code})
	if want[VisitorCame](t, out, 1).Visitor.Unchecked {
		t.Error("the code was looked at, the organiser is told otherwise")
	}
	guessAway(r, now, "school", guesser)
	id := want[VisitorCame](t, r.Apply(now, Knock{Conn: pupil, Source: "school", Role: Participant, Code: r.code}), 1).Visitor.ID
	out = r.Apply(now, SetCode{Conn: 1})
	if v := want[VisitorCame](t, out, 1).Visitor; v.ID != id || v.Unchecked {
		t.Errorf("the organiser is told %v", v.Unchecked)
	}
	want[Admitted](t, r.Apply(now, Admit{Conn: 1}), pupil)
}

func TestSourcesAreForgotten(t *testing.T) {
	r, now := begun(t, defaults())
	for i := range 100 {
		now = now.Add(sourceRefill)
		r.Apply(now, Knock{Conn: 2, Source: Source(fmt.Sprint(i)), Role: Participant, Code: "wrong"})
		r.Apply(now, Leave{Conn: 2})
	}
	if n := len(r.guesses.sources); n > 1 {
		t.Errorf("%d sources are kept", n)
	}
}

func TestNoSourceTakesTheWholeDoor(t *testing.T) {
	r, now := begun(t, defaults())
	conn := Conn(1)
	knock := func(from Source) []Output {
		conn++
		return r.Apply(now, Knock{Conn: conn, Source: from, Role: Participant})
	}
	for range MaxVisitors {
		want[Door](t, knock("crowd"), conn)
	}
	if want[Refused](t, knock("crowd"), conn).Reason != Busy {
		t.Fatal("refused for another reason")
	}
	last := Conn(MaxVisitors + 1)
	for i := range 70 {
		out := knock("school")
		want[Door](t, out, conn)
		if want[Refused](t, out, last-Conn(i)).Reason != Busy {
			t.Fatal("refused for another reason")
		}
	}
	if r.Visitors() != MaxVisitors {
		t.Fatalf("%d visitors", r.Visitors())
	}
	for range 300 { // however many come from however many sources: a class keeps its places
		knock(Source(fmt.Sprint(conn)))
	}
	count := map[Source]int{}
	for _, v := range r.door {
		count[v.source]++
	}
	if count["school"] != crowd || count["crowd"] != crowd {
		t.Errorf("%d of the school and %d of the crowd are left", count["school"], count["crowd"])
	}
}

func TestFullRoomAndFullDoor(t *testing.T) {
	r, now := begun(t, Rules{MaxParticipants: 2, CodeRequired: true})
	want[Admitted](t, r.Apply(now, Knock{Conn: 2, Role: Participant, Code: r.code}), 2)
	for conn, k := range map[Conn]Knock{3: {Role: Organiser, Account: "a"}, 4: {Role: Participant, Code: r.code}} {
		k.Conn = conn
		if want[Refused](t, r.Apply(now, k), conn).Reason != RoomFull {
			t.Fatal("refused for another reason")
		}
	}
	for i := range MaxVisitors {
		want[Door](t, r.Apply(now, Knock{Conn: Conn(10 + i), Role: Participant}), Conn(10+i))
	}
	if want[Refused](t, r.Apply(now, Knock{Conn: 999, Role: Participant}), 999).Reason != Busy {
		t.Fatal("refused for another reason")
	}
}

func TestFreeVisitorsNeedAnOrganiserAllTheSame(t *testing.T) {
	r := New(defaults(), rand.NewChaCha8([32]byte{}))
	if d := want[Door](t, r.Apply(noon, Knock{Conn: 2, Role: Participant, Free: true}), 2); d.State == ForCode {
		t.Fatal("the door is open")
	}
	out := r.Apply(noon, Knock{Conn: 1, Role: Organiser, Free: true})
	if !slices.ContainsFunc(out, func(o Output) bool { _, is := o.Event.(Admitted); return is && o.To[0] == 2 }) {
		t.Fatal("not let in")
	}
}

func TestAccountEnded(t *testing.T) {
	r, now := begun(t, defaults())
	r.Apply(now, Knock{Conn: 2, Role: Participant, Code: r.code})
	r.Apply(now, Knock{Conn: 3, Role: Participant})
	out := r.Apply(now, EndAccounts{Ended: func(a string) bool { return a == "a" }})
	if want[Ended](t, out, 1).Reason != AccountDisabled {
		t.Fatal("ended for another reason")
	}
	want[Paused](t, out, 2)
	if d := want[Door](t, out, 3); d.State == ForCode {
		t.Fatal("the door stayed open")
	}
	if out := r.Apply(now, EndAccounts{Ended: func(string) bool { return true }}); len(out) != 0 {
		t.Fatalf("participants have no account, told %d events", len(out))
	}
}

func TestHistoryIsBounded(t *testing.T) {
	t.Run("messages", func(t *testing.T) {
		var h history
		for range MaxHistory + 5 {
			h.add(Message{Name: "n", Text: "t"})
		}
		if len(h.messages) != MaxHistory || h.messages[0].ID != "6" {
			t.Fatalf("%d messages, the first is %s", len(h.messages), h.messages[0].ID)
		}
	})
	t.Run("bytes", func(t *testing.T) {
		var h history
		for range 20 {
			h.add(Message{Text: Text(strings.Repeat("ä", 2000))})
		}
		if h.bytes > MaxHistoryBytes || len(h.messages) != MaxHistoryBytes/4000 {
			t.Fatalf("%d messages of %d bytes", len(h.messages), h.bytes)
		}
	})
}

func TestSameCode(t *testing.T) {
	for _, tt := range []struct {
		set, entered Code
		want         bool
	}{
		{"482713", "482713", true},
		{"482713", "482 713", true},
		{"Igel 17", "igel17", true},
		{"482713", "482714", false},
		{"482713", "48271", false},
		{"482713", "", false},
		{"Igel-17", "Igel17", false},
	} {
		if sameCode(tt.entered, tt.set) != tt.want {
			t.Errorf("%q for %q: want %v", tt.entered, tt.set, tt.want)
		}
	}
}

func TestNewCode(t *testing.T) {
	t.Run("six digits", func(t *testing.T) {
		random := rand.NewChaCha8([32]byte{})
		seen := map[Code]bool{}
		for range 1000 {
			c := newCode(random)
			if len(c) != 6 || strings.Trim(string(c), "0123456789") != "" {
				t.Fatalf("a code of %d characters", len(c))
			}
			seen[c] = true
		}
		if len(seen) < 990 {
			t.Fatalf("only %d different codes of 1000", len(seen))
		}
	})
	t.Run("an uneven draw is drawn again", func(t *testing.T) {
		// 0xffffffff is above the largest multiple of a million, 41 is drawn next
		if c := newCode(bytes.NewReader([]byte{0xff, 0xff, 0xff, 0xff, 0, 0, 0, 41})); c != "000041" {
			t.Fatal("the uneven draw was used")
		}
	})
}

// TestNothingPrivateIsPrinted prints inputs, outputs and the room itself with every verb.
func TestNothingPrivateIsPrinted(t *testing.T) {
	const canary = "Kanarienvogel"
	r, now := begun(t, Rules{MaxParticipants: 9})
	r.Apply(now, SetCode{Conn: 1, Code: canary})
	values := []any{Knock{Name: canary, RoomName: canary, Code: canary}, EnterCode{Code: canary}, Say{Text: canary}, Code(canary), r}
	for _, o := range r.Apply(now, Knock{Conn: 2, Name: canary, Role: Participant, Code: canary}) {
		values = append(values, o)
	}
	for _, o := range r.Apply(now, Say{Conn: 2, Text: canary}) {
		values = append(values, o)
	}
	var log bytes.Buffer
	for _, v := range values {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d", "%t"} {
			fmt.Fprintf(&log, verb+"\n", v)
		}
		slog.New(slog.NewTextHandler(&log, nil)).Info("value", "value", v)
	}
	slog.New(slog.NewJSONHandler(&log, nil)).Info("code", "code", Code(canary))
	if strings.Contains(log.String(), canary) || strings.Contains(log.String(), fmt.Sprintf("%x", canary)) {
		t.Fatalf("something private was printed")
	}
	if b, err := json.Marshal(DisplayName(canary)); err != nil || !strings.Contains(string(b), canary) {
		t.Fatalf("JSON, which the wire needs, has %s, %v", b, err)
	}
}

// lock is the input that locks the door, or unlocks it.
func lock(c Conn, locked bool) Input {
	return ChangeSettings{Conn: c, Change: SettingsChange{Locked: &locked}}
}
