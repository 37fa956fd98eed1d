// Package signaling holds the messages between a browser (or the headless client) and a county's server, and their
// validation: no sockets, no goroutines, no pion. docs/signaling.md shows the flow; testdata/signaling has one fixture per
// message, read by the tests of this package and of the web client.
//
// The page has the same types in TypeScript, generated from these.
//
// Everything a person typed has a type of its own that prints as "[redacted]", so that a message in a log line names its type
// and nothing else. The value comes out by conversion: string(name).
package signaling

//go:generate go run ./internal/typescript/write

import "time"

// How a server holds a connection.
const (
	PingEvery    = 15 * time.Second
	PongDeadline = 10 * time.Second
	WriteTimeout = 10 * time.Second // for one message
)

// Bounds of what is accepted. Lengths of text are in characters (Unicode code points), the others in bytes.
const (
	MaxFrame     = 128 << 10 // bytes of one frame from a client
	MaxDoorFrame = 16 << 10  // bytes of one frame from somebody who is not inside: a join with two tokens
	// MaxServerFrame is bytes of one frame from a server: a full room, its lobby and its chat
	MaxServerFrame = 256 << 10
	MaxSDP         = 64 << 10 // bytes of an offer or answer
	MaxToken       = 4096     // bytes of a resume or probe token
	MaxID          = 64       // bytes of a participant ID or MID
	MaxName        = 40       // characters of a display name
	MaxChat        = 2000     // characters of a chat message
	MinCode        = 4        // characters of a room code
	MaxCode        = 32       // characters of a room code
	MinDevice      = 16       // bytes of a device's ID
	MaxDevice      = 64       // bytes of a device's ID
	MaxView        = 32       // entries of a view
	MaxViewHeight  = 8192     // device pixels
	MaxURLs        = 8        // addresses of one set of ICE credentials
	MaxURL         = 512      // bytes of such an address
)
