package server

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/coder/websocket"

	"github.com/medienzentrenverbund/kreisraum/conference/client"
	"github.com/medienzentrenverbund/kreisraum/conference/eventually"
	"github.com/medienzentrenverbund/kreisraum/conference/signaling"
)

// school is a county in which lessons are held, and somebody in them who has skipped the page and says whatever is of use.
type school struct {
	*county
	// teacher and other are logged in, each with an account of their own; anybody is not.
	teacher, other, anybody *http.Client
	rooms                   atomic.Int32
}

func newSchool(t *testing.T) *school {
	t.Helper()
	s := &school{county: newCounty(t)}
	s.ready(t, newAccount(t, "id-1", "ahorn-4827", "ein-passwort"), newAccount(t, "id-2", "birke-1234", "ein-passwort"))
	s.teacher, s.other, s.anybody = s.login(t, "ahorn-4827"), s.login(t, "birke-1234"), s.browser(t)
	return s
}

func (s *school) login(t *testing.T, account string) *http.Client {
	t.Helper()
	b := s.browser(t)
	if resp := post(t, b, "/api/login", fmt.Sprintf(`{"name":%q,"password":"ein-passwort"}`, account)); resp.StatusCode != http.StatusNoContent {
		t.Fatalf("login: %s", resp.Status)
	}
	return b
}

// lesson is one room with its organiser inside.
type lesson struct {
	*school
	room    string
	teacher *person
	code    signaling.Code
}

// lesson begins a lesson in a room of its own.
func (s *school) lesson(t *testing.T) *lesson {
	t.Helper()
	l := &lesson{school: s, room: fmt.Sprintf("klasse-%d", s.rooms.Add(1))}
	l.teacher = l.knock(t, s.teacher, signaling.Join{Name: "Frau Ahorn", Role: signaling.RoleOrganiser, Device: device(t, "teacher")})
	l.code = l.teacher.in(t).Room.Code
	return l
}

// over ends whatever lesson there is in the room.
func (l *lesson) over(t *testing.T) {
	t.Helper()
	p := l.knock(t, l.school.teacher, signaling.Join{Name: "Frau Ahorn", Role: signaling.RoleOrganiser})
	p.in(t)
	p.say(t, signaling.End{})
	expect[signaling.Ended](t, p.ws)
}

// pupil comes in with the code, and the organiser is told.
func (l *lesson) pupil(t *testing.T, name string) *person {
	t.Helper()
	p := l.knock(t, l.anybody, signaling.Join{Name: signaling.DisplayName(name), Role: signaling.RoleParticipant, Code: l.code, Device: device(t, name)})
	p.in(t)
	for expect[signaling.ParticipantJoined](t, l.teacher.ws).Participant.ID != p.joined.Self {
	}
	return p
}

// device is what a page calls its device.
func device(t *testing.T, who string) signaling.Device {
	t.Helper()
	return signaling.Device(fmt.Sprintf("geraet-%016x", []byte(who)))
}

// person is a WebSocket to a room without a page.
type person struct {
	ws     *websocket.Conn
	join   signaling.Join
	joined signaling.Joined
	// again opens another WebSocket with the same first message.
	again func() *websocket.Conn
}

// knock opens a WebSocket and says the first message.
func (l *lesson) knock(t *testing.T, b *http.Client, j signaling.Join) *person {
	t.Helper()
	again := func() *websocket.Conn {
		ws := l.enter(t, b, l.room, j)
		ws.SetReadLimit(signaling.MaxServerFrame)
		return ws
	}
	return &person{ws: again(), join: j, again: again}
}

// in waits until the person is inside, also through the queue that there is while the machine is busy.
func (p *person) in(t *testing.T) signaling.Joined {
	t.Helper()
	for {
		switch m := p.next(t).(type) {
		case signaling.Joined:
			p.joined = m
			return m
		case signaling.Ended:
			if m.Reason != signaling.EndedMoved {
				t.Fatalf("ended: %s", m.Reason)
			}
			p.ws = p.again()
		}
	}
}

func (p *person) say(t *testing.T, m signaling.ClientMessage) { t.Helper(); send(t, p.ws, m) }

// refused says something that must be answered with this error, and be the next thing that is answered.
func (p *person) refused(t *testing.T, m signaling.ClientMessage, code signaling.ErrorCode) {
	t.Helper()
	p.say(t, m)
	if got := expect[signaling.Problem](t, p.ws); got.Code != code {
		t.Errorf("%s: %s, want %s", m.Type(), got.Code, code)
	}
}

// next is the next message, whatever it is.
func (p *person) next(t *testing.T) signaling.ServerMessage {
	t.Helper()
	return expect[signaling.ServerMessage](t, p.ws)
}

// notTold says that the person is told nothing of type M before what the organiser writes now.
func notTold[M signaling.ServerMessage](t *testing.T, l *lesson, p *person) {
	t.Helper()
	l.teacher.say(t, signaling.SendChat{Text: "Ruhe bitte."})
	for {
		switch m := p.next(t).(type) {
		case M:
			t.Errorf("told %T", m)
		case signaling.Chat:
			if m.From == l.teacher.joined.Self {
				return
			}
		}
	}
}

// look is the lesson as somebody sees it who comes in with the code.
func (l *lesson) look(t *testing.T) signaling.Joined {
	t.Helper()
	p := l.pupil(t, "Ida Beispiel")
	defer p.ws.Close(websocket.StatusNormalClosure, "")
	return p.joined
}

// caller is a person with media.
type caller struct {
	*client.Participant
	t *testing.T

	mu   sync.Mutex
	told []signaling.ServerMessage
}

// call joins with media; change may add to the options.
func (l *lesson) call(t *testing.T, b *http.Client, name string, change func(*client.Options)) *caller {
	t.Helper()
	c := &caller{t: t}
	o := client.Options{
		Target: client.Target{URL: "https://" + domain, DialAddress: l.server.TLSAddr().String(), Roots: l.acme.Roots},
		Room:   l.room, Name: name, Code: string(l.code), Device: string(device(t, name)), Cookie: cookies(b),
		Peer: client.PeerConfig{AudioSlots: 4, VideoSlots: 4, Level: 30},
		Told: func(m signaling.ServerMessage) {
			c.mu.Lock()
			defer c.mu.Unlock()
			c.told = append(c.told, m)
		},
	}
	if change != nil {
		change(&o)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	p, err := client.Join(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	c.Participant = p
	if err := p.Connected(ctx); err != nil {
		t.Fatal(err)
	}
	return c
}

func cookies(b *http.Client) (header string) {
	for _, c := range b.Jar.Cookies(&url.URL{Scheme: "https", Host: domain}) {
		header += c.Name + "=" + c.Value
	}
	return header
}

func (c *caller) say(m signaling.ClientMessage) {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), patience)
	defer cancel()
	if err := c.Send(ctx, m); err != nil {
		c.t.Fatal(err)
	}
}

// hasBeenTold waits for a message of type M that fits.
func hasBeenTold[M signaling.ServerMessage](c *caller, what string, fits func(M) bool) {
	c.t.Helper()
	eventually.True(c.t, "the client is told "+what, func() bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		for _, m := range c.told {
			if got, ok := m.(M); ok && fits(got) {
				return true
			}
		}
		return false
	})
}

// received is how many packets of any kind have come.
func (c *caller) received() (n int) {
	for _, s := range c.Peer().Streams() {
		n += s.Packets
	}
	return n
}

func (c *caller) sent() int {
	p := c.Peer()
	return p.Sent(client.Microphone) + p.Sent(client.Camera) + p.Sent(client.Screen) + p.Sent(client.Sound)
}

// gets waits until something of the sender arrives, who is the only one to send.
func (c *caller) gets(what string) {
	c.t.Helper()
	before := c.received()
	eventually.True(c.t, what+" arrives", func() bool { return c.received() >= before+10 })
}

// getNothing waits until the sender has sent a good deal and nothing of it arrived anywhere, or the server has hung up on it. What is on its
// way when it begins does not count; a server that goes on forwarding never passes.
func getNothing(what string, sender *caller, receivers ...*caller) {
	sender.t.Helper()
	const much = 25 // half a second of voice
	received, sent := -1, 0
	eventually.True(sender.t, what+" does not arrive", func() bool {
		now := 0
		for _, r := range receivers {
			now += r.received()
		}
		if now != received {
			received, sent = now, sender.sent()
		}
		select {
		case <-sender.Peer().Failed():
			return true
		default:
			return sender.sent() >= sent+much
		}
	})
}

func on(v bool) *bool { return &v }

func everything() signaling.State { return signaling.State{Mic: true, Camera: true, Screen: true} }
