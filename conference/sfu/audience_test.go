package sfu_test

import (
	"slices"
	"testing"

	"github.com/medienzentrenverbund/kreisraum/conference/client"
	"github.com/medienzentrenverbund/kreisraum/conference/eventually"
	"github.com/medienzentrenverbund/kreisraum/conference/sfu"
)

// heardOf returns the receiver's audio slot of another's microphone or screen, "" if there is none.
func (g *guest) heardOf(o *guest, source sfu.Source) string {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, s := range g.slots.Audio {
		if s.Participant == o.id && s.Source == source {
			return s.MID
		}
	}
	return ""
}

// received is how many packets came altogether.
func (g *guest) received() (n int) {
	for _, s := range g.peer.Streams() {
		n += s.Packets
	}
	return n
}

func TestNobodyGetsWhatIsNotAllowed(t *testing.T) {
	r := newEngine(t).NewRoom()
	a, b := join(t, r, "a", both), join(t, r, "b", both)
	b.allow(sfu.Nobody)
	a.see(b)
	<-a.peer.Connected()
	eventually.True(t, "b sends", func() bool { return b.peer.Sent(client.Camera) > 50 && b.peer.Sent(client.Microphone) > 50 })
	if a.hears(b).Packets+a.sees(b).Packets > 0 || a.slotOf(b, sfu.Camera) != "" || a.heardOf(b, sfu.Microphone) != "" {
		t.Errorf("a has a slot or packets of b: %+v", a.slots)
	}
	b.session.Allow(sfu.Camera, sfu.Everyone)
	eventually.True(t, "the camera", func() bool { return a.sees(b).Packets > 10 })
	if a.heardOf(b, sfu.Microphone) != "" {
		t.Error("the microphone has a slot")
	}
}

func TestCamerasToOrganisersOnly(t *testing.T) {
	r := newEngine(t).NewRoom()
	deaf := client.PeerConfig{VideoSlots: 3}
	teacher, pupil, other := join(t, r, "teacher", deaf), join(t, r, "pupil", both), join(t, r, "other", deaf)
	pupil.session.Allow(sfu.Camera, sfu.Organisers)
	teacher.session.SetOrganiser(true)
	teacher.see(pupil)
	other.see(pupil)
	<-other.peer.Connected()
	eventually.True(t, "the organiser sees the pupil", func() bool { return teacher.sees(pupil).Packets > 50 })
	if n := other.received(); n > 0 || other.slotOf(pupil, sfu.Camera) != "" {
		t.Fatalf("another pupil got %d packets", n)
	}
	teacher.session.SetOrganiser(false)
	other.session.SetOrganiser(true)
	eventually.True(t, "the new organiser sees the pupil, from a keyframe", func() bool {
		s := other.sees(pupil)
		return s.Packets > 20 && s.Keyframes > 0
	})
	eventually.True(t, "the slot of the one who was organiser to be empty", func() bool { return teacher.slotOf(pupil, sfu.Camera) == "" })
	settled(t, "what the one who was organiser gets", teacher.received)
	for _, g := range []*guest{teacher, other} {
		for mid, s := range g.peer.Streams() {
			if s.Lost() != 0 {
				t.Errorf("%s, slot %s: %d packets missing", g.id, mid, s.Lost())
			}
		}
	}
}

// Who is not forwarded takes no slot from those who are, however loud, and is no speaker.
func TestTheLoudestIsNotHeardIfNotAllowed(t *testing.T) {
	r := newEngine(t).NewRoom()
	listener := client.PeerConfig{AudioSlots: 1}
	a, loud, quiet := join(t, r, "a", listener), join(t, r, "loud", client.PeerConfig{Microphone: true, Level: 10}), join(t, r, "quiet", client.PeerConfig{Microphone: true, Level: 45})
	speak := func() []string { a.mu.Lock(); defer a.mu.Unlock(); return slices.Clone(a.speakers) }
	eventually.True(t, "the loud one", func() bool { return a.hears(loud).Packets > 10 && len(speak()) == 2 })
	loud.session.Allow(sfu.Microphone, sfu.Nobody)
	eventually.True(t, "the quiet one, who alone may speak", func() bool { return a.hears(quiet).Packets > 10 && slices.Equal(speak(), []string{"quiet"}) })
	loud.session.Allow(sfu.Microphone, sfu.Organisers)
	eventually.True(t, "the loud one tells itself", func() bool { loud.mu.Lock(); defer loud.mu.Unlock(); return slices.Contains(loud.speakers, "loud") })
	if a.heardOf(loud, sfu.Microphone) != "" || slices.Contains(speak(), "loud") {
		t.Error("somebody who is no organiser hears or is told of the loud one")
	}
	a.session.SetOrganiser(true)
	eventually.True(t, "the loud one, to an organiser", func() bool { return a.heardOf(loud, sfu.Microphone) != "" && slices.Contains(speak(), "loud") })
}

func TestTheScreensSoundHasASlot(t *testing.T) {
	r := newEngine(t).NewRoom()
	film := client.PeerConfig{Microphone: true, Screen: true, Sound: true, Level: 110}
	a, b := join(t, r, "a", client.PeerConfig{AudioSlots: 2, VideoSlots: 1}), join(t, r, "b", film)
	var loud []*guest
	for _, id := range []string{"c", "d", "e"} {
		loud = append(loud, join(t, r, id, client.PeerConfig{Microphone: true, Level: 10}))
	}
	sounds := func() client.Stream { return a.peer.Streams()[a.heardOf(b, sfu.Screen)] }
	eventually.True(t, "the sound", func() bool { return sounds().Packets > 20 })
	eventually.True(t, "one of the loud ones in the other slot", func() bool {
		return slices.ContainsFunc(loud, func(o *guest) bool { return a.hears(o).Packets > 10 })
	})
	a.mu.Lock()
	if len(a.speakers) != 3 || slices.Contains(a.speakers, "b") {
		t.Errorf("speakers are %v", a.speakers)
	}
	a.mu.Unlock()
	b.peer.Send(client.Sound, false)
	eventually.True(t, "the slot of a sound that ended to be free", func() bool { return a.heardOf(b, sfu.Screen) == "" })
	b.peer.Send(client.Sound, true)
	eventually.True(t, "the sound again", func() bool { return a.heardOf(b, sfu.Screen) != "" })
	b.session.Allow(sfu.Screen, sfu.Nobody)
	eventually.True(t, "the slot of a sound that is not allowed to be free", func() bool { return a.heardOf(b, sfu.Screen) == "" })
}
