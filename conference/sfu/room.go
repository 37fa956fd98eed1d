package sfu

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/pion/rtcp"

	"github.com/medienzentrenverbund/kreisraum/conference/slots"
)

// reportTicks is how many ticks pass between two sender reports of a slot: 2 s. Receivers use them for statistics.
const reportTicks = 20

// layerTicks is how many ticks pass between two looks at the layers: 200 ms.
const layerTicks = 2

// maxReports is how many sender reports fit one packet (28 bytes each).
const maxReports = 31

// Room forwards media among its sessions. Safe for concurrent use.
type Room struct {
	engine *Engine
	done   chan struct{} // closed when the loop has ended

	mu     sync.Mutex
	closed bool
	inbox  []message // bounded: a session has at most one of each message in it
	wake   chan struct{}

	// What follows is owned by the loop.
	sessions []*Session
	meters   map[*Session]*slots.Meter
	speakers []string
	// simulcast says that somebody offered it; without, layers never change.
	simulcast bool
	ticks     int
}

// message is what the loop is told.
type message interface{ apply(*Room) }

type (
	joinMessage      struct{ s *Session }
	leaveMessage     struct{ s *Session }
	connectedMessage struct{ s *Session }
	viewMessage      struct{ s *Session }
)

func newRoom(e *Engine) *Room {
	r := &Room{engine: e, done: make(chan struct{}), wake: make(chan struct{}, 1), meters: map[*Session]*slots.Meter{}}
	go r.loop()
	return r
}

// Join answers the offer of participant id, who takes the place of an earlier session with the same id. It returns *OfferError
// for an offer that does not have the shape of docs/signaling.md, and ErrClosed. Close the session when the participant leaves.
func (r *Room) Join(id string, offerSDP string, ev Events) (s *Session, answerSDP string, err error) {
	o, err := parseOffer(offerSDP)
	if err != nil {
		return nil, "", err
	}
	if !r.engine.admit() {
		return nil, "", ErrClosed
	}
	s = newSession(r, id, o, ev)
	answer, err := r.connect(s, o)
	if err != nil {
		r.engine.open.Done()
		return nil, "", err
	}
	if !r.post(joinMessage{s}) {
		s.Close()
		return nil, "", ErrClosed
	}
	return s, answer, nil
}

// connect makes the session's transport and returns the answer. On error nothing is left behind.
func (r *Room) connect(s *Session, o *offer) (string, error) {
	api, err := r.engine.api()
	if err != nil {
		return "", fmt.Errorf("set up media: %w", err)
	}
	certificate, err := r.engine.dtlsCertificate(time.Now())
	if err != nil {
		return "", err
	}
	t, err := newPeerTransport(api, certificate, s)
	if err != nil {
		return "", err
	}
	s.wire(t)
	answer, err := t.answer(o)
	if err != nil {
		t.Close()
		return "", err
	}
	return answer, nil
}

// Close ends all sessions of the room and waits for the room loop. Idempotent.
func (r *Room) Close() {
	r.mu.Lock()
	r.closed = true
	r.mu.Unlock()
	r.ring()
	<-r.done
}

// post gives the loop a message; it reports false when the room is closed. It does not block.
func (r *Room) post(m message) bool {
	r.mu.Lock()
	if r.closed {
		r.mu.Unlock()
		return false
	}
	r.inbox = append(r.inbox, m)
	r.mu.Unlock()
	r.ring()
	return true
}

func (r *Room) ring() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// loop owns the room's state. It ticks only while somebody is inside.
func (r *Room) loop() {
	defer close(r.done)
	ticker := time.NewTicker(tick)
	ticker.Stop()
	defer ticker.Stop()
	occupied := false
	for {
		select {
		case <-r.wake:
			if r.drain() {
				r.end()
				return
			}
		case <-ticker.C:
			r.tick()
		}
		if now := len(r.sessions) > 0; now != occupied {
			occupied = now
			if occupied {
				ticker.Reset(tick)
			} else {
				ticker.Stop()
			}
		}
	}
}

// drain applies all messages and then settles the slots once. It reports whether the room was closed.
func (r *Room) drain() (closed bool) {
	r.mu.Lock()
	messages, closed := r.inbox, r.closed
	r.inbox = nil
	r.mu.Unlock()
	for _, m := range messages {
		m.apply(r)
	}
	if len(messages) > 0 && !closed {
		r.settle()
	}
	return closed
}

// end closes what is left.
func (r *Room) end() {
	for _, s := range r.sessions {
		s.Close()
		for _, d := range s.downs {
			d.attach(nil)
		}
	}
	r.engine.forget(r)
}

func (m joinMessage) apply(r *Room) {
	if i := slices.IndexFunc(r.sessions, func(s *Session) bool { return s.id == m.s.id }); i >= 0 {
		old := r.sessions[i]
		r.remove(i)
		old.Close()
	}
	r.sessions = append(r.sessions, m.s)
	r.simulcast = r.simulcast || m.s.simulcast
	r.meters[m.s] = &slots.Meter{}
	if len(r.speakers) > 0 {
		r.tellSpeakers(m.s)
	}
}

func (m leaveMessage) apply(r *Room) {
	if i := slices.Index(r.sessions, m.s); i >= 0 {
		r.remove(i)
	}
}

func (m connectedMessage) apply(*Room) { m.s.connectedNow = true }

func (m viewMessage) apply(*Room) { m.s.viewing.Store(false) }

// remove takes a session out; settle then takes it out of the others' slots.
func (r *Room) remove(i int) {
	s := r.sessions[i]
	for _, d := range s.downs {
		d.attach(nil)
	}
	delete(r.meters, s)
	r.sessions = slices.Delete(r.sessions, i, i+1)
}

// settle brings every session's slots in line with who is inside and what is wanted.
func (r *Room) settle() {
	inside := r.inside()
	for _, s := range r.sessions {
		r.settleOne(s, inside)
	}
}

func (r *Room) settleOne(s *Session, inside map[string]*Session) {
	heard, seen := r.audible(s), visible(s, inside)
	if !s.announced || !slices.Equal(heard, s.heard) || !slices.Equal(seen, s.seen) {
		s.announced, s.heard, s.seen = true, heard, seen
		s.tellSlots()
	}
	if !s.connectedNow { // a keyframe sent before could not be received
		return
	}
	for i, id := range s.heard {
		var voice *upTrack
		if o := inside[id]; o != nil {
			voice = o.voice
		}
		s.downs[i].attach(voice)
	}
	s.showLayers(inside)
}

// showLayers shows every video in the layer that fits its size and is sent.
func (s *Session) showLayers(inside map[string]*Session) {
	now := monotonic()
	for i, k := range s.seen {
		d := s.downs[len(s.heard)+i]
		var layer *upTrack
		if o := inside[k.participant]; o != nil {
			layer = o.videos[k.source].layer(s.height(k), now, d.shown())
		}
		d.show(layer)
	}
}

// height is at what height the receiver shows a video, in device pixels.
func (s *Session) height(k videoKey) int {
	if view := s.view.Load(); view != nil {
		for _, w := range *view {
			if w.Participant == k.participant && w.Source.index() == k.source {
				return w.Height
			}
		}
	}
	return 0
}

// relayer follows layers that came or went.
func (r *Room) relayer() {
	inside := r.inside()
	for _, s := range r.sessions {
		if s.connectedNow {
			s.showLayers(inside)
		}
	}
}

func (r *Room) inside() map[string]*Session {
	inside := make(map[string]*Session, len(r.sessions))
	for _, s := range r.sessions {
		inside[s.id] = s
	}
	return inside
}

// audible returns who is in the session's audio slots: all others, or the loudest of them.
func (r *Room) audible(s *Session) []string {
	others := make([]slots.Loud[string], 0, len(r.sessions))
	for _, o := range r.sessions {
		if o != s {
			others = append(others, slots.Loud[string]{Key: o.id, Loudness: r.meters[o].Loudness()})
		}
	}
	return slots.Assign(s.heard, slots.Loudest(s.heard, others, len(s.heard)))
}

// visible returns what is in the session's video slots.
func visible(s *Session, inside map[string]*Session) []videoKey {
	var want []videoKey
	if view := s.view.Load(); view != nil {
		for _, w := range *view {
			if i := w.Source.index(); i > 0 && w.Participant != s.id && inside[w.Participant] != nil {
				want = append(want, videoKey{w.Participant, i})
			}
		}
	}
	return slots.Assign(s.seen, want)
}

// tellSlots reports the snapshot. Called by the room loop alone.
func (s *Session) tellSlots() {
	var snapshot Slots
	for i, id := range s.heard {
		if id != "" {
			snapshot.Audio = append(snapshot.Audio, AudioSlot{MID: s.audioMIDs[i], Participant: id})
		}
	}
	for i, k := range s.seen {
		if k.participant != "" {
			snapshot.Video = append(snapshot.Video, VideoSlot{MID: s.videoMIDs[i], Participant: k.participant, Source: sources[k.source]})
		}
	}
	s.tell(func(e Events) {
		if e.Slots != nil {
			e.Slots(snapshot)
		}
	})
}

// tick measures loudness, moves the audio slots to the loudest and writes sender reports.
func (r *Room) tick() {
	r.ticks++
	var speaking []slots.Loud[string]
	for _, s := range r.sessions {
		m := r.meters[s]
		m.Tick(uint8(s.voice.peak.Swap(0)))
		if m.Speaking() {
			speaking = append(speaking, slots.Loud[string]{Key: s.id, Loudness: m.Loudness()})
		}
	}
	if r.unheard(speaking) {
		r.settle()
	}
	if now := slots.Order(r.speakers, speaking); !slices.Equal(now, r.speakers) {
		r.speakers = now
		for _, s := range r.sessions {
			r.tellSpeakers(s)
		}
	}
	if r.simulcast && r.ticks%layerTicks == 0 {
		r.relayer()
	}
	r.report()
}

// unheard reports whether some session does not hear somebody who is speaking: only then can an audio slot change.
func (r *Room) unheard(speaking []slots.Loud[string]) bool {
	for _, s := range r.sessions {
		for _, l := range speaking {
			if l.Key != s.id && !slices.Contains(s.heard, l.Key) {
				return true
			}
		}
	}
	return false
}

func (r *Room) tellSpeakers(s *Session) {
	s.tell(func(e Events) {
		if e.Speakers != nil {
			e.Speakers(slices.Clone(r.speakers))
		}
	})
}

// report writes the sender reports of the sessions whose turn it is.
func (r *Room) report() {
	wall, now := time.Now(), monotonic()
	for i, s := range r.sessions {
		if (r.ticks+i)%reportTicks != 0 || !s.connectedNow {
			continue
		}
		var reports []rtcp.Packet
		for _, d := range s.downs {
			if sr := d.report(wall, now); sr != nil {
				reports = append(reports, sr)
			}
		}
		for chunk := range slices.Chunk(reports, maxReports) {
			s.transport.WriteRTCP(chunk)
		}
	}
}
