package signaling

// Role is what a participant may do in a room.
type Role string

// Roles.
const (
	RoleParticipant Role = "participant"
	RoleOrganiser   Role = "organiser"
)

// DoorState is what a visitor at the door is waiting for.
type DoorState string

// Door states.
const (
	DoorWaiting DoorState = "waiting" // for an organiser
	DoorCode    DoorState = "code"    // for the right code
	DoorLocked  DoorState = "locked"  // for the room to be unlocked
	DoorLobby   DoorState = "lobby"   // for an organiser to admit
)

// Source is what a participant sends.
type Source string

// Sources.
const (
	SourceMicrophone Source = "microphone"
	SourceCamera     Source = "camera"
	SourceScreen     Source = "screen"
)

// VideoSource is a Source that can be seen.
type VideoSource = Source

// Audience is for whom something is.
type Audience string

// Audiences.
const (
	Everyone   Audience = "everyone"
	Organisers Audience = "organisers"
)

// Right is what a participant may do, by the settings or by an exception.
type Right string

// Rights.
const (
	RightMicrophone Right = "microphone"
	RightCamera     Right = "camera"
	RightScreen     Right = "screen"
	RightChat       Right = "chat"
	RightShown      Right = "shown" // the camera is for everyone although the cameras are for organisers
)

// Allowance is what an organiser says about a right of one participant.
type Allowance string

// Allowances.
const (
	AllowYes  Allowance = "yes"
	AllowNo   Allowance = "no"
	AllowRule Allowance = "rule" // as the settings say
)

// ReactionKind is what a reaction shows.
type ReactionKind string

// Reactions.
const (
	ReactionClap      ReactionKind = "clap"
	ReactionThumbs    ReactionKind = "thumbs"
	ReactionHeart     ReactionKind = "heart"
	ReactionLaugh     ReactionKind = "laugh"
	ReactionSurprised ReactionKind = "surprised"
	ReactionQuestion  ReactionKind = "question"
	ReactionSlower    ReactionKind = "slower"
	ReactionFaster    ReactionKind = "faster"
)

// LineLevel is how good a participant's connection is, as its own client sees it.
type LineLevel string

// Line levels.
const (
	LineGood LineLevel = "good"
	LineWeak LineLevel = "weak"
	LineBad  LineLevel = "bad"
)

// MutedWhy says why the server switched something off.
type MutedWhy string

// Reasons to be muted.
const (
	MutedByOrganiser MutedWhy = "organiser"
	MutedBySettings  MutedWhy = "settings"
	MutedByEmergency MutedWhy = "emergency"
)

// RefusalCode says why a connection was not let in. The connection is closed afterwards.
type RefusalCode string

// Refusal codes.
const (
	RefusedRoomInvalid     RefusalCode = "room-invalid"
	RefusedNameInvalid     RefusalCode = "name-invalid"
	RefusedLoginRequired   RefusalCode = "login-required"
	RefusedAccountDisabled RefusalCode = "account-disabled"
	RefusedRoomFull        RefusalCode = "room-full"
	RefusedTooManyAttempts RefusalCode = "too-many-attempts"
	RefusedBusy            RefusalCode = "busy"
	RefusedBadMessage      RefusalCode = "bad-message"
	RefusedProbeInvalid    RefusalCode = "probe-invalid"
	RefusedRemoved         RefusalCode = "removed"
	RefusedTurnedAway      RefusalCode = "turned-away" // by an organiser, in the lobby
	RefusedOutdated        RefusalCode = "outdated"    // the page speaks another version of this protocol
)

// EndReason says why a connection ended that was at the door or inside. The connection is closed afterwards.
type EndReason string

// End reasons.
const (
	EndedAccountDisabled EndReason = "account-disabled"
	EndedRestart         EndReason = "restart"
	EndedReplaced        EndReason = "replaced"
	EndedSlow            EndReason = "slow"
	EndedRemoved         EndReason = "removed"
	EndedMoved           EndReason = "moved"       // connect again at once
	EndedLessonOver      EndReason = "lesson-over" // an organiser ended it for all
)

// NoticeKind says what a notice is about.
type NoticeKind string

// NoticeRestart announces the restart that ends the room.
const NoticeRestart NoticeKind = "restart"

// ErrorCode says what could not be done. The connection stays.
type ErrorCode string

// Error codes.
const (
	ErrorScreenNotAllowed ErrorCode = "screen-not-allowed"
	ErrorChatInvalid      ErrorCode = "chat-invalid"
	ErrorChatTooFast      ErrorCode = "chat-too-fast"
	ErrorCodeInvalid      ErrorCode = "code-invalid"
	ErrorNotAllowed       ErrorCode = "not-allowed"
	ErrorMediaFailed      ErrorCode = "media-failed"
	ErrorMicNotAllowed    ErrorCode = "mic-not-allowed"
	ErrorCameraNotAllowed ErrorCode = "camera-not-allowed"
	ErrorChatOff          ErrorCode = "chat-off"
	ErrorPaused           ErrorCode = "paused"         // no organiser is there
	ErrorHeld             ErrorCode = "held"           // by the emergency button
	ErrorLastOrganiser    ErrorCode = "last-organiser" // somebody has to be it
)

// All values of each type, in the order of declaration.
var (
	roles        = []Role{RoleParticipant, RoleOrganiser}
	doorStates   = []DoorState{DoorWaiting, DoorCode, DoorLocked, DoorLobby}
	sources      = []Source{SourceMicrophone, SourceCamera, SourceScreen}
	videoSources = []VideoSource{SourceCamera, SourceScreen}
	audiences    = []Audience{Everyone, Organisers}
	rights       = []Right{RightMicrophone, RightCamera, RightScreen, RightChat, RightShown}
	allowances   = []Allowance{AllowYes, AllowNo, AllowRule}
	reactions    = []ReactionKind{ReactionClap, ReactionThumbs, ReactionHeart, ReactionLaugh, ReactionSurprised, ReactionQuestion,
		ReactionSlower, ReactionFaster}
	lineLevels   = []LineLevel{LineGood, LineWeak, LineBad}
	mutedWhys    = []MutedWhy{MutedByOrganiser, MutedBySettings, MutedByEmergency}
	noticeKinds  = []NoticeKind{NoticeRestart}
	refusalCodes = []RefusalCode{RefusedRoomInvalid, RefusedNameInvalid, RefusedLoginRequired, RefusedAccountDisabled,
		RefusedRoomFull, RefusedTooManyAttempts, RefusedBusy, RefusedBadMessage, RefusedProbeInvalid, RefusedRemoved,
		RefusedTurnedAway, RefusedOutdated}
	endReasons = []EndReason{EndedAccountDisabled, EndedRestart, EndedReplaced, EndedSlow, EndedRemoved, EndedMoved, EndedLessonOver}
	errorCodes = []ErrorCode{ErrorScreenNotAllowed, ErrorChatInvalid, ErrorChatTooFast, ErrorCodeInvalid, ErrorNotAllowed,
		ErrorMediaFailed, ErrorMicNotAllowed, ErrorCameraNotAllowed, ErrorChatOff, ErrorPaused, ErrorHeld, ErrorLastOrganiser}
)
