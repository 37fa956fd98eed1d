package bridge

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/medienzentrenverbund/kreisraum/conference/cluster"
	"github.com/medienzentrenverbund/kreisraum/conference/eventually"
	"github.com/medienzentrenverbund/kreisraum/conference/peer"
	"github.com/medienzentrenverbund/kreisraum/conference/signaling"
)

// resume joins again with the token.
func (s *site) resume(name, account string, in signaling.Joined, role signaling.Role) *client {
	s.t.Helper()
	c := s.dial(admission(name, account))
	c.send(signaling.Join{Name: "Wieder da", Role: role, Resume: in.Resume})
	return c
}

func TestResumeReplacesTheOldConnection(t *testing.T) {
	media := &fakeMedia{}
	s := newSite(t, media)
	teacher, in := s.organiser("mathe")
	pupil, pupilIn := s.pupil("mathe", in.Room.Code)
	expect[signaling.ParticipantJoined](teacher)
	pupil.send(signaling.Offer{SDP: "v=0"})
	expect[signaling.Answer](pupil)
	expect[signaling.Slots](pupil)

	for i := range 5 {
		again := s.resume("mathe", "", pupilIn, signaling.RoleParticipant)
		if got := expect[signaling.Joined](again); got.Self != pupilIn.Self || len(got.Participants) != 2 {
			t.Fatalf("came back as somebody else, or %d are inside", len(got.Participants))
		}
		again.send(signaling.Offer{SDP: signaling.SDP(fmt.Sprintf("v=%d", i))})
		expect[signaling.Answer](again)
		expect[signaling.Slots](again)
		expectLast(pupil, signaling.Ended{Reason: signaling.EndedReplaced})
		pupil = again
	}
	if media.room(0).doubled {
		t.Error("a participant had two sessions at once")
	}
	if _, n := s.bridge.Counts(); n != 2 {
		t.Errorf("%d participants", n)
	}
}

func TestResumeIntoAnEmptyRoom(t *testing.T) {
	for name, tt := range map[string]struct {
		end  func(*client)
		back bool
	}{
		"the connection broke":      {func(c *client) { _ = c.ws.CloseNow() }, true},
		"the page was loaded again": {func(c *client) { _ = c.ws.Close(websocket.StatusGoingAway, "") }, true},
		"the page gave it up":       {func(c *client) { _ = c.ws.Close(4000, "") }, true},
		"closed on purpose":         {func(c *client) { c.close() }, false},
		"left":                      {func(c *client) { c.send(signaling.Leave{}); _, _ = c.next() }, false},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, &fakeMedia{})
			teacher, in := s.organiser("mathe")
			teacher.send(signaling.SendChat{Text: "Guten Morgen"})
			expect[signaling.Chat](teacher)
			tt.end(teacher)
			eventually.True(t, "the organiser is gone", func() bool { _, n := s.bridge.Counts(); return n == 0 })
			got := expect[signaling.Joined](s.resume("mathe", "account-1", in, signaling.RoleOrganiser))
			if same := got.Self == in.Self && got.Room.Code == in.Room.Code && len(got.Chat) == 1; same != tt.back {
				t.Errorf("the same place in the same room: %v", same)
			}
		})
	}
}

func TestResumeIsWorthNothing(t *testing.T) {
	s := newSite(t, &fakeMedia{})
	teacher, in := s.organiser("mathe")
	_, pupilIn := s.pupil("mathe", in.Room.Code)
	expect[signaling.ParticipantJoined](teacher)
	_, other := s.organiser("deutsch")

	t.Run("for another room", func(t *testing.T) {
		c := s.resume("deutsch", "", pupilIn, signaling.RoleParticipant)
		expect[signaling.Door](c)
	})
	t.Run("forged", func(t *testing.T) {
		pupilIn.Resume += "A"
		c := s.resume("mathe", "", pupilIn, signaling.RoleParticipant)
		expect[signaling.Door](c)
	})
	t.Run("for an organiser without login", func(t *testing.T) {
		c := s.resume("mathe", "", in, signaling.RoleOrganiser)
		expectLast(c, signaling.Refused{Code: signaling.RefusedLoginRequired})
	})
	t.Run("for an organiser as a participant", func(t *testing.T) {
		c := s.resume("mathe", "", in, signaling.RoleParticipant)
		expect[signaling.Door](c)
	})
	t.Run("of another device", func(t *testing.T) {
		c := s.dial(admission("mathe", ""))
		c.send(signaling.Join{Name: "Mia Beispiel", Role: signaling.RoleParticipant, Resume: pupilIn.Resume, Device: "u3Jr0d-V2k9_Qy7LhTnXwA"})
		expect[signaling.Door](c)
	})
	t.Run("of another account", func(t *testing.T) {
		c := s.resume("deutsch", "account-2", other, signaling.RoleOrganiser)
		if d := expect[signaling.Door](c); !d.Taken || d.State != signaling.DoorCode {
			t.Errorf("at the door of another account's lesson: %+v", d)
		}
	})
}

func TestResumeTokenHasNoAccount(t *testing.T) {
	s := newSite(t, &fakeMedia{})
	account := canary(t, "konto")
	c := s.dial(admission("mathe", account))
	c.send(signaling.Join{Name: "Frau Ahorn", Role: signaling.RoleOrganiser})
	payload, _, _ := strings.Cut(string(expect[signaling.Joined](c).Resume), ".")
	b, err := base64.RawURLEncoding.DecodeString(payload)
	if err != nil || !strings.Contains(string(b), `"account"`) || strings.Contains(string(b), account) {
		t.Errorf("the account's ID is in the token: %v (%v)", strings.Contains(string(b), account), err)
	}
}

func TestEndAccounts(t *testing.T) {
	var mu sync.Mutex
	now := time.Now()
	clock := func() time.Time { mu.Lock(); defer mu.Unlock(); return now }
	s := newSite(t, &fakeMedia{}, func(c *Config) { c.Now = clock })
	join := func(room, account string) (*client, signaling.Joined) {
		c := s.dial(admission(room, account))
		c.send(signaling.Join{Name: "Frau Ahorn", Role: signaling.RoleOrganiser})
		return c, expect[signaling.Joined](c)
	}
	one, in := join("mathe", "account-1")
	two, _ := join("deutsch", "account-1")
	three, _ := join("physik", "account-2")
	early := s.dial(admission("mathe", "account-1")) // admitted before, joins after

	if n := s.bridge.EndAccounts(func(id string) bool { return id == "account-1" }); n != 2 {
		t.Errorf("%d organisers lost their place, want 2", n)
	}
	if rooms, people := s.bridge.Counts(); rooms != 1 || people != 1 {
		t.Errorf("%d rooms, %d participants", rooms, people)
	}
	expectLast(one, signaling.Ended{Reason: signaling.EndedAccountDisabled})
	expectLast(two, signaling.Ended{Reason: signaling.EndedAccountDisabled})
	three.send(signaling.SendChat{Text: "Ich bin noch da."})
	expect[signaling.Chat](three)
	early.send(signaling.Join{Name: "Frau Ahorn", Role: signaling.RoleOrganiser, Resume: in.Resume})
	expectLast(early, signaling.Refused{Code: signaling.RefusedAccountDisabled})

	// An account that is good again is not held back by an old word.
	mu.Lock()
	now = now.Add(accountsGrace)
	mu.Unlock()
	if s.bridge.accountEnded("account-1") {
		t.Error("the word on ended accounts is still asked")
	}
}

// TestAccountEndsWhileItsOrganiserComesIn lets the account be good at the first look and not at the second.
func TestAccountEndsWhileItsOrganiserComesIn(t *testing.T) {
	s := newSite(t, &fakeMedia{})
	var looks atomic.Int32
	s.bridge.EndAccounts(func(string) bool { return looks.Add(1) > 1 })
	c := s.dial(admission("mathe", "account-1"))
	c.send(signaling.Join{Name: "Frau Ahorn", Role: signaling.RoleOrganiser})
	m, err := c.next()
	if _, in := m.(signaling.Joined); in {
		m, err = c.next()
	}
	if err != nil || m != signaling.ServerMessage(signaling.Ended{Reason: signaling.EndedAccountDisabled}) {
		t.Errorf("told %v, %v", m, err)
	}
	eventually.True(t, "nobody is inside", func() bool { _, n := s.bridge.Counts(); return n == 0 })
}

// TestSlowClientLosesOnlyItsOwnConnection has a client that reads nothing while there is much to read.
func TestSlowClientLosesOnlyItsOwnConnection(t *testing.T) {
	media := &fakeMedia{}
	s := newSite(t, media)
	teacher, in := s.organiser("mathe")
	slow, slowIn := s.pupil("mathe", in.Room.Code)
	expect[signaling.ParticipantJoined](teacher)
	slow.send(signaling.Offer{SDP: "v=0"})
	expect[signaling.Answer](slow)
	session := media.room(0).session(slowIn.Self)

	much := strings.Split(strings.Repeat("abcdefgh ", 1000), " ")[:1000]
	stop, told := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(told)
		for {
			select {
			case <-stop:
				return
			default:
				session.events.Speakers(much)
			}
		}
	}()
	if m := expect[signaling.ParticipantAway](teacher); m.ID != slowIn.Self || !m.Away {
		t.Errorf("away: %+v", m)
	}
	close(stop)
	<-told
	session.events.Failed(errTest)
	if m := expect[signaling.ParticipantLeft](teacher); m.ID != slowIn.Self {
		t.Errorf("left: %s", m.ID)
	}
	teacher.send(signaling.SendChat{Text: "Sind alle da?"})
	expect[signaling.Chat](teacher)
}

// TestABugEndsOneRoom lets one room's media panic.
func TestABugEndsOneRoom(t *testing.T) {
	const canary = "Kanarienvogel"
	broken := &brokenMedia{}
	s := newSite(t, broken)
	teacher, _ := s.organiser("mathe")

	broken.now.Store(true)
	victim := s.dial(admission("deutsch", "account-1"))
	victim.send(signaling.Join{Name: canary, Role: signaling.RoleOrganiser})
	expectLast(victim, signaling.Ended{Reason: signaling.EndedRestart})
	broken.now.Store(false)

	teacher.send(signaling.SendChat{Text: "weiter"})
	expect[signaling.Chat](teacher)
	s.organiser("deutsch") // the room can be opened anew
	if log := s.logs.String(); !strings.Contains(log, "room ended by a bug") || !strings.Contains(log, "NewRoom") || strings.Contains(log, canary) {
		t.Errorf("log has the message: %v, the stack: %v, the canary: %v", strings.Contains(log, "room ended by a bug"),
			strings.Contains(log, "NewRoom"), strings.Contains(log, canary))
	}
}

func TestABugEndsOneConnection(t *testing.T) {
	const canary = "Kanarienvogel"
	s := newSite(t, &fakeMedia{join: func(_, offer string) error {
		if offer == canary {
			panic(offer)
		}
		return nil
	}})
	teacher, in := s.organiser("mathe")
	victim, _ := s.pupil("mathe", in.Room.Code)
	expect[signaling.ParticipantJoined](teacher)
	victim.send(signaling.Offer{SDP: canary})
	expectLast(victim, signaling.Ended{Reason: signaling.EndedRestart})
	expect[signaling.ParticipantLeft](teacher)
	teacher.send(signaling.Offer{SDP: "v=0"})
	expect[signaling.Answer](teacher)
	if log := s.logs.String(); !strings.Contains(log, "connection ended by a bug") || strings.Contains(log, canary) {
		t.Errorf("log has the canary: %v", strings.Contains(log, canary))
	}
}

func TestClose(t *testing.T) {
	media := &fakeMedia{}
	s := newSite(t, media)
	teacher, in := s.organiser("mathe")
	pupil, _ := s.pupil("mathe", in.Room.Code)
	expect[signaling.ParticipantJoined](teacher)
	door := s.dial(admission("deutsch", ""))
	door.send(signaling.Join{Name: "Mia Beispiel", Role: signaling.RoleParticipant})
	expect[signaling.Door](door)
	quiet := s.dial(admission("physik", ""))
	s.counted(4)

	closed := make(chan error, 1)
	go func() { closed <- s.bridge.Close(context.Background()) }()
	for _, c := range []*client{teacher, pupil, door, quiet} {
		for {
			m, err := c.next()
			if err != nil {
				t.Fatalf("closed without a word: %v", err)
			}
			if m == signaling.ServerMessage(signaling.Ended{Reason: signaling.EndedRestart}) {
				break
			}
		}
		if _, err := c.next(); websocket.CloseStatus(err) != websocket.StatusServiceRestart {
			t.Errorf("closed with %v", err)
		}
	}
	if err := <-closed; err != nil {
		t.Error(err)
	}
	if !media.room(0).isClosed() {
		t.Error("the media of the room is left")
	}
	_, response, err := websocket.Dial(context.Background(), s.url, &websocket.DialOptions{
		HTTPHeader: http.Header{cluster.AdmissionHeader: {admission("mathe", "").Sign(s.key, time.Now())}}})
	if err == nil || response.StatusCode != http.StatusServiceUnavailable || response.Header.Get("Retry-After") == "" {
		t.Errorf("a connection after Close: %v", err)
	}
	if err := s.bridge.Close(context.Background()); err != nil {
		t.Errorf("second Close: %v", err)
	}
}

// TestCloseCutsOff has a client that never answers the close frame.
func TestCloseCutsOff(t *testing.T) {
	s := newSite(t, &fakeMedia{})
	s.organiser("mathe") // reads no more
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	start := time.Now()
	if err := s.bridge.Close(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v", err)
	}
	if took := time.Since(start); took > 3*time.Second {
		t.Errorf("cut off after %v", took)
	}
}

// TestManyComeAndGo has many clients come and go at once in few rooms: nothing may be left.
func TestManyComeAndGo(t *testing.T) {
	media := &fakeMedia{}
	s := newSite(t, media)
	var wg sync.WaitGroup
	for i := range 40 {
		wg.Go(func() {
			room, account := fmt.Sprintf("raum-%d", i%4), ""
			join := signaling.Join{Name: "Mia Beispiel", Role: signaling.RoleParticipant}
			if i%3 == 0 {
				account, join.Role = "account-1", signaling.RoleOrganiser
			}
			for range 4 {
				c := s.dial(admission(room, account))
				c.send(join)
				if m, err := c.next(); err != nil || m == signaling.ServerMessage(signaling.Ended{Reason: signaling.EndedRestart}) {
					t.Errorf("told %v, %v", m, err)
				}
				if i%2 == 0 {
					c.send(signaling.Leave{})
					for {
						if _, err := c.next(); err != nil {
							break
						}
					}
				} else {
					c.close()
				}
			}
		})
	}
	wg.Wait()
	eventually.True(t, "all rooms are thrown away", func() bool {
		s.bridge.mu.Lock()
		defer s.bridge.mu.Unlock()
		return len(s.bridge.rooms) == 0 && len(s.bridge.peers) == 0
	})
	media.mu.Lock()
	defer media.mu.Unlock()
	for _, r := range media.rooms {
		if !r.isClosed() {
			t.Fatal("the media of a room is left")
		}
	}
}

// TestWholeSchoolClass fills a room with all who may come, at once.
func TestWholeSchoolClass(t *testing.T) {
	s := newSite(t, &fakeMedia{})
	_, in := s.organiser("mathe")
	var wg sync.WaitGroup
	start := time.Now()
	for range 69 {
		wg.Go(func() {
			c, mine := s.pupil("mathe", in.Room.Code)
			for known := len(mine.Participants); known < 70; known++ {
				expect[signaling.ParticipantJoined](c)
			}
		})
	}
	wg.Wait()
	t.Logf("70 know of each other after %v", time.Since(start))
	c := s.dial(admission("mathe", ""))
	c.send(signaling.Join{Name: "Mia Beispiel", Role: signaling.RoleParticipant, Code: in.Room.Code})
	expectLast(c, signaling.Refused{Code: signaling.RefusedRoomFull})
}

// TestARoomThatIsHeldIsNotThrownAway has a connection on its way to the door of a room that nobody is in.
func TestARoomThatIsHeldIsNotThrownAway(t *testing.T) {
	s := newBridge(t, &fakeMedia{})
	defer s.close()
	e, _ := s.bridge.hold("mathe", nil)
	for range 2 { // the second answer comes after the loop looked whether it is needed
		s.bridge.EndAccounts(func(string) bool { return false })
	}
	if again, _ := s.bridge.hold("mathe", nil); again != e {
		t.Error("there are two loops for one room")
	}
	s.bridge.release(e)
	s.bridge.EndAccounts(func(string) bool { return false })
	s.bridge.release(e)
	eventually.True(t, "the loop ends", func() bool {
		select {
		case <-e.done:
			return true
		default:
			return false
		}
	})
}

// TestNothingPrivateIsLogged joins with canaries everywhere and searches the log.
func TestNothingPrivateIsLogged(t *testing.T) {
	name, roomName, chat, code, account := canary(t, "Name"), canary(t, "raum"), canary(t, "chat"), canary(t, "code"), canary(t, "konto")
	sdp, agent, device := canary(t, "sdp"), canary(t, "agent"), canary(t, "device")
	s := newSite(t, &fakeMedia{join: func(_, offer string) error {
		if strings.HasPrefix(offer, "bad") {
			return errTest
		}
		return nil
	}})
	a := cluster.Admission{Room: roomName, DisplayRoom: roomName, Account: account, AccountName: account, Organiser: true}
	teacher := s.dial(a)
	teacher.send(signaling.Join{Name: signaling.DisplayName(name), Role: signaling.RoleOrganiser})
	in := expect[signaling.Joined](teacher)
	teacher.send(signaling.SetCode{Code: signaling.Code(code)})
	expect[signaling.RoomCode](teacher)
	teacher.send(signaling.SendChat{Text: signaling.ChatText(chat)})
	expect[signaling.Chat](teacher)
	teacher.send(signaling.Offer{SDP: signaling.SDP("bad" + sdp)})
	expect[signaling.Problem](teacher)

	pupil := s.dial(admission(roomName, ""))
	pupil.send(signaling.Join{Name: signaling.DisplayName(name), Role: signaling.RoleParticipant, Code: "wrong", Device: signaling.Device(device)})
	expect[signaling.Door](pupil)
	pupil.send(signaling.EnterCode{Code: signaling.Code(code)})
	expect[signaling.Joined](pupil)
	pupil.raw(`{"type":"` + chat + `"}`)
	expectLast(pupil, signaling.Refused{Code: signaling.RefusedBadMessage})

	sentOut := s.dial(admission(roomName, ""))
	sentOut.send(signaling.Join{Name: signaling.DisplayName(name), Role: signaling.RoleParticipant, Code: signaling.Code(code), Device: signaling.Device(device)})
	teacher.send(signaling.Remove{Participant: expect[signaling.Joined](sentOut).Self})
	expectLast(sentOut, signaling.Ended{Reason: signaling.EndedRemoved})
	s.bridge.Notice(time.Now().Add(time.Hour))

	again := s.resume(roomName, account, in, signaling.RoleOrganiser)
	s.bridge.Evict(cluster.KeyOf(s.key, "elsewhere"))
	_, _ = again.ws.CloseNow(), teacher.ws.CloseNow()
	_, _, _ = websocket.Dial(context.Background(), s.url, &websocket.DialOptions{HTTPHeader: http.Header{
		cluster.AdmissionHeader: {agent}, "User-Agent": {agent}, "Origin": {"https://" + agent + ".example"}}})
	_, _, _ = websocket.Dial(context.Background(), s.url, &websocket.DialOptions{Subprotocols: []string{signaling.Subprotocol}, HTTPHeader: http.Header{
		cluster.AdmissionHeader: {a.Sign(s.key, time.Now())}, "User-Agent": {agent}, "Origin": {"https://" + agent + ".example"}}})
	s.bridge.EndAccounts(func(string) bool { return true })
	if err := s.bridge.Close(context.Background()); err != nil {
		t.Error(err)
	}

	log := s.logs.String()
	if !strings.Contains(log, "participant joined") || !strings.Contains(log, "room over") {
		t.Fatal("the log has not what it should have")
	}
	for what, value := range map[string]string{"name": name, "room": roomName, "chat": chat, "code": code, "first code": string(in.Room.Code),
		"account": account, "SDP": sdp, "user agent": agent, "device": device, "address": "127.0.0.1", "resume token": string(in.Resume[:12])} {
		if strings.Contains(strings.ToLower(log), strings.ToLower(value)) {
			t.Errorf("the log has the %s", what)
		}
	}
}

// brokenMedia has a bug now and then.
type brokenMedia struct {
	fakeMedia
	now atomic.Bool
}

func (m *brokenMedia) NewRoom() peer.MediaRoom {
	if m.now.Load() {
		panic(errTest)
	}
	return m.fakeMedia.NewRoom()
}
