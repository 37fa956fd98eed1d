package provider

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hetznercloud/hcloud-go/v2/hcloud"
	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi-go-provider/infer"

	"github.com/medienzentrenverbund/kreisraum/infra/hetzner"
	"github.com/medienzentrenverbund/kreisraum/operator/sandbox/hcloudsim"
)

// inject lets a request go wrong.
func (p *project) inject(f hcloudsim.Fault) {
	p.t.Helper()
	if f.Times == 0 {
		f.Times = 1
	}
	if err := p.sim.InjectFault(f); err != nil {
		p.t.Fatal(err)
	}
}

// Hetzner accepts the order, shows the server, and then has no room for it after all.
func TestServerThatVanishesIsMadeAnew(t *testing.T) {
	p := newProject(t)
	in := p.serverArgs()
	p.inject(hcloudsim.Fault{Kind: hcloudsim.KindActionFails, Method: "POST", Path: "/servers"})
	create(p, Server{p.handle}, in)
	p.complete(in)
}

func TestServerThatVanishesForWantOfRoomIsSoldOut(t *testing.T) {
	p := newProject(t)
	in := p.serverArgs()
	p.inject(hcloudsim.Fault{Kind: hcloudsim.KindActionFails, Code: "resource_unavailable", Method: "POST", Path: "/servers"})
	_, err := Server{p.handle}.Create(t.Context(), infer.CreateRequest[ServerArgs]{Inputs: in})
	var soldOut *hetzner.SoldOutError
	if !errors.As(err, &soldOut) || !errors.Is(err, hetzner.ErrSoldOut) || soldOut.ServerType != "cpx22" || soldOut.Location != "fsn1" {
		t.Fatalf("got %v", err)
	}
	if all, err := p.cloud.Server.All(t.Context()); err != nil || len(all) > 0 {
		t.Errorf("%d servers, %v", len(all), err)
	}
	create(p, Server{p.handle}, in)
	p.complete(in)
}

// Hetzner is at work on a server for longer than anybody waits, and keeps it locked: the run says so, and a later one goes on with it.
func TestServerThatIsStuckIsTakenUpLater(t *testing.T) {
	p := newProject(t)
	p.handle.stuck = 200 * time.Millisecond
	in := p.serverArgs()
	p.inject(hcloudsim.Fault{Kind: hcloudsim.KindActionStuck, Method: "POST", Path: "/servers", Lasts: hcloudsim.Duration(3 * time.Second)})
	request := infer.CreateRequest[ServerArgs]{Inputs: in}
	_, err := Server{p.handle}.Create(t.Context(), request)
	if hetzner.Classify(err) != hetzner.Retry || !strings.Contains(err.Error(), "keeps it locked") {
		t.Fatalf("got %v", err)
	}
	for deadline := time.Now().Add(time.Minute); err != nil; {
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
		_, err = Server{p.handle}.Create(t.Context(), request)
	}
	p.complete(in)
}

// bigger changes the type of a server that runs.
func bigger(p *project, in ServerArgs, id, serverType string) (ServerArgs, error) {
	changed := in
	changed.ServerType = serverType
	_, err := Server{p.handle}.Update(p.t.Context(), infer.UpdateRequest[ServerArgs, ServerState]{ID: id, State: wantedServer(in), Inputs: changed})
	return changed, err
}

func TestTypeThatIsSoldOutLeavesTheMachineRunning(t *testing.T) {
	for _, kind := range []hcloudsim.Kind{hcloudsim.KindSoldOut, hcloudsim.KindActionFails} {
		p := newProject(t)
		in := p.serverArgs()
		id := create(p, Server{p.handle}, in)
		p.inject(hcloudsim.Fault{Kind: kind, Code: "resource_unavailable", Path: "/servers/{id}/actions/change_type"})
		_, err := bigger(p, in, id, "cpx32")
		var soldOut *hetzner.SoldOutError
		if !errors.As(err, &soldOut) || !soldOut.Kept || !strings.Contains(err.Error(), "still a cpx22 and was switched on again") {
			t.Fatalf("%s: got %v", kind, err)
		}
		p.complete(in)
	}
}

func TestDiskThatIsTooLargeNeedsAnotherMachine(t *testing.T) {
	p0 := newProject(t)
	in := p0.serverArgs()
	in.ServerType = "cpx32"
	id := create(p0, Server{p0.handle}, in)
	diff := func(to string) p.DiffKind {
		t.Helper()
		smaller := in
		smaller.ServerType = to
		resp, err := Server{p0.handle}.Diff(t.Context(), infer.DiffRequest[ServerArgs, ServerState]{ID: id, State: wantedServer(in), Inputs: smaller})
		if err != nil {
			t.Fatal(err)
		}
		return resp.DetailedDiff["serverType"].Kind
	}
	if down, up := diff("cpx22"), diff("cpx42"); down != p.UpdateReplace || up != p.Update {
		t.Errorf("a smaller disk: %s, a larger one: %s", down, up)
	}
}

// A machine that runs is neither switched off nor deleted against the guard's word; one that does not run needs none.
func TestGuardKeepsMachines(t *testing.T) {
	p := newProject(t)
	in := p.serverArgs()
	id := create(p, Server{p.handle}, in)
	busy := errors.New("lessons")
	var mu sync.Mutex
	var asked []string
	p.handle.guard = func(_ context.Context, name string) error {
		mu.Lock()
		defer mu.Unlock()
		asked = append(asked, name)
		return busy
	}
	if _, err := bigger(p, in, id, "cpx32"); !errors.Is(err, busy) {
		t.Errorf("changed: %v", err)
	}
	remove := func() error {
		_, err := Server{p.handle}.Delete(t.Context(), infer.DeleteRequest[ServerState]{ID: id, State: wantedServer(in)})
		return err
	}
	if err := remove(); !errors.Is(err, busy) || len(asked) != 2 || asked[0] != in.Name {
		t.Errorf("deleted: %v, asked about %v", err, asked)
	}
	server := p.complete(in)
	action, _, err := p.cloud.Server.Poweroff(t.Context(), server)
	if err != nil {
		t.Fatal(err)
	}
	p.done(action)
	if err := remove(); err != nil || len(asked) != 2 {
		t.Errorf("a machine that is off: %v, asked about %v", err, asked)
	}
}

// Addresses that Hetzner made along with a server, because somebody made it without naming any, go with it.
func TestAutomaticAddressesLeaveNothing(t *testing.T) {
	p := newProject(t)
	in := p.serverArgs()
	want, err := parseRefs(in)
	if err != nil {
		t.Fatal(err)
	}
	opts := createOpts(in, want)
	opts.PublicNet = &hcloud.ServerCreatePublicNet{EnableIPv4: true, EnableIPv6: true}
	made, _, err := p.cloud.Server.Create(t.Context(), opts)
	if err != nil {
		t.Fatal(err)
	}
	p.done(append(made.NextActions, made.Action)...)
	found, err := p.handle.cloud.Managed(t.Context(), "demo")
	if err != nil {
		t.Fatal(err)
	}
	if err := Purge(t.Context(), Config{Cloud: p.handle.cloud}, found); err != nil {
		t.Fatal(err)
	}
	if left, err := p.cloud.PrimaryIP.All(t.Context()); err != nil || len(left) > 0 {
		t.Errorf("%d addresses are left, %v", len(left), err)
	}
}

// A login page in between is no answer: nothing must seem to be gone because of it.
func TestAnswersOfSomebodyElseAreNone(t *testing.T) {
	p := newProject(t)
	in := p.serverArgs()
	p.inject(hcloudsim.Fault{Kind: hcloudsim.KindContentType, Method: "POST", Path: "/servers"})
	create(p, Server{p.handle}, in)
	p.complete(in)
	p.inject(hcloudsim.Fault{Kind: hcloudsim.KindContentType, Method: "GET", Path: "/servers", Times: 50})
	if found, err := p.handle.cloud.Servers(t.Context(), "demo"); err == nil || !strings.Contains(err.Error(), "in between") {
		t.Errorf("got %v, %v", found, err)
	}
}
