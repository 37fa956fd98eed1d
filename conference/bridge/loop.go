package bridge

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/medienzentrenverbund/kreisraum/conference/cluster"
	"github.com/medienzentrenverbund/kreisraum/conference/peer"
	"github.com/medienzentrenverbund/kreisraum/conference/room"
	"github.com/medienzentrenverbund/kreisraum/conference/signaling"
	"github.com/medienzentrenverbund/kreisraum/conference/token"
)

// member is a connection as its room sees it; *peer.Peer is one.
type member interface {
	Send(frame []byte)
	Finish(signaling.ServerMessage)
	Admit(c *peer.Call, joined []byte, goesOn bool)
	Dismiss(door []byte)
	ICE() *signaling.ICE
}

// seat is a member and who it is inside, empty at the door.
type seat struct {
	member
	participant string
	device      room.Device
}

// message is what a room loop takes: knock, input, endAccounts, callOver, evict, ping or wake.
type message any

type (
	// knock introduces a connection.
	knock struct {
		member member
		knock  room.Knock
		// restore is the record that came along, nil for none.
		restore *cluster.Record
	}
	// input is something a connection that knocked does, its end included.
	input struct{ room.Input }
	// endAccounts asks for the places of ended accounts; ended gets how many it were.
	endAccounts struct {
		is    func(account string) bool
		ended chan<- int
	}
	// callOver says that a participant's media are gone for good.
	callOver struct {
		participant string
		call        *peer.Call
	}
	// evict ends the room here because it is elsewhere.
	evict struct{}
	// wake asks the loop to see whether it is still needed.
	wake struct{}
)

// roomLoop owns one room.
type roomLoop struct {
	// name is the canonical room name. It never leaves the process.
	name string
	// key stands for the room outside of the process.
	key    cluster.RoomKey
	rules  room.Rules
	secret token.Key
	media  peer.Media
	now    func() time.Time
	log    *slog.Logger
	retire func() bool // says whether the loop is not needed any more, and if so takes it out of the directory
	forget func()      // takes the loop out of the directory whatever it is needed for
	inbox  *inbox
	done   chan struct{}
	// announcer is nil if nobody wants to know.
	announcer cluster.Announcer
	known     *counters
	buried    func(epoch string) // is told of every epoch that is over
	// first is the record that the room begins from, nil for none.
	first *cluster.Record
	// farewell is told to whoever is left in the end. The loop changes it before it closes the inbox; others read it afterwards.
	farewell signaling.EndReason

	// inside is for Counts, inUse for RoomsInUse.
	inside atomic.Int32
	inUse  atomic.Bool
	// running are the Calls.
	running sync.WaitGroup

	// The loop's goroutine owns these.
	state    *room.Room
	members  map[room.Conn]*seat
	calls    map[string]*peer.Call   // by participant ID; also those that are ending
	forwards map[string]peer.Forward // by participant ID
	forward  peer.MediaRoom          // nil before the room begins
	epoch    string
	told     room.Record // what was announced last
	evicted  bool
	begun    time.Time
	joined   map[string]time.Time // by participant ID, for the log
	most     int
}

// run owns the room until it is not needed any more, the context ends or a bug ends it.
func (l *roomLoop) run(ctx context.Context) {
	defer close(l.done)
	l.guard(func() { l.serve(ctx) })
	l.forget() // first, so that whoever is told to come back does not find this loop again
	l.guard(l.endCalls)
	l.guard(l.close)
	l.running.Wait()
}

func (l *roomLoop) serve(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	l.restore(l.first)
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
			l.apply(room.Tick{})
		case <-l.inbox.wake:
			for _, m := range l.inbox.take() {
				l.handle(m)
				if l.evicted {
					return
				}
			}
		}
		if l.state.Idle() && l.retire() {
			return
		}
		l.schedule(timer)
	}
}

// schedule sets the timer to the room's next Tick. Without one it fires never.
func (l *roomLoop) schedule(timer *time.Timer) {
	timer.Stop()
	if next := l.state.Next(); !next.IsZero() {
		timer.Reset(next.Sub(l.now()))
	}
}

// guard ends the room after a bug. The stack has no values in it, and of what was thrown the log gets the type only.
func (l *roomLoop) guard(f func()) {
	defer func() {
		if v := recover(); v != nil {
			l.log.Error("room ended by a bug", "panic", fmt.Sprintf("%T", v), "stack", string(debug.Stack()))
		}
	}()
	f()
}

// close tells whoever is still there, and ends the media.
func (l *roomLoop) close() {
	l.inside.Store(0)
	l.inUse.Store(false)
	for _, m := range l.members {
		m.Finish(signaling.Ended{Reason: l.farewell})
	}
	for _, m := range l.inbox.close() {
		if late, ok := m.(knock); ok {
			late.member.Finish(signaling.Ended{Reason: l.farewell})
		}
	}
	if l.forward != nil {
		l.closeMedia()
	}
}

func (l *roomLoop) handle(m message) {
	switch m := m.(type) {
	case knock:
		l.restore(m.restore)
		l.members[m.knock.Conn] = &seat{member: m.member, device: m.knock.Device}
		m.knock.Media = m.knock.Media && m.knock.Resume != nil && l.live(m.knock.Resume.Participant)
		l.apply(m.knock)
	case input:
		l.input(m.Input)
	case callOver:
		if l.calls[m.participant] == m.call {
			delete(l.calls, m.participant)
		}
	case evict:
		l.farewell, l.evicted = signaling.EndedMoved, true
		l.log.Info("room is on another bridge")
	case ping:
		close(m)
	case endAccounts:
		before := l.state.Participants()
		l.apply(room.EndAccounts{Ended: m.is})
		m.ended <- before - l.state.Participants()
	}
}

func (l *roomLoop) input(in room.Input) {
	gone, leaves := in.(room.Leave)
	if !leaves {
		l.apply(in)
		return
	}
	if s := l.members[gone.Conn]; s != nil {
		gone.Media = l.live(s.participant)
		delete(l.members, gone.Conn)
	}
	l.apply(gone)
}

func (l *roomLoop) apply(in room.Input) {
	outputs := l.state.Apply(l.now(), in)
	l.inside.Store(int32(l.state.Participants())) // first, so that whoever is told to be inside is counted
	l.inUse.Store(l.state.InUse())
	for _, out := range outputs {
		l.deliver(out)
	}
	l.announce()
}

// deliver carries out one output of the room.
func (l *roomLoop) deliver(out room.Output) {
	switch e := out.Event.(type) {
	case room.Begun:
		l.begin(e)
	case room.Over:
		l.over()
	case room.Forward:
		l.forwarding(e)
	case room.Door:
		l.door(out.To, e)
	case room.Admitted:
		l.admit(out.To[0], e)
	case room.Refused, room.Ended:
		l.finish(out.To, peer.Message(e))
	case room.Left:
		l.left(e.ID)
		l.broadcast(out.To, peer.Message(e))
	case room.AwayChanged:
		l.away(e)
		l.broadcast(out.To, peer.Message(e))
	case room.Said:
		l.known.messages.Add(1)
		l.broadcast(out.To, peer.Message(e))
	default:
		l.broadcast(out.To, peer.Message(e))
	}
}

func (l *roomLoop) begin(e room.Begun) {
	l.forward, l.epoch = l.media.NewRoom(), e.Epoch
	l.known.rooms.Add(1)
	l.begun, l.most, l.joined = l.now(), 0, map[string]time.Time{}
	l.log.Info("room begun")
}

func (l *roomLoop) over() {
	l.buried(l.epoch)
	l.endCalls()
	clear(l.forwards)
	l.closeMedia()
}

func (l *roomLoop) closeMedia() {
	l.forward.Close()
	l.forward = nil
	l.log.Info("room over", "duration", l.now().Sub(l.begun).Round(time.Second), "most", l.most)
}

// admit gives a connection its media and tells it that it is inside.
func (l *roomLoop) admit(c room.Conn, a room.Admitted) {
	delete(l.members, a.Replaced)
	s := l.members[c]
	if s == nil {
		return // gone since; its Leave is in the inbox
	}
	audio, video := l.media.SlotLimits()
	frame, err := signaling.Encode(peer.JoinedMessage(a, peer.Welcome{
		Rules: l.rules, Resume: l.resume(a.Resume, s.device), Slots: signaling.SlotLimit{Audio: audio, Video: video}, ICE: s.ICE(),
	}))
	if err != nil {
		l.log.Error("message not encoded", "error", err)
		return
	}
	s.participant = a.Self.ID
	l.note(a)
	s.Admit(l.call(a.Self), frame, a.Media)
}

// door tells visitors what they wait for. Who was inside is a visitor from now on.
func (l *roomLoop) door(to []room.Conn, e room.Door) {
	frame, err := signaling.Encode(peer.Message(e))
	if err != nil {
		l.log.Error("message not encoded", "error", err)
		return
	}
	for _, c := range to {
		s := l.members[c]
		switch {
		case s == nil:
		case s.participant == "":
			s.Send(frame)
		default:
			if call := l.calls[s.participant]; call != nil {
				call.End()
			}
			s.participant = ""
			s.Dismiss(frame)
		}
	}
}

// note counts somebody who comes in; first, so that whoever is told to be inside is counted.
func (l *roomLoop) note(a room.Admitted) {
	l.most = max(l.most, len(a.People))
	if a.Back {
		l.log.Info("participant back", "participant", a.Self.ID, "media", a.Media)
		return
	}
	l.known.participants.Add(1)
	l.joined[a.Self.ID] = l.now()
	l.log.Info("participant joined", "participant", a.Self.ID, "role", string(a.Self.Role), "participants", len(a.People))
}

// finish says a last message.
func (l *roomLoop) finish(to []room.Conn, last signaling.ServerMessage) {
	for _, c := range to {
		if m := l.members[c]; m != nil {
			m.Finish(last)
		}
	}
}

func (l *roomLoop) broadcast(to []room.Conn, m signaling.ServerMessage) {
	if m == nil {
		return
	}
	frame, err := signaling.Encode(m)
	if err != nil {
		l.log.Error("message not encoded", "error", err)
		return
	}
	for _, c := range to {
		if m := l.members[c]; m != nil {
			m.Send(frame)
		}
	}
}

// logID is a random name for a room in the log; the real one must not be there.
func logID() string {
	b := make([]byte, 4)
	_, _ = rand.Read(b) // never fails, see crypto/rand
	return hex.EncodeToString(b)
}
