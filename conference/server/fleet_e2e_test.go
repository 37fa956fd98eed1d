package server

import (
	"context"
	"errors"
	"fmt"
	"syscall"
	"testing"
	"time"

	"github.com/medienzentrenverbund/kreisraum/conference/client"
	"github.com/medienzentrenverbund/kreisraum/conference/config"
	"github.com/medienzentrenverbund/kreisraum/conference/eventually"
	"github.com/medienzentrenverbund/kreisraum/conference/opsapi"
	"github.com/medienzentrenverbund/kreisraum/conference/signaling"
)

// quiet sends and receives voices, which is what most of a lesson is.
var quiet = client.PeerConfig{AudioSlots: 4, Microphone: true, Level: 30}

// join brings somebody inside who comes back by themselves, and waits for the media connection.
func (f *fleet) join(t *testing.T, o client.Options) *client.Participant {
	t.Helper()
	o.Target, o.Reconnect = f.target(), true
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	p, err := client.Join(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	if o.Peer.AudioSlots > 0 {
		if err := p.Connected(ctx); err != nil {
			t.Fatal(err)
		}
	}
	return p
}

// lesson brings an organiser and a pupil into a room; each hears the other.
func (f *fleet) lesson(t *testing.T, room string) (organiser, pupil *client.Participant) {
	t.Helper()
	organiser = f.join(t, client.Options{Room: room, Name: "Lehrkraft", Organiser: true, Cookie: f.login(t), Peer: quiet})
	pupil = f.join(t, client.Options{Room: room, Name: "Kind", Code: organiser.Code(), Peer: quiet})
	hearing(t, organiser, pupil)
	return organiser, pupil
}

// hearing waits until everybody has received something just now.
func hearing(t *testing.T, all ...*client.Participant) {
	t.Helper()
	for i, p := range all {
		eventually.True(t, fmt.Sprintf("participant %d hears somebody", i), func() bool {
			s := p.Stats()
			return s.Packets > 0 && s.Silence < 500*time.Millisecond
		})
	}
}

// TestLessonOnABridge: the site is the portal's, room and media are a bridge's.
func TestLessonOnABridge(t *testing.T) {
	t.Parallel()
	f := newFleet(t, config.RolePortal, 2)
	organiser, pupil := f.lesson(t, "klasse-5a")
	bridge := f.bridgeOf(t)
	if rooms, participants := f.counts(t, bridge); rooms != 1 || participants != 2 {
		t.Errorf("on the bridge: %d rooms, %d participants", rooms, participants)
	}
	load, err := f.ops(t, f.portal).Load(t.Context())
	if err != nil || !load.Settled || len(load.Bridges) != 2 {
		t.Errorf("load: %+v, %v", load, err)
	}

	// A bridge does not answer what is the portal's, nor anybody but the operator.
	ops := f.ops(t, bridge)
	for what, call := range map[string]func() error{
		"accounts":    func() error { _, err := ops.PutAccounts(t.Context(), f.accounts); return err },
		"machines":    func() error { _, err := ops.PutMachines(t.Context(), f.list); return err },
		"load":        func() error { _, err := ops.Load(t.Context()); return err },
		"certificate": func() error { _, err := ops.OrderCertificate(t.Context()); return err },
		"probe token": func() error { _, err := ops.ProbeToken(t.Context(), ""); return err },
	} {
		var e *opsapi.Error
		if err := call(); !errors.As(err, &e) || e.Code != opsapi.CodeNotPortal {
			t.Errorf("%s: got %v", what, err)
		}
	}
	if night, err := ops.Night(t.Context()); err != nil || night.Phase != opsapi.PhaseDay {
		t.Errorf("night: %+v, %v", night, err)
	}

	// The account ends, and with it the organiser's place on the other machine; the pupil stays.
	f.accounts.Accounts[0].Disabled = true
	start := time.Now()
	if res := f.putAccounts(t); res.Ended != 1 {
		t.Errorf("ended: %+v", res)
	}
	select {
	case <-organiser.Gone():
	case <-time.After(patience):
		t.Fatal("the organiser is still there")
	}
	t.Logf("the organiser lost the place after %s", time.Since(start))
	eventually.True(t, "the pupil is alone", func() bool { _, n := f.counts(t, bridge); return n == 1 })
	if pupil.Err() != nil {
		t.Errorf("the pupil: %v", pupil.Err())
	}
}

// TestProbeOfABridgeThatIsNotReady: the operator's probe reaches every machine, and nobody else does.
func TestProbeOfABridgeThatIsNotReady(t *testing.T) {
	t.Parallel()
	f := newFleet(t, config.RoleBoth, 1)
	for _, m := range f.list.Machines {
		f.change(t, m.ID, func(m *opsapi.Machine) { m.Ready = false })
	}
	for _, id := range []string{"portal", "bridge-1"} {
		for _, overTLS := range []bool{false, true} {
			ticket, err := f.ops(t, f.portal).ProbeToken(t.Context(), id)
			if err != nil {
				t.Fatal(err)
			}
			report, err := client.Probe(t.Context(), f.target(), client.Ticket{Room: ticket.Room, Token: ticket.Token, OverTLS: overTLS}, time.Second)
			if err != nil || report.Received == 0 {
				t.Errorf("%s, over TLS %t: %+v, %v", id, overTLS, report, err)
			}
		}
	}
	night, err := f.ops(t, f.bridges["bridge-1"]).Night(t.Context())
	if err != nil || night.Phase != opsapi.PhaseDay {
		t.Errorf("night: %+v, %v", night, err)
	}
	var e *opsapi.Error
	if _, err := f.ops(t, f.portal).ProbeToken(t.Context(), "bridge-9"); !errors.As(err, &e) || e.Code != opsapi.CodeUnknownMachine {
		t.Errorf("probe of a machine that is not there: %v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	if p, err := client.Join(ctx, client.Options{Target: f.target(), Room: "klasse-5a", Name: "Lehrkraft", Organiser: true, Cookie: f.login(t)}); err == nil {
		p.Close()
		t.Error("a lesson began on a machine that is not ready")
	}
}

// TestBridgeDies: power off. The room is back on the other bridge within 10 s, with the same people; a stranger without the code stays
// out.
func TestBridgeDies(t *testing.T) {
	t.Parallel()
	f := newFleet(t, config.RolePortal, 2)
	organiser, pupil := f.lesson(t, "klasse-5a")
	code := organiser.Code()
	dead := f.bridgeOf(t)
	dead.powerCut()
	start := time.Now()
	for who, p := range map[string]*client.Participant{"organiser": organiser, "pupil": pupil} {
		eventually.True(t, "the "+who+" is back and hears", func() bool {
			s := p.Stats()
			return p.Inside() && s.PeerConnections > 1 && s.Silence < 200*time.Millisecond
		})
	}
	took := time.Since(start)
	t.Logf("back after %s, silent for %s and %s", took, organiser.Stats().Outage, pupil.Stats().Outage)
	t.Logf("everybody was back after %s", took)
	delete(f.bridges, dead.id)
	if rooms, participants := f.counts(t, f.bridgeOf(t)); rooms != 1 || participants != 2 {
		t.Errorf("on the other bridge: %d rooms, %d participants", rooms, participants)
	}
	if organiser.Code() != code {
		t.Error("the code is another one")
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	stranger, err := client.Join(ctx, client.Options{Target: f.target(), Room: "klasse-5a", Name: "Fremd", Code: wrong(code)})
	if err == nil {
		stranger.Close()
		t.Error("a stranger came in without the code")
	}
	if ctx.Err() != nil {
		t.Errorf("the stranger was not refused: %v", err)
	}
	f.join(t, client.Options{Room: "klasse-5a", Name: "Kind 2", Code: code})
}

// wrong is another code.
func wrong(code string) string {
	if code[0] == '0' {
		return "1" + code[1:]
	}
	return "0" + code[1:]
}

// TestPortalRestarts: whoever is in a lesson goes on hearing and being heard, and is connected again. How soon is judged where nothing else
// runs on the computer, see operator/e2e; here it is only told.
func TestPortalRestarts(t *testing.T) {
	t.Parallel()
	for name, how := range map[string]syscall.Signal{"in order": syscall.SIGTERM, "killed": syscall.SIGKILL} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFleet(t, config.RolePortal, 2)
			organiser, pupil := f.lesson(t, "klasse-5a")
			bridge := f.bridgeOf(t)
			before := f.portal.started()
			f.portal.signal(t, how)
			eventually.True(t, "the portal is down", func() bool { return !organiser.Inside() })
			start := time.Now()
			for who, p := range map[string]*client.Participant{"organiser": organiser, "pupil": pupil} {
				eventually.True(t, "the "+who+" is connected again", func() bool { return p.Stats().Reconnects > 0 && p.Inside() })
			}
			took := time.Since(start)
			hearing(t, organiser, pupil)
			for who, p := range map[string]*client.Participant{"organiser": organiser, "pupil": pupil} {
				s := p.Stats()
				t.Logf("%s: connected again within %s, worst gap %s", who, took, s.WorstGap)
				if s.Kept != s.Reconnects || s.PeerConnections != 1 {
					t.Errorf("%s: the media session was not kept: %+v", who, s)
				}
			}
			if rooms, participants := f.counts(t, bridge); rooms != 1 || participants != 2 || f.portal.started() != before+1 {
				t.Errorf("%d rooms, %d participants, %d starts of the portal", rooms, participants, f.portal.started())
			}
		})
	}
}

// TestManyRoomsComeBackAtOnce: after a portal's restart everybody asks at the same moment, and no room is on two bridges.
func TestManyRoomsComeBackAtOnce(t *testing.T) {
	t.Parallel()
	const rooms = 50
	f := newFleet(t, config.RolePortal, 3, func(f *fleet) {
		f.capacity = config.Capacity{PacketsPerSecond: 1e6, EgressMbit: 1e4} // none shall wait
	})
	cookie := f.login(t)
	everybody := make([]*client.Participant, rooms)
	for i := range everybody {
		everybody[i] = f.join(t, client.Options{Room: fmt.Sprintf("klasse-%d", i), Name: "Lehrkraft", Organiser: true, Cookie: cookie})
	}
	f.once(t, everybody)
	before := make([]int, rooms)
	for i, p := range everybody {
		before[i] = p.Stats().Reconnects
	}
	f.portal.signal(t, syscall.SIGKILL)
	start := time.Now()
	for i, p := range everybody {
		eventually.True(t, "everybody is back", func() bool { return p.Inside() && p.Stats().Reconnects > before[i] })
	}
	t.Logf("%d rooms are back after %s", rooms, time.Since(start))
	f.once(t, everybody)
}

// once waits until everybody is inside, each in a room of their own, and each room on one bridge.
func (f *fleet) once(t *testing.T, everybody []*client.Participant) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for {
		rooms, participants := 0, 0
		for _, m := range f.bridges {
			r, p := f.counts(t, m)
			rooms, participants = rooms+r, participants+p
		}
		if rooms == len(everybody) && participants == len(everybody) {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d rooms with %d participants, want %d with one each", rooms, participants, len(everybody))
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// TestQueue: without a bridge that takes a lesson its organiser waits, and comes in by themselves once there is one.
func TestQueue(t *testing.T) {
	t.Parallel()
	f := newFleet(t, config.RolePortal, 1)
	f.change(t, "bridge-1", func(m *opsapi.Machine) { m.Draining = true })
	cookie := f.login(t)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	first := f.dial(t, cookie, "klasse-5a")
	if q := expect[signaling.Queue](t, first); q.Place != 1 {
		t.Errorf("place: %+v", q)
	}
	second := f.dial(t, cookie, "klasse-5b")
	if q := expect[signaling.Queue](t, second); q.Place != 2 {
		t.Errorf("place: %+v", q)
	}
	joined := make(chan error, 1)
	go func() {
		p, err := client.Join(ctx, client.Options{Target: f.target(), Reconnect: true, Room: "klasse-5c", Name: "Lehrkraft", Organiser: true, Cookie: cookie})
		if err == nil {
			defer p.Close()
		}
		joined <- err
	}()
	ops := f.ops(t, f.portal)
	eventually.True(t, "three rooms wait", func() bool {
		load, err := ops.Load(t.Context())
		return err == nil && load.WaitingRooms == 3 && load.WaitingPeople == 3
	})
	first.CloseNow()
	if q := expect[signaling.Queue](t, second); q.Place != 1 {
		t.Errorf("place after the first has left: %+v", q)
	}
	f.change(t, "bridge-1", func(m *opsapi.Machine) { m.Draining = false })
	if e := expect[signaling.Ended](t, second); e.Reason != signaling.EndedMoved {
		t.Errorf("ended: %+v", e)
	}
	if err := <-joined; err != nil {
		t.Errorf("who waited did not come in: %v", err)
	}
	eventually.True(t, "nobody waits", func() bool {
		load, err := ops.Load(t.Context())
		return err == nil && load.WaitingRooms == 0
	})
}

// TestFullBridge: a bridge whose capacity is used up takes no second lesson; its organiser waits until the first one is over.
func TestFullBridge(t *testing.T) {
	t.Parallel()
	f := newFleet(t, config.RolePortal, 0)
	f.capacity.PacketsPerSecond = 100 // two voices are 50 in and 50 out each
	f.add(t, 1)
	f.put(t)
	f.settled(t)
	organiser, pupil := f.lesson(t, "klasse-5a")
	ops := f.ops(t, f.portal)
	eventually.True(t, "the bridge is full", func() bool {
		load, err := ops.Load(t.Context())
		return err == nil && load.Bridges[0].Known && load.Bridges[0].Stress > 0.85 && load.Bridges[0].Packets == load.Bridges[0].Stress
	})
	waiting := f.dial(t, f.login(t), "klasse-5b")
	if q := expect[signaling.Queue](t, waiting); q.Place != 1 {
		t.Errorf("place: %+v", q)
	}
	// Who belongs to a lesson is never held up. Whoever goes while still arriving counts as away for a while, and would hold the room.
	another := f.join(t, client.Options{Room: "klasse-5a", Name: "Kind 2", Code: organiser.Code(), Peer: quiet})
	for _, p := range []*client.Participant{organiser, pupil, another} {
		p.Close()
	}
	if e := expect[signaling.Ended](t, waiting); e.Reason != signaling.EndedMoved {
		t.Errorf("ended: %+v", e)
	}
}

// TestOrderedRestart: the operator's order restarts the whole county, bridges first, and the proof says what was forgotten.
func TestOrderedRestart(t *testing.T) {
	t.Parallel()
	f := newFleet(t, config.RoleBoth, 2)
	f.change(t, "portal", func(m *opsapi.Machine) { m.Ready = false }) // the lesson shall be on a dedicated bridge
	organiser, pupil := f.lesson(t, "klasse-5a")
	ops := f.ops(t, f.portal)
	if night, err := ops.Restart(t.Context(), opsapi.RestartOrder{Notice: 1}); err != nil || night.Phase == opsapi.PhaseDay {
		t.Fatalf("order: %+v, %v", night, err)
	}
	var proof opsapi.Proof
	eventually.True(t, "the proof is there", func() bool {
		night, err := f.ops(t, f.portal).Night(t.Context())
		if err != nil || len(night.Proofs) == 0 {
			return false
		}
		proof = night.Proofs[0]
		return true
	})
	if proof.Reason != opsapi.ReasonOrder || len(proof.Bridges) != 2 || proof.OldProcess == proof.NewProcess {
		t.Errorf("proof: %+v", proof)
	}
	for _, name := range []string{opsapi.CheckBridges, opsapi.CheckFiles, opsapi.CheckNoStore, opsapi.CheckProcessGone} {
		if c := checkOf(t, proof, name); !c.OK {
			t.Errorf("%+v", c)
		}
	}
	rooms, participants := 0, 0
	for _, b := range proof.Bridges {
		rooms, participants = rooms+b.Rooms, participants+b.Participants
		if b.Reason != opsapi.ReasonOrder || f.bridges[b.Machine].started() != 2 {
			t.Errorf("%s: %+v, %d starts", b.Machine, b, f.bridges[b.Machine].started())
		}
	}
	if rooms != 1 || participants != 2 || f.portal.started() != 2 {
		t.Errorf("%d rooms, %d participants, %d starts of the portal", rooms, participants, f.portal.started())
	}
	organiser.Close()
	pupil.Close()
	f.settled(t)
}
