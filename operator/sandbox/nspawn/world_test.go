package nspawn

import (
	"bufio"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/crypto/ssh"
	"golang.org/x/sys/unix"

	"github.com/medienzentrenverbund/kreisraum/conference/eventually"
	"github.com/medienzentrenverbund/kreisraum/operator/deploy"
	"github.com/medienzentrenverbund/kreisraum/operator/sandbox/hcloudsim"
)

// holderVariable makes this test binary a process that holds a runtime with one machine in the named folder, until it is killed.
const holderVariable = "KREISRAUM_TEST_NSPAWN_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(holderVariable); dir != "" {
		os.Exit(hold(dir))
	}
	goleak.VerifyTestMain(m)
}

// hold says "on" once the machine is.
func hold(dir string) int {
	r, err := Open(Config{Dir: dir, Images: ImagesDir(os.Getenv)})
	if err == nil {
		m := hcloudsim.Machine{ID: 1, Name: "held", Image: "debian-12", IPv4: r.IPv4Pool().Addr().Next().Next().Next(), Created: time.Unix(1, 0)}
		err = errors.Join(r.Create(context.Background(), m), r.PowerOn(context.Background(), 1))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	fmt.Println("on")
	select {}
}

// patience bounds every wait; a loaded computer takes many times as long as an idle one.
const patience = 90 * time.Second

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// needMachines skips where this computer cannot run machines, and builds the image where it is missing.
func needMachines(t testing.TB) {
	t.Helper()
	if testing.Short() {
		t.Skip("real machines take their time: not with -short")
	}
	err := Check(t.TempDir())
	if missing := (*Missing)(nil); errors.As(err, &missing) {
		t.Skip(err)
	}
	must(t, err)
	_, err = EnsureImage(t.Context(), ImagesDir(os.Getenv), func(step string) { t.Log(step) })
	must(t, err)
}

// world is a runtime and whom its machines let in.
type world struct {
	*Runtime
	dir      string
	operator ssh.Signer
	injected ssh.Signer
}

func newWorld(t testing.TB) *world {
	t.Helper()
	needMachines(t)
	w := &world{dir: filepath.Join(t.TempDir(), "machines"), operator: newKey(t), injected: newKey(t)}
	w.open(t)
	t.Cleanup(func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
		w.nothingLeft(t)
	})
	return w
}

func (w *world) open(t testing.TB) {
	t.Helper()
	r, err := Open(Config{Dir: w.dir, Images: ImagesDir(os.Getenv), Log: slog.New(slog.NewTextHandler(testWriter{t}, nil))})
	must(t, err)
	w.Runtime = r
}

type testWriter struct{ t testing.TB }

func (w testWriter) Write(p []byte) (int, error) {
	w.t.Log(strings.TrimSpace(string(p)))
	return len(p), nil
}

func newKey(t testing.TB) ssh.Signer {
	t.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	must(t, err)
	signer, err := ssh.NewSignerFromKey(key)
	must(t, err)
	injectedKeys[string(signer.PublicKey().Marshal())] = key
	return signer
}

// injectedKeys are the private halves, for user data.
var injectedKeys = map[string]ed25519.PrivateKey{}

// machine is a server as the cloud would describe it, with a county's cloud-config.
func (w *world) machine(t testing.TB, id int64) hcloudsim.Machine {
	t.Helper()
	block, err := ssh.MarshalPrivateKey(injectedKeys[string(w.injected.PublicKey().Marshal())], "")
	must(t, err)
	userData, err := deploy.UserData(fmt.Sprintf("machine-%d", id), pem.EncodeToMemory(block), ssh.MarshalAuthorizedKey(w.injected.PublicKey()))
	must(t, err)
	four := w.IPv4Pool().Addr().As4()
	four[3] = byte(9 + id)
	six := w.IPv6Pool().Addr().As16()
	six[7] = byte(id)
	m := hcloudsim.Machine{
		ID: id, Name: fmt.Sprintf("machine-%d", id), Image: "debian-12", Created: time.Unix(id, 0), UserData: userData, IPv4: netip.AddrFrom4(four),
		AuthorizedKeys: []string{strings.TrimSpace(string(ssh.MarshalAuthorizedKey(w.operator.PublicKey())))}, Location: "fsn1", Region: "eu-central",
		Networks: []hcloudsim.PrivateNetwork{{
			ID: 42, Name: "county", Range: netip.MustParsePrefix("10.64.0.0/24"), Subnet: netip.MustParsePrefix("10.64.0.0/24"),
			Gateway: netip.MustParseAddr("10.64.0.1"), IP: netip.AddrFrom4([4]byte{10, 64, 0, byte(9 + id)}), MAC: fmt.Sprintf("86:00:0a:40:00:%02x", 9+id),
		}},
	}
	if w.IPv6Supported() {
		m.IPv6 = netip.PrefixFrom(netip.AddrFrom16(six), 64)
	}
	m.Private = []netip.Addr{m.Networks[0].IP}
	return m
}

// ssh logs in as the operator does, and takes no other host key than the injected one.
func (w *world) ssh(m hcloudsim.Machine) (*ssh.Client, error) {
	return ssh.Dial("tcp", netip.AddrPortFrom(m.IPv4, 22).String(), &ssh.ClientConfig{
		User: "root", Auth: []ssh.AuthMethod{ssh.PublicKeys(w.operator)}, HostKeyCallback: ssh.FixedHostKey(w.injected.PublicKey()),
		HostKeyAlgorithms: []string{ssh.KeyAlgoED25519}, Timeout: 5 * time.Second,
	})
}

// run runs a command on a machine that is on, as soon as it lets us in.
func (w *world) run(t testing.TB, m hcloudsim.Machine, line string) string {
	t.Helper()
	text, err := w.try(t, m, line)
	if err != nil {
		t.Fatalf("machine %d: %s: %v: %s", m.ID, line, err, text)
	}
	return strings.TrimSpace(text)
}

// try is run for commands that may fail.
func (w *world) try(t testing.TB, m hcloudsim.Machine, line string) (string, error) {
	t.Helper()
	var client *ssh.Client
	var session *ssh.Session
	eventually.Within(t, patience, fmt.Sprintf("SSH on machine %d", m.ID), func() bool {
		var err error
		if client, err = w.ssh(m); err != nil {
			return false
		}
		if session, err = client.NewSession(); err != nil {
			_ = client.Close() // it is just going down
		}
		return err == nil
	})
	defer client.Close()
	out, err := session.CombinedOutput(line)
	return string(out), err
}

// ready waits for cloud-init.
func (w *world) ready(t testing.TB, m hcloudsim.Machine) {
	t.Helper()
	eventually.Within(t, patience, fmt.Sprintf("cloud-init on machine %d", m.ID), func() bool {
		text, err := w.try(t, m, "cloud-init status; test -e "+deploy.ReadyMarkerFile)
		if strings.Contains(text, "status: error") {
			t.Fatalf("cloud-init reports errors: %s", w.run(t, m, "cat /run/cloud-init/result.json /var/log/cloud-init.log | tail -n 40"))
		}
		return err == nil && strings.Contains(text, "status: done")
	})
}

// on creates machines and boots them all at once.
func (w *world) on(t testing.TB, all ...hcloudsim.Machine) {
	t.Helper()
	for _, m := range all {
		must(t, w.Create(t.Context(), m))
		must(t, w.PowerOn(t.Context(), m.ID))
	}
}

func bootID(t testing.TB, w *world, m hcloudsim.Machine) string {
	t.Helper()
	return w.run(t, m, "cat /proc/sys/kernel/random/boot_id")
}

// rebooted waits until the machine lets us in with another boot than the one before.
func (w *world) rebooted(t testing.TB, m hcloudsim.Machine, before string) {
	t.Helper()
	eventually.Within(t, patience, "another boot", func() bool {
		text, err := w.try(t, m, "cat /proc/sys/kernel/random/boot_id")
		return err == nil && strings.TrimSpace(text) != before
	})
}

// verdict is what a connection meets: "open", "refused" (it got there, nobody listens) or "silent" (a firewall dropped it).
func verdict(address netip.AddrPort) string {
	conn, err := net.DialTimeout("tcp", address.String(), 1500*time.Millisecond)
	var timeout net.Error
	switch {
	case err == nil:
		_ = conn.Close()
		return "open"
	case errors.Is(err, unix.ECONNREFUSED):
		return "refused"
	case errors.As(err, &timeout) && timeout.Timeout():
		return "silent"
	}
	return err.Error()
}

// leftovers are everything of a sandbox that the kernel, or nspawn, still has.
func leftovers(t testing.TB, dir string) []string {
	t.Helper()
	n, err := namesOf(dir)
	must(t, err)
	var left []string
	mount, err := cgroupMount()
	must(t, err)
	if _, err := os.Stat(filepath.Join(mount, n.group())); !errors.Is(err, fs.ErrNotExist) {
		left = append(left, "cgroup "+n.group())
	}
	if _, err := net.InterfaceByName(n.uplink()); err == nil {
		left = append(left, "interface "+n.uplink())
	}
	for _, folder := range []string{"/run/netns", runDirectory + "/propagate", runDirectory + "/unix-export"} {
		for _, name := range owned(folder, n) {
			left = append(left, folder+"/"+name)
		}
	}
	mounts, err := os.ReadFile("/proc/self/mounts")
	must(t, err)
	for line := range strings.Lines(string(mounts)) {
		if strings.Contains(line, dir) || strings.Contains(line, n.group()) {
			left = append(left, "mount "+line)
		}
	}
	return append(left, processesOf(t, n, dir)...)
}

// processesOf are processes whose command line names the sandbox; those that have ended and wait to be collected have none.
func processesOf(t testing.TB, n names, dir string) []string {
	t.Helper()
	lines, err := filepath.Glob("/proc/[0-9]*/cmdline")
	must(t, err)
	var left []string
	for _, name := range lines {
		line, err := os.ReadFile(name)
		if err == nil && (strings.Contains(string(line), n.group()) || strings.Contains(string(line), dir)) {
			left = append(left, "process "+strings.ReplaceAll(string(line), "\x00", " "))
		}
	}
	return left
}

func (w *world) nothingLeft(t testing.TB) {
	t.Helper()
	if left := leftovers(t, w.dir); len(left) > 0 {
		t.Errorf("left behind:\n%s", strings.Join(left, "\n"))
	}
}

// firstLine reads one line from a process that is expected to say something.
func firstLine(r *bufio.Scanner) string {
	if r.Scan() {
		return r.Text()
	}
	return ""
}
