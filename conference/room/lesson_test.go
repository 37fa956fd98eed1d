package room

import (
	"slices"
	"testing"
	"time"
)

// Connections of the lesson that most tests begin with.
const (
	teacher Conn = 1
	mia     Conn = 2
	ben     Conn = 3
)

// lesson is a room with organiser teacher, whose account is "a", and the participants mia and ben.
type lesson struct {
	*testing.T
	*Room
	now time.Time
	// tokens are those that were issued, by connection, and devices those they were issued to.
	tokens  map[Conn]Resume
	devices map[Conn]Device
}

func newLesson(t *testing.T, rules Rules) *lesson {
	t.Helper()
	r, now := begun(t, rules)
	l := &lesson{T: t, Room: r, now: now, tokens: map[Conn]Resume{}, devices: map[Conn]Device{}}
	l.tokens[teacher] = Resume{Epoch: r.epoch, Participant: r.inside[0].ID, Role: Organiser, Account: "a"}
	l.enter(mia, "Mia", "tablet-2")
	l.enter(ben, "Ben", "tablet-3")
	return l
}

// do applies an input at the lesson's time.
func (l *lesson) do(in Input) []Output { return l.Apply(l.now, in) }

// after lets time pass until the room's Ticks are done.
func (l *lesson) after(d time.Duration) []Output {
	end := l.now.Add(d)
	var out []Output
	for next := l.Next(); !next.IsZero() && !next.After(end); next = l.Next() {
		l.now = next
		out = append(out, l.do(Tick{})...)
	}
	l.now = end
	return out
}

// enter brings a participant in with the code.
func (l *lesson) enter(c Conn, name DisplayName, device Device) Admitted {
	l.Helper()
	a := want[Admitted](l.T, l.do(Knock{Conn: c, Name: name, Device: device, Role: Participant, Code: l.code}), c)
	l.tokens[c], l.devices[c] = a.Resume, device
	return a
}

// id is who has a connection, or had.
func (l *lesson) id(c Conn) string { return l.tokens[c].Participant }

// who is somebody inside.
func (l *lesson) who(c Conn) *participant {
	l.Helper()
	p := l.named(l.id(c))
	if p == nil {
		l.Fatalf("%d is not inside", c)
	}
	return p
}

// back is the knock of somebody who comes back with the token, on the same device.
func (l *lesson) back(c, as Conn) Knock {
	token := l.tokens[c]
	k := Knock{Conn: as, Device: l.devices[c], Role: Participant, Resume: &token}
	if token.Account != "" {
		k.Role, k.Account = Organiser, token.Account
	}
	return k
}

// set changes one of the settings.
func (l *lesson) set(change SettingsChange) []Output {
	return l.do(ChangeSettings{Conn: teacher, Change: change})
}

var (
	on, off      = true, false
	toOrganisers = Organisers
	toEveryone   = Everyone
)

// events are those of one type that reached a connection, in their order.
func events[E Event](out []Output, c Conn) []E {
	var list []E
	for _, o := range out {
		if e, is := o.Event.(E); is && slices.Contains(o.To, c) {
			list = append(list, e)
		}
	}
	return list
}

// one is the only event of its type that reached a connection.
func one[E Event](t *testing.T, out []Output, c Conn) E {
	t.Helper()
	list := events[E](out, c)
	if len(list) != 1 {
		t.Fatalf("connection %d was told %d times %T", c, len(list), *new(E))
	}
	return list[0]
}

// none fails if an event of the type reached a connection.
func none[E Event](t *testing.T, out []Output, c Conn) {
	t.Helper()
	if n := len(events[E](out, c)); n > 0 {
		t.Errorf("connection %d was told %d times %T", c, n, *new(E))
	}
}

// forwarded are the rules that were told last, by participant.
func forwarded(out []Output) map[string]Forward {
	rules := map[string]Forward{}
	for _, o := range out {
		if f, is := o.Event.(Forward); is {
			rules[f.ID] = f
		}
	}
	return rules
}

func problem(t *testing.T, out []Output, c Conn, code ProblemCode) {
	t.Helper()
	if p := one[Problem](t, out, c); p.Code != code {
		t.Errorf("the problem is %s, want %s", p.Code, code)
	}
}
