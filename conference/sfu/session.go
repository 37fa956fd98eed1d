package sfu

import (
	"sync"
	"sync/atomic"

	"github.com/pion/rtcp"

	"github.com/medienzentrenverbund/kreisraum/conference/layers"
)

// key names what a participant sends in a room; source is an index of uplinks.
type key struct {
	participant string
	source      int
}

// Session is one participant's media connection in a room. Safe for concurrent use.
type Session struct {
	id        string
	room      *Room
	transport Transport
	simulcast bool // the camera is offered in layers
	audioMIDs []string
	videoMIDs []string
	voice     *upTrack
	sound     *upTrack             // of the screen
	videos    [len(uplinks)]*video // nil where it is audio
	downs     []*downTrack         // audio slots, then video slots
	organiser atomic.Bool          // as a receiver

	view    atomic.Pointer[[]Want]
	viewing atomic.Bool // a message about view is in the room's inbox
	ruling  atomic.Bool // a message about audiences is

	once sync.Once
	// telling guards the callbacks: held while one runs, so that none runs after Close. This is why they must not call back.
	telling sync.Mutex
	closed  bool
	events  Events

	// What follows is owned by the room loop.
	connectedNow bool
	ceiling      layers.Ceiling
	sounding     bool // the screen's sound comes
	heard        []key
	seen         []key
	told         []string // speakers
	announced    bool
}

func newSession(r *Room, id string, o *offer, ev Events) *Session {
	s := &Session{
		id: id, room: r, simulcast: o.simulcast, audioMIDs: o.audio, videoMIDs: o.video, events: ev,
		ceiling: layers.NewCeiling(), heard: make([]key, len(o.audio)), seen: make([]key, len(o.video)),
	}
	s.voice, s.sound = newUpTrack(voice), newUpTrack(sound)
	for i, up := range uplinks {
		if !up.audio {
			s.videos[i] = newVideo(i)
		}
	}
	return s
}

// ups are all layers of all sources.
func (s *Session) ups(yield func(*upTrack) bool) {
	if !yield(s.voice) || !yield(s.sound) {
		return
	}
	for _, v := range s.videos {
		if v == nil {
			continue
		}
		for _, u := range v {
			if !yield(u) {
				return
			}
		}
	}
}

// up is one of what the participant sends, in its full layer.
func (s *Session) up(source int) *upTrack {
	switch source {
	case voice:
		return s.voice
	case sound:
		return s.sound
	}
	return s.videos[source][layers.Full]
}

// gets reports whether what a participant sends is for this one. Nobody gets their own but in an echo.
func (s *Session) gets(from *Session, source int) bool {
	return from != nil && (from != s || s.room.echo) && from.up(source).reaches(&s.organiser)
}

// wire connects the session to its transport, before the transport does anything.
func (s *Session) wire(t Transport) {
	s.transport = t
	for u := range s.ups {
		u.transport, u.sockets = t, s.room.engine.sockets
	}
	for i := range len(s.audioMIDs) + len(s.videoMIDs) {
		d := newDownTrack(t, i, i < len(s.audioMIDs))
		d.organiser = &s.organiser
		s.downs = append(s.downs, d)
	}
}

// SetView says which videos the receiver shows, most important first. Videos beyond the number of slots, of unknown
// participants and the receiver's own are passed over. It does not block.
func (s *Session) SetView(want []Want) {
	want = append([]Want(nil), want...)
	s.view.Store(&want)
	if !s.viewing.Swap(true) {
		s.room.post(viewMessage{s})
	}
}

// Allow says who gets a source of this participant; at first nobody does. From when it returns on, no packet goes to anybody else,
// whatever clients do; slots follow in a moment. It does not block.
func (s *Session) Allow(source Source, to Audience) {
	for u := range s.ups {
		if uplinks[u.source].source == source {
			u.audience.Store(uint32(to))
		}
	}
	s.ruled()
}

// SetOrganiser says whether this participant, as a receiver, is one of Organisers; at first it is not. It does not block.
func (s *Session) SetOrganiser(on bool) {
	s.organiser.Store(on)
	s.ruled()
}

// ruled tells the room that audiences have changed.
func (s *Session) ruled() {
	if !s.ruling.Swap(true) {
		s.room.post(ruleMessage{s})
	}
}

// Close takes the participant's media out of the room. No event is called after it has returned; the connection itself closes
// in the background. Idempotent.
func (s *Session) Close() {
	s.once.Do(func() {
		s.telling.Lock()
		s.closed = true
		s.telling.Unlock()
		s.room.post(leaveMessage{s})
		go func() {
			s.transport.Close()
			s.room.engine.open.Done()
		}()
	})
}

// tell runs a callback unless the session is closed.
func (s *Session) tell(callback func(Events)) {
	s.telling.Lock()
	defer s.telling.Unlock()
	if !s.closed {
		callback(s.events)
	}
}

// packets implements handler.
func (s *Session) packets(source, layer int, batch []Packet) {
	u := s.up(source)
	if v := s.videos[source]; v != nil {
		u = v[layer]
	}
	u.packets(batch, monotonic())
}

// feedback implements handler.
func (s *Session) feedback(slot int, packets []rtcp.Packet) { s.downs[slot].feedback(packets) }

// connected implements handler.
func (s *Session) connected(path string) {
	s.room.post(connectedMessage{s})
	s.tell(func(e Events) {
		if e.Connected != nil {
			e.Connected(path)
		}
	})
}

// failed implements handler.
func (s *Session) failed(err error) {
	s.tell(func(e Events) {
		if e.Failed != nil {
			e.Failed(err)
		}
	})
}
