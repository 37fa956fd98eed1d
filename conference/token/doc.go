// Package token signs short statements that come back to the server over an untrusted path: sessions, admissions to a bridge,
// resume and probe tokens. A token is readable by whoever holds it and bound to one purpose and one key; it is never logged.
//
//	base64url(JSON {"e": expiry in ms since 1970, "c": claims}) "." base64url(HMAC-SHA256(key, purpose, payload))
package token

import "errors"

// MaxLength bounds a token, in bytes. Longer ones are invalid before anything is computed. The longest by far are admissions with the
// record of a room that lost its bridge; a server reads 20 KiB of headers.
const MaxLength = 16 << 10

// Purposes. A token signed for one is invalid for every other.
const (
	PurposeSession   = "session"   // portal: who is logged in
	PurposeAdmission = "admission" // portal to bridge, see package cluster
	PurposeResume    = "resume"    // bridge: back inside after a lost connection
	PurposeProbe     = "probe"     // ops API: ProbeClaims
)

var (
	// ErrInvalid says that the token was not signed with this key for this purpose.
	ErrInvalid = errors.New("token is invalid")
	// ErrExpired says that the token was valid once.
	ErrExpired = errors.New("token has expired")
)

// ProbeClaims admit synthetic participants, organiser or participant, to one reserved room without cookie or code.
type ProbeClaims struct {
	// Room is canonical and begins with signaling.ProbeRoomPrefix.
	Room string `json:"room"`
}
