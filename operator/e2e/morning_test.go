//go:build e2e

package e2e

import (
	"context"
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
)

const (
	// mediaGap is how long a lesson that nothing happened to may hear nothing.
	mediaGap = 200 * time.Millisecond
	// backWithin is how soon a lesson goes on whose bridge died.
	backWithin = 10 * time.Second
)

// TestMorning: load takes the county from no bridge to three and back to none. A lesson on the portal's own bridge never notices. A
// bridge is killed and another one falls silent, and their lessons are back. `up` in the middle of it removes nothing, and neither
// does a daemon that is killed.
func TestMorning(t *testing.T) {
	p := sandboxed(t, 2)
	p.configs = busy(t)
	first, _ := up(t, p)
	school := newSchool(t, p, first.Result.URL, *first.Result.FirstAccount)
	lesson := school.begin("lektion-am-morgen", 2)
	browser := watch(t, first.Result.URL, "lektion-am-morgen", lesson.organiser.Code())
	serve := p.serve()

	crowd := rush(t, school, *first.Result.FirstAccount)
	took := eventually(t, 3*patience, "three bridges that take rooms", func() bool { return len(inUse(p.status())) == 3 })
	t.Logf("three bridges after %s", took.Round(time.Millisecond))
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
	t.Run("a bridge is killed", func(t *testing.T) {
		p := p.in(t)
		c, id := p.lessonElsewhere(school.in(t), "geografie")
		signal(t, p.process(id), syscall.SIGKILL)
		c.back()
		stranger(t, school, c)
	})
	t.Run("a bridge falls silent", func(t *testing.T) {
		p := p.in(t)
		c, id := p.lessonElsewhere(school.in(t), "musik")
		process := p.process(id)
		signal(t, process, syscall.SIGSTOP)
		defer signal(t, process, syscall.SIGCONT)
		c.back()
	})
	t.Run("the daemon is killed", func(t *testing.T) {
		p := p.in(t)
		before := p.status()
		serve.stop(syscall.SIGKILL)
		serve = p.serve()
		if after := p.status(); servers(after) < servers(before) {
			t.Errorf("%d servers before, %d after", servers(before), servers(after))
		}
		serve.stop(os.Interrupt)
	})
	p.serve()
	crowd.leave()
	took = eventually(t, 5*patience, "the bridges to go", func() bool { s := p.status(); return servers(s) == 1 && len(s.Bridges) == 0 })
	t.Logf("no bridge left %s after the last pupil", took.Round(time.Millisecond))
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

// lessonElsewhere begins a lesson and finds the dedicated bridge that it is on. Where it goes is the portal's decision; when it goes to the
// portal's own bridge, it is closed and another one begun.
func (p program) lessonElsewhere(s *school, room string) (*class, string) {
	p.t.Helper()
	for range 8 {
		before := people(p.status())
		c := s.begin(room, 2)
		eventually(p.t, patience, "the lesson to be heard", c.hears)
		where := ""
		eventually(p.t, patience, "the lesson in the portal's figures", func() bool {
			for id, n := range people(p.status()) {
				if n >= before[id]+3 {
					where = id
				}
			}
			return where != ""
		})
		if where != "portal" {
			return c, where
		}
		for _, participant := range slices.Backward(c.all()) {
			participant.Close()
		}
		room += "-"
	}
	p.t.Fatal("every lesson goes to the portal's own bridge")
	return nil, ""
}

// back waits until everybody is in the lesson again and hears.
func (c *class) back() {
	c.t.Helper()
	eventually(c.t, patience, "the lesson to break", func() bool { return !c.hears() })
	took := eventually(c.t, backWithin, "the lesson to go on", func() bool {
		for _, p := range c.all() {
			if p.Stats().Reconnects == 0 {
				return false
			}
		}
		return c.hears()
	})
	c.t.Logf("the lesson is back after %s", took.Round(time.Millisecond))
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
}

const (
	rushRooms  = 10
	rushPeople = 3
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
				r.last = report
			},
		})
		if err != nil {
			t.Error(err)
		}
	}()
	t.Cleanup(r.leave)
	return r
}

// settled waits until everybody is inside.
func (r *rushHour) settled() {
	r.t.Helper()
	eventually(r.t, 2*patience, "everybody to be inside", func() bool {
		r.mu.Lock()
		defer r.mu.Unlock()
		return r.last.Inside == rushRooms*rushPeople
	})
	r.mu.Lock()
	defer r.mu.Unlock()
	r.t.Logf("\n%s\n%s", drive.Header, r.last)
}

func (r *rushHour) leave() {
	r.cancel()
	<-r.over
}
