package client

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Ticket admits to the reserved room (ops API: POST /v1/probe-token).
type Ticket struct {
	Room, Token string
	// OverTLS sends media through the relay on the site's port.
	OverTLS bool
}

// Report is what two synthetic participants measured.
type Report struct {
	// Join is from connecting until media could flow, FirstMedia until the first packet of the other was there, each for the
	// participant who came second: the first has nobody to hear.
	Join, FirstMedia time.Duration
	// RoundTrip to the media socket and back, by ICE.
	RoundTrip time.Duration
	// Sent and Received count packets of both participants, both ways; Received is smaller by what was sent before the other
	// was there.
	Sent, Received int
	// Loss is the share of packets missing among those that should have come, 0 to 1.
	Loss float64
	// Path is the way the media took: "udp", or "tls" through the relay.
	Path string
}

const (
	// connectTimeout bounds a participant's way into the room and until media can flow.
	connectTimeout = 20 * time.Second
	// mediaTimeout bounds the wait for each other's audio and video.
	mediaTimeout = 10 * time.Second
	// poll is how often the meters are looked at while waiting.
	poll = 2 * time.Millisecond
)

// Probe holds a call of two participants through the server: the first as organiser, both with voice and video, for d after
// both receive each other. Errors are *Error: they say which leg failed and what to check.
func Probe(ctx context.Context, t Target, ticket Ticket, d time.Duration) (Report, error) {
	first, err := probeJoin(ctx, t, ticket, true)
	if err != nil {
		return Report{}, fmt.Errorf("first participant: %w", err)
	}
	defer first.Close()
	second, err := probeJoin(ctx, t, ticket, false)
	if err != nil {
		return Report{}, fmt.Errorf("second participant: %w", err)
	}
	defer second.Close()
	join := time.Since(second.started)
	for _, p := range []*Participant{second, first} {
		if err := p.receives(ctx); err != nil {
			return Report{}, err
		}
	}
	select {
	case <-time.After(d):
	case <-ctx.Done():
		return Report{}, &Error{LegMedia, checkMedia, ctx.Err()}
	case <-first.gone:
		return Report{}, first.lost()
	case <-second.gone:
		return Report{}, second.lost()
	}
	r := measured(first, second, join)
	if ticket.OverTLS {
		r.Path = "tls"
	}
	return r, nil
}

func probeJoin(ctx context.Context, t Target, ticket Ticket, organiser bool) (*Participant, error) {
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	p, err := Join(ctx, Options{
		Target: t, Room: ticket.Room, Name: "Sonde", Organiser: organiser, Probe: ticket.Token, OverTLS: ticket.OverTLS,
		Peer: PeerConfig{AudioSlots: 1, VideoSlots: 1, Microphone: true, Camera: true, Level: 40},
	})
	if err != nil {
		return nil, err
	}
	if err := p.Connected(ctx); err != nil {
		p.Close()
		return nil, err
	}
	return p, nil
}

// receives waits until both a voice and a video arrive.
func (p *Participant) receives(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, mediaTimeout)
	defer cancel()
	ticker := time.NewTicker(poll)
	defer ticker.Stop()
	for {
		audio, video := p.arriving()
		if audio && video {
			return nil
		}
		select {
		case <-ticker.C:
		case <-p.gone:
			return p.lost()
		case <-p.peer.Failed():
			return &Error{LegICE, checkICE, errors.New("connection lost")}
		case <-ctx.Done():
			return &Error{LegMedia, checkMedia, fmt.Errorf("within %s: audio arrived %t, video arrived %t", mediaTimeout, audio, video)}
		}
	}
}

// arriving reports what the slots in use have received.
func (p *Participant) arriving() (audio, video bool) {
	slots, streams := p.Slots(), p.peer.Streams()
	for _, s := range slots.Audio {
		audio = audio || streams[s.MID].Packets > 0
	}
	for _, s := range slots.Video {
		video = video || streams[s.MID].Packets > 0
	}
	return audio, video
}

// measured sums up both participants.
func measured(first, second *Participant, join time.Duration) Report {
	r := Report{Join: join, Path: "udp"}
	expected := 0
	for _, p := range []*Participant{first, second} {
		r.RoundTrip = max(r.RoundTrip, p.peer.RoundTrip())
		r.Sent += p.peer.Sent(Microphone) + p.peer.Sent(Camera)
		for _, s := range p.peer.Streams() {
			r.Received += s.Packets
			expected += s.Expected
		}
	}
	var came time.Time
	for _, s := range second.peer.Streams() {
		if came.IsZero() || s.First.Before(came) {
			came = s.First
		}
	}
	r.FirstMedia = came.Sub(second.started)
	if expected > 0 {
		r.Loss = 1 - float64(r.Received)/float64(expected)
	}
	return r
}
