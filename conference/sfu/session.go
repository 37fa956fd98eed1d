package sfu

import (
	"sync"
	"sync/atomic"

	"github.com/pion/rtcp"

	"github.com/medienzentrenverbund/kreisraum/conference/layers"
)

// videoKey names a video source in a room.
type videoKey struct {
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
	videos    [len(sources)]*video // by source; none for the microphone
	downs     []*downTrack         // audio slots, then video slots

	view    atomic.Pointer[[]Want]
	viewing atomic.Bool // a message about view is in the room's inbox

	once sync.Once
	// told guards the callbacks: held while one runs, so that none runs after Close. This is why they must not call back.
	told   sync.Mutex
	closed bool
	events Events

	// What follows is owned by the room loop.
	connectedNow bool
	ceiling      layers.Ceiling
	heard        []string
	seen         []videoKey
	announced    bool
}

func newSession(r *Room, id string, o *offer, ev Events) *Session {
	s := &Session{
		id: id, room: r, simulcast: o.simulcast, audioMIDs: o.audio, videoMIDs: o.video, events: ev,
		ceiling: layers.NewCeiling(), heard: make([]string, len(o.audio)), seen: make([]videoKey, len(o.video)),
	}
	s.voice = newUpTrack(0)
	for i := 1; i < len(sources); i++ {
		s.videos[i] = newVideo(i)
	}
	return s
}

// ups are all layers of all sources.
func (s *Session) ups(yield func(*upTrack) bool) {
	if !yield(s.voice) {
		return
	}
	for _, v := range s.videos[1:] {
		for _, u := range v {
			if !yield(u) {
				return
			}
		}
	}
}

// wire connects the session to its transport, before the transport does anything.
func (s *Session) wire(t Transport) {
	s.transport = t
	for u := range s.ups {
		u.transport, u.sockets = t, s.room.engine.sockets
	}
	for i := range len(s.audioMIDs) + len(s.videoMIDs) {
		s.downs = append(s.downs, newDownTrack(t, i, i < len(s.audioMIDs)))
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

// Allow says whether a source of this participant is forwarded; at first all are. Packets of a source that is not allowed are
// dropped here, whatever the client does.
func (s *Session) Allow(source Source, ok bool) {
	for u := range s.ups {
		if u.source == source.index() {
			u.allowed.Store(ok)
		}
	}
}

// Close takes the participant's media out of the room. No event is called after it has returned; the connection itself closes
// in the background. Idempotent.
func (s *Session) Close() {
	s.once.Do(func() {
		s.told.Lock()
		s.closed = true
		s.told.Unlock()
		s.room.post(leaveMessage{s})
		go func() {
			s.transport.Close()
			s.room.engine.open.Done()
		}()
	})
}

// tell runs a callback unless the session is closed.
func (s *Session) tell(callback func(Events)) {
	s.told.Lock()
	defer s.told.Unlock()
	if !s.closed {
		callback(s.events)
	}
}

// packets implements handler.
func (s *Session) packets(source, layer int, batch []Packet) {
	u := s.voice
	if source > 0 {
		u = s.videos[source][layer]
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
