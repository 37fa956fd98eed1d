//go:build e2e

package e2e

import (
	"encoding/json"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/medienzentrenverbund/kreisraum/conference/opsapi"
)

// TestForgetting: what was said in a lesson is in the server's memory, and after a restart nowhere: not in the new processes, nor in any
// file of the sandbox, journals and message stores included. It goes through a portal and a dedicated bridge.
func TestForgetting(t *testing.T) {
	p := sandboxed(t, 3)
	first, _ := up(t, p)
	p.must("scale", "demo", "--bridges", "1", "--sandbox")
	school := newSchool(t, p, first.Result.URL, *first.Result.FirstAccount)

	canary := "kanarie" + strconv.FormatInt(time.Now().UnixNano(), 36)
	for _, room := range []string{"singvogel", "zugvogel"} { // one room for each machine
		school.begin(room, 1).say(canary)
	}
	machines := []string{"portal", "bridge-1"}
	var before []int
	for _, id := range machines {
		before = append(before, p.process(id))
	}
	eventually(t, patience, "a lesson on each machine", func() bool {
		where := people(p.status())
		return where["portal"] == 2 && where["bridge-1"] == 2
	})
	for i, pid := range before {
		eventually(t, patience, "the words in the memory of "+machines[i], func() bool { return len(found(t, canary, []int{pid})) > 0 })
	}

	o := p.must("restart", "demo", "--sandbox", "--notice", "1s", "--json")
	proof := last(t, o.stdout, func(r struct{ Proof *opsapi.Proof }) bool { return r.Proof != nil }).Proof
	if !proof.Good() || proof.Reason != opsapi.ReasonOrder || proof.Messages+messages(proof.Bridges) != 2 || len(proof.Bridges) != 1 {
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
	p.must("down", "demo", "--sandbox", "--yes")
}

func messages(proofs []opsapi.Proof) int {
	n := 0
	for _, p := range proofs {
		n += p.Messages
	}
	return n
}
