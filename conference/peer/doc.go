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

import "time"

// joinDeadline is how long the first message may take (docs/signaling.md).
const joinDeadline = 10 * time.Second

// Bounds of what a client leaves unread; they are choices.
const (
	// outboxSize is how many messages a client may leave unread.
	outboxSize = 512
	// outboxBytes bounds the same in bytes: 32 of the largest frames.
	outboxBytes = 4 << 20
)
