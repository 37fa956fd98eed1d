package client

import (
	"context"
	"errors"
	"fmt"
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
	// Device is what the participant says to be its device, "" for nothing; see docs/signaling.md.
	Device string
	// Reconnect makes the participant do what the page does: it waits in the queue, connects again whenever a connection breaks or is
	// moved, goes on with its PeerConnection while that lives, and makes a new one when it does not.
	Reconnect bool
	// Told is called with every message of the server, from the goroutine that reads, before the participant acts on it; nil: nobody is.
	Told func(signaling.ServerMessage)
	// OverTLS sends all media through the server's relay on its TLS port, as in a network that lets no UDP through.
	OverTLS bool
	// Peer says what to send and how much to receive. Slots beyond what the server allows are cut off.
	Peer PeerConfig
}

// Participant is a headless participant. It shows every camera it has slots for. Safe for concurrent use.
type Participant struct {
	options Options
	cancel  context.CancelFunc
	closing <-chan struct{} // closed by cancel
	running sync.WaitGroup
	once    sync.Once

	// Self is the participant's ID from the first time inside on; a room that was begun anew in the meantime gives another, see ID.
	// JoinTime is from the first connect to being inside.
	Self     string
	JoinTime time.Duration
	started  time.Time

	others []string // owned by the loop
	limit  signaling.SlotLimit

	mu     sync.Mutex
	id     string
	socket *socket
	peer   *Peer
	resume signaling.Token
	code   signaling.Code // as organisers are told it
	ice    *signaling.ICE // as told when it came inside
	slots  signaling.Slots
	inside bool
	tally  tally
	ended  error
	gone   chan struct{} // closed when ended is set
}

// Join walks from the door into the room and sends the media offer; ctx bounds that. It waits at the door for as long as ctx
// allows. Errors are *Error. Use Connected to wait for media.
func Join(ctx context.Context, o Options) (*Participant, error) {
	running, cancel := context.WithCancel(context.Background())
	p := &Participant{options: o, cancel: cancel, closing: running.Done(), started: time.Now(), gone: make(chan struct{})}
	if err := p.begin(ctx); err != nil {
		p.Close()
		return nil, err
	}
	p.running.Go(func() { p.loop(running) })
	return p, nil
}

// begin comes inside for the first time.
func (p *Participant) begin(ctx context.Context) error {
	if !p.options.Reconnect {
		return p.enter(ctx)
	}
	return p.persist(ctx, nil)
}

// handle acts on one message; an error ends the connection.
func (p *Participant) handle(ctx context.Context, m signaling.ServerMessage) error {
	switch m := m.(type) {
	case signaling.Answer:
		if err := p.Peer().Answer(string(m.SDP)); err != nil {
			return &Error{LegOffer, checkOffer, err}
		}
	case signaling.ParticipantJoined:
		p.meet(m.Participant.ID)
		return p.write(ctx, p.view())
	case signaling.ParticipantLeft:
		p.part(m.ID)
		return p.write(ctx, p.view())
	case signaling.Slots:
		p.show(m)
	case signaling.RoomCode:
		p.mu.Lock()
		p.code = m.Code
		p.mu.Unlock()
	case signaling.Door:
		return p.sentBack(ctx, m)
	case signaling.Joined:
		p.arrive(m)
		return p.offer(ctx)
	case signaling.Refused:
		return &Error{LegDoor, checkDoor, refused(m.Code)}
	case signaling.Ended:
		return &Error{LegDoor, checkDoor, ended(m.Reason)}
	case signaling.Problem:
		if m.Code == signaling.ErrorMediaFailed {
			return p.mediaFailed(ctx)
		}
	}
	return nil
}

// sentBack waits at the door again, on the same connection: the lesson has lost its organisers, or one of them wants to look.
func (p *Participant) sentBack(ctx context.Context, d signaling.Door) error {
	p.mu.Lock()
	again := !p.inside
	p.inside, p.slots = false, signaling.Slots{}
	p.mu.Unlock()
	if d.State != signaling.DoorCode {
		return nil
	}
	if again && (d.Wrong || d.RetryAfter > 0) || p.options.Code == "" {
		return &Error{LegDoor, checkDoor, errCode}
	}
	return p.write(ctx, signaling.EnterCode{Code: signaling.Code(p.options.Code)})
}

// show keeps who is in which slot. A slot that somebody else is in now has paused.
func (p *Participant) show(m signaling.Slots) {
	p.mu.Lock()
	p.slots = m
	peer := p.peer
	p.mu.Unlock()
	occupants := map[string]string{}
	for _, s := range m.Audio {
		occupants[s.MID] = s.Participant
	}
	for _, s := range m.Video {
		occupants[s.MID] = s.Participant + " " + string(s.Source)
	}
	peer.occupy(occupants)
}

// Peer is the participant's media: the present PeerConnection.
func (p *Participant) Peer() *Peer {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.peer
}

// ID is the participant's present ID.
func (p *Participant) ID() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.id
}

// Code is the room code, as organisers are told it; "" for others and where there is none.
func (p *Participant) Code() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return string(p.code)
}

// Inside says whether the participant is inside with a connection.
func (p *Participant) Inside() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.inside
}

// Gone is closed when the server ended the connection for good; Err then says why.
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

// Send says something to the server that the participant does not say by itself, such as a chat message.
func (p *Participant) Send(ctx context.Context, m signaling.ClientMessage) error {
	return p.write(ctx, m)
}

// Cut breaks the connection as a bad network would: nobody says goodbye.
func (p *Participant) Cut() {
	p.mu.Lock()
	s := p.socket
	p.mu.Unlock()
	if s != nil {
		s.cut()
	}
}

// Connected waits until media can flow. Errors are *Error.
func (p *Participant) Connected(ctx context.Context) error {
	peer := p.Peer()
	select {
	case <-peer.Connected():
		return nil
	case <-peer.Failed():
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

// write says something on the present connection.
func (p *Participant) write(ctx context.Context, m signaling.ClientMessage) error {
	p.mu.Lock()
	s := p.socket
	p.mu.Unlock()
	if s == nil {
		return &Error{LegWebSocket, checkWS, errors.New("not connected")}
	}
	return s.write(ctx, m)
}

// Close leaves the room and waits for everything the participant started. Idempotent.
func (p *Participant) Close() {
	p.once.Do(func() {
		p.mu.Lock()
		s := p.socket
		p.mu.Unlock()
		if s != nil {
			s.close()
		}
		p.cancel()
		p.running.Wait()
		p.mu.Lock()
		s, peer := p.socket, p.peer
		p.mu.Unlock()
		if s != nil {
			s.close()
		}
		if peer != nil {
			peer.Close()
		}
	})
}
