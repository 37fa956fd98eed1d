// Package sfu forwards media between the participants of rooms: a selective forwarding unit (RFC 7667 §3.7) with fixed slots.
//
//	browser ──offer──▶ Room.Join ──answer──▶ browser          once, never renegotiated (docs/signaling.md)
//	microphone, camera, screen ──▶ UpTrack ──▶ DownTrack ──▶ a slot of every receiver that wants it
//
// Who does what:
//
//   - Engine owns the UDP sockets and the DTLS certificate.
//   - Room owns who is in which slot. One goroutine, the room loop, holds all of that state; others post messages to it.
//   - upTrack is one source of one participant, or one simulcast layer of its camera; a video is its layers (package layers).
//     The goroutine that reads its packets runs to completion: it inspects a packet once and then rewrites and writes it for
//     each subscribed downTrack. There is no goroutine, channel or timer per receiver.
//   - downTrack is one slot of one receiver. It renumbers what goes out (package rewrite) and answers NACKs from the source's
//     packet cache.
//   - Transport carries one participant's packets. peerTransport implements it with a pion PeerConnection; the rest of the
//     package knows pion/rtcp only.
package sfu
