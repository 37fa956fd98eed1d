// Package room is the domain of a virtual classroom: who waits at the door, who is inside as what, who may do what, what of whom is
// forwarded to whom, the code, the chat, and when all of it is forgotten. It knows no sockets, no media and no clock: (*Room).Apply takes
// an input and the time and returns what is to be told to whom. Standard library only. docs/classroom.md has the rules in words.
//
//	nobody ──organiser──▶ begun ──last organiser gone──▶ paused ──OrganiserGrace──▶ asleep (everybody at the door, with a pass)
//	  ▲  │                 ▲  │                           │  │                       │  │
//	  │  │                 │  └──End──▶ nobody            │  └─nobody expected─▶     │  └─Dormancy, nobody expected, or the lesson
//	  │  │                 └──────────an organiser is back┴──────────────────────────┘     of another account ─▶ nobody
//	  │  └──Restore: the record of a room whose bridge died──▶ paused
//	  └── epoch, owner, code, settings, roster, chat, removals and tokens are gone
//
// A lesson belongs to an account: the owner of the address or, where nobody owns it, who began it. Only that login makes an organiser; an
// organiser makes others. As long as none is inside nothing is forwarded and nobody comes in who was not inside before.
//
// The way in, each step for who is not past it already, and looked at anew whenever something changes:
//
//	Knock ──▶ waiting (no organiser) ──▶ locked ──▶ code ──▶ lobby ──▶ inside
//	            └─ with a token: inside at once, in a lesson that sleeps as soon as it wakes; to the lobby who was sent back there
//
// Somebody inside whose connection is lost while the media go on is away: still inside, until Linger has passed or the media end. After that
// the token brings the same person back for as long as the lesson lasts: role, place, hand, exceptions, and held if held. Remove and an
// emergency end the tokens of participants who are not inside.
//
// What a participant sends is forwarded if it is on (SetState), the participant has the right (Settings, Exceptions, Held) and the lesson is
// not paused. Whenever one of these changes a Forward says so; it is computed in one place, after every input.
//
// A Room is owned by one goroutine.
package room
