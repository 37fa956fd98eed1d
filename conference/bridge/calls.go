package bridge

import (
	"time"

	"github.com/medienzentrenverbund/kreisraum/conference/peer"
	"github.com/medienzentrenverbund/kreisraum/conference/room"
)

// call is the media of somebody inside. One that was here before and is not quite gone is waited for.
func (l *roomLoop) call(p room.Person) *peer.Call {
	before := l.calls[p.ID]
	if before != nil && !before.Over() {
		return before
	}
	cfg := peer.CallConfig{
		Participant: p.ID, Media: l.forward, Forward: l.forwards[p.ID], Log: l.log,
		Ended: func() { l.inbox.post(input{room.MediaEnded{Participant: p.ID}}) },
	}
	if before != nil {
		cfg.After = before.Done()
	}
	c := peer.NewCall(cfg)
	l.calls[p.ID] = c
	l.running.Go(func() {
		c.Run()
		l.inbox.post(callOver{participant: p.ID, call: c})
	})
	return c
}

// forwarding keeps what may be forwarded of a participant, who may not be inside yet, and tells the media.
func (l *roomLoop) forwarding(e room.Forward) {
	f := peer.Forward{Microphone: audience[e.Microphone], Camera: audience[e.Camera], Screen: audience[e.Screen], Organiser: e.Organiser}
	l.forwards[e.ID] = f
	if c := l.calls[e.ID]; c != nil {
		c.SetForward(f)
	}
}

var audience = map[room.Audience]peer.Audience{room.Organisers: peer.Organisers, room.Everyone: peer.Everyone}

// live says whether a participant's media go on whatever becomes of the connection.
func (l *roomLoop) live(participant string) bool {
	c := l.calls[participant]
	return c != nil && c.Live()
}

// away lets a participant's media go on without a connection.
func (l *roomLoop) away(e room.AwayChanged) {
	if !e.Away {
		return
	}
	l.log.Info("participant away", "participant", e.ID)
	if c := l.calls[e.ID]; c != nil {
		c.Detach()
	}
}

// left ends a participant's media.
func (l *roomLoop) left(id string) {
	l.log.Info("participant left", "participant", id, "duration", l.now().Sub(l.joined[id]).Round(time.Second),
		"participants", l.state.Participants())
	delete(l.joined, id)
	delete(l.forwards, id)
	if c := l.calls[id]; c != nil {
		c.End()
	}
}

// endCalls ends what media there still are.
func (l *roomLoop) endCalls() {
	for _, c := range l.calls {
		c.End()
	}
}
