package bridge

import (
	"errors"
	"fmt"

	"github.com/medienzentrenverbund/kreisraum/conference/peer"
	"github.com/medienzentrenverbund/kreisraum/conference/sfu"
)

// SFU makes the engine's rooms the bridge's media. The engine stays the caller's to close, after the bridge.
func SFU(e *sfu.Engine) peer.Media { return sfuMedia{e} }

type sfuMedia struct{ engine *sfu.Engine }

func (m sfuMedia) NewRoom() peer.MediaRoom { return sfuRoom{m.engine.NewRoom()} }

func (sfuMedia) SlotLimits() (audio, video int) { return sfu.MaxAudioSlots, sfu.MaxVideoSlots }

type sfuRoom struct{ room *sfu.Room }

func (r sfuRoom) Join(participant, offer string, events peer.MediaEvents) (peer.MediaSession, string, error) {
	s, answer, err := r.room.Join(participant, offer, sfu.Events{
		Slots:    func(s sfu.Slots) { events.Slots(slots(s)) },
		Speakers: events.Speakers,
		Failed:   func(err error) { events.Failed(printable(err)) },
	})
	if err != nil {
		return nil, "", printable(err)
	}
	return sfuSession{s}, answer, nil
}

func (r sfuRoom) Close() { r.room.Close() }

type sfuSession struct{ session *sfu.Session }

func (s sfuSession) SetView(want []peer.MediaWant) {
	view := make([]sfu.Want, 0, len(want))
	for _, w := range want {
		view = append(view, sfu.Want{Participant: w.Participant, Source: sfu.Source(w.Source), Height: w.Height})
	}
	s.session.SetView(view)
}

func (s sfuSession) Allow(source string, to peer.Audience) {
	s.session.Allow(sfu.Source(source), audiences[to])
}

func (s sfuSession) SetOrganiser(on bool) { s.session.SetOrganiser(on) }

var audiences = map[peer.Audience]sfu.Audience{peer.Organisers: sfu.Organisers, peer.Everyone: sfu.Everyone}

func (s sfuSession) Close() { s.session.Close() }

func slots(s sfu.Slots) (audio []peer.AudioSlot, video []peer.VideoSlot) {
	for _, a := range s.Audio {
		audio = append(audio, peer.AudioSlot{MID: a.MID, Participant: a.Participant, Source: string(a.Source)})
	}
	for _, v := range s.Video {
		video = append(video, peer.VideoSlot{MID: v.MID, Participant: v.Participant, Source: string(v.Source)})
	}
	return audio, video
}

// printable keeps the errors whose text is known to be harmless. Others come from below the SFU and may quote an offer or an
// address, so only their type is kept.
func printable(err error) error {
	var offer *sfu.OfferError
	if errors.As(err, &offer) {
		return offer
	}
	for _, known := range []error{sfu.ErrClosed, sfu.ErrConnectionLost, sfu.ErrTooManyStreams} {
		if errors.Is(err, known) {
			return known
		}
	}
	return fmt.Errorf("media error of type %T", innermost(err))
}

func innermost(err error) error {
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return err
		}
		err = inner
	}
}
