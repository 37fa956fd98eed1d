package directory

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/medienzentrenverbund/kreisraum/conference/bus"
	"github.com/medienzentrenverbund/kreisraum/conference/cluster"
	"github.com/medienzentrenverbund/kreisraum/conference/eventually"
	"github.com/medienzentrenverbund/kreisraum/conference/identity"
	"github.com/medienzentrenverbund/kreisraum/conference/opsapi"
	"github.com/medienzentrenverbund/kreisraum/conference/token"
)

// errNoRooms: nobody gets further than the directory.
var errNoRooms = errors.New("no rooms in this test")

// realCounty is a NATS server with bridges that announce themselves to it over mutual TLS. Their rooms are the test's.
type realCounty struct {
	t testing.TB
	*authority
	dir    string
	key    token.Key
	server *bus.Server
	list   opsapi.Machines
}

func newRealCounty(t testing.TB) *realCounty {
	c := &realCounty{t: t, authority: newAuthority(t), dir: t.TempDir(), key: token.NewKey()}
	c.serve(netip.MustParseAddrPort("127.0.0.1:0"))
	t.Cleanup(func() { c.server.Close() })
	return c
}

func (c *realCounty) serve(at netip.AddrPort) {
	c.t.Helper()
	portal := &tls.Config{Certificates: []tls.Certificate{c.leaf(identity.Portal)}, RootCAs: c.Pool(), MinVersion: tls.VersionTLS13}
	s, err := bus.StartServer(bus.ServerConfig{Listen: at, TLS: func() (*tls.Config, error) { return portal, nil }, StoreDir: c.dir, Log: silence})
	if err != nil {
		c.t.Fatal(err)
	}
	c.server = s
}

// link is a machine's way to NATS.
func (c *realCounty) link(machine string) bus.Link {
	return natsLink(c.server.Addr().String(), machine, c.leaf(machine), c.Pool())
}

func natsLink(at, machine string, leaf tls.Certificate, roots *x509.CertPool) bus.Link {
	cfg := &tls.Config{Certificates: []tls.Certificate{leaf}, RootCAs: roots, ServerName: identity.Name(identity.Portal), MinVersion: tls.VersionTLS13}
	return bus.Link{Machine: machine, URL: "tls://" + at, TLS: func() (*tls.Config, error) { return cfg, nil }}
}

// bridge boots a calm bridge.
func (c *realCounty) bridge(n int) *bus.Bridge {
	c.t.Helper()
	id := identity.Bridge(n)
	b, err := bus.NewBridge(bus.BridgeConfig{Link: c.link(id), Version: "test", Load: func() cluster.Load {
		return cluster.Load{Known: true, Stress: 0.01, Participants: 100, Person: 0.0001} // room for all
	}, Log: silence})
	if err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(b.Close)
	return b
}

func (c *realCounty) bridges(n int) []*bus.Bridge {
	list := make([]*bus.Bridge, n)
	for i := range list {
		list[i] = c.bridge(i + 1)
		c.list.Machines = append(c.list.Machines, opsapi.Machine{ID: identity.Bridge(i + 1), Private: netip.MustParseAddr("127.0.0.1"), Ready: true})
	}
	return list
}

// portal is a running Directory over NATS.
type portal struct {
	*Directory
	store *bus.Store
	stop  func()
}

func (c *realCounty) portal() *portal {
	c.t.Helper()
	p, err := startPortal(c.link(identity.Portal), c.key, c.list, slog.New(slog.NewTextHandler(c.t.Output(), nil)))
	if err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(p.stop)
	return p
}

// patientLife keeps a busy machine from taking bridges for dead that only wait for their turn.
const patientLife = wakeful

func startPortal(link bus.Link, key token.Key, list opsapi.Machines, log *slog.Logger) (*portal, error) {
	store, err := bus.NewStore(bus.StoreConfig{Link: link, LeaseLife: patientLife, Log: log})
	if err != nil {
		return nil, err
	}
	d := New(Config{Store: store, Key: key, TLS: func() (*tls.Config, error) { return nil, errNoRooms }, LeaseLife: patientLife, Log: log})
	d.SetMachines(list)
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { d.Run(ctx) })
	return &portal{d, store, sync.OnceFunc(func() {
		cancel()
		running.Wait()
		store.Close()
	})}, nil
}

func (p *portal) settled() bool {
	load, err := p.Load(context.Background())
	return err == nil && load.Settled
}

// machineOf asks until the room has a bridge, as browsers do.
func (p *portal) machineOf(room string, organiser bool) (string, *cluster.Record, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*wakeful)
	defer cancel()
	for {
		place, err := p.Locate(ctx, cluster.Seeker{Room: room, Organiser: organiser})
		if err == nil {
			return place.Bridge.(*link).machine, place.Restore, nil
		}
		if ctx.Err() != nil {
			return "", nil, err
		}
		select {
		case <-ctx.Done():
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// answers is where rooms were said to be. Safe for concurrent use.
type answers struct {
	mu   sync.Mutex
	said map[string]map[string]int
}

func (a *answers) note(room, machine string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.said == nil {
		a.said = map[string]map[string]int{}
	}
	if a.said[room] == nil {
		a.said[room] = map[string]int{}
	}
	a.said[room][machine]++
}

// expectOne fails unless each of n rooms was said to be on one machine only, and the store agrees.
func (a *answers) expectOne(t *testing.T, n int, key token.Key, placements map[cluster.RoomKey]cluster.Placement) {
	t.Helper()
	if len(a.said) != n || len(placements) != n {
		t.Errorf("%d rooms were answered and %d placed, want %d", len(a.said), len(placements), n)
	}
	for room, machines := range a.said {
		if len(machines) != 1 || machines[placements[cluster.KeyOf(key, room)].Machine] == 0 {
			t.Errorf("a room is on %v, placed on %s", machines, placements[cluster.KeyOf(key, room)].Machine)
		}
	}
}

// TestTwoPortalsRace: a thousand lessons begin at once, each at both portals.
func TestTwoPortalsRace(t *testing.T) {
	const rooms = 1000
	c := newRealCounty(t)
	c.bridges(20)
	portals := []*portal{c.portal(), c.portal()}
	for _, p := range portals {
		eventually.True(t, "the bridges to be heard", p.settled)
	}
	var got answers
	var all sync.WaitGroup
	begin := make(chan struct{})
	for i := range rooms {
		room := fmt.Sprintf("klasse-%d", i)
		for _, p := range portals {
			all.Go(func() {
				<-begin
				machine, _, err := p.machineOf(room, true)
				if err != nil {
					t.Error(err)
					return
				}
				got.note(room, machine)
			})
		}
	}
	close(begin)
	all.Wait()
	eventually.True(t, "the store to show all placements", func() bool { return len(portals[0].store.Placements()) == rooms })
	got.expectOne(t, rooms, c.key, portals[0].store.Placements())
}

// TestFiftyRoomsComeBackAtOnce: the portal restarts and NATS with it, bridges go on, and everybody knocks before any bridge is back.
func TestFiftyRoomsComeBackAtOnce(t *testing.T) {
	const rooms, people = 50, 20
	c := newRealCounty(t)
	bridges := c.bridges(3)
	byMachine := map[string]*bus.Bridge{}
	for i, b := range bridges {
		byMachine[identity.Bridge(i+1)] = b
	}
	first := c.portal()
	before := map[string]string{}
	for i := range rooms {
		room := fmt.Sprintf("klasse-%d", i)
		machine, _, err := first.machineOf(room, true)
		if err != nil {
			t.Fatal(err)
		}
		before[room] = machine
		byMachine[machine].Room(cluster.KeyOf(c.key, room), lesson(people))
	}
	first.stop()
	at := c.server.Addr()
	c.server.Close()
	c.serve(at)
	second := c.portal()
	var got answers
	var all sync.WaitGroup
	for room := range before {
		for j := range people {
			all.Go(func() {
				machine, restore, err := second.machineOf(room, j == 0)
				if err != nil || restore != nil {
					t.Errorf("restored %v, %v", restore != nil, err)
					return
				}
				got.note(room, machine)
			})
		}
	}
	all.Wait()
	eventually.True(t, "the store to show all placements", func() bool { return len(second.store.Placements()) == rooms })
	got.expectOne(t, rooms, c.key, second.store.Placements())
	for room, machine := range before {
		if got.said[room][machine] != people {
			t.Errorf("a room that runs on %s was said to be on %v", machine, got.said[room])
		}
	}
	eventually.True(t, "the bridges to be heard", second.settled)
	if load, err := second.Load(t.Context()); err != nil || len(load.Bridges) != 3 {
		t.Errorf("%+v, %v", load, err)
	}
}

// TestABridgeEndsOverNATS: its lessons are placed anew once, with what they were, however many ask; then the old record goes.
func TestABridgeEndsOverNATS(t *testing.T) {
	const rooms, people = 20, 25
	c := newRealCounty(t)
	bridges := c.bridges(2)
	p := c.portal()
	var lost []string
	for i := range rooms {
		room := fmt.Sprintf("klasse-%d", i)
		machine, _, err := p.machineOf(room, true)
		if err != nil {
			t.Fatal(err)
		}
		if machine == "bridge-1" {
			lost = append(lost, room)
			bridges[0].Room(cluster.KeyOf(c.key, room), lesson(people))
		}
	}
	eventually.True(t, "the records to be known", func() bool { return len(p.store.RecordsOf("bridge-1")) == len(lost) })
	bridges[0].Close()
	var all sync.WaitGroup
	for _, room := range lost {
		for range people {
			all.Go(func() {
				for {
					machine, restore, err := p.machineOf(room, false)
					if err == nil && machine == "bridge-1" {
						time.Sleep(10 * time.Millisecond) // it has not been noticed yet
						continue
					}
					if err != nil || restore == nil || restore.Epoch != "epoch" || !restore.Locked || restore.CodeHash != "hash" {
						t.Errorf("on %s with %+v, %v", machine, restore, err)
					}
					return
				}
			})
		}
	}
	all.Wait()
	for _, room := range lost {
		bridges[1].Room(cluster.KeyOf(c.key, room), lesson(1))
	}
	eventually.True(t, "the dead bridge's records to be dropped", func() bool { return len(p.store.RecordsOf("bridge-1")) == 0 })
	for _, room := range lost {
		if machine, restore, err := p.machineOf(room, false); machine != "bridge-2" || restore != nil || err != nil {
			t.Errorf("on %s, restored %v, %v", machine, restore != nil, err)
		}
	}
}
