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
	for i, k := range s.heard {
		var from *upTrack
		if o := inside[k.participant]; o != nil {
			from = o.up(k.source)
		}
		s.downs[i].attach(from)
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
func (s *Session) height(k key) int {
	if view := s.view.Load(); view != nil {
		for _, w := range *view {
			if w.Participant == k.participant && w.Source.video() == k.source {
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

// audible returns what is in the session's audio slots: the sound of screens, in half of the slots at most, and of all others whom it may
// hear the loudest. A film that is shown must not lose its slot to a cough, however quiet it is.
func (r *Room) audible(s *Session) []key {
	voices := make([]slots.Loud[key], 0, len(r.sessions))
	var want []key
	for _, o := range r.sessions {
		if s.gets(o, voice) {
			voices = append(voices, slots.Loud[key]{Key: key{o.id, voice}, Loudness: r.meters[o].Loudness()})
		}
		if o.sounding && len(want) < len(s.heard)/2 && s.gets(o, sound) {
			want = append(want, key{o.id, sound})
		}
	}
	want = append(want, slots.Loudest(s.heard, voices, len(s.heard)-len(want))...)
	return slots.Assign(s.heard, want)
}

// visible returns what is in the session's video slots.
func visible(s *Session, inside map[string]*Session) []key {
	var want []key
	if view := s.view.Load(); view != nil {
		for _, w := range *view {
			if i := w.Source.video(); i >= 0 && s.gets(inside[w.Participant], i) {
				want = append(want, key{w.Participant, i})
			}
		}
	}
	return slots.Assign(s.seen, want)
}

// tellSlots reports the snapshot. Called by the room loop alone.
func (s *Session) tellSlots() {
	var snapshot Slots
	for i, k := range s.heard {
		if k.participant != "" {
			snapshot.Audio = append(snapshot.Audio, AudioSlot{MID: s.audioMIDs[i], Participant: k.participant, Source: uplinks[k.source].source})
		}
	}
	for i, k := range s.seen {
		if k.participant != "" {
			snapshot.Video = append(snapshot.Video, VideoSlot{MID: s.videoMIDs[i], Participant: k.participant, Source: uplinks[k.source].source})
		}
	}
	s.tell(func(e Events) {
		if e.Slots != nil {
			e.Slots(snapshot)
		}
	})
}
