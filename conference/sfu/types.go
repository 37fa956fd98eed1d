package sfu

import "time"

// Slots that a client may negotiate at most.
const (
	MaxAudioSlots = 8
	MaxVideoSlots = 25
)

// Source is what a participant sends.
type Source string

// The sources of a participant.
const (
	Microphone Source = "microphone"
	Camera     Source = "camera"
	// Screen is a screen, window or tab with, if the participant offers it, its sound.
	Screen Source = "screen"
)

// uplinks are what a participant sends, in the order of the offer's first m-sections. An offer without the last is good too.
var uplinks = [...]struct {
	source Source
	audio  bool
}{{Microphone, true}, {Camera, false}, {Screen, false}, {Screen, true}}

// Indexes of uplinks.
const (
	voice = 0
	sound = 3 // of the screen
)

// video is the index of the source's video in uplinks, -1 if it has none.
func (s Source) video() int {
	for i, up := range uplinks {
		if s == up.source && !up.audio {
			return i
		}
	}
	return -1
}

// Audience is who gets what a participant sends. The zero value is Nobody.
type Audience uint8

// Audiences.
const (
	Nobody Audience = iota
	Organisers
	Everyone
)

// Want is a video that a receiver shows.
type Want struct {
	Participant string
	// Source is Camera or Screen.
	Source Source
	// Height is the height it is shown at, in device pixels; it chooses the simulcast layer. 0: as large as possible.
	Height int
}

// Slots is the full snapshot of who is in which of a receiver's slots. Empty slots are left out.
type Slots struct {
	Audio []AudioSlot
	Video []VideoSlot
}

// AudioSlot is an occupied audio slot. MID is the identification of its m-section (RFC 8843 §15).
type AudioSlot struct {
	MID         string
	Participant string
	// Source is Microphone or Screen.
	Source Source
}

// VideoSlot is an occupied video slot.
type VideoSlot struct {
	MID         string
	Participant string
	Source      Source
}

// Events are what a Session tells. They are called from any goroutine, possibly before Join has returned, one at a time per
// session, and never after Session.Close has returned. They must not block and must not call the Session or the Room. Nil
// functions are skipped.
type Events struct {
	// Slots is called with a full snapshot once in the beginning and then at every change.
	Slots func(Slots)
	// Speakers is called with the participants who are speaking, loudest first, at every change.
	Speakers func(ids []string)
	// Connected is called once, when media can flow. path is the way it takes: "udp".
	Connected func(path string)
	// Failed is called once, when the connection could not be made or is lost. The session is of no more use; Close it.
	Failed func(error)
}

// Codec is a codec the SFU forwards.
type Codec uint8

// Codecs; docs/signaling.md names them.
const (
	NoCodec Codec = iota
	Opus
	VP8
	H264
	codecs
)

// Clock rates in ticks per second (RFC 7587 §4.1, RFC 7741 §4.1).
const (
	audioClock = 48000
	videoClock = 90000
)

// tick is the period of the room loop: speakers, audio slots.
const tick = 100 * time.Millisecond
