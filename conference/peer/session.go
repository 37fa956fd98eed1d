package peer

import (
	"context"
	"sync"

	"github.com/medienzentrenverbund/kreisraum/conference/signaling"
)

// offer hands an offer to the media loop, unless there were too many.
func (p *Peer) offer(ctx context.Context, m signaling.Offer) {
	if !p.offers.Allow() {
		p.send(signaling.Problem{Code: signaling.ErrorMediaFailed})
		return
	}
	p.toMedia(ctx, m)
}

// toMedia hands a message to the media loop, which begins with the first one of a participant who is inside. It waits until the loop
// takes the message; only this client's own messages wait behind it.
func (p *Peer) toMedia(ctx context.Context, m signaling.ClientMessage) {
	if p.media == nil {
		grant, ok := p.startMedia()
		if !ok {
			p.send(signaling.Problem{Code: signaling.ErrorNotAllowed})
			return
		}
		p.media = make(chan signaling.ClientMessage)
		p.spawn(func() { p.mediaLoop(grant, p.media) })
	}
	select {
	case p.media <- m:
	case <-p.mediaContext.Done():
	case <-ctx.Done():
	}
}

// mediaLoop owns the participant's Session from the first offer to the end of the connection.
func (p *Peer) mediaLoop(g Grant, messages <-chan signaling.ClientMessage) {
	defer close(p.mediaGone)
	s := &session{peer: p, grant: g, failed: make(chan struct{}, 1)}
	defer s.close()
	if g.After != nil {
		select {
		case <-g.After:
		case <-p.mediaContext.Done():
			<-g.After // whoever waits for this connection must not overtake the one before
			return
		}
	}
	for {
		select {
		case <-p.mediaContext.Done():
			return
		case <-s.failed:
			s.close()
			s.peer.send(signaling.Problem{Code: signaling.ErrorMediaFailed}) // the client will send a new offer
		case m := <-messages:
			switch m := m.(type) {
			case signaling.Offer:
				s.start(m)
			case signaling.View:
				s.view(m)
			}
		}
	}
}

// session is the media loop's state.
type session struct {
	peer  *Peer
	grant Grant
	media MediaSession
	// failed has a token when the session is of no more use.
	failed chan struct{}
	// want is the last view, for the session that follows a failed one.
	want []MediaWant
}

func (s *session) start(m signaling.Offer) {
	s.close()
	gate := &gate{send: s.peer.send}
	media, answer, err := s.grant.Media.Join(s.grant.Participant, string(m.SDP), s.events(gate))
	if err != nil {
		s.peer.cfg.Log.Warn("offer refused", "participant", s.grant.Participant, "error", err)
		s.peer.send(signaling.Problem{Code: signaling.ErrorMediaFailed})
		return
	}
	s.media = media
	media.Allow(Screen, s.grant.MayShareScreen)
	if s.want != nil {
		media.SetView(s.want)
	}
	s.peer.send(signaling.Answer{SDP: signaling.SDP(answer)})
	gate.open()
}

func (s *session) view(m signaling.View) {
	s.want = make([]MediaWant, 0, len(m.Want))
	for _, w := range m.Want {
		s.want = append(s.want, MediaWant{Participant: w.Participant, Source: string(w.Source), Height: w.Height})
	}
	if s.media != nil {
		s.media.SetView(s.want)
	}
}

// close ends the session. Nothing comes from it afterwards, so a failure it told before is dropped with it.
func (s *session) close() {
	if s.media != nil {
		s.media.Close()
		s.media = nil
	}
	select {
	case <-s.failed:
	default:
	}
}

// events translates what the session tells. None of it blocks.
func (s *session) events(g *gate) MediaEvents {
	return MediaEvents{
		Slots: func(audio []AudioSlot, video []VideoSlot) { g.say(slotsMessage(audio, video)) },
		Speakers: func(participants []string) {
			g.say(signaling.Speakers{IDs: participants})
		},
		Failed: func(err error) {
			s.peer.cfg.Log.Info("media failed", "participant", s.grant.Participant, "error", err)
			select {
			case s.failed <- struct{}{}:
			default: // one failure is as good as two
			}
		},
	}
}

func slotsMessage(audio []AudioSlot, video []VideoSlot) signaling.Slots {
	var m signaling.Slots
	for _, a := range audio {
		m.Audio = append(m.Audio, signaling.AudioSlot{MID: a.MID, Participant: a.Participant})
	}
	for _, v := range video {
		m.Video = append(m.Video, signaling.VideoSlot{MID: v.MID, Participant: v.Participant, Source: signaling.Source(v.Source)})
	}
	return m
}

// gate holds back what a session tells before its answer is on the way.
type gate struct {
	send func(signaling.ServerMessage)

	mu     sync.Mutex
	opened bool
	held   []signaling.ServerMessage
}

// maxHeld bounds what waits for an answer; snapshots follow each other, so the last ones are enough.
const maxHeld = 16

func (g *gate) say(m signaling.ServerMessage) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.opened {
		g.held = append(g.held, m)
		if len(g.held) > maxHeld {
			g.held = g.held[1:]
		}
		return
	}
	g.send(m)
}

func (g *gate) open() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.opened = true
	for _, m := range g.held {
		g.send(m)
	}
	g.held = nil
}
