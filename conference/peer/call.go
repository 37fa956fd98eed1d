package peer

import (
	"log/slog"
	"sync"

	"github.com/medienzentrenverbund/kreisraum/conference/signaling"
)

// CallConfig is what a Call needs.
type CallConfig struct {
	// Participant is the ID.
	Participant string
	Media       MediaRoom
	// Forward is what may be forwarded until SetForward says otherwise.
	Forward Forward
	// After is closed when another Call of the same participant is over; nil: there is none.
	After <-chan struct{}
	// Ended is called, from any goroutine, whenever the session has ended by itself. It must not block.
	Ended func()
	Log   *slog.Logger
}

// Call is the media of one participant. It belongs to the participant and not to a connection: connections attach to it one after the
// other, and it goes on while there is none. Safe for concurrent use.
type Call struct {
	cfg  CallConfig
	work chan request
	// wake has a token when the session is to be closed or something else may be forwarded.
	wake chan struct{}
	quit chan struct{}
	once sync.Once // of quit
	done chan struct{}

	mu sync.Mutex
	to *Peer // who is told; nil: nobody is there
	// live says that the session was answered and neither ended nor became useless since.
	live bool
	// useless says that the session is to be closed, forget that its client knows nothing of it.
	useless, forget bool
	// forward is what may be forwarded; changed says that the session does not know it yet.
	forward Forward
	changed bool
	// slots and speakers are the last frames that the session told; nil: none.
	slots, speakers []byte

	// Run owns these. Want is the last view, for the session that follows a failed one.
	session MediaSession
	want    []MediaWant
}

// request is an offer or a view.
type request struct {
	from    *Peer
	message signaling.ClientMessage
}

// NewCall returns a Call without a session. The caller calls Run.
func NewCall(cfg CallConfig) *Call {
	return &Call{cfg: cfg, forward: cfg.Forward, work: make(chan request), wake: make(chan struct{}, 1), quit: make(chan struct{}), done: make(chan struct{})}
}

// Run owns the session until End.
func (c *Call) Run() {
	defer close(c.done)
	if !guard(c.cfg.Log, c.serve) {
		c.endByBug()
	}
	guard(c.cfg.Log, c.closeSession)
}

func (c *Call) serve() {
	if c.cfg.After != nil {
		<-c.cfg.After // even if this one is over already: who waits for it must not overtake the one before
	}
	for {
		select {
		case <-c.quit:
			return
		case <-c.wake:
			c.settle()
		case r := <-c.work:
			c.settle()
			c.handle(r)
		}
	}
}

// Live says whether the session was answered and goes on.
func (c *Call) Live() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.live
}

// attach makes p the connection that is told, and tells it first that it is inside. Its client either goes on with the session or begins anew.
func (c *Call) attach(p *Peer, joined []byte, goesOn bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.to = p
	p.Send(joined)
	switch {
	case !goesOn:
		c.live, c.useless, c.forget = false, true, true
		c.ring()
	case c.live:
		p.Send(c.snapshot(c.slots, signaling.Slots{}))
		p.Send(c.snapshot(c.speakers, signaling.Speakers{}))
	default: // it ended since the room looked
		p.send(signaling.Problem{Code: signaling.ErrorMediaFailed})
	}
}

// snapshot is the last frame told or, if there is none, the empty one.
func (c *Call) snapshot(last []byte, empty signaling.ServerMessage) []byte {
	if last == nil {
		last, _ = signaling.Encode(empty) // always valid
	}
	return last
}

// SetForward says what may be forwarded from now on. It does not wait for the session, which learns of it at once.
func (c *Call) SetForward(f Forward) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.forward != f {
		c.forward, c.changed = f, true
		c.ring()
	}
}

// Detach says that nobody is there to be told any more.
func (c *Call) Detach() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.to = nil
}

// End ends the session and the Call. Idempotent.
func (c *Call) End() { c.once.Do(func() { close(c.quit) }) }

// Over says that the Call has ended or is about to.
func (c *Call) Over() bool {
	select {
	case <-c.quit:
		return true
	case <-c.done:
		return true
	default:
		return false
	}
}

// Done is closed when the Call is over.
func (c *Call) Done() <-chan struct{} { return c.done }

func (c *Call) ring() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// settle closes a session that has become useless, and tells one that goes on what may be forwarded.
func (c *Call) settle() {
	c.mu.Lock()
	useless, forget := c.useless, c.forget
	c.useless, c.forget = false, false
	c.mu.Unlock()
	if useless {
		c.closeSession()
	}
	if forget {
		c.want = nil
	}
	c.govern(false)
}

// govern tells the session what may be forwarded, if that changed or always.
func (c *Call) govern(always bool) {
	c.mu.Lock()
	f, changed := c.forward, c.changed
	c.changed = false
	c.mu.Unlock()
	if c.session != nil && (changed || always) {
		c.session.SetOrganiser(f.Organiser)
		c.session.Allow(Microphone, f.Microphone)
		c.session.Allow(Camera, f.Camera)
		c.session.Allow(Screen, f.Screen)
	}
}

func (c *Call) handle(r request) {
	if !c.hears(r.from) { // replaced since, or not inside yet
		r.from.send(signaling.Problem{Code: signaling.ErrorNotAllowed})
		return
	}
	switch m := r.message.(type) {
	case signaling.Offer:
		c.start(r.from, m)
	case signaling.View:
		c.view(m)
	}
}

func (c *Call) hears(p *Peer) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.to == p
}

// start makes a session in place of the one there is.
func (c *Call) start(from *Peer, m signaling.Offer) {
	c.mute()
	c.closeSession()
	if !c.begin(from) {
		return
	}
	session, answer, err := c.cfg.Media.Join(c.cfg.Participant, string(m.SDP), c.events())
	if err != nil {
		c.cfg.Log.Warn("offer refused", "participant", c.cfg.Participant, "error", err)
		from.send(signaling.Problem{Code: signaling.ErrorMediaFailed})
		c.cfg.Ended()
		return
	}
	c.session = session
	c.govern(true)
	if c.want != nil {
		session.SetView(c.want)
	}
	c.answer(from, signaling.Answer{SDP: signaling.SDP(answer)})
}

// mute lets nothing of what the session tells through.
func (c *Call) mute() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.live = false
}

// begin forgets what the session before told and became. It returns false if another connection has attached in the meantime.
func (c *Call) begin(from *Peer) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.to != from {
		return false
	}
	c.useless, c.slots, c.speakers = false, nil, nil
	return true
}

// answer opens the session's mouth: the answer first, then what it told while it was made. A session whose client has gone or begun anew
// in the meantime, or that has failed, is closed.
func (c *Call) answer(to *Peer, a signaling.Answer) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.useless || c.to != to {
		c.useless = true
		c.ring()
		return
	}
	c.live = true
	to.send(a)
	for _, frame := range [][]byte{c.slots, c.speakers} {
		if frame != nil {
			to.Send(frame)
		}
	}
}

func (c *Call) view(m signaling.View) {
	c.want = make([]MediaWant, 0, len(m.Want))
	for _, w := range m.Want {
		c.want = append(c.want, MediaWant{Participant: w.Participant, Source: string(w.Source), Height: w.Height})
	}
	if c.session != nil {
		c.session.SetView(c.want)
	}
}

// closeSession ends the session. Nothing comes from it afterwards.
func (c *Call) closeSession() {
	if s := c.session; s != nil {
		c.session = nil
		s.Close()
	}
}

// events translates what the session tells. None of it blocks.
func (c *Call) events() MediaEvents {
	return MediaEvents{
		Slots: func(audio []AudioSlot, video []VideoSlot) { c.tell(&c.slots, slotsMessage(audio, video)) },
		Speakers: func(participants []string) {
			c.tell(&c.speakers, signaling.Speakers{IDs: participants})
		},
		Failed: c.fail,
	}
}

// tell keeps a snapshot and passes it on, unless the answer comes first.
func (c *Call) tell(last *[]byte, m signaling.ServerMessage) {
	frame, err := signaling.Encode(m)
	if err != nil {
		c.cfg.Log.Error("message not encoded", "error", err)
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	*last = frame
	if c.live && c.to != nil {
		c.to.Send(frame)
	}
}

// fail takes the session out of use; the client will send a new offer.
func (c *Call) fail(err error) {
	c.mu.Lock()
	known, to := c.useless, c.to
	c.live, c.useless = false, true
	c.mu.Unlock()
	if known {
		return
	}
	c.cfg.Log.Info("media failed", "participant", c.cfg.Participant, "error", err)
	c.ring()
	if to != nil {
		to.send(signaling.Problem{Code: signaling.ErrorMediaFailed})
	}
	c.cfg.Ended()
}

func (c *Call) endByBug() {
	c.mu.Lock()
	to := c.to
	c.live = false
	c.mu.Unlock()
	if to != nil {
		to.Finish(signaling.Ended{Reason: signaling.EndedRestart})
	}
	c.cfg.Ended()
}

func slotsMessage(audio []AudioSlot, video []VideoSlot) signaling.Slots {
	var m signaling.Slots
	for _, a := range audio {
		slot := signaling.AudioSlot{MID: a.MID, Participant: a.Participant}
		if a.Source == Screen {
			slot.Source = signaling.SourceScreen
		}
		m.Audio = append(m.Audio, slot)
	}
	for _, v := range video {
		m.Video = append(m.Video, signaling.VideoSlot{MID: v.MID, Participant: v.Participant, Source: signaling.Source(v.Source)})
	}
	return m
}
