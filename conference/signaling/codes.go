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
)

// Source is a video source of a participant.
type Source string

// Video sources.
const (
	SourceCamera Source = "camera"
	SourceScreen Source = "screen"
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
	EndedMoved           EndReason = "moved" // connect again at once
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
)

var (
	refusalCodes = []RefusalCode{RefusedRoomInvalid, RefusedNameInvalid, RefusedLoginRequired, RefusedAccountDisabled,
		RefusedRoomFull, RefusedTooManyAttempts, RefusedBusy, RefusedBadMessage, RefusedProbeInvalid, RefusedRemoved}
	endReasons = []EndReason{EndedAccountDisabled, EndedRestart, EndedReplaced, EndedSlow, EndedRemoved, EndedMoved}
	errorCodes = []ErrorCode{ErrorScreenNotAllowed, ErrorChatInvalid, ErrorChatTooFast, ErrorCodeInvalid, ErrorNotAllowed,
		ErrorMediaFailed}
)
