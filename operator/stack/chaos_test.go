package stack

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/hetznercloud/hcloud-go/v2/hcloud"

	"github.com/medienzentrenverbund/kreisraum/infra"
	"github.com/medienzentrenverbund/kreisraum/operator/sandbox/hcloudsim"
)

// Environment of the chaos test: how many runs in all and which seed. `make chaos` makes hundreds.
const (
	chaosRuns = "KREISRAUM_CHAOS_RUNS"
	chaosSeed = "KREISRAUM_CHAOS_SEED"
)

// chaosWorlds live at the same time; most of a run is waiting.
const chaosWorlds = 4

// TestChaos: ups, changes and downs while requests go wrong at random and processes are killed at random moments. Whenever the dust
// settles, one undisturbed up makes the cloud hold exactly what was asked for; what belongs to others is never touched; nothing secret is
// in any output; and after a down nothing is left.
func TestChaos(t *testing.T) {
	t.Parallel()
	runs, seed := number(t, chaosRuns, 8), number(t, chaosSeed, 1)
	for i := range chaosWorlds {
		t.Run(fmt.Sprintf("seed %d", seed+i), func(t *testing.T) {
			t.Parallel()
			c := newChaos(t, uint64(seed+i))
			for n := range runs / chaosWorlds {
				c.disturbed(n)
				if n%4 == 3 {
					c.settle()
				}
			}
			c.end()
		})
	}
}

func number(t *testing.T, name string, otherwise int) int {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		t.Fatalf("%s is %q, want a number", name, text)
	}
	return n
}

// chaos is a world in which things go wrong.
type chaos struct {
	*world
	dice *rand.Rand
	wish infra.Spec
	// down says that the county shall not exist.
	down bool
	// saved is an older copy of the state, "" before there is one.
	saved string
	// secrets must be in no output and in clear in no file.
	secrets []string
	// counts of what happened, for the log.
	counts map[string]int
}

const chaosCounty = "demo"

func newChaos(t *testing.T, seed uint64) *chaos {
	c := &chaos{world: newWorldFrom(t, hcloudsim.Config{
		Latency: func(string) time.Duration { return 5 * time.Millisecond }, Quotas: plenty, RequestsPerHour: 1_000_000,
	}), dice: rand.New(rand.NewPCG(seed, 4)), counts: map[string]int{}}
	c.secrets = []string{token, passphrase, "injected-host-key-of-the-chaos-test"}
	ctx := t.Context()
	if _, _, err := c.cloud.Cloud().Firewall.Create(ctx, hcloud.FirewallCreateOpts{Name: "somebody-elses"}); err != nil {
		t.Fatal(err)
	}
	if _, _, err := c.cloud.Cloud().Server.Create(ctx, hcloud.ServerCreateOpts{
		Name: "somebody-elses", ServerType: &hcloud.ServerType{Name: "cpx22"}, Image: &hcloud.Image{Name: "debian-12"}, Location: &hcloud.Location{Name: "fsn1"},
	}); err != nil {
		t.Fatal(err)
	}
	c.change()
	return c
}

// change draws another county.
func (c *chaos) change() {
	pick := func(of ...string) string { return of[c.dice.IntN(len(of))] }
	c.wish = plan(chaosCounty)
	c.wish.ServerType, c.wish.IPv6 = pick("cpx22", "cpx22", "cpx32"), c.dice.IntN(4) > 0
	for n := 1; n <= 3; n++ {
		if c.dice.IntN(2) == 0 {
			c.wish.Bridges = append(c.wish.Bridges, infra.Bridge{Number: n, ServerType: pick("cpx22", "ccx13"), Location: pick("fsn1", "nbg1")})
		}
	}
	for name := range c.wish.UserData {
		c.wish.UserData[name] += "# " + c.secrets[2] + "\n"
	}
	c.down = false
}

// disturbed is one run in which things go wrong.
func (c *chaos) disturbed(n int) {
	switch dice := c.dice.IntN(20); {
	case dice < 10:
		c.change()
	case dice < 13:
		c.down = true
	case dice == 13:
		c.loseState()
	case dice == 14:
		c.restoreState()
	}
	c.trouble()
	kill := 0
	if c.dice.IntN(2) == 0 {
		kill = 1 + c.dice.IntN(15)
	}
	killed, output, err := c.run(kill, c.dice.IntN(2) == 0)
	switch {
	case killed:
		c.counts["killed"]++
	case err != nil:
		c.counts["failed"]++
	default:
		c.counts["succeeded"]++
	}
	c.check(fmt.Sprintf("run %d", n), output)
	if c.dice.IntN(3) == 0 {
		c.saveState()
	}
}

// run starts a process of its own, and kills it at its kill-th changing request; 0: it is left alone.
func (c *chaos) run(kill int, withEngine bool) (killed bool, output string, err error) {
	order, err := json.Marshal(victimTask{Down: c.down, Spec: c.wish})
	if err != nil {
		c.t.Fatal(err)
	}
	victim := exec.Command(os.Args[0])
	victim.Env = append(os.Environ(), victimURL+"="+c.url, victimHome+"="+c.home, victimPulumi+"="+pulumiPath(c.t), victimOrder+"="+string(order))
	var out bytes.Buffer
	victim.Stdout, victim.Stderr = &out, &out
	started := make(chan int, 1)
	c.hook.set(kill, func() {
		if kill == 0 {
			return
		}
		pid := <-started
		if withEngine {
			for _, child := range children(pid) {
				_ = syscall.Kill(child, syscall.SIGKILL) // it may have ended
			}
		}
		_ = syscall.Kill(pid, syscall.SIGKILL)
	})
	if err := victim.Start(); err != nil {
		c.t.Fatal(err)
	}
	started <- victim.Process.Pid
	err = victim.Wait()
	var exit *exec.ExitError
	killed = errors.As(err, &exit) && exit.Sys().(syscall.WaitStatus).Signal() == syscall.SIGKILL
	return killed, out.String(), err
}

// settle is an undisturbed run, after which the cloud must be as it was wished.
func (c *chaos) settle() {
	c.calm()
	_, output, err := c.run(0, false)
	if other := refusal.FindStringSubmatch(output); err != nil && other != nil {
		output, err = c.takeAdvice(other[1])
	}
	if err != nil {
		c.t.Fatalf("an undisturbed run failed: %v\n%s", err, output)
	}
	c.exact()
}

// refusal is what up says when the portal is of another type and the state does not know it: its type is then first made the wish.
var refusal = regexp.MustCompile(`the server ` + infra.PortalName(chaosCounty) + ` exists as (\w+) in fsn1 instead of .*set type and location in the county's file to what exists and run .up., then change them`)

// takeAdvice does what the refusal says.
func (c *chaos) takeAdvice(serverType string) (output string, err error) {
	c.counts["refused"]++
	wished := c.wish.ServerType
	c.wish.ServerType = serverType
	_, output, err = c.run(0, false)
	if c.wish.ServerType = wished; err != nil {
		return output, err
	}
	_, output, err = c.run(0, false)
	return output, err
}

// end takes everything down.
func (c *chaos) end() {
	c.down = true
	c.settle()
	c.t.Logf("%v", c.counts)
}

// check looks at what must hold at any time.
func (c *chaos) check(what, output string) {
	c.t.Helper()
	for _, secret := range c.secrets {
		if strings.Contains(output, secret) {
			c.t.Fatalf("%s: a secret is in the output:\n%s", what, output)
		}
	}
	for _, sign := range []string{"panic:", "goroutine 1 [", "nil pointer"} {
		if strings.Contains(output, sign) {
			c.t.Fatalf("%s crashed:\n%s", what, output)
		}
	}
	err := filepath.WalkDir(c.home, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return nil // a file of an engine that is just ending
		}
		data, err := os.ReadFile(path)
		for _, secret := range c.secrets {
			if err == nil && bytes.Contains(data, []byte(secret)) {
				c.t.Errorf("%s: a secret is in %s", what, path)
			}
		}
		return nil
	})
	if err != nil {
		c.t.Fatal(err)
	}
}

// exact compares the whole project with the wish.
func (c *chaos) exact() {
	c.t.Helper()
	ctx, cloud := c.t.Context(), c.cloud.Cloud()
	want := map[string]string{"somebody-elses": "cpx22 fsn1"}
	if !c.down {
		for _, m := range append([]infra.Bridge{{ServerType: c.wish.ServerType, Location: c.wish.Location}}, c.wish.Bridges...) {
			name := infra.PortalName(chaosCounty)
			if m.Number > 0 {
				name = infra.BridgeName(chaosCounty, m.Number)
			}
			want[name] = m.ServerType + " " + m.Location
		}
	}
	servers, err := cloud.Server.All(ctx)
	if err != nil {
		c.t.Fatal(err)
	}
	got := map[string]string{}
	for _, s := range servers {
		if got[s.Name] != "" {
			c.t.Errorf("%s is there twice", s.Name)
		}
		got[s.Name] = s.ServerType.Name + " " + s.Location.Name
		if s.Name == "somebody-elses" {
			continue
		}
		if s.Status != hcloud.ServerStatusRunning || len(s.PrivateNet) != 1 || len(s.PublicNet.Firewalls) != 1 || s.PublicNet.IPv4.IsUnspecified() ||
			s.PublicNet.IPv6.IsUnspecified() == c.wish.IPv6 {
			c.t.Errorf("%s is %s, in %d networks, behind %d firewalls, at %s %s", s.Name, s.Status, len(s.PrivateNet), len(s.PublicNet.Firewalls),
				s.PublicNet.IPv4.IP, s.PublicNet.IPv6.IP)
		}
	}
	if !maps.Equal(got, want) {
		c.t.Fatalf("the cloud has %v, want %v", got, want)
	}
	c.others(len(want) - 1)
}

// others compares everything beside the servers, of which the county has so many.
func (c *chaos) others(machines int) {
	c.t.Helper()
	left := c.leftovers(chaosCounty)
	counts := map[string]int{}
	for _, name := range left {
		kind, _, _ := strings.Cut(name, " ")
		counts[kind]++
	}
	want := map[string]int{}
	if machines > 0 {
		addresses := machines
		if c.wish.IPv6 {
			addresses *= 2
		}
		want = map[string]int{"server": machines, "primary_ip": addresses, "firewall": 1, "network": 1, "placement_group": 1, "ssh_key": 1}
	}
	if !maps.Equal(counts, want) {
		c.t.Fatalf("of the county there is %v, want %v", left, want)
	}
	firewalls, err := c.cloud.Cloud().Firewall.All(c.t.Context())
	if err != nil || !slices.ContainsFunc(firewalls, func(f *hcloud.Firewall) bool { return f.Name == "somebody-elses" }) {
		c.t.Fatalf("somebody else's firewall is gone: %v", err)
	}
	// What nobody's label tells of: addresses that came with a server.
	addresses, err := c.cloud.Cloud().PrimaryIP.All(c.t.Context())
	if err != nil {
		c.t.Fatal(err)
	}
	for _, a := range addresses {
		if a.AssigneeID == 0 {
			c.t.Errorf("the address %s is assigned to nobody", a.Name)
		}
	}
}

// The state is lost, or an older one is put back, as from a backup.

func (c *chaos) state() string { return filepath.Join(c.home, Folder) }

func (c *chaos) loseState() {
	c.counts["state lost"]++
	if err := os.RemoveAll(c.state()); err != nil {
		c.t.Fatal(err)
	}
}

func (c *chaos) saveState() {
	if _, err := os.Stat(c.state()); err != nil {
		return
	}
	c.saved = c.t.TempDir()
	if err := os.CopyFS(c.saved, os.DirFS(c.state())); err != nil {
		c.t.Fatal(err)
	}
}

func (c *chaos) restoreState() {
	if c.saved == "" {
		return
	}
	c.counts["state restored"]++
	c.loseState()
	if err := os.CopyFS(c.state(), os.DirFS(c.saved)); err != nil {
		c.t.Fatal(err)
	}
}

// trouble lets a share of the requests go wrong from now on, in every way there is. Nothing is held back for longer than trouble lasts.
func (c *chaos) trouble() {
	const lasts = hcloudsim.Duration(2 * time.Second)
	rate := []float64{0, 0.02, 0.05, 0.15}[c.dice.IntN(4)]
	if err := c.sim.SetChaos(&hcloudsim.Chaos{Seed: c.dice.Uint64(), Rate: rate, Lasts: lasts}); err != nil {
		c.t.Fatal(err)
	}
}

// calm ends the trouble.
func (c *chaos) calm() {
	for kind, n := range c.sim.Faults().Struck {
		c.counts["struck by "+string(kind)] += n
	}
	c.sim.ResetFaults()
}
