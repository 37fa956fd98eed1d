// Package room is the domain of a virtual classroom: who waits at the door, who is inside, the code, the chat, and when all of
// it is forgotten. It knows no sockets, no media and no clock: (*Room).Apply takes an input and the time and returns what is to
// be told to whom. Standard library only.
//
//	nobody ──first organiser──▶ begun ──last one leaves──▶ nobody (epoch, code, roster and chat are gone)
//	                              │  ▲
//	          last connection lost│  │valid resume
//	                              ▼  │
//	                           lingering ──Linger passes, or a new organiser──▶ nobody
//	                              ▲
//	nobody ──Restore: the record of a room whose bridge died──┘
//
// Somebody inside whose connection is lost while the media go on is away: still inside, until Linger has passed or the media end.
//
// A Room is owned by one goroutine.
package room
