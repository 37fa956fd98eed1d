package county

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/medienzentrenverbund/kreisraum/conference/identity"
	"github.com/medienzentrenverbund/kreisraum/conference/opsapi"
	"github.com/medienzentrenverbund/kreisraum/infra"
	"github.com/medienzentrenverbund/kreisraum/operator/audit"
	"github.com/medienzentrenverbund/kreisraum/operator/countyca"
	"github.com/medienzentrenverbund/kreisraum/operator/deploy"
)

// running is what a fake machine runs.
type running struct{ version, digest string }

// releases gives the machines of a world versions, lessons and bad releases.
type releases struct {
	*world
	county *County

	mu          sync.Mutex
	now, before map[int]running
	inside      map[int]int     // participants
	busy        map[int]int     // so many questions are not answered in time
	unhealthy   map[string]bool // versions that do not get healthy
	silent      map[string]bool // versions that carry no call
	log         []string
}

// newReleases is a county with bridges that runs v1.
func newReleases(t *testing.T, bridges int) *releases {
	t.Helper()
	r := &releases{world: newWorld(), now: map[int]running{}, before: map[int]running{}, inside: map[int]int{}, busy: map[int]int{}, unhealthy: map[string]bool{}, silent: map[string]bool{}}
	r.county = testCounty(t, r.world)
	base := r.world.world()
	ww := base
	ww.Deploy = func(ctx context.Context, job deploy.Job) (deploy.Result, error) {
		return r.deployTo(ctx, job, base.Deploy)
	}
	ww.Rollback = r.rollback
	ww.DialOps = func(address string, ca *countyca.CA) Ops {
		return opsOf{base.DialOps(address, ca), r, r.world.numberAt(address)}
	}
	ww.Probe = func(ctx context.Context, target ProbeTarget) (ProbeReport, error) {
		r.mu.Lock()
		machine := strings.TrimPrefix(target.Token, "a token for ")
		silent := r.silent[r.now[numberOf(machine)].version]
		r.mu.Unlock()
		if silent {
			return ProbeReport{}, errors.New("no media comes back")
		}
		return base.Probe(ctx, target)
	}
	r.county.World = ww
	mustUp(t, r.county)
	if bridges > 0 {
		kinds := make([]infra.Bridge, bridges)
		for i := range kinds {
			kinds[i] = infra.Bridge{ServerType: "ccx13", Location: "nbg1"}
		}
		if _, err := r.county.AddBridges(t.Context(), kinds); err != nil {
			t.Fatal(err)
		}
	}
	r.log = nil
	r.world.forgetCalls()
	return r
}

func numberOf(machine string) int {
	if machine == identity.Portal {
		return 0
	}
	n := 0
	_, _ = fmt.Sscanf(machine, "bridge-%d", &n)
	return n
}

func nameOf(number int) string {
	if number == 0 {
		return identity.Portal
	}
	return identity.Bridge(number)
}

func (r *releases) say(line string) { r.log = append(r.log, line) }

func (r *releases) deployTo(ctx context.Context, job deploy.Job, base func(context.Context, deploy.Job) (deploy.Result, error)) (deploy.Result, error) {
	n, version := r.world.numberAt(job.Address.String()), job.Bundle.Release.Version
	r.mu.Lock()
	bad := r.unhealthy[version]
	was := r.now[n]
	r.mu.Unlock()
	if bad {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.say("refuse " + nameOf(n))
		return deploy.Result{}, &deploy.RolledBackError{To: was.version, Reason: &deploy.StartError{Reason: errors.New("nobody answers"), Journal: "it broke"}}
	}
	result, err := base(ctx, job)
	digest, _ := job.Bundle.Digest()
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.digest(n) == digest && was.digest != digest {
		r.before[n], r.now[n] = was, running{version, digest}
		r.say("deploy " + nameOf(n) + " " + version)
	}
	return result, err
}

// digest is what the world says that a machine runs.
func (r *releases) digest(n int) string {
	r.world.mu.Lock()
	defer r.world.mu.Unlock()
	return *r.slot(n)
}

// slot is where the world keeps what a machine runs. Called with the world's lock held.
func (r *releases) slot(n int) *string {
	if b := r.world.bridges[n]; b != nil {
		return &b.running
	}
	return &r.world.running
}

func (r *releases) rollback(_ context.Context, job deploy.Job) (string, error) {
	n := r.world.numberAt(job.Address.String())
	r.world.mu.Lock()
	defer r.world.mu.Unlock()
	effect, err := r.world.call("Rollback")
	if !r.world.sshOpen {
		return "", deploy.ErrUnreachable
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.before[n] == (running{}) {
		return "", deploy.ErrNoPrevious
	}
	if effect {
		r.now[n] = r.before[n]
		delete(r.before, n)
		*r.slot(n) = r.now[n].digest
		r.say("back " + nameOf(n) + " " + r.now[n].version)
	}
	return r.now[n].version, err
}

// opsOf is the ops API of a machine with lessons.
type opsOf struct {
	Ops
	r *releases
	n int
}

func (o opsOf) Info(ctx context.Context) (opsapi.Info, error) {
	info, err := o.Ops.Info(ctx)
	o.r.mu.Lock()
	busy := o.r.busy[o.n] > 0
	o.r.busy[o.n]--
	o.r.mu.Unlock()
	if busy {
		<-ctx.Done()
		return opsapi.Info{}, ctx.Err()
	}
	o.r.mu.Lock()
	defer o.r.mu.Unlock()
	info.Version, info.Participants = o.r.now[o.n].version, o.r.inside[o.n]
	info.Rooms = min(1, info.Participants)
	return info, err
}

func (o opsOf) PutMachines(ctx context.Context, list opsapi.Machines) (opsapi.MachinesResult, error) {
	before := o.r.closed()
	result, err := o.Ops.PutMachines(ctx, list)
	after := o.r.closed()
	o.r.mu.Lock()
	defer o.r.mu.Unlock()
	for _, id := range after {
		if !slices.Contains(before, id) {
			o.r.say("close " + id)
		}
	}
	for _, id := range before {
		if !slices.Contains(after, id) {
			o.r.say("open " + id)
		}
	}
	return result, err
}

// closed are the machines that get no new rooms.
func (r *releases) closed() (ids []string) {
	r.world.mu.Lock()
	defer r.world.mu.Unlock()
	for _, m := range r.world.list.Machines {
		if m.Draining {
			ids = append(ids, m.ID)
		}
	}
	return ids
}

// versions are those of all machines, the portal's first.
func (r *releases) versions() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	list := make([]string, len(r.now))
	for n, run := range r.now {
		list[n] = run.version
	}
	return list
}

func (r *releases) settled(t *testing.T, want ...string) {
	t.Helper()
	if got := r.versions(); !slices.Equal(got, want) {
		t.Errorf("the machines run %v, want %v", got, want)
	}
	if ids := r.closed(); len(ids) > 0 {
		t.Errorf("%v still get no rooms", ids)
	}
	if r.world.sshOpen {
		t.Error("port 22 is open")
	}
}

func (r *releases) version(version string) *County {
	r.county.Version = version
	return r.county
}

func (r *releases) events() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.log)
}

func TestUpgradeIsOneMachineAtATimeThePortalLast(t *testing.T) {
	r := newReleases(t, 2)
	result, err := r.version("v2").Upgrade(t.Context(), ReleaseOptions{})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"close bridge-1", "deploy bridge-1 v2", "open bridge-1", "close bridge-2", "deploy bridge-2 v2", "open bridge-2",
		"close portal", "deploy portal v2", "open portal",
	}
	if got := r.events(); !slices.Equal(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
	if want := []Renewed{{"bridge-1", "v1", "v2"}, {"bridge-2", "v1", "v2"}, {"portal", "v1", "v2"}}; !slices.Equal(result.Renewed, want) {
		t.Errorf("renewed %v", result.Renewed)
	}
	r.settled(t, "v2", "v2", "v2")
	if n := countLedger(t, r.county, audit.CountyUpgraded); n != 3 || !strings.Contains(ledgerText(t, r.county), "portal v1 → v2") {
		t.Errorf("%d lines:\n%s", n, ledgerText(t, r.county))
	}
	r.world.forgetCalls()
	if again, err := r.county.Upgrade(t.Context(), ReleaseOptions{}); err != nil || len(again.Renewed) > 0 || r.world.called("OpenSSH") > 0 {
		t.Errorf("a second upgrade: %+v, %v", again, err)
	}
}

func TestUpgradeWaitsForLessonsAndKeepsNobodyFromTheCounty(t *testing.T) {
	r := newReleases(t, 1)
	synctest.Test(t, func(t *testing.T) {
		r.inside[1] = 24
		begun := time.Now()
		go func() {
			time.Sleep(40 * time.Minute)
			synctest.Wait()
			if !slices.Contains(r.closed(), "bridge-1") || slices.Contains(r.events(), "deploy bridge-1 v2") {
				t.Errorf("after 40 minutes: %v", r.events())
			}
			unlock, err := r.county.Home.Lock()
			if err != nil {
				t.Errorf("the county is kept from others: %v", err)
			} else {
				unlock()
			}
			r.mu.Lock()
			r.inside[1] = 0
			r.mu.Unlock()
		}()
		var told []string
		r.county.Events = func(e Event) { told = append(told, e.Text) }
		if _, err := r.version("v2").Upgrade(t.Context(), ReleaseOptions{}); err != nil {
			t.Fatal(err)
		}
		if waited := time.Since(begun); waited < 40*time.Minute || waited > 41*time.Minute {
			t.Errorf("waited %s", waited)
		}
		if all := strings.Join(told, "\n"); strings.Count(all, "bridge-1 has 1 lesson with 24 participants") != 1 || !strings.Contains(all, "at the latest at 04:30") {
			t.Errorf("told:\n%s", all)
		}
	})
	r.settled(t, "v2", "v2")
}

// A server under load may let one question go by; its lessons are waited for all the same.
func TestUpgradeDoesNotTakeABusyServerForADeadOne(t *testing.T) {
	r := newReleases(t, 1)
	synctest.Test(t, func(t *testing.T) {
		r.inside[1], r.busy[1] = 24, 1
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if _, err := r.version("v2").Upgrade(ctx, ReleaseOptions{}); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
	})
	r.settled(t, "v1", "v1")
}

func TestUpgradeThatIsStoppedGivesTheRoomsBack(t *testing.T) {
	r := newReleases(t, 1)
	synctest.Test(t, func(t *testing.T) {
		r.inside[1] = 24
		ctx, cancel := context.WithTimeout(t.Context(), 7*time.Minute)
		defer cancel()
		if _, err := r.version("v2").Upgrade(ctx, ReleaseOptions{}); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("got %v", err)
		}
	})
	r.settled(t, "v1", "v1")
}

func TestNowAsksAndDoesNotWait(t *testing.T) {
	r := newReleases(t, 1)
	r.inside[0], r.inside[1] = 7, 24
	no := errors.New("better not")
	var asked []InUse
	refuse := func(touched []InUse) error { asked = touched; return no }
	if _, err := r.version("v2").Upgrade(t.Context(), ReleaseOptions{Now: true, Confirm: refuse}); !errors.Is(err, no) {
		t.Fatalf("got %v", err)
	}
	if len(asked) != 2 || asked[1].String() != "bridge-1 has 1 lesson with 24 participants" {
		t.Errorf("asked %v", asked)
	}
	r.settled(t, "v1", "v1")
	if _, err := r.county.Upgrade(t.Context(), ReleaseOptions{Now: true}); err != nil {
		t.Fatal(err)
	}
	r.settled(t, "v2", "v2")
	if slices.Contains(r.events(), "close bridge-1") {
		t.Error("a bridge that is closed takes its own lessons back only when it is opened again")
	}
}

func TestUnhealthyReleaseStopsAtTheFirstMachine(t *testing.T) {
	for name, tt := range map[string]struct {
		make  func(*releases)
		class string
	}{
		"not healthy": {func(r *releases) { r.unhealthy["v2"] = true }, "unhealthy"},
		"no call":     {func(r *releases) { r.silent["v2"] = true }, "no call"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newReleases(t, 2)
			tt.make(r)
			synctest.Test(t, func(t *testing.T) {
				_, err := r.version("v2").Upgrade(t.Context(), ReleaseOptions{})
				if err == nil || !strings.Contains(err.Error(), "bridge-1") || !strings.Contains(err.Error(), "runs on") {
					t.Fatalf("got %v", err)
				}
			})
			r.settled(t, "v1", "v1", "v1")
			if text := ledgerText(t, r.county); !strings.Contains(text, "bridge-1 "+tt.class) {
				t.Errorf("ledger:\n%s", text)
			}
			// up does not bring it again, and says so.
			result, err := r.county.Up(t.Context(), UpOptions{})
			if err != nil || len(result.Kept) != 3 || !result.Kept[0].Refused {
				t.Fatalf("up: %+v, %v", result.Kept, err)
			}
			r.settled(t, "v1", "v1", "v1")
			// A mended release is another one.
			clear(r.unhealthy)
			clear(r.silent)
			mustUp(t, r.version("v2.1"))
			r.settled(t, "v2.1", "v2.1", "v2.1")
		})
	}
}

func TestRollbackReachesWhatTheUpgradeHasReached(t *testing.T) {
	r := newReleases(t, 2)
	if _, err := r.county.Rollback(t.Context(), ReleaseOptions{}); !errors.Is(err, deploy.ErrNoPrevious) {
		t.Fatalf("before any upgrade: %v", err)
	}
	if _, err := r.version("v2").Upgrade(t.Context(), ReleaseOptions{}); err != nil {
		t.Fatal(err)
	}
	// v3 breaks on the way: one machine has it, the others are at v2.
	stop, cancel := context.WithCancel(t.Context())
	r.county.Events = func(e Event) {
		if e.Text == "bridge-1 runs v3" {
			cancel()
		}
	}
	if _, err := r.version("v3").Upgrade(stop, ReleaseOptions{}); err == nil {
		t.Fatal("the upgrade was not stopped")
	}
	r.settled(t, "v2", "v3", "v2")
	result, err := r.county.Rollback(t.Context(), ReleaseOptions{})
	if err != nil || len(result.Renewed) != 1 || result.Renewed[0] != (Renewed{"bridge-1", "v3", "v2"}) {
		t.Fatalf("%+v, %v", result.Renewed, err)
	}
	r.settled(t, "v2", "v2", "v2")
	if n := countLedger(t, r.county, audit.CountyRolledBack); n != 1 {
		t.Errorf("%d lines in the ledger", n)
	}
	if _, err := r.county.Rollback(t.Context(), ReleaseOptions{}); !errors.Is(err, deploy.ErrNoPrevious) {
		t.Errorf("a second time: %v", err)
	}
	if result, err := r.county.Up(t.Context(), UpOptions{}); err != nil || len(result.Kept) != 3 {
		t.Errorf("up brings it again: %+v, %v", result.Kept, err)
	}
	if _, err := r.county.Upgrade(t.Context(), ReleaseOptions{}); err != nil {
		t.Fatal(err)
	}
	r.settled(t, "v3", "v3", "v3")
}

func TestUpLeavesLessonsAlone(t *testing.T) {
	r := newReleases(t, 1)
	r.inside[0] = 12
	result := mustUp(t, r.version("v2"))
	r.settled(t, "v1", "v2")
	if len(result.Kept) != 1 || result.Kept[0].Machine != "portal" || result.Kept[0].Version != "v1" || result.Kept[0].Refused {
		t.Errorf("kept %+v", result.Kept)
	}
	if strings.Contains(ledgerText(t, r.county), "county-up\",\"detail\":\"v2") {
		t.Error("the ledger says that v2 is live")
	}
	r.inside[0] = 0
	if result := mustUp(t, r.county); len(result.Kept) > 0 {
		t.Errorf("kept %+v", result.Kept)
	}
	r.settled(t, "v2", "v2")
}

// Whatever fails, and whether or not its effect has happened: running it again, or up, finishes, and no machine is kept from rooms.
func TestUpgradeIsFinishedAfterEveryFault(t *testing.T) {
	finish := map[string]func(*releases) error{
		"upgrade": func(r *releases) error {
			_, err := r.county.Upgrade(context.Background(), ReleaseOptions{})
			return err
		},
		"up": func(r *releases) error { _, err := r.county.Up(context.Background(), UpOptions{}); return err },
	}
	for _, call := range []string{"OpenStack", "OpenSSH", "Deploy", "CloseSSH", "PutMachines", "DialOps"} {
		for _, effect := range []bool{false, true} {
			for name, again := range finish {
				t.Run(fmt.Sprintf("%s effect=%t then %s", call, effect, name), func(t *testing.T) {
					r := newReleases(t, 1)
					r.world.mu.Lock()
					r.world.fault[call], r.world.afterwards[call] = true, effect
					r.world.mu.Unlock()
					_, err := r.version("v2").Upgrade(t.Context(), ReleaseOptions{})
					if err == nil && call != "DialOps" {
						t.Fatal("the fault went by")
					}
					if err := again(r); err != nil {
						t.Fatal(err)
					}
					r.settled(t, "v2", "v2")
				})
			}
		}
	}
}

func TestBridgesThatComeDuringAnUpgradeGetTheNewRelease(t *testing.T) {
	r := newReleases(t, 1)
	synctest.Test(t, func(t *testing.T) {
		r.inside[0] = 3
		go func() {
			time.Sleep(11 * time.Minute)
			if _, err := r.county.AddBridges(t.Context(), []infra.Bridge{{ServerType: "ccx13", Location: "nbg1"}}); err != nil {
				t.Errorf("add a bridge: %v", err)
			}
			r.mu.Lock()
			r.inside[0] = 0
			r.mu.Unlock()
		}()
		if _, err := r.version("v2").Upgrade(t.Context(), ReleaseOptions{}); err != nil {
			t.Fatal(err)
		}
	})
	r.settled(t, "v2", "v2", "v2")
}

func TestRebuildKeepsAddressesAndFinishesAfterAKill(t *testing.T) {
	for _, died := range []bool{false, true} {
		t.Run(fmt.Sprintf("killed=%t", died), func(t *testing.T) {
			r := newReleases(t, 1)
			rebuilt := []int64{}
			fault := errors.New("the connection broke")
			r.county.World.Rebuild = func(_ context.Context, id int64, image, userData string) error {
				rebuilt = append(rebuilt, id)
				r.world.mu.Lock()
				*r.slot(1) = ""
				r.world.mu.Unlock()
				if image != r.county.Config.Image || !strings.HasPrefix(userData, "#cloud-config") {
					t.Errorf("image %q, user data of %d bytes", image, len(userData))
				}
				if died && len(rebuilt) == 1 {
					return fault
				}
				return nil
			}
			address := mustBridges(t, r.county)[0].PublicIPv4
			_, err := r.county.Rebuild(t.Context(), "bridge-1", ReleaseOptions{})
			if died != errors.Is(err, fault) || !died && err != nil {
				t.Fatalf("got %v", err)
			}
			if died {
				mustUp(t, r.county)
			}
			got := mustBridges(t, r.county)[0]
			if !got.Ready || got.PublicIPv4 != address {
				t.Errorf("bridge %+v, before at %s", got, address)
			}
			if want := 1 + len(rebuilt[1:]); len(rebuilt) != want || died && len(rebuilt) != 2 {
				t.Errorf("rebuilt %v", rebuilt)
			}
			r.settled(t, "v1", "v1")
		})
	}
}

// Hetzner refused to make the machine anew, and on the next morning there are lessons on it.
func TestRebuildThatNeverBeganWaitsForLessons(t *testing.T) {
	r := newReleases(t, 1)
	rebuilt, fault := 0, errors.New("rate limit exceeded")
	r.county.World.Rebuild = func(context.Context, int64, string, string) error {
		if rebuilt++; rebuilt == 1 {
			return fault
		}
		r.world.mu.Lock()
		defer r.world.mu.Unlock()
		*r.slot(1) = ""
		return nil
	}
	if _, err := r.county.Rebuild(t.Context(), "bridge-1", ReleaseOptions{}); !errors.Is(err, fault) {
		t.Fatalf("got %v", err)
	}
	r.inside[1] = 24
	mustUp(t, r.county)
	if rebuilt != 1 {
		t.Fatal("the machine was made anew under a lesson")
	}
	if got := mustBridges(t, r.county)[0]; !got.Ready {
		t.Errorf("it takes no rooms meanwhile: %+v", got)
	}
	r.inside[1] = 0
	mustUp(t, r.county)
	if rebuilt != 2 {
		t.Error("it was not made anew afterwards")
	}
	r.settled(t, "v1", "v1")
}

func TestRebuildNeedsAName(t *testing.T) {
	r := newReleases(t, 1)
	for machine, says := range map[string]string{"": "portal, bridge-1", "bridge-9": "no machine bridge-9"} {
		if _, err := r.county.Rebuild(t.Context(), machine, ReleaseOptions{}); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %v", machine, err)
		}
	}
}
