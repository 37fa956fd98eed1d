package sfu

import "time"

// Slots that a client may negotiate at most.
const (
	MaxAudioSlots = 8
	MaxVideoSlots = 25
)

// Source is what a participant sends.
type Source string

// The three sources of a participant, in the order of the offer's first three m-sections.
const (
	Microphone Source = "microphone"
	Camera     Source = "camera"
	Screen     Source = "screen"
)

// sources in the order of the offer.
var sources = [3]Source{Microphone, Camera, Screen}

// index is the source's place in the offer, -1 for an unknown source.
func (s Source) index() int {
	for i, other := range sources {
		if s == other {
			return i
		}
	}
	return -1
}

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
