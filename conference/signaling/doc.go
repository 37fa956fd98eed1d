// Package signaling holds the messages between a browser (or the headless client) and a county's server, and their
// validation: no sockets, no goroutines, no pion. docs/signaling.md shows the flow; testdata/signaling has one fixture per
// message, read by the tests of this package and of the web client.
//
// Everything a person typed has a type of its own that prints as "[redacted]", so that a message in a log line names its type
// and nothing else. The value comes out by conversion: string(name).
package signaling

import (
	"strings"
	"time"
)

// Subprotocol is the WebSocket subprotocol of this message set (RFC 6455 §1.9).
const Subprotocol = "kreisraum.1"

// OffersSubprotocol looks for ours among the comma-separated tokens of the lines of Sec-WebSocket-Protocol (RFC 6455 §11.3.4).
func OffersSubprotocol(lines []string) bool {
	for _, line := range lines {
		for name := range strings.SplitSeq(line, ",") {
			if strings.TrimSpace(name) == Subprotocol {
				return true
			}
		}
	}
	return false
}

// How a server holds a connection.
const (
	PingEvery    = 15 * time.Second
	PongDeadline = 10 * time.Second
	WriteTimeout = 10 * time.Second // for one message
)

// Bounds of what is accepted. Lengths of text are in characters (Unicode code points), the others in bytes.
const (
	MaxFrame      = 128 << 10 // bytes of one frame, in both directions
	MaxDoorFrame  = 16 << 10  // bytes of one frame from somebody who is not inside: a join with two tokens
	MaxSDP        = 64 << 10  // bytes of an offer or answer
	MaxToken      = 4096      // bytes of a resume or probe token
	MaxID         = 64        // bytes of a participant ID or MID
	MaxName       = 40        // characters of a display name
	MaxChat       = 2000      // characters of a chat message
	MinCode       = 4         // characters of a room code
	MaxCode       = 32        // characters of a room code
	MinDevice     = 16        // bytes of a device's ID
	MaxDevice     = 64        // bytes of a device's ID
	MaxView       = 32        // entries of a view
	MaxViewHeight = 8192      // device pixels
)
