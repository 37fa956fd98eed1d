package sfu

import (
	"errors"
	"fmt"
)

// Errors a caller decides on.
var (
	// ErrClosed is returned by Join when the room or the engine is closed.
	ErrClosed = errors.New("the room is closed")
	// ErrConnectionLost reaches Events.Failed when a connection could not be made within the time limit or was lost: no ICE
	// consent (RFC 7675), DTLS refused or closed by the client.
	ErrConnectionLost = errors.New("media connection lost: no answer on the UDP path; check that UDP of the media port reaches the server")
	// ErrTooManyStreams reaches Events.Failed when a participant sent more RTP or RTCP streams (SSRC) than a page ever does.
	ErrTooManyStreams = errors.New("media connection given up: more streams than a page sends")
)

// OfferError says why an offer was refused. It holds nothing of the offer's text.
type OfferError struct {
	// Section is the index of the m-section that is wrong, -1 for the session part.
	Section int
	Reason  string
}

func (e *OfferError) Error() string {
	if e.Section < 0 {
		return "offer refused: " + e.Reason
	}
	return fmt.Sprintf("offer refused: m-section %d: %s", e.Section, e.Reason)
}

// errTransport wraps what went wrong before the offer was looked at.
func errTransport(step string, err error) error { return fmt.Errorf("answer offer: %s: %w", step, err) }
