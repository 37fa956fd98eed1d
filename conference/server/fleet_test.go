package server

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/medienzentrenverbund/kreisraum/conference/certs/acmetest"
	"github.com/medienzentrenverbund/kreisraum/conference/client"
	"github.com/medienzentrenverbund/kreisraum/conference/config"
	"github.com/medienzentrenverbund/kreisraum/conference/eventually"
	"github.com/medienzentrenverbund/kreisraum/conference/identity"
	"github.com/medienzentrenverbund/kreisraum/conference/opsapi"
	"github.com/medienzentrenverbund/kreisraum/conference/signaling"
	"github.com/medienzentrenverbund/kreisraum/conference/token"
)

const teacherName, teacherPassword = "ahorn-4827", "ein-passwort"

// fleet is a county of several machines: a portal and bridges, each a process of its own, with private addresses on the loopback
// interface.
type fleet struct {
	dir      string
	operator operator
	acme     *acmetest.CA
	forward  *forwarder
	private  [3]byte // of the private network
	key      string
	capacity config.Capacity // of machines that are started from now on
	nats     string          // URL of NATS servers of one's own
	portal   *machine
	bridges  map[string]*machine
	list     opsapi.Machines
	accounts opsapi.Accounts
}

// Networks are counted within this process, from a random one, because another process may run the same tests.
var (
	firstNetwork = rand.Uint32()
	networks     atomic.Uint32
)

// newFleet starts a portal of that role and so many bridges, and brings them to where `kreisraum up` leaves them.
func newFleet(t *testing.T, role string, bridges int, change ...func(*fleet)) *fleet {
	t.Helper()
	f := &fleet{dir: t.TempDir(), operator: newOperator(t), forward: newForwarder(t), bridges: map[string]*machine{}}
	// Ports are the real ones; so that tests never meet, each has a network of its own within 127.0.0.0/8.
	n := firstNetwork + networks.Add(1)
	f.private = [3]byte{127, byte(64 + n>>8%64), byte(n)}
	f.acme = acmetest.Start(t, f.forward.port(), 48*time.Hour)
	f.acme.Point(domain, f.forward.addr())
	f.key = filepath.Join(f.dir, "county.key")
	if _, err := token.LoadOrCreateKey(f.key); err != nil {
		t.Fatal(err)
	}
	for _, c := range change {
		c(f)
	}
	f.portal = f.start(t, identity.Portal, role, 10)
	for n := range bridges {
		f.add(t, n+1)
	}
	if role == config.RoleBoth {
		f.list.Machines = append(f.list.Machines, opsapi.Machine{ID: identity.Portal, Private: f.address(10), Ready: true})
	}
	orderCertificate(t, f.ops(t, f.portal))
	f.accounts = opsapi.Accounts{Revision: "r1", Accounts: []opsapi.Account{newAccount(t, "id-1", teacherName, teacherPassword)}}
	f.putAccounts(t)
	f.put(t)
	f.settled(t)
	return f
}

func (f *fleet) address(last byte) netip.Addr {
	return netip.AddrFrom4([4]byte{f.private[0], f.private[1], f.private[2], last})
}

// add starts a bridge and puts it into the list, ready.
func (f *fleet) add(t *testing.T, n int) *machine {
	t.Helper()
	id := identity.Bridge(n)
	f.bridges[id] = f.start(t, id, config.RoleBridge, byte(10+n))
	f.list.Machines = append(f.list.Machines, opsapi.Machine{ID: id, Private: f.address(byte(10 + n)), Ready: true})
	return f.bridges[id]
}

// start starts a machine and signs its certificate.
func (f *fleet) start(t *testing.T, id, role string, last byte) *machine {
	t.Helper()
	dir := filepath.Join(f.dir, id)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	cfg := config.Default()
	cfg.County, cfg.Domain, cfg.Role = "musterkreis", domain, role
	cfg.Cluster.Machine, cfg.Cluster.PrivateAddress, cfg.Cluster.PortalAddress = id, f.address(last).String(), f.address(10).String()
	cfg.Capacity, cfg.Cluster.NATSURL = f.capacity, f.nats
	cfg.Listen = config.Listen{Addresses: []string{"127.0.0.1"}} // free ports
	cfg.ACME.Directory, cfg.ACME.RootsFile = f.acme.Directory, f.acme.RootsFile
	cfg.Contact = config.Contact{Name: "Kreismedienzentrum Musterkreis", Email: "hilfe@kmz-musterkreis.example"}
	cfg.Paths = pathsIn(dir)
	cfg.Paths.CountyKey = f.key
	writeFile(t, cfg.Paths.CountyCA, f.operator.PEM())
	var came func(string)
	if id == identity.Portal {
		came = f.forward.to
	}
	m := startMachine(t, id, cfg, came)
	f.sign(t, m)
	eventually.True(t, id+" answers the operator", func() bool {
		info, err := f.ops(t, m).Info(t.Context())
		return err == nil && info.Machine == id && info.Role == role
	})
	return m
}

func (f *fleet) sign(t *testing.T, m *machine) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(m.cfg.Paths.State, "ops.csr"))
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(data)
	csr, err := x509.ParseCertificateRequest(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	leaf := f.operator.sign(csr.PublicKey, opsapi.ServerName, identity.Name(m.id))
	writeFile(t, m.cfg.Paths.OpsCertificate, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: leaf}))
}

// ops returns a caller of the machine's present process, closed with the test.
func (f *fleet) ops(t *testing.T, m *machine) *opsapi.Client {
	t.Helper()
	c := opsapi.NewClient(opsapi.ClientConfig{Address: m.addr(), Certificate: f.operator.client(), CA: f.operator.Pool(), Timeout: patience})
	t.Cleanup(c.Close)
	return c
}

func (f *fleet) put(t *testing.T) {
	t.Helper()
	f.list.Revision += "x"
	res, err := f.ops(t, f.portal).PutMachines(t.Context(), f.list)
	if err != nil || res.Revision != f.list.Revision || res.Machines != len(f.list.Machines) {
		t.Fatalf("put machines: %+v, %v", res, err)
	}
}

func (f *fleet) putAccounts(t *testing.T) opsapi.AccountsResult {
	t.Helper()
	f.accounts.Revision += "x"
	res, err := f.ops(t, f.portal).PutAccounts(t.Context(), f.accounts)
	if err != nil {
		t.Fatal(err)
	}
	return res
}

// change changes a machine in the list.
func (f *fleet) change(t *testing.T, id string, how func(*opsapi.Machine)) {
	t.Helper()
	i := slices.IndexFunc(f.list.Machines, func(m opsapi.Machine) bool { return m.ID == id })
	how(&f.list.Machines[i])
	f.put(t)
}

// settled waits until the portal has heard all bridges in the list and knows how busy they are.
func (f *fleet) settled(t *testing.T) {
	t.Helper()
	ops := f.ops(t, f.portal)
	eventually.True(t, "the portal knows all bridges", func() bool {
		load, err := ops.Load(t.Context())
		if err != nil || !load.Settled || len(load.Bridges) != len(f.list.Machines) {
			return false
		}
		return !slices.ContainsFunc(load.Bridges, func(b opsapi.BridgeLoad) bool { return !b.Alive || !b.Known })
	})
}

// bridgeOf waits until somebody is inside on exactly one bridge, and returns that.
func (f *fleet) bridgeOf(t *testing.T) *machine {
	t.Helper()
	var at *machine
	eventually.True(t, "one bridge has the room", func() bool {
		at = nil
		n := 0
		for _, m := range f.bridges {
			if rooms, _ := f.counts(t, m); rooms > 0 {
				at = m
				n++
			}
		}
		return n == 1
	})
	return at
}

// counts are 0 for a machine that does not answer.
func (f *fleet) counts(t *testing.T, m *machine) (rooms, participants int) {
	t.Helper()
	info, err := f.ops(t, m).Info(t.Context())
	if err != nil {
		return 0, 0
	}
	return info.Rooms, info.Participants
}

func (f *fleet) target() client.Target {
	return client.Target{URL: "https://" + domain, DialAddress: net.JoinHostPort("127.0.0.1", fmt.Sprint(f.forward.port())), Roots: f.acme.Roots}
}

// dial opens a room's WebSocket as an organiser and joins.
func (f *fleet) dial(t *testing.T, cookie, room string) *websocket.Conn {
	t.Helper()
	transport := f.transport()
	t.Cleanup(transport.CloseIdleConnections)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	ws, _, err := websocket.Dial(ctx, "wss://"+domain+"/api/rooms/"+room+"/ws", &websocket.DialOptions{
		HTTPClient: &http.Client{Transport: transport}, HTTPHeader: http.Header{"Origin": {"https://" + domain}, "Cookie": {cookie}},
		Subprotocols: []string{signaling.Subprotocol},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ws.CloseNow() })
	send(t, ws, signaling.Join{Name: "Lehrkraft", Role: signaling.RoleOrganiser})
	return ws
}

// transport reaches the portal by the county's name.
func (f *fleet) transport() *http.Transport {
	return &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: f.acme.Roots, NextProtos: []string{"http/1.1"}},
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return (&net.Dialer{Timeout: patience}).DialContext(ctx, network, f.target().DialAddress)
		},
	}
}

// login returns the Cookie header of the teacher.
func (f *fleet) login(t *testing.T) string {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	transport := f.transport()
	defer transport.CloseIdleConnections()
	browser := &http.Client{Transport: transport, Jar: jar, Timeout: patience}
	if resp := post(t, browser, "/api/login", `{"name":"`+teacherName+`","password":"`+teacherPassword+`"}`); resp.StatusCode != http.StatusNoContent {
		t.Fatalf("login: %s", resp.Status)
	}
	cookies := jar.Cookies(&url.URL{Scheme: "https", Host: domain, Path: "/"})
	if len(cookies) != 1 {
		t.Fatalf("cookies: %v", cookies)
	}
	return cookies[0].Name + "=" + cookies[0].Value
}
