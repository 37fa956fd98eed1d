// Package peer is one connection and one participant's media: the loops between a WebSocket, its room and its Call.
//
//	socket ──read loop──▶ decode, limit ──▶ room inputs (posted, never waited for)
//	                          └─offer, view─▶ Call ──▶ Session
//	room loop, media events ──▶ outbox (bounded) ──write loop──▶ socket, pings
//
// A Call belongs to the participant and outlives connections: who reconnects attaches to it, and its session goes on.
//
// The read loop is the goroutine that calls Run. The write loop owns writing and pinging, a Call's Run owns the Session. Any
// goroutine may Send, Finish or Admit; none of them blocks.
package peer

import (
	"time"

	"golang.org/x/time/rate"
)

// joinDeadline is how long the first message may take (docs/signaling.md).
const joinDeadline = 10 * time.Second

// Bounds of a connection. A class of thirty that all press keys at once stays far below them; they are choices.
const (
	// outboxSize is how many messages a client may leave unread.
	outboxSize = 512
	// outboxBytes bounds the same in bytes: 32 of the largest frames.
	outboxBytes = 4 << 20
	// messages per second and at once; beyond, the connection is refused.
	messageRate  = rate.Limit(30)
	messageBurst = 60
	// chat messages per second and at once; beyond, the message is dropped.
	chatRate  = rate.Limit(2)
	chatBurst = 10
	// offers per second and at once: each costs a PeerConnection. Beyond, the offer is refused.
	offerRate  = rate.Limit(0.5)
	offerBurst = 6
)
