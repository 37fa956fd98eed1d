package room

// Person is somebody inside.
type Person struct {
	ID   string
	Name DisplayName
	// Place numbers those who came in, from 1; who comes back with the token has the same.
	Place int
	Role  Role
	State State
	// Away says that the connection was lost and the media go on.
	Away bool
	// Hand numbers the hands that went up, in their order; 0: it is down.
	Hand int
	// Held says that an emergency took all rights, until an organiser gives them back.
	Held bool
	// Except are the exceptions from Settings for this person.
	Except Exceptions
	// Line is how well the person is connected, empty for LineGood and for who has not said.
	Line Line
}

// State is what a participant sends.
type State struct{ Mic, Camera, Screen bool }

// MediaSource is one of what a participant sends, as on the wire.
type MediaSource string

// Media sources.
const (
	Microphone MediaSource = "microphone"
	Camera     MediaSource = "camera"
	Screen     MediaSource = "screen"
)

// Right is what a person may or may not, as on the wire.
type Right string

// Rights.
const (
	RightMicrophone Right = "microphone"
	RightCamera     Right = "camera"
	RightScreen     Right = "screen"
	RightChat       Right = "chat"
	// RightShown is that all see the camera, and not organisers alone.
	RightShown Right = "shown"
)

// Exception is what somebody may whatever Settings say.
type Exception int8

// Exceptions for one right.
const (
	ByRule Exception = 0 // as Settings say
	Yes    Exception = 1
	No     Exception = -1
)

// Exceptions are those of one person. The zero value is none.
type Exceptions struct{ Microphone, Camera, Screen, Chat, Shown Exception }

// Line is how well somebody is connected, in the page's own view, as on the wire.
type Line string

// Lines.
const (
	LineGood Line = "good"
	LineWeak Line = "weak"
	LineBad  Line = "bad"
)

// Reaction is a sign that passes, as on the wire.
type Reaction string

// Reactions.
const (
	Clap      Reaction = "clap"
	Thumbs    Reaction = "thumbs"
	Heart     Reaction = "heart"
	Laugh     Reaction = "laugh"
	Surprised Reaction = "surprised"
	Question  Reaction = "question"
	Slower    Reaction = "slower"
	Faster    Reaction = "faster"
)

var reactions = []Reaction{Clap, Thumbs, Heart, Laugh, Surprised, Question, Slower, Faster}
