//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/medienzentrenverbund/kreisraum/conference/client"
	"github.com/medienzentrenverbund/kreisraum/conference/drive"
	"github.com/medienzentrenverbund/kreisraum/operator/county"
)

const (
	// mediaGap is how long a lesson that nothing happened to may hear nothing.
	mediaGap = 200 * time.Millisecond
	// backWithin is how soon a lesson goes on whose bridge died.
	backWithin = 10 * time.Second
)

// TestMorning: lessons take the county from no bridge to three and back to none. The one on the portal's own bridge never notices. A
// bridge is killed and another one falls silent, and their lesson is back. The daemon is killed while it makes a bridge, and `up` in the
// middle of it all removes nothing.
func TestMorning(t *testing.T) {
	p := sandboxed(t, 2)
	p.configs = busy(t)
	first, _ := up(t, p)
	school := newSchool(t, p, first.Result.URL, *first.Result.FirstAccount)
	lesson := school.begin("lektion-am-morgen", 2)
	browser := watch(t, first.Result.URL, "lektion-am-morgen", lesson.organiser.Code())
	serve := p.serve()

	crowd := rush(t, school, *first.Result.FirstAccount)
	begun := time.Now()
	eventually(t, 2*patience, "the daemon to make a bridge", func() bool { return strings.Contains(serve.log.String(), "msg=decided") })
	serve.stop(syscall.SIGKILL) // in the middle of it; the next one finishes it
	serve = p.serve()
	moving := school.begin("geografie", 8) // waits in the queue with the others
	seldom(t, 3*patience, "three bridges that take rooms", func() bool { return len(inUse(p.status())) == 3 })
	t.Logf("three bridges after %s", time.Since(begun).Round(time.Millisecond))
	crowd.settled()

	t.Run("up removes nothing", func(t *testing.T) {
		p := p.in(t)
		before, process := p.status(), p.process("portal")
		if o := p.must("up", "demo", "--sandbox", "--json"); !strings.Contains(o.stdout, "nothing to change") {
			t.Errorf("resources changed:\n%s", o.stdout)
		}
		if after := p.status(); servers(after) != servers(before) || p.process("portal") != process {
			t.Errorf("%d servers before, %d after; process of the portal %d, then %d", servers(before), servers(after), process, p.process("portal"))
		}
	})
	moving = awayFromPortal(p, school, moving)
	t.Run("a bridge is killed", func(t *testing.T) {
		p, moving := p.in(t), moving.in(t)
		process := p.process(p.where(moving))
		moving.breaks(func() { signal(t, process, syscall.SIGKILL) })
		stranger(t, school, moving)
	})
	moving = awayFromPortal(p, school, moving)
	t.Run("a bridge falls silent", func(t *testing.T) {
		p, moving := p.in(t), moving.in(t)
		process := p.process(p.where(moving))
		defer signal(t, process, syscall.SIGCONT)
		moving.breaks(func() { signal(t, process, syscall.SIGSTOP) })
		stranger(t, school, moving)
	})
	if n := servers(p.status()); n > 4 {
		t.Errorf("%d servers for a portal and three bridges", n)
	}
	// Whoever goes while being brought back is waited for, and a teacher is waited for half an hour.
	crowd.settled()
	crowd.leave()
	moving.ends()
	begun = time.Now()
	var left county.Status
	defer func() {
		if t.Failed() {
			t.Logf("bridges: %+v, people: %v", left.Bridges, people(left))
		}
	}()
	seldom(t, 5*patience, "the bridges to go", func() bool { left = p.status(); return servers(left) == 1 && len(left.Bridges) == 0 })
	t.Logf("no bridge left %s after the last of their pupils", time.Since(begun).Round(time.Millisecond))
	lesson.stays(mediaGap)
	browser.stayed()

	t.Run("replay", func(t *testing.T) {
		p := p.in(t)
		record := filepath.Join(t.TempDir(), "decisions.jsonl")
		if err := os.WriteFile(record, []byte(p.must("explain", "demo", "--sandbox", "-n", "10000", "--json").stdout), 0o600); err != nil {
			t.Fatal(err)
		}
		t.Log(p.must("replay", record).stdout)
	})
	t.Log(p.must("explain", "demo", "--sandbox", "-n", "40").stdout)
	p.must("down", "demo", "--sandbox", "--yes")
}

// in is the program in a subtest.
func (p program) in(t *testing.T) program {
	p.t = t
	return p
}

func (s *school) in(t *testing.T) *school {
	copy := *s
	copy.t = t
	return &copy
}

// awayFromPortal is a lesson on a dedicated bridge: c, or another one if c was placed on the portal's own, as the load of the moment may want.
func awayFromPortal(p program, s *school, c *class) *class {
	p.t.Helper()
	for try := 2; p.where(c) == "portal"; try++ {
		if try > 9 {
			p.t.Fatal("all lessons are placed on the portal's own bridge")
		}
		c.ends()
		c = s.begin(fmt.Sprintf("geografie-%d", try), 8)
	}
	return c
}

// onPortal is who is on the portal's own bridge all morning: three in the lesson and the browser.
const onPortal = 4

// where finds the bridge that a lesson is on: it is the only one with so many people.
func (p program) where(c *class) string {
	p.t.Helper()
	found := ""
	seldom(p.t, patience, "the lesson in the portal's figures", func() bool {
		for id, n := range people(p.status()) {
			if id == "portal" {
				n -= onPortal
			}
			if n > 0 && (n-len(c.all()))%rushPeople == 0 {
				found = id
				return true
			}
		}
		return false
	})
	return found
}

func (c *class) in(t *testing.T) *class {
	copy := *c
	copy.t = t
	return &copy
}

// breaks does something to the lesson's bridge and waits until everybody is in the lesson again and hears.
func (c *class) breaks(harm func()) {
	c.t.Helper()
	eventually(c.t, patience, "the lesson to be heard", c.hears)
	var before []int
	for _, p := range c.all() {
		before = append(before, p.Stats().Reconnects)
	}
	harm()
	took := eventually(c.t, patience, "the lesson to go on", func() bool {
		for i, p := range c.all() {
			if p.Stats().Reconnects == before[i] {
				return false
			}
		}
		return c.hears()
	})
	c.t.Logf("the lesson is back after %s", took.Round(time.Millisecond))
	if took > backWithin {
		c.t.Errorf("the lesson was away for %s", took)
	}
}

func (c *class) ends() {
	for _, p := range slices.Backward(c.all()) {
		p.Close()
	}
}

// stranger tries to come in without the code.
func stranger(t *testing.T, s *school, c *class) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	p, err := client.Join(ctx, client.Options{Target: s.target, Room: c.room, Name: "Fremd"})
	if err == nil {
		p.Close()
		t.Fatal("a stranger came in without the code")
	}
	if !strings.Contains(err.Error(), "code") {
		t.Errorf("the stranger was kept out by something else: %v", err)
	}
}

// rushHour is many lessons at once.
type rushHour struct {
	t      *testing.T
	cancel context.CancelFunc
	over   chan struct{}
	mu     sync.Mutex
	last   drive.Report
	count  int // of reports
}

const (
	rushRooms  = 2
	rushPeople = 12
)

func rush(t *testing.T, s *school, organiser credential) *rushHour {
	ctx, cancel := context.WithCancel(context.Background())
	r := &rushHour{t: t, cancel: cancel, over: make(chan struct{})}
	go func() {
		defer close(r.over)
		_, err := drive.Run(ctx, drive.Config{
			Target: s.target, Account: organiser.Name, Password: organiser.Password, Rooms: rushRooms, People: rushPeople,
			Report: func(report drive.Report) {
				r.mu.Lock()
				defer r.mu.Unlock()
				r.last, r.count = report, r.count+1
			},
		})
		if err != nil {
			t.Error(err)
		}
	}()
	t.Cleanup(r.leave)
	return r
}

// settled waits until everybody is inside, as a report says that is made from now on.
func (r *rushHour) settled() {
	r.t.Helper()
	r.mu.Lock()
	known := r.count + 1 // one may be in the making
	r.mu.Unlock()
	eventually(r.t, 2*patience, "everybody to be inside", func() bool {
		r.mu.Lock()
		defer r.mu.Unlock()
		return r.count > known && r.last.Inside == rushRooms*rushPeople
	})
	r.mu.Lock()
	defer r.mu.Unlock()
	r.t.Logf("\n%s\n%s", drive.Header, r.last)
}

func (r *rushHour) leave() {
	r.cancel()
	<-r.over
}
