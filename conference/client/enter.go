package client

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/medienzentrenverbund/kreisraum/conference/signaling"
)

// refused and ended are what the server said last.
type (
	refused signaling.RefusalCode
	ended   signaling.EndReason
)

func (r refused) Error() string { return fmt.Sprintf("refused: %s", string(r)) }

func (e ended) Error() string { return fmt.Sprintf("ended: %s", string(e)) }

// enter makes a connection, gets past the door and sees to the media.
func (p *Participant) enter(ctx context.Context) error {
	s, err := dial(ctx, p.options.Target, p.options.Room, p.options.Cookie, p.options.Told)
	if err != nil {
		return err
	}
	if p.options.Reconnect {
		s.watch()
	}
	p.mu.Lock()
	p.socket = s
	p.mu.Unlock()
	if err := s.write(ctx, p.knock()); err != nil {
		return &Error{LegWebSocket, checkWS, err}
	}
	joined, err := p.door(ctx, s)
	if err != nil {
		return err
	}
	p.arrive(joined)
	if peer := p.Peer(); joined.Media && peer != nil && peer.alive() {
		return nil
	}
	return p.offer(ctx)
}

// knock is the first message.
func (p *Participant) knock() signaling.Join {
	j := signaling.Join{
		Name: signaling.DisplayName(p.options.Name), Role: signaling.RoleParticipant, Probe: signaling.Token(p.options.Probe),
		Device: signaling.Device(p.options.Device),
	}
	if p.options.Organiser {
		j.Role = signaling.RoleOrganiser
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.resume != "" {
		j.Resume, j.Media = p.resume, p.peer != nil && p.peer.alive()
		j.Code = signaling.Code(cmp.Or(string(p.code), p.options.Code))
	}
	return j
}

// door waits until the participant is inside.
func (p *Participant) door(ctx context.Context, s *socket) (signaling.Joined, error) {
	entered := false
	for {
		m, err := s.read(ctx)
		if err != nil {
			return signaling.Joined{}, &Error{LegDoor, checkDoor, err}
		}
		switch m := m.(type) {
		case signaling.Joined:
			return m, nil
		case signaling.Refused:
			return signaling.Joined{}, &Error{LegDoor, checkDoor, refused(m.Code)}
		case signaling.Ended:
			return signaling.Joined{}, &Error{LegDoor, checkDoor, ended(m.Reason)}
		case signaling.Queue:
			p.wait(m.Place)
		case signaling.Door:
			if m.State != signaling.DoorCode {
				continue
			}
			if entered && (m.Wrong || m.RetryAfter > 0) || p.options.Code == "" {
				return signaling.Joined{}, &Error{LegDoor, checkDoor, errCode}
			}
			entered = true
			if err := s.write(ctx, signaling.EnterCode{Code: signaling.Code(p.options.Code)}); err != nil {
				return signaling.Joined{}, &Error{LegDoor, checkDoor, err}
			}
		}
	}
}

var errCode = errors.New("the room code is wrong or missing")

// arrive keeps what there is to know inside.
func (p *Participant) arrive(j signaling.Joined) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.Self == "" {
		p.Self, p.JoinTime = j.Self, time.Since(p.started)
	} else {
		p.tally.reconnects++
		if j.Media {
			p.tally.kept++
		}
	}
	p.id, p.resume, p.inside, p.tally.place = j.Self, j.Resume, true, 0
	if j.Room.Code != "" {
		p.code = j.Room.Code
	}
	p.limit, p.others, p.ice = j.Slots, nil, j.ICE
	for _, other := range j.Participants {
		if other.ID != j.Self {
			p.others = append(p.others, other.ID)
		}
	}
}

// offer makes a PeerConnection in place of the one there may be and offers it.
func (p *Participant) offer(ctx context.Context) error {
	c := p.options.Peer
	c.AudioSlots = min(c.AudioSlots, p.limit.Audio)
	c.VideoSlots = min(c.VideoSlots, p.limit.Video)
	if p.options.OverTLS {
		if p.ice == nil {
			return &Error{LegRelay, checkRelay, errNoRelay}
		}
		c.Relay = &Relay{ICE: *p.ice, Target: p.options.Target}
	}
	peer, err := NewPeer(c)
	if errors.Is(err, errNoRelay) {
		return &Error{LegRelay, checkRelay, err}
	}
	if err != nil {
		return &Error{LegOffer, checkOffer, err}
	}
	p.replace(peer)
	if p.options.Reconnect {
		p.running.Go(func() { p.guard(peer) })
	}
	for _, m := range []signaling.ClientMessage{
		signaling.Offer{SDP: signaling.SDP(peer.Offer())},
		signaling.State{Mic: c.Microphone, Camera: c.Camera, Screen: c.Screen},
		p.view(),
	} {
		if err := p.write(ctx, m); err != nil {
			return &Error{LegOffer, checkOffer, err}
		}
	}
	return nil
}

// replace takes a new PeerConnection and closes the one before, which takes its time.
func (p *Participant) replace(peer *Peer) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if old := p.peer; old != nil {
		p.tally.add(old)
		p.running.Go(old.Close)
	}
	p.peer, p.slots = peer, signaling.Slots{}
	p.tally.peers++
}

// guard gives up the connection with its PeerConnection; the next one brings another.
func (p *Participant) guard(peer *Peer) {
	select {
	case <-peer.Failed():
	case <-p.closing:
		return
	}
	if p.Peer() == peer && p.Inside() { // otherwise the next connection finds out
		p.Cut()
	}
}

// view asks for all cameras.
func (p *Participant) view() signaling.View {
	v := signaling.View{Want: []signaling.Want{}}
	for _, id := range p.others[:min(len(p.others), 32)] {
		v.Want = append(v.Want, signaling.Want{Participant: id, Source: signaling.SourceCamera, Height: 180})
	}
	return v
}

func (p *Participant) meet(id string) {
	if id != p.id && !slices.Contains(p.others, id) {
		p.others = append(p.others, id)
	}
}

func (p *Participant) part(id string) {
	p.others = slices.DeleteFunc(p.others, func(other string) bool { return other == id })
}
