package client

import (
	"context"
	"crypto/tls"
	"errors"
	"math/rand/v2"
	"net/http"
	"time"

	"github.com/medienzentrenverbund/kreisraum/conference/signaling"
)

const (
	// firstPause and longestPause are between attempts to connect again; the pauses double. About what the page does.
	firstPause   = 250 * time.Millisecond
	longestPause = 5 * time.Second
	// patientMoves is how often in a row "moved" is followed at once.
	patientMoves = 5
	// offerPause is between two offers: the server takes one in two seconds.
	offerPause = 2 * time.Second
)

// loop reads and, with Reconnect, connects again, until the participant is gone.
func (p *Participant) loop(ctx context.Context) {
	err := p.listen(ctx)
	for p.options.Reconnect && ctx.Err() == nil && comesBack(err) {
		if err = p.persist(ctx, err); err == nil {
			err = p.listen(ctx)
		}
	}
	p.mu.Lock()
	p.ended, p.inside = err, false
	p.mu.Unlock()
	close(p.gone)
}

// listen acts on messages until the connection ends.
func (p *Participant) listen(ctx context.Context) error {
	p.mu.Lock()
	s := p.socket
	p.mu.Unlock()
	for {
		m, err := s.read(ctx)
		if err == nil {
			err = p.handle(ctx, m)
		}
		if err != nil {
			return err
		}
	}
}

// persist comes inside, however often that takes. Why is what ended the connection before; nil: there was none. It returns the last
// error when the context ends or when trying again is of no use.
func (p *Participant) persist(ctx context.Context, why error) error {
	pause, moves := firstPause, 0
	for {
		p.hangUp()
		switch {
		case why == nil:
		case errors.Is(why, ended(signaling.EndedMoved)) && moves < patientMoves:
			moves++
		case !sleep(ctx, pause/2+rand.N(pause/2)):
			return why
		default:
			pause = min(2*pause, longestPause)
		}
		if why = p.enter(ctx); why == nil || ctx.Err() != nil || !comesBack(why) {
			return why
		}
	}
}

// hangUp gives up the connection, if there is one.
func (p *Participant) hangUp() {
	p.mu.Lock()
	s := p.socket
	p.socket, p.inside = nil, false
	p.mu.Unlock()
	if s != nil {
		s.drop()
	}
}

// wait keeps the place in the queue.
func (p *Participant) wait(place int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.tally.place = place
}

// mediaFailed makes a new PeerConnection when the server has given up the present one.
func (p *Participant) mediaFailed(ctx context.Context) error {
	if !p.options.Reconnect {
		return &Error{LegOffer, checkOffer, errors.New("the server refused the offer or lost the connection")}
	}
	if !sleep(ctx, offerPause) {
		return ctx.Err()
	}
	return p.offer(ctx)
}

// sleep returns false if the context ended first.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// comesBack says whether connecting again may help.
func comesBack(err error) bool {
	var no refused
	var end ended
	var status answered
	var certificate *tls.CertificateVerificationError
	switch {
	case errors.As(err, &no):
		return no == refused(signaling.RefusedBusy) || no == refused(signaling.RefusedTooManyAttempts)
	case errors.As(err, &end):
		return end == ended(signaling.EndedMoved) || end == ended(signaling.EndedRestart) || end == ended(signaling.EndedSlow)
	case errors.As(err, &status):
		return status >= http.StatusInternalServerError || status == http.StatusTooManyRequests
	}
	return !errors.Is(err, errCode) && !errors.Is(err, errSite) && !errors.As(err, &certificate)
}
