package sfu

import (
	"slices"

	"github.com/medienzentrenverbund/kreisraum/conference/slots"
)

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
			layer = o.videos[k.source].layer(s.height(k), s.ceiling.Layer(), now, d.shown())
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
