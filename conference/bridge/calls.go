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
		Participant: p.ID, Media: l.forward, MayShareScreen: l.rules.MayShareScreen(p.Role), Log: l.log,
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
