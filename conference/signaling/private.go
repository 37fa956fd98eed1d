package signaling

import (
	"fmt"
	"io"
	"log/slog"
)

const redacted = "[redacted]"

// Private is text that must never reach a log, an error or a metric. Whatever verb or handler prints it, "[redacted]" comes
// out; encoding/json writes the value, because the wire needs it. Kind only tells the types apart.
type Private[Kind any] string

// Format implements fmt.Formatter for all verbs, including wrong ones.
func (Private[Kind]) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, redacted) }

// String returns "[redacted]".
func (Private[Kind]) String() string { return redacted }

// LogValue implements slog.LogValuer.
func (Private[Kind]) LogValue() slog.Value { return slog.StringValue(redacted) }

type (
	displayNameKind struct{}
	codeKind        struct{}
	chatTextKind    struct{}
	roomNameKind    struct{}
	sdpKind         struct{}
	tokenKind       struct{}
	deviceKind      struct{}
	titleKind       struct{}
	credentialKind  struct{}
)

type (
	// DisplayName is the name a participant gave at the door.
	DisplayName = Private[displayNameKind]
	// Code is a room code.
	Code = Private[codeKind]
	// ChatText is the text of one chat message.
	ChatText = Private[chatTextKind]
	// RoomName is a room's name as people see it.
	RoomName = Private[roomNameKind]
	// SDP is a session description (RFC 8866); it holds addresses.
	SDP = Private[sdpKind]
	// Token is a signed resume or probe token.
	Token = Private[tokenKind]
	// Device is what a page calls the device it runs on.
	Device = Private[deviceKind]
	// Title is what a teacher calls a room.
	Title = Private[titleKind]
	// Credential is a name or a password for a relay.
	Credential = Private[credentialKind]
)
