package deploy_test

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/medienzentrenverbund/kreisraum/conference/identity"
	"github.com/medienzentrenverbund/kreisraum/conference/opsapi"
	"github.com/medienzentrenverbund/kreisraum/operator/countyca"
	"github.com/medienzentrenverbund/kreisraum/operator/deploy"
	"github.com/medienzentrenverbund/kreisraum/operator/sandbox/hcloudsim"
	"github.com/medienzentrenverbund/kreisraum/operator/sandbox/machine"
	"golang.org/x/crypto/ssh"
)

var (
	// serverBinary is the real conference server, built once, and as small as a release.
	serverBinary string
	// launcherBinary is a release of one megabyte that becomes the real server, which is on the machine already: most of a deployment is
	// the way of 26 MB, which the race detector makes ten times as long.
	launcherBinary string
)

// serverOnMachine is the real server that launcherBinary becomes.
const serverOnMachine = "/usr/lib/kreisraum-tests/server"

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "kreisraum-deploy-")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	serverBinary, launcherBinary = filepath.Join(dir, deploy.BinaryName), filepath.Join(dir, "launcher")
	source := launcherBinary + ".go"
	program := fmt.Sprintf("package main\nimport (\"os\"; \"syscall\")\nfunc main() { panic(syscall.Exec(%q, os.Args, os.Environ())) }\n", serverOnMachine)
	if err := errors.Join(os.WriteFile(source, []byte(program), 0o644), build(launcherBinary, source),
		build(serverBinary, "github.com/medienzentrenverbund/kreisraum/conference/cmd/kreisraum-conference")); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

// build makes a static program without symbols.
func build(to, from string) error {
	cmd := exec.Command("go", "build", "-ldflags", "-s -w", "-o", to, from)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build %s: %w\n%s", from, err, out)
	}
	return nil
}

// lastHost gives each machine a loopback address of its own; 127.63.0.0/16 belongs to these tests.
var lastHost atomic.Uint32

// box is a machine of the simulated cloud, with everything an operator has for it.
type box struct {
	t        *testing.T
	root     string // its disk
	address  netip.Addr
	key      ssh.Signer
	injected ssh.Signer
	ca       *countyca.CA
	ops      *opsapi.Client
	// saved are the host keys as they were saved, the last one counts.
	saved  ssh.PublicKey
	proven bool
	// refuse makes saving fail, once.
	refuse func(proven bool) error
}

type boxOptions struct {
	dir      string // where disks are; empty: a temporary folder
	userData string // empty: the operator's
	off      bool   // not powered on
}

func newBox(t *testing.T, o boxOptions) *box {
	t.Helper()
	if os.Getuid() != 0 {
		t.Fatal("the machines bind ports 22 and 443 of loopback addresses: run as root")
	}
	host := lastHost.Add(1)
	pid := os.Getpid() // other test processes of this computer have addresses of their own
	b := &box{t: t, address: netip.AddrFrom4([4]byte{127, 63, byte(pid%250 + 1), byte(host)}), key: newKey(t), injected: newKey(t)}
	if o.dir == "" {
		o.dir = t.TempDir()
	}
	b.root = filepath.Join(o.dir, "1", "rootfs")
	if o.userData == "" {
		o.userData = b.userData()
	}
	b.boot(o)
	var err error
	if b.ca, err = countyca.Open(t.TempDir(), "musterkreis", time.Now); err != nil {
		t.Fatal(err)
	}
	b.ops = opsapi.NewClient(opsapi.ClientConfig{Address: netip.AddrPortFrom(b.address, 443).String(), Certificate: b.ca.Client(), CA: b.ca.Pool(), Timeout: 5 * time.Second})
	t.Cleanup(b.ops.Close)
	return b
}

func newKey(t *testing.T) ssh.Signer {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := ssh.NewSignerFromKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return keyPair{signer, private}
}

// keyPair is a signer that can be written down.
type keyPair struct {
	ssh.Signer
	private ed25519.PrivateKey
}

func (b *box) userData() string {
	b.t.Helper()
	block, err := ssh.MarshalPrivateKey(b.injected.(keyPair).private, "")
	if err != nil {
		b.t.Fatal(err)
	}
	text, err := deploy.UserData("kreisraum-musterkreis-portal", pem.EncodeToMemory(block), ssh.MarshalAuthorizedKey(b.injected.PublicKey()))
	if err != nil {
		b.t.Fatal(err)
	}
	return text
}

func (b *box) boot(o boxOptions) {
	b.t.Helper()
	runtime, err := machine.NewProcess(machine.Config{Dir: o.dir, Log: slog.New(slog.DiscardHandler), ShutdownTimeout: time.Second})
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() { _ = runtime.Close() })
	m := hcloudsim.Machine{
		ID: 1, Name: "kreisraum-musterkreis-portal", IPv4: b.address, UserData: o.userData, Image: "debian-12", Cores: 2, MemoryMiB: 4096,
		AuthorizedKeys: []string{string(ssh.MarshalAuthorizedKey(b.key.PublicKey()))},
	}
	if err := runtime.Create(context.Background(), m); err != nil {
		b.t.Fatal(err)
	}
	if o.off {
		return
	}
	server := b.path(serverOnMachine)
	if err := errors.Join(os.MkdirAll(filepath.Dir(server), 0o755), place(serverBinary, server)); err != nil {
		b.t.Fatal(err)
	}
	if err := runtime.PowerOn(context.Background(), 1); err != nil {
		b.t.Fatal(err)
	}
}

// place links a file, where the disk is another one by its name.
func place(file, at string) error {
	err := os.Link(file, at)
	if errors.Is(err, syscall.EXDEV) {
		return os.Symlink(file, at)
	}
	return err
}

// job is what the operator would do to the machine now, with a small release.
func (b *box) job() deploy.Job { return b.jobOf(launcherBinary) }

// fullJob is job with a release as counties get it.
func (b *box) fullJob() deploy.Job { return b.jobOf(serverBinary) }

func (b *box) jobOf(binary string) deploy.Job {
	b.t.Helper()
	release, err := deploy.OpenRelease(binary, "v1.2.3")
	if err != nil {
		b.t.Fatal(err)
	}
	return deploy.Job{
		Machine: identity.Portal,
		Address: netip.AddrPortFrom(b.address, 22), Key: b.key,
		HostKeys: &deploy.HostKeys{Injected: b.injected.PublicKey(), Pinned: b.saved, Proven: b.proven, Save: b.save},
		Bundle: deploy.Bundle{
			Release: release, ServerConfig: b.config("everyone"), CountyCA: b.ca.CertificatePEM(), CountyKey: []byte(strings.Repeat("k", 32)),
		},
		Authority: b.ca, Ops: b.ops, Boot: 20 * time.Second, Health: 20 * time.Second, Log: slog.New(slog.DiscardHandler),
	}
}

func (b *box) save(key ssh.PublicKey, proven bool) error {
	if b.refuse != nil {
		if err := b.refuse(proven); err != nil {
			b.refuse = nil
			return err
		}
	}
	b.saved, b.proven = key, proven
	return nil
}

func (b *box) config(screenShare string) []byte {
	return fmt.Appendf(nil, `county: musterkreis
domain: meet.musterkreis.example
role: both
listen: {addresses: [%s], tls_port: 443, media_port: 10000}
acme: {directory: "https://127.0.0.1:1/dir"}
rooms: {max_participants: 70, code_required: true, screen_share: %s}
access_log: {retention_days: 7}
contact: {name: Beratung, email: beratung@musterkreis.example}
`, b.address, screenShare)
}

// deploy runs the job and fails the test on an error.
func (b *box) deploy(job deploy.Job) deploy.Result {
	b.t.Helper()
	result, err := deploy.Run(b.t.Context(), job)
	if err != nil {
		b.t.Fatalf("deploy: %v", err)
	}
	return result
}

// path of a file of the machine on this computer.
func (b *box) path(name string) string { return filepath.Join(b.root, name) }

// link is where a link on the machine leads, "" if there is none.
func (b *box) link(name string) string {
	target, _ := os.Readlink(b.path(name))
	return target
}

// releases are the names of the folders of releases.
func (b *box) releases() (names []string) {
	b.t.Helper()
	entries, err := os.ReadDir(b.path(deploy.ReleasesDir))
	if err != nil {
		b.t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// stat looks at a file of a release.
func (b *box) stat(release, name string) os.FileInfo {
	b.t.Helper()
	info, err := os.Stat(b.path(filepath.Join(deploy.ReleasesDir, release, name)))
	if err != nil {
		b.t.Fatal(err)
	}
	return info
}
