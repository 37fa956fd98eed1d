package night

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/sys/unix"

	"github.com/medienzentrenverbund/kreisraum/conference/cluster"
	"github.com/medienzentrenverbund/kreisraum/conference/opsapi"
)

// rooms are a bridge's rooms as a Night sees them.
type rooms struct {
	mu    sync.Mutex
	inUse int
	said  []string
}

func (r *rooms) set(inUse int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.inUse = inUse
}

func (r *rooms) say(word string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.said = append(r.said, word)
}

func (r *rooms) words() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return strings.Join(r.said, ", ")
}

func (r *rooms) InUse() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.inUse
}
func (r *rooms) Notice(at time.Time) { r.say("notice " + at.UTC().Format("15:04")) }
func (r *rooms) NoNewRooms()         { r.say("no new rooms") }
func (r *rooms) EndRooms() {
	r.say("end rooms")
	r.set(0)
}
func (r *rooms) Totals() Totals { return Totals{Rooms: 7, Participants: 80, Messages: 31} }

func ledger(t testing.TB, state string) *Ledger {
	t.Helper()
	l, err := OpenLedger(LedgerConfig{State: state, Machine: "portal", Version: "1.2.3", Zone: zone(t, "Europe/Berlin"), Now: time.Now,
		Inspect: Inspection{Store: filepath.Join(state, "nats"), Folders: map[string][]string{state: {LedgerFile, "accounts.json"}}}})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// until lets the bubble's clock come to a time of day, UTC.
func until(t *testing.T, at time.Time) {
	time.Sleep(time.Until(at))
	synctest.Wait()
}

// In the bubble the clock begins at midnight UTC of 1 January 2000, one o'clock in Berlin.
func TestANightPasses(t *testing.T) {
	state := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		r := &rooms{inUse: 2}
		var bridges sync.Map
		bridges.Store("bridge-1", Bridge{ID: "bridge-1", Boot: "a", Alive: true})
		var orders []string
		n := New(Config{
			Schedule: berlin(t), Boot: "me", Rooms: r, Ledger: ledger(t, state), Leads: true, Zone: zone(t, "Europe/Berlin"), Now: time.Now, Log: slog.New(slog.DiscardHandler),
			Bridges: func() (out []Bridge) {
				bridges.Range(func(_, b any) bool { out = append(out, b.(Bridge)); return true })
				return out
			},
			Order: func(m string, plan cluster.RestartPlan) { orders = append(orders, m+"/"+plan.Boot) },
		})
		ended := make(chan bool, 1)
		go func() { ended <- n.Run(t.Context()) }()
		day := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
		until(t, day.Add(2*time.Hour))
		if s := n.Status(); s.Phase != opsapi.PhaseDay || !s.Next.Equal(day.Add(2*time.Hour+30*time.Minute)) || r.words() != "" {
			t.Fatalf("before the night: %+v, %s", s, r.words())
		}
		until(t, day.Add(2*time.Hour+25*time.Minute+time.Second))
		if s := n.Status(); s.Phase != opsapi.PhaseNotice || r.words() != "notice 03:30" {
			t.Fatalf("at the notice: %+v, %s", s, r.words())
		}
		until(t, day.Add(2*time.Hour+31*time.Minute))
		if s := n.Status(); s.Phase != opsapi.PhaseWaiting || r.words() != "notice 03:30, no new rooms" {
			t.Fatalf("at the restart: %+v, %s", s, r.words())
		}
		r.set(0)
		time.Sleep(time.Second)
		synctest.Wait()
		if s := n.Status(); s.Phase != opsapi.PhaseBridges {
			t.Fatalf("when its rooms are empty: %+v", s)
		}
		proof := opsapi.Proof{Machine: "bridge-1", Checks: []opsapi.Check{{Name: opsapi.CheckNoSwap, OK: true}}}
		bridges.Store("bridge-1", Bridge{ID: "bridge-1", Boot: "b", Alive: true, Proof: &proof})
		if !<-ended {
			t.Fatal("the process was not to end")
		}
		if len(orders) == 0 || orders[0] != "bridge-1/a" {
			t.Errorf("orders %v", orders)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		l := ledger(t, state)
		p := l.Last()
		if p == nil || p.Reason != opsapi.ReasonNight || p.Day != "2000-01-01" || p.Rooms != 7 || p.Participants != 80 || p.Messages != 31 || p.RoomsEnded != 0 {
			t.Fatalf("got %+v", p)
		}
		if len(p.Bridges) != 1 || p.Bridges[0].Machine != "bridge-1" || p.OldVersion != "1.2.3" || p.Began.UTC().Format("15:04") != "02:25" {
			t.Errorf("got %+v", p)
		}
		if c := p.Checks[len(p.Checks)-1]; c.Name != opsapi.CheckBridges || !c.OK {
			t.Errorf("bridges: %+v", c)
		}
	})
}

func TestAnOrderRestartsNow(t *testing.T) {
	state := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		r := &rooms{inUse: 1}
		n := New(Config{Boot: "me", Rooms: r, Ledger: ledger(t, state), Leads: true, Now: time.Now, Log: slog.New(slog.DiscardHandler)})
		ended := make(chan bool, 1)
		go func() { ended <- n.Run(t.Context()) }()
		s, err := n.Order(t.Context(), 30*time.Second)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := n.Order(t.Context(), time.Hour); !errors.Is(err, ErrUnderWay) {
			t.Errorf("a later order: %v", err)
		}
		begun := time.Now()
		if !<-ended || time.Since(begun) < 29*time.Second || time.Since(begun) > 31*time.Second {
			t.Errorf("ended after %s; %+v", time.Since(begun), s)
		}
		if r.words() != "notice 00:00, no new rooms, end rooms" {
			t.Errorf("got %s", r.words())
		}
		if p := ledger(t, state).Last(); p == nil || p.RoomsEnded != 1 {
			t.Errorf("the proof: %+v", p)
		}
	})
}

func TestAPlanForTheProcessBeforeIsNotFollowed(t *testing.T) {
	state := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		n := New(Config{Boot: "new", Rooms: &rooms{}, Ledger: ledger(t, state), Now: time.Now, Log: slog.New(slog.DiscardHandler)})
		ended := make(chan bool, 1)
		go func() { ended <- n.Run(ctx) }()
		now := time.Now()
		if err := n.Adopt(t.Context(), cluster.RestartPlan{Reason: opsapi.ReasonNight, Notice: now, At: now, Latest: now, Boot: "old"}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour)
		synctest.Wait()
		cancel()
		if <-ended {
			t.Error("it restarted")
		}
	})
}

func TestACrashIsInTheLedgerToo(t *testing.T) {
	state := t.TempDir()
	if l := ledger(t, state); l.Last() != nil {
		t.Fatal("the first process has a proof")
	}
	l := ledger(t, state)
	if p := l.Last(); p == nil || p.Reason != opsapi.ReasonCrash || !p.Stopped.IsZero() {
		t.Fatalf("got %+v", p)
	}
}

func TestADamagedLedgerIsSetAside(t *testing.T) {
	state := t.TempDir()
	if err := os.WriteFile(filepath.Join(state, LedgerFile), []byte("{half"), 0o600); err != nil {
		t.Fatal(err)
	}
	ledger(t, state)
	if _, err := os.Stat(filepath.Join(state, LedgerFile+".damaged")); err != nil {
		t.Error(err)
	}
}

// TestNoServerStaysDownForWantOfAProof: whatever is in the place of the ledger, or not, the machine starts and says what it found.
func TestNoServerStaysDownForWantOfAProof(t *testing.T) {
	t.Run("a folder", func(t *testing.T) {
		state := t.TempDir()
		if err := os.MkdirAll(filepath.Join(state, LedgerFile, "folder"), 0o700); err != nil {
			t.Fatal(err)
		}
		ledger(t, state)
		if ledger(t, state).Last() == nil {
			t.Error("the next process has no proof")
		}
	})
	t.Run("a disk that takes nothing", func(t *testing.T) {
		l, err := OpenLedger(LedgerConfig{State: filepath.Join(t.TempDir(), "gone"), Machine: "portal", Now: time.Now, Zone: time.UTC})
		if l == nil || err == nil {
			t.Fatalf("got %v, %v", l, err)
		}
		if err := l.end(cluster.RestartPlan{Reason: opsapi.ReasonNight}, Totals{}, 0, nil, nil); err == nil {
			t.Error("its end counts as written down")
		}
	})
}

func TestProofsAreForgottenToo(t *testing.T) {
	state := t.TempDir()
	l := ledger(t, state)
	l.add(opsapi.Proof{Started: time.Now().Add(-36 * 24 * time.Hour), Day: "old"})
	for range 2 * maxProofs {
		l.add(opsapi.Proof{Started: time.Now()})
	}
	if got := l.Proofs(); len(got) != maxProofs || got[len(got)-1].Day == "old" {
		t.Errorf("%d proofs are kept", len(got))
	}
}

// TestForgetful runs itself as a process of its own, since what it switches off stays off.
func TestForgetful(t *testing.T) {
	if os.Getenv("KREISRAUM_TEST_FORGETFUL") != "" {
		before := noCoreDumps()
		if err := Forgetful(); err != nil {
			t.Fatal(err)
		}
		data, _ := json.Marshal(map[string]bool{"before": before == nil, "after": noCoreDumps() == nil})
		os.Stdout.Write(append(data, '\n'))
		return
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestForgetful$")
	cmd.Env = append(os.Environ(), "KREISRAUM_TEST_FORGETFUL=1")
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), `"after":true`) || !strings.Contains(string(out), `"before":false`) {
		t.Errorf("%v: %s", err, out)
	}
}

func TestTheOldProcessMustBeGone(t *testing.T) {
	cmd := exec.Command(os.Args[0], "-test.run=^TestWaitsForItsEnd$")
	cmd.Env = append(os.Environ(), "KREISRAUM_TEST_WAIT=1")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if processGone(cmd.Process.Pid) == nil {
		t.Error("a running process counts as gone")
	}
	in.Close()
	_ = cmd.Wait()
	if err := processGone(cmd.Process.Pid); err != nil {
		t.Error(err)
	}
	if err := processGone(os.Getpid()); err != nil {
		t.Errorf("our own number: %v", err)
	}
	if unix.Getpid() != 1 && program1() != "" && program1() != ownProgram() && processGone(1) != nil {
		t.Error("a number that passed to another program counts as the old process")
	}
}

func program1() string {
	name, _ := program(1)
	return name
}

// TestWaitsForItsEnd is the process that TestTheOldProcessMustBeGone looks at.
func TestWaitsForItsEnd(t *testing.T) {
	if os.Getenv("KREISRAUM_TEST_WAIT") != "" {
		_, _ = os.Stdin.Read(make([]byte, 1))
	}
}

func TestWhatDoesNotBelongThereIsSeenButNotNamed(t *testing.T) {
	state, store := t.TempDir(), t.TempDir()
	i := Inspection{Store: store, Folders: map[string][]string{state: {"accounts.json", "access-*.log"}}}
	for _, name := range []string{"accounts.json", "access-2026-11-22.log"} {
		if err := os.WriteFile(filepath.Join(state, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.MkdirAll(filepath.Join(store, "jetstream", "account"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(i.knownFiles(), i.storeEmpty()); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{filepath.Join(state, "kanarienvogel.txt"), filepath.Join(store, "jetstream", "kanarienvogel")} {
		if err := os.WriteFile(name, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, err := range []error{i.knownFiles(), i.storeEmpty()} {
		if err == nil || strings.Contains(err.Error(), "kanarienvogel") || !strings.Contains(err.Error(), "1 files") {
			t.Errorf("got %v", err)
		}
	}
}

func TestSwapThatAControlGroupForbids(t *testing.T) {
	root := t.TempDir()
	self := filepath.Join(root, "cgroup")
	group := filepath.Join(root, "system.slice", "kreisraum-conference.service")
	if err := errors.Join(os.WriteFile(self, []byte("0::/system.slice/kreisraum-conference.service\n"), 0o600), os.MkdirAll(group, 0o700)); err != nil {
		t.Fatal(err)
	}
	if swapForbidden(self, root) {
		t.Error("without a limit")
	}
	for limit, want := range map[string]bool{"max\n": false, "0\n": true} {
		if err := os.WriteFile(filepath.Join(group, "memory.swap.max"), []byte(limit), 0o600); err != nil {
			t.Fatal(err)
		}
		if swapForbidden(self, root) != want {
			t.Errorf("limit %q", limit)
		}
	}
}
