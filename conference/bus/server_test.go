package bus

import (
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/medienzentrenverbund/kreisraum/conference/cluster"
	"github.com/medienzentrenverbund/kreisraum/conference/eventually"
	"github.com/medienzentrenverbund/kreisraum/conference/identity"
)

// A county of one machine: portal and bridge in one process, no listener, no TLS.
func TestWithinOneProcess(t *testing.T) {
	t.Parallel()
	s, err := StartServer(ServerConfig{StoreDir: t.TempDir(), Log: slog.New(slog.NewTextHandler(t.Output(), nil))})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	if s.Addr().IsValid() {
		t.Errorf("it listens on %s", s.Addr())
	}
	store := readyStore(t, Link{Machine: identity.Portal, Server: s})
	bridge := newBridge(t, Link{Machine: identity.Portal, Server: s})
	key := newCounty(t).roomKey("klasse-5a")
	bridge.Room(key, cluster.Record{Epoch: "e"})
	word, _ := store.Call(t.Context())
	eventually.True(t, "the call to be answered", func() bool { return store.Leases()[identity.Portal].Call == word })
	eventually.True(t, "the record", func() bool { return store.RecordsOf(identity.Portal)[key].Epoch == "e" })
	// Without the secret nobody is let in; nor does an empty one or a machine's name help. The server takes five seconds to say no: both
	// sides write, and the pipe between them waits for one to read.
	var all sync.WaitGroup
	for _, o := range []nats.Option{nats.Name("nobody"), nats.Token(""), nats.UserInfo(identity.Portal, ""), nats.Token("portal")} {
		all.Go(func() {
			if conn, err := nats.Connect("", nats.InProcessServer(s.nats), nats.NoReconnect(), o); err == nil {
				conn.Close()
				t.Error("a connection without the secret was let in")
			}
		})
	}
	all.Wait()
}

// The process's own connections need no TLS where others do.
func TestWithinTheProcessBesideAListener(t *testing.T) {
	t.Parallel()
	c := newCounty(t)
	e := newEmbedded(t, c)
	store := readyStore(t, Link{Machine: identity.Portal, Server: e.server})
	own := newBridge(t, Link{Machine: identity.Portal, Server: e.server})
	other := newBridge(t, e.link("bridge-1"))
	eventually.True(t, "both leases", func() bool {
		l := store.Leases()
		return l[identity.Portal].Boot == own.Boot() && l["bridge-1"].Boot == other.Boot()
	})
}

// Nobody gets in before this machine has its leaf, and then without a restart; the same with the other's.
func TestALeafMayComeLater(t *testing.T) {
	t.Parallel()
	c := newCounty(t)
	var there atomic.Bool
	late := func(config func() (*tls.Config, error)) func() (*tls.Config, error) {
		return func() (*tls.Config, error) {
			if !there.Load() {
				return nil, errors.New("no leaf yet")
			}
			return config()
		}
	}
	s, err := StartServer(ServerConfig{Listen: netip.MustParseAddrPort("127.0.0.1:0"), TLS: late(c.machine(identity.Portal)), StoreDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	store := readyStore(t, Link{Machine: identity.Portal, Server: s})
	url := "tls://" + s.Addr().String()
	waiting := newBridge(t, Link{Machine: "bridge-1", URL: url, TLS: c.machine("bridge-1")})
	withLeaf, _ := c.machine("bridge-2")()
	if conn, err := nats.Connect(url, nats.Secure(withLeaf), nats.NoReconnect()); err == nil {
		conn.Close()
		t.Error("the server has no leaf and yet somebody got in")
	}
	later := newBridge(t, Link{Machine: "bridge-2", URL: url, TLS: late(c.machine("bridge-2"))})
	there.Store(true)
	eventually.True(t, "both bridges", func() bool {
		l := store.Leases()
		return l["bridge-1"].Boot == waiting.Boot() && l["bridge-2"].Boot == later.Boot()
	})
}

// TestWhatABridgeSaysIsNotKeptTwice: the server remembers the IDs of messages to tell repeated ones, as long as they are and beside the
// bounds of the buckets. A bridge that was taken over must not fill the portal's memory with them.
func TestWhatABridgeSaysIsNotKeptTwice(t *testing.T) {
	e := newEmbedded(t, newCounty(t))
	readyStore(t, e.link(identity.Portal))
	conn := dialAs(t, e.link("bridge-1"))
	before := heap()
	const messages, size = 2000, 16 << 10
	for i := range messages {
		m := nats.NewMsg(recordSubject + "bridge-1." + string(e.roomKey("klasse-5a")))
		m.Header.Set(nats.MsgIdHdr, fmt.Sprintf("%0*d", size, i))
		if err := request(t.Context(), conn, m); err != nil {
			t.Fatal(err)
		}
	}
	eventually.True(t, "the messages to be forgotten", func() bool { return heap() < before+messages*size/4 })
}

// TestWhatNobodyCanReadFillsNoLog: it is told once in a while.
func TestWhatNobodyCanReadFillsNoLog(t *testing.T) {
	t.Parallel()
	e := newEmbedded(t, newCounty(t))
	var log bytes.Buffer // the watch's, until the store is closed
	store, err := NewStore(StoreConfig{Link: e.link(identity.Portal), Log: slog.New(slog.NewTextHandler(&log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(store.Close)
	eventually.True(t, "the buckets", store.Ready)
	conn := dialAs(t, e.link("bridge-1"))
	put := func(value string) {
		if err := request(t.Context(), conn, &nats.Msg{Subject: leaseSubject + "bridge-1", Data: []byte(value)}); err != nil {
			t.Fatal(err)
		}
	}
	for range 20 {
		put("what is this?")
	}
	put(`{"boot":"b"}`)
	eventually.True(t, "the lease", func() bool { return store.Leases()["bridge-1"].Boot == "b" })
	store.Close()
	if n := strings.Count(log.String(), "something else"); n > 1 { // fewer if they came faster than they were read
		t.Errorf("logged %d times", n)
	}
}

// heap is how many bytes are in use.
func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// TestOneMachineDoesNotTakeAllConnections: the others must come in, and come back.
func TestOneMachineDoesNotTakeAllConnections(t *testing.T) {
	t.Parallel()
	e := newEmbedded(t, newCounty(t))
	link := e.link("bridge-1")
	config, err := link.TLS()
	if err != nil {
		t.Fatal(err)
	}
	in := 0
	for range maxConnections {
		if conn, err := nats.Connect(link.URL, nats.Secure(config), nats.NoReconnect(), nats.Timeout(patience)); err == nil {
			t.Cleanup(conn.Close)
			in++
		}
	}
	if in != maxOfOneMachine {
		t.Errorf("%d connections of one machine", in)
	}
	dialAs(t, e.link("bridge-2"))
}

// No stream on disk, however it is asked for.
func TestThereIsNoFileStorage(t *testing.T) {
	e := newEmbedded(t, newCounty(t))
	conn := dialAs(t, e.link(identity.Portal))
	js, err := jetstream.New(conn)
	if err != nil {
		t.Fatal(err)
	}
	_, err = js.CreateStream(t.Context(), jetstream.StreamConfig{Name: streamOf(records), Subjects: []string{"$KV.records.>"}, Storage: jetstream.FileStorage})
	if err == nil {
		t.Error("a stream on disk was made")
	}
}

func TestATakenPortSaysWhatToDo(t *testing.T) {
	c := newCounty(t)
	first := newEmbedded(t, c)
	_, err := StartServer(ServerConfig{Listen: first.server.Addr(), TLS: c.machine(identity.Portal), StoreDir: t.TempDir()})
	if err == nil || !strings.Contains(err.Error(), "in use") || !strings.Contains(err.Error(), "port is free") {
		t.Errorf("error %v", err)
	}
	if _, err := StartServer(ServerConfig{Listen: first.server.Addr(), StoreDir: t.TempDir()}); err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("error %v without a certificate", err)
	}
}

func TestLinksAreChecked(t *testing.T) {
	c := newCounty(t)
	tests := map[string]struct {
		link Link
		want string
	}{
		"no machine":     {Link{Machine: "me", URL: "tls://192.0.2.1:4222", TLS: c.machine("bridge-1")}, "no machine's ID"},
		"no way":         {Link{Machine: "bridge-1"}, "neither a server"},
		"no certificate": {Link{Machine: "bridge-1", URL: "tls://192.0.2.1:4222"}, "neither a server"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if _, err := NewBridge(BridgeConfig{Link: tt.link}); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want %q", err, tt.want)
			}
			if _, err := NewStore(StoreConfig{Link: tt.link}); err == nil {
				t.Error("a store was made")
			}
		})
	}
	if _, err := NewStore(StoreConfig{Link: Link{Machine: "bridge-1", URL: "tls://192.0.2.1:4222", TLS: c.machine("bridge-1")}}); err == nil {
		t.Error("a bridge has a store")
	}
}
