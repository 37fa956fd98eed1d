package bridge

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync/atomic"
	"time"

	"github.com/medienzentrenverbund/kreisraum/conference/peer"
	"github.com/medienzentrenverbund/kreisraum/conference/room"
	"github.com/medienzentrenverbund/kreisraum/conference/signaling"
	"github.com/medienzentrenverbund/kreisraum/conference/token"
)

// member is a connection as its room sees it; *peer.Peer is one.
type member interface {
	Send(frame []byte)
	Finish(signaling.ServerMessage)
	Admit(peer.Grant)
	MediaGone() <-chan struct{}
}

// message is what a room loop takes: knock, input, endAccounts or wake.
type message any

type (
	// knock introduces a connection.
	knock struct {
		member member
		knock  room.Knock
	}
	// input is something a connection that knocked does, its end included.
	input struct{ room.Input }
	// endAccounts asks for the places of ended accounts; ended gets how many it were.
	endAccounts struct {
		is    func(account string) bool
		ended chan<- int
	}
	// wake asks the loop to see whether it is still needed.
	wake struct{}
)

// roomLoop owns one room.
type roomLoop struct {
	// name is the canonical room name. It never leaves the process.
	name   string
	rules  room.Rules
	key    token.Key
	media  peer.Media
	now    func() time.Time
	log    *slog.Logger
	retire func() bool // says whether the loop is not needed any more, and if so takes it out of the directory
	inbox  *inbox
	done   chan struct{}

	// inside is for Counts.
	inside atomic.Int32

	// The loop's goroutine owns these.
	state   *room.Room
	members map[room.Conn]member
	forward peer.MediaRoom // nil before the room begins
	begun   time.Time
	joined  map[string]time.Time // by participant ID, for the log
	most    int
}

// run owns the room until it is not needed any more, the context ends or a bug ends it.
func (l *roomLoop) run(ctx context.Context) {
	defer close(l.done)
	l.guard(func() { l.serve(ctx) })
	l.guard(l.close)
}

func (l *roomLoop) serve(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
			l.apply(room.Tick{})
		case <-l.inbox.wake:
			for _, m := range l.inbox.take() {
				l.handle(m)
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
	for _, m := range l.members {
		m.Finish(signaling.Ended{Reason: signaling.EndedRestart})
	}
	for _, m := range l.inbox.close() {
		if late, ok := m.(knock); ok {
			late.member.Finish(signaling.Ended{Reason: signaling.EndedRestart})
		}
	}
	if l.forward != nil {
		l.over()
	}
}

func (l *roomLoop) handle(m message) {
	switch m := m.(type) {
	case knock:
		l.members[m.knock.Conn] = m.member
		l.apply(m.knock)
	case input:
		l.apply(m.Input)
		if gone, ok := m.Input.(room.Leave); ok {
			delete(l.members, gone.Conn)
		}
	case endAccounts:
		before := l.state.Participants()
		l.apply(room.EndAccounts{Ended: m.is})
		m.ended <- before - l.state.Participants()
	}
}

func (l *roomLoop) apply(in room.Input) {
	outputs := l.state.Apply(l.now(), in)
	l.inside.Store(int32(l.state.Participants())) // first, so that whoever is told to be inside is counted
	for _, out := range outputs {
		l.deliver(out)
	}
}

// deliver carries out one output of the room.
func (l *roomLoop) deliver(out room.Output) {
	switch e := out.Event.(type) {
	case room.Begun:
		l.begin()
	case room.Over:
		l.over()
	case room.Admitted:
		l.admit(out.To[0], e)
	case room.Refused, room.Ended:
		l.finish(out.To, peer.Message(e))
	case room.Left:
		l.logLeft(e.ID)
		l.broadcast(out.To, peer.Message(e))
	default:
		l.broadcast(out.To, peer.Message(e))
	}
}

func (l *roomLoop) begin() {
	l.forward = l.media.NewRoom()
	l.begun, l.most, l.joined = l.now(), 0, map[string]time.Time{}
	l.log.Info("room begun")
}

func (l *roomLoop) over() {
	l.forward.Close()
	l.forward = nil
	l.log.Info("room over", "duration", l.now().Sub(l.begun).Round(time.Second), "most", l.most)
}

// admit gives a connection its media and tells it that it is inside, in this order: an offer may follow at once.
func (l *roomLoop) admit(c room.Conn, a room.Admitted) {
	grant := peer.Grant{
		Participant:    a.Self.ID,
		Media:          l.forward,
		MayShareScreen: l.rules.MayShareScreen(a.Self.Role),
	}
	if old := l.members[a.Replaced]; old != nil {
		grant.After = old.MediaGone()
		delete(l.members, a.Replaced)
	}
	m := l.members[c]
	if m == nil {
		return // gone since; its Leave is in the inbox
	}
	audio, video := l.media.SlotLimits()
	frame, err := signaling.Encode(peer.JoinedMessage(a, l.rules, l.resume(a.Resume), signaling.SlotLimit{Audio: audio, Video: video}))
	if err != nil {
		l.log.Error("message not encoded", "error", err)
		return
	}
	m.Admit(grant)
	m.Send(frame)
	l.joined[a.Self.ID] = l.now()
	l.most = max(l.most, len(a.People))
	l.log.Info("participant joined", "participant", a.Self.ID, "role", string(a.Self.Role), "participants", len(a.People))
}

// finish says a last message. Who was replaced stays known until its successor took over, see admit.
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

func (l *roomLoop) logLeft(id string) {
	l.log.Info("participant left", "participant", id, "duration", l.now().Sub(l.joined[id]).Round(time.Second),
		"participants", l.state.Participants())
	delete(l.joined, id)
}

// logID is a random name for a room in the log; the real one must not be there.
func logID() string {
	b := make([]byte, 4)
	_, _ = rand.Read(b) // never fails, see crypto/rand
	return hex.EncodeToString(b)
}
