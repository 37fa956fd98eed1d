//go:build e2e

package e2e

import (
	"encoding/json"
	"net/http"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/medienzentrenverbund/kreisraum/conference/opsapi"
)

// TestTwoMachines: a county with a portal and a dedicated bridge. A restart makes both forget, the portal dies and comes back, an account
// ends.
func TestTwoMachines(t *testing.T) {
	p := sandboxed(t, 3)
	first, _ := up(t, p)
	p.must("scale", "demo", "--bridges", "1", "--sandbox")
	school := newSchool(t, p, first.Result.URL, *first.Result.FirstAccount)
	t.Run("forgetting", func(t *testing.T) { forgetting(t, p.in(t), school.in(t)) })
	t.Run("the portal is killed", func(t *testing.T) { portalKilled(t, p.in(t), school.in(t)) })
	t.Run("an account ends", func(t *testing.T) { accountEnds(t, p.in(t), first.Result.URL) })
	p.must("down", "demo", "--sandbox", "--yes")
}

// connectedWithin is how soon people are connected again once the portal is back.
const connectedWithin = 3 * time.Second

// portalKilled: a lesson on the bridge goes on as if nothing had happened, and everybody is connected again soon.
func portalKilled(t *testing.T, p program, school *school) {
	c := school.onBridge("erdkunde", p)
	before := p.process("portal")
	signal(t, before, syscall.SIGKILL)
	eventually(t, patience, "everybody to be cut off", func() bool { return !c.organiser.Inside() && !c.pupils[0].Inside() })
	health := newBrowser(t, p, school.target.URL)
	eventually(t, patience, "the portal to be back", func() bool {
		response, err := health.http.Get(health.site + "/api/health")
		if err == nil {
			response.Body.Close()
		}
		return err == nil && response.StatusCode == http.StatusOK
	})
	took := eventually(t, patience, "everybody to be connected again", func() bool { return c.organiser.Inside() && c.pupils[0].Inside() })
	t.Logf("connected again %s after the portal was back", took.Round(time.Millisecond))
	if took > connectedWithin {
		t.Errorf("connected again only after %s", took)
	}
	for i, participant := range c.all() {
		s := participant.Stats()
		t.Logf("person %d: worst gap %s", i, s.WorstGap.Round(time.Millisecond))
		if s.WorstGap > mediaGap || s.PeerConnections > 1 || s.Kept != s.Reconnects {
			t.Errorf("person %d noticed: %+v", i, s)
		}
	}
	c.ends()
}

// accountEnds: an organiser whose account is disabled loses the place on the other machine, too.
func accountEnds(t *testing.T, p program, site string) {
	var made struct {
		Accounts []credential `json:"accounts"`
	}
	o := p.must("accounts", "create", "demo", "--sandbox", "--count", "1", "--json")
	if err := json.Unmarshal([]byte(o.stdout), &made); err != nil || len(made.Accounts) != 1 {
		t.Fatalf("accounts create: %v %s", err, o.stdout)
	}
	c := newSchool(t, p, site, made.Accounts[0]).onBridge("chemie", p)
	begun := time.Now()
	p.must("accounts", "disable", "demo", made.Accounts[0].Name, "--sandbox")
	select {
	case <-c.organiser.Gone():
	case <-time.After(patience):
		t.Fatal("the organiser is still there")
	}
	if took := time.Since(begun); took > disableWithin {
		t.Errorf("the organiser kept the place for %s", took)
	}
	c.ends()
}

// onBridge begins a lesson with one pupil on the dedicated bridge. Where it goes is the portal's decision: one that goes to the portal's
// own bridge is ended and another one begun.
func (s *school) onBridge(room string, p program) *class {
	s.t.Helper()
	for {
		c := s.begin(room, 1)
		eventually(s.t, patience, "the lesson to be heard", c.hears)
		where := ""
		seldom(s.t, patience, "the lesson in the portal's figures", func() bool {
			for id, n := range people(p.status()) {
				if n == 2 {
					where = id
				}
			}
			return where != ""
		})
		if where == "bridge-1" {
			return c
		}
		c.ends()
		room += "-"
		seldom(s.t, patience, "nobody to be inside", func() bool { return people(p.status())[where] == 0 })
	}
}

// forgetting: what was said in a lesson is in the server's memory, and after a restart nowhere: not in the new processes, nor in any
// file of the sandbox, journals and message stores included.
func forgetting(t *testing.T, p program, school *school) {
	canary := "kanarie" + strconv.FormatInt(time.Now().UnixNano(), 36)
	machines := []string{"portal", "bridge-1"}
	var before []int
	for _, id := range machines {
		before = append(before, p.process(id))
	}
	lessons := school.onEach(p, machines, canary)
	for i, pid := range before {
		eventually(t, patience, "the words in the memory of "+machines[i], func() bool { return len(found(t, canary, []int{pid})) > 0 })
	}

	o := p.must("restart", "demo", "--sandbox", "--notice", "1s", "--json")
	proof := last(t, o.stdout, func(r struct{ Proof *opsapi.Proof }) bool { return r.Proof != nil }).Proof
	if !proof.Good() || proof.Reason != opsapi.ReasonOrder || proof.Messages+messages(proof.Bridges) != lessons || len(proof.Bridges) != 1 {
		t.Errorf("the proof: %+v", proof)
	}
	var after []int
	for i, id := range machines {
		pid := p.process(id)
		if pid == before[i] {
			t.Errorf("the server of %s was not restarted", id)
		}
		after = append(after, pid)
	}
	if where := found(t, canary, after, filepath.Join(p.home, "sandbox")); len(where) > 0 {
		t.Errorf("what was said is still in %v", where)
	}
	if s := p.status(); s.LastRestart == nil || !s.LastRestart.Good() || s.LastRestart.Started != proof.Started {
		t.Errorf("status shows another proof: %+v", s.LastRestart)
	}
	if data, err := json.Marshal(proof); err == nil {
		t.Logf("%s", data)
	}
}

// onEach begins lessons in which somebody says the words until there is one on each machine, and returns how many. Where a lesson goes is
// the portal's decision, by the load of the moment.
func (s *school) onEach(p program, machines []string, words string) int {
	s.t.Helper()
	for n := 1; n <= mostLessons; n++ {
		s.begin("vogel-"+strconv.Itoa(n), 1).say(words)
		var where map[string]int
		seldom(s.t, patience, "the lesson in the portal's figures", func() bool {
			where = people(p.status())
			sum := 0
			for _, count := range where {
				sum += count
			}
			return sum == 2*n
		})
		if !slices.ContainsFunc(machines, func(id string) bool { return where[id] == 0 }) {
			return n
		}
	}
	s.t.Fatalf("of %d lessons none went to one of %v", mostLessons, machines)
	return 0
}

// mostLessons is more than the difference in load of two idle machines can bring to one of them.
const mostLessons = 12

func messages(proofs []opsapi.Proof) int {
	n := 0
	for _, p := range proofs {
		n += p.Messages
	}
	return n
}
