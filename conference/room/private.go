package room

import (
	"fmt"
	"io"
	"log/slog"
)

const redacted = "[redacted]"

// Private is text that must never reach a log, an error or a metric: it prints as "[redacted]" whatever prints it. The value comes
// out by conversion. Kind only tells the types apart.
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
	textKind        struct{}
	nameKind        struct{}
	sourceKind      struct{}
	deviceKind      struct{}
	titleKind       struct{}
)

type (
	// DisplayName is the name a participant gave at the door.
	DisplayName = Private[displayNameKind]
	// Code is a room code; empty: none.
	Code = Private[codeKind]
	// Text is the text of a chat message.
	Text = Private[textKind]
	// Name is the room's name as its first organiser wrote it.
	Name = Private[nameKind]
	// Title is what its owner calls a room; empty: none.
	Title = Private[titleKind]
	// Source stands for the network a connection comes from; those of one school share it. Empty is a source like any other.
	Source = Private[sourceKind]
	// Device stands for the device of somebody who knocks; empty: unknown.
	Device = Private[deviceKind]
)

// Format keeps a room's insides out of every print: fmt does not ask unexported fields how they want to be printed.
func (Room) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "room "+redacted) }

// LogValue implements slog.LogValuer.
func (Room) LogValue() slog.Value { return slog.StringValue("room " + redacted) }
