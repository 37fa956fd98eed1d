// Package turn is the thin TURN server (RFC 8656) for networks that let nothing out but TLS to port 443:
//
//	browser ══ TLS, TCP 443 ══ conn ── UDP ── media port of a bridge
//
//	Allocate            one UDP socket per connection
//	CreatePermission,   for the addresses that the credential names
//	ChannelBind
//	ChannelData, Send   client to bridge
//	ChannelData, Data   bridge to client
//
// It speaks TURN over a stream only (RFC 8656 §2.1), so a connection has one allocation at the most and everything ends with the connection.
// It does not relay to where a client likes: the county's machines hand out credentials in which the addresses of one bridge's media port are
// written, sealed with the county's key, and nothing is sent to or taken from anywhere else. There is no list to keep up to date.
//
// One goroutine owns a connection and reads it; a second one reads its UDP socket. Nothing is logged about anybody. Full TURN servers keep
// allocations in tables with timers and parse streams more leniently; here a frame that is no browser's ends the connection.
package turn
