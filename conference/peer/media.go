package peer

// Media is where rooms get their media from. Safe for concurrent use.
type Media interface {
	// NewRoom returns the media side of a room that begins.
	NewRoom() MediaRoom
	// SlotLimits is how many receive slots an offer may have at most.
	SlotLimits() (audio, video int)
}

// MediaRoom forwards between the sessions of one room. Safe for concurrent use.
type MediaRoom interface {
	// Join answers an offer. The error says nothing of the offer's content. The ID has no other session: Close came first.
	Join(participant, offerSDP string, events MediaEvents) (MediaSession, string, error)
	// Close ends all sessions.
	Close()
}

// MediaSession is one participant's media.
type MediaSession interface {
	// SetView says which videos are visible, most important first.
	SetView([]MediaWant)
	// Allow says who gets what comes from one of the participant's sources; at first nobody does. The screen's sound goes with the screen.
	Allow(source string, to Audience)
	// SetOrganiser says whether this participant is one of Organisers, as a receiver; at first it is not.
	SetOrganiser(bool)
	// Close ends the session; no event comes after it returned. Idempotent.
	Close()
}

// Sources, as in docs/signaling.md.
const (
	Microphone = "microphone"
	Camera     = "camera"
	Screen     = "screen"
)

// Audience is who gets what a participant sends. The zero value is Nobody.
type Audience uint8

// Audiences.
const (
	Nobody Audience = iota
	Organisers
	Everyone
)

// Forward is who gets what of one participant, and what the participant gets as a receiver. The zero value: nobody, and no organiser.
type Forward struct {
	Microphone, Camera, Screen Audience
	Organiser                  bool
}

// MediaWant is one visible video. Height is in device pixels.
type MediaWant struct {
	Participant string
	Source      string
	Height      int
}

// MediaEvents are told by a session, from any goroutine, possibly before Join returns. They do not block.
type MediaEvents struct {
	Slots    func(audio []AudioSlot, video []VideoSlot)
	Speakers func(participants []string)
	// Failed says that the session is of no more use.
	Failed func(error)
}

// AudioSlot is an occupied audio slot. Source is Microphone or Screen, which is the sound of what is shared.
type AudioSlot struct{ MID, Participant, Source string }

// VideoSlot is an occupied video slot.
type VideoSlot struct{ MID, Participant, Source string }
