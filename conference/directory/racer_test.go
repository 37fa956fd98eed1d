package directory

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"

	"github.com/medienzentrenverbund/kreisraum/conference/eventually"
	"github.com/medienzentrenverbund/kreisraum/conference/identity"
	"github.com/medienzentrenverbund/kreisraum/conference/opsapi"
	"github.com/medienzentrenverbund/kreisraum/conference/token"
)

// racerVariable makes the test's program a portal that races against another one.
const racerVariable = "KREISRAUM_DIRECTORY_RACER"

// start is what a racer is told. Keys are those of this test.
type start struct {
	NATS               string
	CA, Leaf, Key, Own []byte
	List               opsapi.Machines
	Rooms              int
}

// racer reads a start, says "ready", waits for another line and then opens all rooms at once. It writes where they are.
func racer(in io.Reader, out io.Writer) error {
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, 1<<20)
	var s start
	if !lines.Scan() {
		return io.ErrUnexpectedEOF
	}
	if err := json.Unmarshal(lines.Bytes(), &s); err != nil {
		return err
	}
	ca, err := x509.ParseCertificate(s.CA)
	if err != nil {
		return err
	}
	own, err := x509.ParsePKCS8PrivateKey(s.Own)
	if err != nil {
		return err
	}
	roots := x509.NewCertPool()
	roots.AddCert(ca)
	p, err := startPortal(natsLink(s.NATS, identity.Portal, tls.Certificate{Certificate: [][]byte{s.Leaf}, PrivateKey: own}, roots), token.Key(s.Key), s.List,
		slog.New(slog.NewTextHandler(os.Stderr, nil)))
	if err != nil {
		return err
	}
	defer p.stop()
	for end := time.Now().Add(wakeful); !p.settled(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			return fmt.Errorf("has not settled")
		}
	}
	fmt.Fprintln(out, "ready")
	if !lines.Scan() {
		return io.ErrUnexpectedEOF
	}
	machines := make([]string, s.Rooms)
	errs := make([]error, s.Rooms)
	var all sync.WaitGroup
	for i := range machines {
		all.Go(func() { machines[i], _, errs[i] = p.machineOf(fmt.Sprintf("klasse-%d", i), true) })
	}
	all.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return json.NewEncoder(out).Encode(machines)
}

// racing is a portal in another process.
type racing struct {
	t   *testing.T
	in  io.WriteCloser
	out *bufio.Reader
	cmd *exec.Cmd
}

func (c *realCounty) race(t *testing.T, rooms int) *racing {
	t.Helper()
	leaf := c.leaf(identity.Portal)
	own, err := x509.MarshalPKCS8PrivateKey(leaf.PrivateKey.(*ecdsa.PrivateKey))
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), racerVariable+"=1")
	cmd.Stderr = t.Output()
	in, errIn := cmd.StdinPipe()
	out, errOut := cmd.StdoutPipe()
	if errIn != nil || errOut != nil {
		t.Fatal(errIn, errOut)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	r := &racing{t: t, in: in, out: bufio.NewReader(out), cmd: cmd}
	line, err := json.Marshal(start{NATS: c.server.Addr().String(), CA: c.Cert.Raw, Leaf: leaf.Certificate[0], Key: []byte(c.key), Own: own, List: c.list, Rooms: rooms})
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(in, "%s\n", line)
	return r
}

func (r *racing) line() []byte {
	r.t.Helper()
	line, err := r.out.ReadBytes('\n')
	if err != nil {
		r.t.Fatal(err)
	}
	return line
}

// TestTwoPortalProcessesRace is TestTwoPortalsRace with nothing in common but NATS.
func TestTwoPortalProcessesRace(t *testing.T) {
	const rooms = 1000
	c := newRealCounty(t)
	c.bridges(20)
	watcher := c.portal()
	racers := []*racing{c.race(t, rooms), c.race(t, rooms)}
	for _, r := range racers {
		if string(r.line()) != "ready\n" {
			t.Fatal("not ready")
		}
	}
	for _, r := range racers {
		fmt.Fprintln(r.in, "go")
	}
	var got answers
	for _, r := range racers {
		var machines []string
		if err := json.Unmarshal(r.line(), &machines); err != nil {
			t.Fatal(err)
		}
		for i, machine := range machines {
			got.note(fmt.Sprintf("klasse-%d", i), machine)
		}
		if err := r.cmd.Wait(); err != nil {
			t.Error(err)
		}
	}
	eventually.True(t, "the store to show all placements", func() bool { return len(watcher.store.Placements()) == rooms })
	got.expectOne(t, rooms, c.key, watcher.store.Placements())
}
