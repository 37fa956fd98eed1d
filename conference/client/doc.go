// Package client is a participant without a browser: it joins a room through the same signalling (docs/signaling.md), sends
// synthetic voice and video at real pace and measures what it receives. The operator probes a county with it, the load
// generator fills rooms with it.
//
//	Peer         the media connection alone: offer, answer, sources, meters
//	Participant  a Peer and its WebSocket; with Options.Reconnect it comes back as the page does, and Stats says what it went through
//	Probe        two participants in the reserved room, and what they measured
package client
