package bus

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/medienzentrenverbund/kreisraum/conference/cluster"
	"github.com/medienzentrenverbund/kreisraum/conference/eventually"
	"github.com/medienzentrenverbund/kreisraum/conference/identity"
)

// elections take servers seconds.
const elections = 3 * patience

// member is one server of a cluster of three. Servers of a cluster must know each other's ports before they start, so these are taken from
// the kernel and given back first.
type member struct {
	t       *testing.T
	name    string
	client  string
	routes  string
	config  string
	cmd     *exec.Cmd
	running bool
}

func newCluster(t *testing.T, c *county) []*member {
	t.Helper()
	if testing.Short() {
		t.Skip("builds nats-server")
	}
	ca, cert, key := c.files("nats.example.org")
	var members []*member
	var routes []string
	for i := range 3 {
		m := &member{t: t, name: fmt.Sprintf("n%d", i+1), client: freePort(t), routes: freePort(t)}
		members, routes = append(members, m), append(routes, "nats://"+m.routes)
	}
	here, err := filepath.Abs("testdata")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range members {
		// The example configuration, and what makes a cluster of it.
		text, err := os.ReadFile(filepath.Join(here, "nats-server.conf"))
		if err != nil {
			t.Fatal(err)
		}
		dir := t.TempDir()
		all := strings.NewReplacer("$NATS_LISTEN", m.client, "$NATS_STORE", filepath.Join(dir, "store"), "$NATS_CERTIFICATE", cert,
			"$NATS_KEY", key, "$COUNTY_CA", ca).Replace(string(text)) +
			fmt.Sprintf("\nserver_name: %s\ncluster {name: county, listen: %q, routes: [%s]}\n", m.name, m.routes, strings.Join(routes, ", "))
		accounts, err := os.ReadFile(filepath.Join(here, "accounts.conf"))
		if err != nil {
			t.Fatal(err)
		}
		m.config = filepath.Join(dir, "nats-server.conf")
		for path, content := range map[string][]byte{m.config: []byte(all), filepath.Join(dir, "accounts.conf"): accounts} {
			if err := os.WriteFile(path, content, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		t.Cleanup(m.kill)
	}
	return members
}

func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func (m *member) start() {
	m.t.Helper()
	nats, err := program()
	if err != nil {
		m.t.Fatal(err)
	}
	m.cmd = exec.Command(nats, "-c", m.config)
	m.cmd.Stderr = m.t.Output()
	if err := m.cmd.Start(); err != nil {
		m.t.Fatal(err)
	}
	m.running = true
}

func (m *member) kill() {
	if m.running {
		m.running = false
		_ = m.cmd.Process.Kill()
		_ = m.cmd.Wait()
	}
}

// Without a quorum everybody waits, and goes on when there is one; of three servers one may be missing.
func TestAQuorumIsWaitedFor(t *testing.T) {
	c := newCounty(t)
	members := newCluster(t, c)
	var urls []string
	for _, m := range members {
		urls = append(urls, "tls://"+m.client)
	}
	link := func(machine string) Link {
		return Link{Machine: machine, URL: strings.Join(urls, ","), TLS: c.machine(machine)}
	}
	store, err := NewStore(StoreConfig{Link: link(identity.Portal), Replicas: 3})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(store.Close)
	bridge := newBridge(t, link("bridge-1"))
	key := c.roomKey("klasse-5a")
	bridge.Room(key, cluster.Record{Epoch: "e"})

	members[0].start()
	// What needs no quorum works; that the store is not ready by then shows that it waits.
	eventually.Within(t, elections, "the connection to one server", func() bool { return store.conn.Load() != nil && store.conn.Load().IsConnected() })
	ctx, cancel := context.WithTimeout(t.Context(), 10*quickLease)
	defer cancel()
	if _, err := store.Place(ctx, key, cluster.Placement{Machine: "bridge-1", Boot: "b"}); err == nil || store.Ready() {
		t.Fatalf("placed without a quorum: %v", err)
	}
	placed := make(chan error, 1)
	go func() {
		_, err := store.Place(t.Context(), key, cluster.Placement{Machine: "bridge-1", Boot: "b", At: time.Now()})
		placed <- err
	}()
	// Buckets of three copies are made once three servers are there.
	members[1].start()
	members[2].start()
	eventually.Within(t, elections, "the store to be ready", store.Ready)
	if err := <-placed; err != nil {
		t.Fatal(err)
	}
	eventually.Within(t, elections, "the record and the lease", func() bool {
		return store.RecordsOf("bridge-1")[key].Epoch == "e" && store.Leases()["bridge-1"].Boot == bridge.Boot()
	})
	// A placement that a majority has outlives any one server. The third must have caught up before the first is lost.
	eventually.Within(t, elections, "three servers in step", func() bool { return store.replicated(t.Context(), 3) })
	members[0].kill()
	second := c.roomKey("klasse-5b")
	if _, err := store.Place(t.Context(), second, cluster.Placement{Machine: "bridge-1", Boot: "b", At: time.Now()}); err != nil {
		t.Fatal(err)
	}
	eventually.Within(t, elections, "the store to go on with two of three", func() bool {
		_, first := store.Placements()[key]
		_, also := store.Placements()[second]
		return store.Ready() && first && also && store.Leases()["bridge-1"].Boot == bridge.Boot()
	})
}

// replicated reports whether the bucket of placements is current on so many servers.
func (s *Store) replicated(ctx context.Context, servers int) bool {
	kv := s.kv.Load()
	if kv == nil {
		return false
	}
	status, err := (*kv).Status(ctx)
	if err != nil {
		return false
	}
	info := status.(*jetstream.KeyValueBucketStatus).StreamInfo()
	if info.Cluster == nil || info.Cluster.Leader == "" {
		return false
	}
	current := 1
	for _, r := range info.Cluster.Replicas {
		if r.Current && !r.Offline {
			current++
		}
	}
	return current >= servers
}
