package client

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/medienzentrenverbund/kreisraum/conference/signaling"
)

// Options say how to join.
type Options struct {
	Target Target
	// Room is the room's name.
	Room string
	// Name is the display name.
	Name string
	// Organiser asks for the organiser role, which needs Cookie or Probe.
	Organiser bool
	// Cookie is the Cookie header of a logged-in account, "" without.
	Cookie string
	// Code is the room code; given at the door when asked for.
	Code string
	// Probe is a token of the ops API; it opens the reserved room without cookie and code.
	Probe string
	// Peer says what to send and how much to receive. Slots beyond what the server allows are cut off.
	Peer PeerConfig
}

// Participant is a headless participant. It shows every camera and screen it has slots for. Safe for concurrent use.
type Participant struct {
	options Options
	socket  *socket
	cancel  context.CancelFunc
	running sync.WaitGroup
	once    sync.Once

	// Self is the participant's ID; JoinTime is from the first connect to being inside.
	Self     string
	JoinTime time.Duration
	started  time.Time

	peer   *Peer
	others []string // owned by the read loop

	mu    sync.Mutex
	slots signaling.Slots
	ended error
	gone  chan struct{} // closed when ended is set
}

// Join walks from the door into the room and sends the media offer; ctx bounds that. It waits at the door for as long as ctx
// allows. Errors are *Error. Use Connected to wait for media.
func Join(ctx context.Context, o Options) (*Participant, error) {
	started := time.Now()
	s, err := dial(ctx, o.Target, o.Room, o.Cookie)
	if err != nil {
		return nil, err
	}
	running, cancel := context.WithCancel(context.Background())
	p := &Participant{options: o, socket: s, cancel: cancel, started: started, gone: make(chan struct{})}
	if err := p.enter(ctx); err != nil {
		p.Close()
		return nil, err
	}
	p.running.Go(func() { p.listen(running) })
	return p, nil
}

// enter gets past the door and sends the offer.
func (p *Participant) enter(ctx context.Context) error {
	role := signaling.RoleParticipant
	if p.options.Organiser {
		role = signaling.RoleOrganiser
	}
	if err := p.socket.write(ctx, signaling.Join{
		Name: signaling.DisplayName(p.options.Name), Role: role, Probe: signaling.Token(p.options.Probe),
	}); err != nil {
		return &Error{LegWebSocket, checkWS, err}
	}
	joined, err := p.door(ctx)
	if err != nil {
		return err
	}
	p.Self, p.JoinTime = joined.Self, time.Since(p.started)
	for _, other := range joined.Participants {
		p.meet(other.ID)
	}
	return p.offer(ctx, joined.Slots)
}

// door waits until the participant is inside.
func (p *Participant) door(ctx context.Context) (signaling.Joined, error) {
	entered := false
	for {
		m, err := p.socket.read(ctx)
		if err != nil {
			return signaling.Joined{}, &Error{LegDoor, checkDoor, err}
		}
		switch m := m.(type) {
		case signaling.Joined:
			return m, nil
		case signaling.Refused:
			return signaling.Joined{}, &Error{LegDoor, checkDoor, fmt.Errorf("refused: %s", m.Code)}
		case signaling.Ended:
			return signaling.Joined{}, &Error{LegDoor, checkDoor, fmt.Errorf("ended: %s", m.Reason)}
		case signaling.Door:
			if m.State != signaling.DoorCode {
				continue
			}
			if entered || p.options.Code == "" {
				return signaling.Joined{}, &Error{LegDoor, checkDoor, errors.New("the room code is wrong or missing")}
			}
			entered = true
			if err := p.socket.write(ctx, signaling.EnterCode{Code: signaling.Code(p.options.Code)}); err != nil {
				return signaling.Joined{}, &Error{LegDoor, checkDoor, err}
			}
		}
	}
}

func (p *Participant) offer(ctx context.Context, limit signaling.SlotLimit) error {
	c := p.options.Peer
	c.AudioSlots = min(c.AudioSlots, limit.Audio)
	c.VideoSlots = min(c.VideoSlots, limit.Video)
	peer, err := NewPeer(c)
	if err != nil {
		return &Error{LegOffer, checkOffer, err}
	}
	p.peer = peer
	for _, m := range []signaling.ClientMessage{
		signaling.Offer{SDP: signaling.SDP(peer.Offer())},
		signaling.State{Mic: c.Microphone, Camera: c.Camera, Screen: c.Screen},
		p.view(),
	} {
		if err := p.socket.write(ctx, m); err != nil {
			return &Error{LegOffer, checkOffer, err}
		}
	}
	return nil
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
	if id != p.Self && !slices.Contains(p.others, id) {
		p.others = append(p.others, id)
	}
}

// listen is the read loop.
func (p *Participant) listen(ctx context.Context) {
	for {
		m, err := p.socket.read(ctx)
		if err == nil {
			err = p.handle(ctx, m)
		}
		if err != nil {
			p.mu.Lock()
			p.ended = err
			p.mu.Unlock()
			close(p.gone)
			return
		}
	}
}

// handle acts on one message; an error ends the participant.
func (p *Participant) handle(ctx context.Context, m signaling.ServerMessage) error {
	switch m := m.(type) {
	case signaling.Answer:
		if err := p.peer.Answer(string(m.SDP)); err != nil {
			return &Error{LegOffer, checkOffer, err}
		}
	case signaling.ParticipantJoined:
		p.meet(m.Participant.ID)
		return p.socket.write(ctx, p.view())
	case signaling.ParticipantLeft:
		p.others = slices.DeleteFunc(p.others, func(id string) bool { return id == m.ID })
		return p.socket.write(ctx, p.view())
	case signaling.Slots:
		p.mu.Lock()
		p.slots = m
		p.mu.Unlock()
	case signaling.Refused:
		return &Error{LegDoor, checkDoor, fmt.Errorf("refused: %s", m.Code)}
	case signaling.Ended:
		return &Error{LegDoor, checkDoor, fmt.Errorf("ended: %s", m.Reason)}
	case signaling.Problem:
		if m.Code == signaling.ErrorMediaFailed {
			return &Error{LegOffer, checkOffer, errors.New("the server refused the offer or lost the connection")}
		}
	}
	return nil
}

// Peer is the participant's media.
func (p *Participant) Peer() *Peer { return p.peer }

// Gone is closed when the server ended the connection; Err then says why.
func (p *Participant) Gone() <-chan struct{} { return p.gone }

// Err is why the participant is gone, nil while it is not.
func (p *Participant) Err() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.ended
}

// Slots is the last snapshot of who is in which slot.
func (p *Participant) Slots() signaling.Slots {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.slots
}

// Connected waits until media can flow. Errors are *Error.
func (p *Participant) Connected(ctx context.Context) error {
	select {
	case <-p.peer.Connected():
		return nil
	case <-p.peer.Failed():
		return &Error{LegICE, checkICE, errors.New("no connection")}
	case <-p.gone:
		return p.lost()
	case <-ctx.Done():
		return &Error{LegICE, checkICE, fmt.Errorf("no connection: %w", ctx.Err())}
	}
}

// lost is the reason of a connection that ended too early.
func (p *Participant) lost() error {
	err := p.Err()
	var known *Error
	if errors.As(err, &known) {
		return known
	}
	return &Error{LegWebSocket, checkWS, fmt.Errorf("connection lost: %w", err)}
}

// Close leaves the room and waits for everything the participant started. Idempotent.
func (p *Participant) Close() {
	p.once.Do(func() {
		p.socket.close()
		p.cancel()
		p.running.Wait()
		if p.peer != nil {
			p.peer.Close()
		}
	})
}
