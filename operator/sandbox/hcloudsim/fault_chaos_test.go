package hcloudsim

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/hetznercloud/hcloud-go/v2/hcloud"
)

// chaosDraws is what chaos does to a sequence of requests.
func chaosDraws(t *testing.T, c Chaos, requests ...string) []string {
	t.Helper()
	running, err := newChaos(c)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, r := range requests {
		method, route, _ := strings.Cut(r, " ")
		if st := running.next(method, route); st != nil {
			out = append(out, r+" "+string(st.kind))
		} else {
			out = append(out, r)
		}
	}
	return out
}

func only(draws []string, request string) []string {
	return slices.DeleteFunc(slices.Clone(draws), func(d string) bool { return !strings.HasPrefix(d, request) })
}

func TestChaosDependsOnSeedAndOrderOnly(t *testing.T) {
	var mixed, polling []string
	for range 200 {
		mixed = append(mixed, "POST /servers", "GET /actions", "DELETE /servers/{id}")
		polling = append(polling, "GET /actions", "POST /servers", "GET /actions", "GET /actions")
	}
	c := Chaos{Seed: 42, Rate: 0.2}
	first := chaosDraws(t, c, mixed...)
	if !slices.Equal(first, chaosDraws(t, c, mixed...)) {
		t.Error("the same seed and order drew something else")
	}
	if slices.Equal(first, chaosDraws(t, Chaos{Seed: 43, Rate: 0.2}, mixed...)) {
		t.Error("another seed drew the same")
	}
	if !slices.Equal(only(first, "POST /servers"), only(chaosDraws(t, c, polling...), "POST /servers")) {
		t.Error("polling more often changed what creates meet")
	}
}

func TestChaosKeepsItsRateAndFits(t *testing.T) {
	var requests []string
	for range 1000 {
		requests = append(requests, "GET /servers", "POST /servers", "POST /servers/{id}/actions/poweron")
	}
	seen := map[string]int{}
	hits := 0
	for _, d := range chaosDraws(t, Chaos{Seed: 1, Rate: 0.25}, requests...) {
		if parts := strings.Fields(d); len(parts) == 3 {
			hits++
			seen[parts[0]+" "+parts[2]]++
			if !kindTraits[Kind(parts[2])].fits(parts[0], parts[1]) {
				t.Errorf("%s does not fit", d)
			}
		}
	}
	if hits < 600 || hits > 900 {
		t.Errorf("hit %d of 3000 at a rate of 0.25", hits)
	}
	for _, k := range Kinds()[1:] {
		if seen["POST "+string(k)] == 0 {
			t.Errorf("%s was never drawn: %v", k, slices.Sorted(maps.Keys(seen)))
		}
	}
	if seen["GET drop_after"]+seen["GET locked"]+seen["GET action_fails"] != 0 {
		t.Errorf("reads met what only writes can: %v", seen)
	}
}

func TestChaosStopsAfterItsTimes(t *testing.T) {
	got := chaosDraws(t, Chaos{Rate: 1, Times: 2, Kinds: []Kind{KindDrop}}, "GET /a", "GET /b", "GET /c")
	if want := []string{"GET /a drop", "GET /b drop", "GET /c"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestInvalidChaosIsRefused(t *testing.T) {
	c := newCloud(t)
	for _, bad := range []Chaos{{Rate: -0.1}, {Rate: 1.1}, {Rate: 0.1, Kinds: []Kind{"earthquake"}}, {Rate: 0.1, Kinds: []Kind{KindError}}, {Times: -1}} {
		if err := c.sim.SetChaos(&bad); err == nil {
			t.Errorf("%+v was taken", bad)
		}
	}
}

// TestClientInChaos is a client that works like the operator: it looks up what it is not sure about and tries again. In the end the cloud holds
// what it wants and nothing else.
func TestClientInChaos(t *testing.T) {
	for seed := range uint64(5) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			c := newCloud(t)
			kinds := slices.DeleteFunc(Kinds()[1:], func(k Kind) bool { return k == KindTimeout || k == KindTimeoutAfter || k == KindActionStuck })
			if err := c.sim.SetChaos(&Chaos{Seed: seed, Rate: 0.3, Kinds: kinds}); err != nil {
				t.Fatal(err)
			}
			for i := range 10 {
				name := fmt.Sprint("server-", i)
				c.eventually(name+" to be there and to run", func() bool {
					_, _, _ = c.client.Server.Create(c.ctx, serverOpts(name)) // looked up next
					s, _, err := c.client.Server.GetByName(c.ctx, name)
					return err == nil && s != nil && s.Status == hcloud.ServerStatusRunning
				})
			}
			if err := c.sim.SetChaos(nil); err != nil {
				t.Fatal(err)
			}
			if servers, err := c.client.Server.All(c.ctx); err != nil || len(servers) != 10 {
				t.Errorf("servers: got %d %v, want ten", len(servers), err)
			}
			if r := c.sim.Faults(); r.Total == 0 || r.Chaos != nil {
				t.Errorf("report: %+v", r)
			}
		})
	}
}

func FuzzChaos(f *testing.F) {
	f.Add([]byte(`{"seed":1,"rate":0.5,"kinds":["drop","html_after"],"times":3,"lasts":"1s"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := parseOrder[Chaos](strings.NewReader(string(data)))
		if err != nil {
			return
		}
		running, err := newChaos(c)
		if err != nil {
			return
		}
		for _, k := range running.Kinds {
			if _, ok := kindTraits[k]; !ok {
				t.Fatalf("%q was taken", k)
			}
		}
		running.next("POST", "/servers")
	})
}
