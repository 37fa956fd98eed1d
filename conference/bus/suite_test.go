package bus

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/medienzentrenverbund/kreisraum/conference/cluster"
	"github.com/medienzentrenverbund/kreisraum/conference/eventually"
	"github.com/medienzentrenverbund/kreisraum/conference/identity"
)

// Everything holds over the portal's own server and over a nats-server process with the example configuration.
func TestOverNATS(t *testing.T) {
	t.Parallel()
	kinds := map[string]func(t *testing.T, c *county) natsServer{
		"embedded": func(t *testing.T, c *county) natsServer { return newEmbedded(t, c) },
		"external": func(t *testing.T, c *county) natsServer { return newExternal(t, c) },
	}
	tests := map[string]func(*testing.T, *county, natsServer){
		"a lease lives while it is renewed":       leaseLives,
		"a lease ends with the bridge":            leaseEnds,
		"records follow the rooms":                recordsFollow,
		"a call is answered after all records":    callAnswered,
		"two portals call at once":                twoCalls,
		"orders reach one bridge":                 ordersReach,
		"a room is placed once":                   placedOnce,
		"everything comes back after a restart":   comesBack,
		"a bridge can't do what it must not":      bridgeRights,
		"no room's name and no file":              noNames,
		"strangers get no connection":             strangers,
		"a bridge can't reach out by its replies": replies,
	}
	for kind, start := range kinds {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			for name, test := range tests {
				t.Run(name, func(t *testing.T) {
					t.Parallel()
					c := newCounty(t)
					test(t, c, start(t, c))
				})
			}
		})
	}
}

func leaseLives(t *testing.T, _ *county, n natsServer) {
	s := readyStore(t, n.link(identity.Portal))
	var people atomic.Int64
	b := newBridge(t, n.link("bridge-1"), func(c *BridgeConfig) {
		c.Load = func() cluster.Load { return cluster.Load{Known: true, Stress: 0.25, Participants: int(people.Load())} }
	})
	eventually.True(t, "the lease", func() bool { return s.Leases()["bridge-1"].Boot == b.Boot() })
	for end := time.Now().Add(3 * quickLife / 2); time.Now().Before(end); time.Sleep(quickLease) {
		if _, ok := s.Leases()["bridge-1"]; !ok {
			t.Fatal("the lease ended although it was renewed")
		}
	}
	people.Store(12)
	eventually.True(t, "the new load", func() bool { return s.Leases()["bridge-1"].Load.Participants == 12 })
	b.SetClosing(true)
	eventually.True(t, "the bridge to be closing", func() bool { return s.Leases()["bridge-1"].Closing })
	if l := s.Leases()["bridge-1"]; l.Version != "test" || !l.Load.Known || l.Load.Stress != 0.25 {
		t.Errorf("lease %+v", l)
	}
}

func leaseEnds(t *testing.T, _ *county, n natsServer) {
	s := readyStore(t, n.link(identity.Portal))
	// One that dies puts a lease and nothing more.
	conn := dialAs(t, n.link("bridge-1"))
	if err := request(t.Context(), conn, &nats.Msg{Subject: leaseSubject + "bridge-1", Data: []byte(`{"boot":"dead"}`)}); err != nil {
		t.Fatal(err)
	}
	eventually.True(t, "the lease", func() bool { return s.Leases()["bridge-1"].Boot == "dead" })
	eventually.True(t, "the lease to end", func() bool { _, ok := s.Leases()["bridge-1"]; return !ok })
	// One that closes says so.
	b := newBridge(t, n.link("bridge-2"))
	eventually.True(t, "the lease", func() bool { return s.Leases()["bridge-2"].Boot == b.Boot() })
	b.Close()
	eventually.True(t, "the lease to end", func() bool { _, ok := s.Leases()["bridge-2"]; return !ok })
}

func recordsFollow(t *testing.T, c *county, n natsServer) {
	s := readyStore(t, n.link(identity.Portal))
	b := newBridge(t, n.link("bridge-1"))
	other := newBridge(t, n.link("bridge-2"))
	key := c.roomKey("klasse-5a")
	r := cluster.Record{Epoch: "e1", CodeHash: "c1", Locked: true, Organisers: []string{"7f3a"}, Removed: []string{"d1"}, Participants: 3}
	b.Room(key, cluster.Record{})
	b.Room(key, r) // the last word counts
	other.Room(key, cluster.Record{Epoch: "e2"})
	r.Boot = b.Boot()
	eventually.True(t, "the record", func() bool { return reflect.DeepEqual(s.RecordsOf("bridge-1")[key], r) })
	eventually.True(t, "the other record", func() bool { return s.RecordsOf("bridge-2")[key].Epoch == "e2" })
	b.Gone(key)
	eventually.True(t, "the record to go", func() bool { return len(s.RecordsOf("bridge-1")) == 0 })
	if err := s.DropRecord(t.Context(), "bridge-2", key); err != nil {
		t.Fatal(err)
	}
	eventually.True(t, "the dropped record to go", func() bool { return len(s.RecordsOf("bridge-2")) == 0 })
	b.Room(key, r)
	eventually.True(t, "the record to come back", func() bool { return s.RecordsOf("bridge-1")[key].Epoch == "e1" })
}

func callAnswered(t *testing.T, c *county, n natsServer) {
	b := newBridge(t, n.link("bridge-1"))
	const rooms = 200
	for i := range rooms {
		b.Room(c.roomKey("room-"+strconv.Itoa(i)), cluster.Record{Epoch: "e"})
	}
	s := newStore(t, n.link(identity.Portal))
	word, err := s.Call(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	eventually.True(t, "the answer", func() bool { return s.Leases()["bridge-1"].Call == word })
	eventually.True(t, "the records", func() bool { return len(s.RecordsOf("bridge-1")) == rooms })
	late := newBridge(t, n.link("bridge-2"))
	eventually.True(t, "a bridge that comes later to answer", func() bool {
		l := s.Leases()["bridge-2"]
		return l.Call == word && l.Boot == late.Boot()
	})
}

func twoCalls(t *testing.T, _ *county, n natsServer) {
	first, second := readyStore(t, n.link(identity.Portal)), readyStore(t, n.link(identity.Portal))
	newBridge(t, n.link("bridge-1"))
	newBridge(t, n.link("bridge-2"))
	for range 3 {
		a, _ := first.Call(t.Context())
		b, _ := second.Call(t.Context())
		answered := func(s *Store, word string) bool {
			l := s.Leases()
			return l["bridge-1"].Call == word && l["bridge-2"].Call == word
		}
		eventually.True(t, "both to be answered", func() bool { return answered(first, a) && answered(second, b) })
	}
}

func ordersReach(t *testing.T, c *county, n natsServer) {
	s := readyStore(t, n.link(identity.Portal))
	var mu sync.Mutex
	var evicted []cluster.RoomKey
	var plans []cluster.RestartPlan
	var ended []string
	b := newBridge(t, n.link("bridge-1"), func(c *BridgeConfig) {
		c.OnEvict = func(k cluster.RoomKey) { mu.Lock(); defer mu.Unlock(); evicted = append(evicted, k) }
		c.OnRestart = func(p cluster.RestartPlan) { mu.Lock(); defer mu.Unlock(); plans = append(plans, p) }
		c.OnEndAccounts = func(ids []string) { mu.Lock(); defer mu.Unlock(); ended = append(ended, ids...) }
	})
	other := newBridge(t, n.link("bridge-2"), func(c *BridgeConfig) {
		c.OnEvict = func(cluster.RoomKey) { t.Error("an order for bridge-1 came to bridge-2") }
	})
	word, _ := s.Call(t.Context())
	eventually.True(t, "the bridges to listen", func() bool {
		return s.Leases()["bridge-1"].Call == word && s.Leases()["bridge-2"].Call == word
	})
	plan := cluster.RestartPlan{Reason: "night", Day: "2026-11-23", Boot: b.Boot()}
	for _, o := range []cluster.Order{{Evict: c.roomKey("a")}, {Restart: &plan}, {EndAccounts: []string{"7f3a", "81bc"}}} {
		if err := s.Order(t.Context(), "bridge-1", o); err != nil {
			t.Fatal(err)
		}
	}
	eventually.True(t, "all orders", func() bool {
		mu.Lock()
		defer mu.Unlock()
		return slices.Equal(evicted, []cluster.RoomKey{c.roomKey("a")}) && len(plans) == 1 && plans[0] == plan &&
			slices.Equal(ended, []string{"7f3a", "81bc"})
	})
	if err := s.Order(t.Context(), "bridge-1.*", cluster.Order{}); err == nil {
		t.Error("an order to no machine was given")
	}
	if err := s.Order(t.Context(), "bridge-1", cluster.Order{Evict: "klasse-5a"}); err == nil {
		t.Error("an order with a room's name was given")
	}
	other.Close()
}

func placedOnce(t *testing.T, c *county, n natsServer) {
	s := readyStore(t, n.link(identity.Portal))
	ctx, key := t.Context(), c.roomKey("klasse-5a")
	first, err := s.Place(ctx, key, cluster.Placement{Machine: "bridge-1", Boot: "b1", At: time.Now()})
	if err != nil || first.Revision == 0 {
		t.Fatalf("placement %+v, error %v", first, err)
	}
	if p := s.Placements()[key]; !same(p, first) || p.Revision != first.Revision {
		t.Errorf("placement %+v right after it was made", p)
	}
	there, err := s.Place(ctx, key, cluster.Placement{Machine: "bridge-2", Boot: "b2", At: time.Now()})
	if !errors.Is(err, cluster.ErrPlaced) || there.Machine != "bridge-1" || there.Revision != first.Revision {
		t.Errorf("second placement %+v, error %v", there, err)
	}
	// The same once more is what a lost acknowledgement looks like.
	if again, err := s.Place(ctx, key, first); err != nil || again.Revision != first.Revision {
		t.Errorf("the same placement again: %+v, error %v", again, err)
	}
	moved, err := s.Replace(ctx, key, cluster.Placement{Machine: "bridge-2", Boot: "b2", At: time.Now(), Revision: first.Revision})
	if err != nil || moved.Revision <= first.Revision {
		t.Fatalf("replaced: %+v, error %v", moved, err)
	}
	if there, err := s.Replace(ctx, key, cluster.Placement{Machine: "bridge-3", Boot: "b3", At: time.Now(), Revision: first.Revision}); !errors.Is(err, cluster.ErrChanged) || there.Machine != "bridge-2" {
		t.Errorf("replacing an old revision: %+v, error %v", there, err)
	}
	if err := s.Unplace(ctx, key, first.Revision); !errors.Is(err, cluster.ErrChanged) {
		t.Errorf("unplacing an old revision: %v", err)
	}
	for range 2 { // the second has nothing to do
		if err := s.Unplace(ctx, key, moved.Revision); err != nil {
			t.Errorf("unplacing: %v", err)
		}
		if _, ok := s.Placements()[key]; ok {
			t.Error("the room is still placed")
		}
	}
	if _, err := s.Place(ctx, key, cluster.Placement{Machine: "bridge-3", Boot: "b3", At: time.Now()}); err != nil {
		t.Errorf("placing it anew: %v", err)
	}
	eventually.True(t, "another portal to see it", func() bool {
		return readyStore(t, n.link(identity.Portal)).Placements()[key].Machine == "bridge-3"
	})
	if _, err := s.Place(ctx, "klasse-5a", cluster.Placement{Machine: "bridge-3", Boot: "b3"}); err == nil {
		t.Error("a room's name was taken for a key")
	}
	gone, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := s.Place(gone, c.roomKey("b"), cluster.Placement{Machine: "bridge-3", Boot: "b3"}); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v after the request ended", err)
	}
}

func comesBack(t *testing.T, c *county, n natsServer) {
	s := readyStore(t, n.link(identity.Portal))
	var bridges []*Bridge
	const rooms = 50
	for i := range 3 {
		b := newBridge(t, n.link(identity.Bridge(i+1)))
		for room := range rooms {
			b.Room(c.roomKey(identity.Bridge(i+1)+strconv.Itoa(room)), cluster.Record{Epoch: "e", Participants: room})
		}
		bridges = append(bridges, b)
	}
	all := func() bool {
		for i, b := range bridges {
			m := identity.Bridge(i + 1)
			if len(s.RecordsOf(m)) != rooms || s.Leases()[m].Boot != b.Boot() {
				return false
			}
		}
		return true
	}
	eventually.True(t, "all records", all)
	session := s.Session()
	if _, err := s.Place(t.Context(), c.roomKey("lost"), cluster.Placement{Machine: "bridge-1", Boot: "b"}); err != nil {
		t.Fatal(err)
	}
	n.restart()
	eventually.True(t, "a new session", func() bool { return s.Ready() && s.Session() > session })
	eventually.True(t, "all records to come back by themselves", all)
	if _, ok := s.Placements()[c.roomKey("lost")]; ok {
		t.Error("a placement survived in memory that is gone")
	}
	word, _ := s.Call(t.Context())
	eventually.True(t, "the call to be answered", func() bool {
		l := s.Leases()
		return l["bridge-1"].Call == word && l["bridge-2"].Call == word && l["bridge-3"].Call == word
	})
}

// dialAs connects as a machine whose certificate is good, to do what its program does not.
func dialAs(t *testing.T, l Link) *nats.Conn {
	t.Helper()
	config, err := l.TLS()
	if err != nil {
		t.Fatal(err)
	}
	var conn *nats.Conn
	eventually.True(t, "a connection", func() bool {
		conn, err = nats.Connect(l.URL, nats.Secure(config), nats.CustomInboxPrefix(inbox(l.Machine)), nats.MaxReconnects(-1), nats.IgnoreAuthErrorAbort())
		return err == nil
	})
	t.Cleanup(conn.Close)
	return conn
}

func bridgeRights(t *testing.T, c *county, n natsServer) {
	s := readyStore(t, n.link(identity.Portal))
	key := string(c.roomKey("klasse-5a"))
	placed, err := s.Place(t.Context(), c.roomKey("klasse-5a"), cluster.Placement{Machine: "bridge-2", Boot: "b2"})
	if err != nil {
		t.Fatal(err)
	}
	victim := newBridge(t, n.link("bridge-2"), func(c *BridgeConfig) {
		c.OnEvict = func(cluster.RoomKey) { t.Error("a bridge gave an order") }
	})
	victim.Room(c.roomKey("klasse-5a"), cluster.Record{Epoch: "e"})
	eventually.True(t, "the other bridge", func() bool {
		return s.Leases()["bridge-2"].Boot == victim.Boot() && s.RecordsOf("bridge-2")[c.roomKey("klasse-5a")].Epoch == "e"
	})

	conn := dialAs(t, n.link("bridge-1"))
	refused := make(chan error, 1)
	conn.SetErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { refused <- err })
	violation := func(what string) {
		t.Helper()
		if err := conn.Flush(); err != nil {
			t.Fatal(err)
		}
		select {
		case err := <-refused:
			if !errors.Is(err, nats.ErrPermissionViolation) {
				t.Errorf("%s: %v", what, err)
			}
		case <-time.After(patience):
			t.Errorf("%s is allowed", what)
		}
	}
	for _, subject := range []string{
		leaseSubject + "bridge-2", leaseSubject + "bridge-11", leaseSubject + "bridge-1.x", leaseSubject + "portal",
		recordSubject + "bridge-2." + key, recordSubject + "bridge-1", placementSubject + key,
		"kreisraum.call", "kreisraum.bridge.bridge-2.order", "kreisraum.bridge.bridge-1.order",
		"$JS.API.INFO", "$JS.API.STREAM.NAMES", "$JS.API.STREAM.LIST", "$JS.API.STREAM.CREATE.mine", "$JS.API.STREAM.DELETE.KV_placements",
		"$JS.API.STREAM.PURGE.KV_records", "$JS.API.STREAM.MSG.GET.KV_records", "$JS.API.DIRECT.GET.KV_records", "$JS.API.CONSUMER.CREATE.KV_records",
		"$JS.API.STREAM.UPDATE.KV_bridges", "$JS.API.STREAM.INFO.KV_bridges", "$SYS.REQ.SERVER.PING", inbox("portal") + ".x", inbox("bridge-2") + ".x", "other",
	} {
		if err := conn.Publish(subject, []byte("{}")); err != nil {
			t.Fatal(err)
		}
		violation("publishing to " + subject)
	}
	for _, subject := range []string{
		">", "$KV.>", "$KV.records.>", "$KV.records.bridge-1.>", "$JS.>", "_INBOX.>", inbox("bridge-2") + ".>", inbox("portal") + ".>",
		"kreisraum.>", "kreisraum.bridge.bridge-2.>", "$SYS.>",
	} {
		if _, err := conn.SubscribeSync(subject); err != nil {
			t.Fatal(err)
		}
		violation("subscribing to " + subject)
	}
	// What it may write can't erase what others wrote.
	for header, value := range map[string]string{"Nats-Rollup": "all", "Nats-Expected-Stream": "KV_placements"} {
		m := nats.NewMsg(recordSubject + "bridge-1." + key)
		m.Header.Set(header, value)
		if err := request(t.Context(), conn, m); err == nil {
			t.Errorf("a message with %s: %s was taken", header, value)
		}
	}
	// Garbage under its own keys is passed over, and its lease is its own.
	for _, m := range []*nats.Msg{
		{Subject: leaseSubject + "bridge-1", Data: []byte(`{"boot":"` + strings.Repeat("x", 100) + `"}`)},
		{Subject: recordSubject + "bridge-1.klasse-5a", Data: []byte(`{"boot":"b"}`)},
		{Subject: recordSubject + "bridge-1." + key, Data: []byte(`nothing`)},
	} {
		if err := request(t.Context(), conn, m); err != nil {
			t.Fatal(err)
		}
	}
	if err := request(t.Context(), conn, &nats.Msg{Subject: recordSubject + "bridge-1." + key, Data: make([]byte, maxValue+1)}); err == nil {
		t.Error("a value beyond the bound was taken")
	}
	time.Sleep(10 * quickLease) // what must not happen gets time to
	if p := s.Placements()[c.roomKey("klasse-5a")]; p != placed {
		t.Errorf("placement %+v, want %+v", p, placed)
	}
	if mine, theirs := s.RecordsOf("bridge-1"), s.RecordsOf("bridge-2"); len(mine) != 0 || theirs[c.roomKey("klasse-5a")].Epoch != "e" {
		t.Errorf("records %v and %v", mine, theirs)
	}
	if l, ok := s.Leases()["bridge-1"]; ok {
		t.Errorf("garbage became the lease %+v", l)
	}
	eventually.True(t, "the other bridge's lease in a store that is ready", func() bool {
		return s.Ready() && s.Leases()["bridge-2"].Boot == victim.Boot()
	})
}

// The acknowledgement of a message goes to the subject that its sender names, with the server's rights. It must do no harm there.
func replies(t *testing.T, c *county, n natsServer) {
	s := readyStore(t, n.link(identity.Portal))
	key := c.roomKey("klasse-5a")
	placed, err := s.Place(t.Context(), key, cluster.Placement{Machine: "bridge-2", Boot: "b2"})
	if err != nil {
		t.Fatal(err)
	}
	victim := newBridge(t, n.link("bridge-2"))
	victim.Room(key, cluster.Record{Epoch: "e"})
	eventually.True(t, "the other bridge", func() bool {
		return s.Leases()["bridge-2"].Boot == victim.Boot() && s.RecordsOf("bridge-2")[key].Epoch == "e"
	})
	conn := dialAs(t, n.link("bridge-1"))
	for _, reply := range []string{
		placementSubject + string(key), leaseSubject + "bridge-2", recordSubject + "bridge-2." + string(key), callSubject,
		orderSubject("bridge-2"), "$JS.API.STREAM.PURGE.KV_placements", "$JS.API.STREAM.DELETE.KV_placements", "$JS.API.CONSUMER.CREATE.KV_records",
	} {
		if err := conn.PublishRequest(recordSubject+"bridge-1."+string(c.roomKey("own")), reply, []byte(`{"boot":"b1"}`)); err != nil {
			t.Fatal(err)
		}
		if err := conn.Flush(); err != nil {
			t.Fatal(err)
		}
	}
	time.Sleep(10 * quickLease) // what must not happen gets time to
	fresh := readyStore(t, n.link(identity.Portal))
	if p := fresh.Placements()[key]; p.Machine != placed.Machine || p.Revision != placed.Revision {
		t.Errorf("placement %+v, want %+v", p, placed)
	}
	if got := fresh.RecordsOf("bridge-2")[key]; got.Epoch != "e" {
		t.Errorf("record %+v", got)
	}
	eventually.True(t, "the other bridge's lease", func() bool { return fresh.Leases()["bridge-2"].Boot == victim.Boot() })
}

func noNames(t *testing.T, c *county, n natsServer) {
	const canary = "kanarienvogel"
	s := readyStore(t, n.link(identity.Portal))
	b := newBridge(t, n.link("bridge-1"))
	key := c.roomKey(canary)
	b.Room(key, cluster.Record{Epoch: "e", CodeHash: cluster.CodeHash(c.room, canary, "482713")})
	if _, err := s.Place(t.Context(), key, cluster.Placement{Machine: "bridge-1", Boot: b.Boot()}); err != nil {
		t.Fatal(err)
	}
	eventually.True(t, "the record", func() bool { return len(s.RecordsOf("bridge-1")) == 1 })
	for _, dir := range n.folders() {
		err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
			if err != nil || e.IsDir() {
				return err
			}
			t.Errorf("there is a file %s", path)
			text, err := os.ReadFile(path)
			if strings.Contains(string(text), canary) || strings.Contains(path, canary) || strings.Contains(string(text), string(key)) {
				t.Errorf("%s has the room's name or key", path)
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
	}
}

func strangers(t *testing.T, c *county, n natsServer) {
	readyStore(t, n.link(identity.Portal))
	url := n.link(identity.Portal).URL
	other := newCounty(t)
	good, _ := c.machine("bridge-1")()
	operator, _ := c.named(identity.Operator)()
	stranger, _ := c.named("bridge-1.example.org")()
	foreign, _ := other.machine("bridge-1")()
	foreign.RootCAs = c.Pool()
	bare := good.Clone()
	bare.Certificates = nil
	for name, options := range map[string][]nats.Option{
		"without TLS":               {},
		"without a certificate":     {nats.Secure(bare)},
		"with the operator's":       {nats.Secure(operator)},
		"with a stranger's":         {nats.Secure(stranger)},
		"with another county's":     {nats.Secure(foreign)},
		"with an empty token":       {nats.Token("")},
		"with a token over TLS":     {nats.Secure(operator), nats.Token("secret")},
		"with a machine as user":    {nats.Secure(operator), nats.UserInfo("portal", "")},
		"with a machine's DNS name": {nats.Secure(operator), nats.UserInfo(identity.Name("portal"), "")},
	} {
		address := url
		if name == "without TLS" || name == "with an empty token" {
			address = strings.Replace(url, "tls://", "nats://", 1)
		}
		conn, err := nats.Connect(address, append(options, nats.NoReconnect())...)
		if err != nil {
			continue
		}
		// A client may learn of it only when it uses the connection.
		if err := conn.FlushTimeout(patience); err == nil {
			t.Errorf("%s there is a connection", name)
		}
		conn.Close()
	}
	if conn, err := nats.Connect(url, nats.Secure(good), nats.NoReconnect()); err != nil {
		t.Errorf("a machine gets no connection: %v", err)
	} else {
		conn.Close()
	}
}
