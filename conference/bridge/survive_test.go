package bridge

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	headless "github.com/medienzentrenverbund/kreisraum/conference/client"
	"github.com/medienzentrenverbund/kreisraum/conference/cluster"
	"github.com/medienzentrenverbund/kreisraum/conference/eventually"
	"github.com/medienzentrenverbund/kreisraum/conference/signaling"
	"github.com/medienzentrenverbund/kreisraum/conference/token"
)

// maxGap is how long forwarded media may be silent whatever happens to WebSockets.
const maxGap = 200 * time.Millisecond

// stalls measures how long this process was not run at all, at worst: other people's work on this machine is no fault of the forwarding.
type stalls struct {
	worst atomic.Int64
	stop  chan struct{}
	done  sync.WaitGroup
}

func measureStalls(t *testing.T) *stalls {
	s := &stalls{stop: make(chan struct{})}
	s.done.Go(func() {
		const every = 5 * time.Millisecond
		ticker := time.NewTicker(every)
		defer ticker.Stop()
		for last := time.Now(); ; {
			select {
			case <-ticker.C:
				now := time.Now()
				s.worst.Store(max(s.worst.Load(), int64(now.Sub(last)-every)))
				last = now
			case <-s.stop:
				return
			}
		}
	})
	t.Cleanup(func() { close(s.stop); s.done.Wait() })
	return s
}

// allowed is the gap that is nobody's fault. A packet on its way waits for several goroutines in turn, each of which may have to wait.
func (s *stalls) allowed() time.Duration { return maxGap + 5*time.Duration(s.worst.Load()) }

// joinLesson is a participant with voice and picture who reconnects.
func joinLesson(t *testing.T, target headless.Target, account, code string) *headless.Participant {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*patience)
	defer cancel()
	o := headless.Options{
		Target: target, Room: "mathe", Name: "Mia Beispiel", Organiser: account != "", Code: code, Reconnect: true,
		Device: "u3Jr0d-V2k9_Qy7LhTnXwA",
		Peer:   headless.PeerConfig{AudioSlots: 2, VideoSlots: 2, Microphone: true, Camera: true, Level: 40},
	}
	if account != "" {
		o.Cookie = "account=" + account
	}
	p, err := headless.Join(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	if err := p.Connected(ctx); err != nil {
		t.Fatal(err)
	}
	return p
}

// hears waits until both voice and picture have come n times more.
func hears(t *testing.T, n int, people ...*headless.Participant) {
	t.Helper()
	for _, p := range people {
		before := p.Peer().Streams()
		eventually.True(t, "voice and picture arrive", func() bool {
			slots, streams := p.Slots(), p.Peer().Streams()
			return len(slots.Audio) == 1 && len(slots.Video) == 1 &&
				streams[slots.Audio[0].MID].Packets > before[slots.Audio[0].MID].Packets+n &&
				streams[slots.Video[0].MID].Packets > before[slots.Video[0].MID].Packets+n
		})
	}
}

// TestForwardingSurvivesBrokenConnections cuts a pupil's WebSocket again and again, and keeps it away for a while: neither the pupil nor
// the teacher misses a packet for longer than maxGap, and nobody makes a second PeerConnection.
func TestForwardingSurvivesBrokenConnections(t *testing.T) {
	s := newBridge(t, SFU(newEngine(t)))
	var shut atomic.Bool
	target := serveCall(t, func(*cluster.Admission) *site {
		if shut.Load() {
			return nil
		}
		return s
	}).Target
	teacher := joinLesson(t, target, "account-1", "")
	pupil := joinLesson(t, target, "", teacher.Code())
	hears(t, 20, teacher, pupil)
	id, stall := pupil.ID(), measureStalls(t)

	const cuts = 4
	for i := range cuts {
		shut.Store(i == cuts-1) // the last time for longer
		pupil.Cut()
		if shut.Load() {
			eventually.True(t, "the pupil is away", func() bool { return !pupil.Inside() })
			hears(t, 40, teacher, pupil) // all the same
			shut.Store(false)
		}
		eventually.True(t, "the pupil is back", func() bool { return pupil.Stats().Reconnects == i+1 })
		hears(t, 10, teacher, pupil)
	}
	for who, p := range map[string]*headless.Participant{"teacher": teacher, "pupil": pupil} {
		got := p.Stats()
		if got.PeerConnections != 1 || got.WorstGap > stall.allowed() || p.Err() != nil {
			t.Errorf("%s: %+v, want gaps of at most %v", who, got, stall.allowed())
		}
		t.Logf("%s: %d packets, worst gap %v; worst stall of the process %v", who, got.Packets, got.WorstGap, time.Duration(stall.worst.Load()))
	}
	if got := pupil.Stats(); got.Kept != cuts || pupil.ID() != id {
		t.Errorf("the media went on %d times of %d", got.Kept, cuts)
	}
}

// TestLessonFollowsItsRoom has a room moved to another bridge, with its record: everybody comes back as who they were, without a code.
func TestLessonFollowsItsRoom(t *testing.T) {
	key, told := token.NewKey(), &ledger{}
	shared := func(c *Config) { c.Key = key }
	first := newBridge(t, SFU(newEngine(t)), shared, announcing(told))
	second := newBridge(t, SFU(newEngine(t)), shared)
	var record atomic.Pointer[cluster.Record]
	target := serveCall(t, func(a *cluster.Admission) *site {
		if a.Restore = record.Load(); a.Restore != nil {
			return second
		}
		return first
	})
	second.url, second.http = target.server.URL, target.server.Client()
	teacher := joinLesson(t, target.Target, "account-1", "")
	pupil := joinLesson(t, target.Target, "", teacher.Code())
	hears(t, 20, teacher, pupil)
	ids, code := [2]string{teacher.ID(), pupil.ID()}, teacher.Code()

	r := told.has(first, "mathe", "both inside", func(r cluster.Record) bool { return r.Participants == 2 })
	record.Store(&r)
	first.bridge.Evict(cluster.KeyOf(key, "mathe"))
	eventually.True(t, "both are inside again", func() bool {
		_, n := second.bridge.Counts()
		return n == 2 && teacher.Stats().Reconnects > 0 && pupil.Stats().Reconnects > 0
	})
	hears(t, 20, teacher, pupil)
	if again := [2]string{teacher.ID(), pupil.ID()}; again != ids || teacher.Code() != code {
		t.Errorf("came back as %v, were %v; the same code: %v", again, ids, teacher.Code() == code)
	}
	if got := pupil.Stats(); got.PeerConnections != 2 || got.Kept != 0 || got.Outage <= 0 {
		t.Errorf("the pupil: %+v", got)
	}
	t.Logf("without media for %v", pupil.Stats().Outage)
	stranger := second.dial(admission("mathe", ""))
	stranger.send(signaling.Join{Name: "Fremd", Role: signaling.RoleParticipant, Code: "000000"})
	if d := expect[signaling.Door](stranger); !d.Wrong {
		t.Errorf("the stranger was told %+v", d)
	}
}
