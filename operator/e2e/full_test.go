//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/medienzentrenverbund/kreisraum/conference/client"
	"github.com/medienzentrenverbund/kreisraum/conference/signaling"
)

// full is how many a room of the demo county holds.
const full = 70

// fullRoom: a lesson with as many people as fit. The server counts them, a real browser lists them, and who is one too many is told so.
func fullRoom(t *testing.T, p program, site string, organiser credential) {
	teacher, code := teach(t, site, "volle-klasse", organiser)
	school := newSchool(t, p, site, organiser)
	pupils := school.pour("volle-klasse", code, full-1)
	eventually(t, patience, "everybody on the page", func() bool { return teacher.people().Count == full })
	seldom(t, patience, "everybody in the server's count", func() bool { return people(p.status())["portal"] == full })

	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if _, err := client.Join(ctx, client.Options{Target: school.target, Room: "volle-klasse", Name: "Eins zu viel", Code: code}); err == nil ||
		!strings.Contains(err.Error(), string(signaling.RefusedRoomFull)) {
		t.Errorf("number %d: %v", full+1, err)
	}

	for _, pupil := range pupils[:full/2] {
		pupil.Close()
	}
	eventually(t, patience, "half of them gone from the page", func() bool { return teacher.people().Count == full-full/2 })
	s := teacher.people()
	t.Logf("browser with %d people: %d tiles, %d tasks over 50 ms, the longest %.0f ms", full, s.Tiles, s.LongTasks, s.LongestTask)
	if r := teacher.report(); !r.Inside || len(r.Problems) > 0 {
		t.Errorf("the teacher's browser: %+v", r)
	}
	for _, pupil := range pupils[full/2:] {
		pupil.Close()
	}
	teacher.close()
	seldom(t, patience, "nobody to be inside", func() bool { return people(p.status())["portal"] == 0 })
}

// pour lets pupils in, some at a time; each tenth has a voice.
func (s *school) pour(room, code string, n int) []*client.Participant {
	s.t.Helper()
	const atOnce = 8
	pupils, errs := make([]*client.Participant, n), make([]error, n)
	var wait sync.WaitGroup
	places := make(chan struct{}, atOnce)
	ctx, cancel := context.WithTimeout(s.t.Context(), 3*patience)
	defer cancel()
	begun := time.Now()
	for i := range n {
		places <- struct{}{}
		wait.Go(func() {
			defer func() { <-places }()
			pupils[i], errs[i] = client.Join(ctx, client.Options{Target: s.target, Room: room, Code: code, Name: fmt.Sprintf("Kind %d", i+1),
				Peer: client.PeerConfig{AudioSlots: 2, VideoSlots: 1, Microphone: i%10 == 0}})
			if errs[i] == nil {
				errs[i] = pupils[i].Connected(ctx)
			}
		})
	}
	wait.Wait()
	s.t.Logf("%d pupils came in within %s", n, time.Since(begun).Round(time.Millisecond))
	for i, err := range errs {
		if pupils[i] != nil {
			s.t.Cleanup(pupils[i].Close)
		}
		if err != nil {
			s.t.Errorf("pupil %d: %v", i+1, err)
		}
	}
	if s.t.Failed() {
		s.t.FailNow()
	}
	return pupils
}
