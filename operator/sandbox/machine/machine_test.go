package machine

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/pkg/sftp"
	"go.uber.org/goleak"
	"golang.org/x/crypto/ssh"
	"golang.org/x/sys/unix"

	"github.com/medienzentrenverbund/kreisraum/conference/eventually"
	"github.com/medienzentrenverbund/kreisraum/operator/deploy"
	"github.com/medienzentrenverbund/kreisraum/operator/sandbox/hcloudsim"
)

func TestMain(m *testing.M) {
	if f := os.Getenv("KREISRAUM_TEST_SACRIFICE"); f != "" {
		sacrifice(f)
		return
	}
	if dir := os.Getenv("KREISRAUM_TEST_ROOTLESS"); dir != "" {
		if err := rootless(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	code := m.Run()
	if unitBinary.dir != "" {
		_ = os.RemoveAll(unitBinary.dir)
	}
	if code == 0 {
		if err := goleak.Find(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	os.Exit(code)
}

// unitBinary is the tests' service, built once.
var unitBinary struct {
	once sync.Once
	dir  string
	err  error
}

func unitProgram(t testing.TB) string {
	t.Helper()
	unitBinary.once.Do(func() {
		unitBinary.dir, unitBinary.err = os.MkdirTemp("", "unit")
		if unitBinary.err != nil {
			return
		}
		cmd := exec.Command("go", "build", "-o", unitBinary.dir+"/unit", "./testdata/unit")
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=")
		if out, err := cmd.CombinedOutput(); err != nil {
			unitBinary.err = fmt.Errorf("%w: %s", err, out)
		}
	})
	if unitBinary.err != nil {
		t.Fatal(unitBinary.err)
	}
	return unitBinary.dir + "/unit"
}

// address is a loopback address that no other test of this run uses, in a range that the sandbox does not use.
func address(t testing.TB) netip.Addr {
	t.Helper()
	h := fnv.New32a()
	fmt.Fprintf(h, "%s %d", t.Name(), os.Getpid())
	n := h.Sum32()
	return netip.AddrFrom4([4]byte{127, 78, byte(n >> 8), byte(n)%250 + 2})
}

// lab is a runtime with one machine and the key to it.
type lab struct {
	t       testing.TB
	process *Process
	machine hcloudsim.Machine
	signer  ssh.Signer
	host    ssh.PublicKey
}

func newLab(t testing.TB, extraCloudConfig string) *lab {
	t.Helper()
	l := &lab{t: t}
	_, key, err := ed25519.GenerateKey(rand.Reader)
	must(t, err)
	l.signer, err = ssh.NewSignerFromKey(key)
	must(t, err)
	private, public, err := newHostKey()
	must(t, err)
	l.host, _, _, _, err = ssh.ParseAuthorizedKey(public)
	must(t, err)
	userData := "#cloud-config\nhostname: test-portal\ngroups: [kreisraum]\nusers:\n  - name: kreisraum\n    primary_group: kreisraum\n" +
		"    system: true\n    no_create_home: true\n    shell: /usr/sbin/nologin\nssh_keys:\n  ed25519_private: |\n" +
		indent(string(private)) + "  ed25519_public: " + string(public) + extraCloudConfig
	l.machine = hcloudsim.Machine{
		ID: 4711, Name: "test", IPv4: address(t), UserData: userData, Image: "debian-12",
		AuthorizedKeys: []string{string(ssh.MarshalAuthorizedKey(l.signer.PublicKey()))},
	}
	l.open(t.TempDir())
	return l
}

// open starts a runtime over a folder.
func (l *lab) open(dir string) {
	l.t.Helper()
	p, err := NewProcess(Config{Dir: dir, ShutdownTimeout: 5 * time.Second})
	must(l.t, err)
	l.process = p
	l.t.Cleanup(func() { _ = p.Close() })
	must(l.t, p.Create(l.t.Context(), l.machine))
}

func (l *lab) powerOn() {
	l.t.Helper()
	must(l.t, l.process.PowerOn(l.t.Context(), l.machine.ID))
}

func (l *lab) rootfs(name string) string {
	return filepath.Join(l.process.config.Dir, fmt.Sprint(l.machine.ID), "rootfs", name)
}

func (l *lab) sshAddress() string { return netip.AddrPortFrom(l.machine.IPv4, 22).String() }

func (l *lab) dial() (*ssh.Client, error) {
	return ssh.Dial("tcp", l.sshAddress(), &ssh.ClientConfig{
		User: "root", Auth: []ssh.AuthMethod{ssh.PublicKeys(l.signer)}, HostKeyCallback: ssh.FixedHostKey(l.host), Timeout: 5 * time.Second,
	})
}

func (l *lab) client() *ssh.Client {
	l.t.Helper()
	c, err := l.dial()
	must(l.t, err)
	l.t.Cleanup(func() { _ = c.Close() })
	return c
}

func (l *lab) sftp(c *ssh.Client) *sftp.Client {
	l.t.Helper()
	s, err := sftp.NewClient(c)
	must(l.t, err)
	l.t.Cleanup(func() { _ = s.Close() })
	return s
}

// run runs a command and returns what it said and its exit code.
func run(t testing.TB, c *ssh.Client, line string) (string, int) {
	t.Helper()
	s, err := c.NewSession()
	must(t, err)
	defer s.Close()
	var stdout, stderr bytes.Buffer // not one for both: the client writes them from two goroutines
	s.Stdout, s.Stderr = &stdout, &stderr
	err = s.Run(line)
	code := 0
	var exit *ssh.ExitError
	if errors.As(err, &exit) {
		code, err = exit.ExitStatus(), nil
	}
	must(t, err)
	return stdout.String() + stderr.String(), code
}

func put(t testing.TB, s *sftp.Client, name string, data []byte, mode os.FileMode) {
	t.Helper()
	must(t, s.MkdirAll(filepath.Dir(name)))
	f, err := s.OpenFile(name+".part", os.O_WRONLY|os.O_CREATE|os.O_TRUNC)
	must(t, err)
	_, err = f.ReadFrom(bytes.NewReader(data))
	must(t, err)
	must(t, f.Close())
	must(t, s.Chmod(name+".part", mode))
	must(t, s.PosixRename(name+".part", name))
}

// install puts the tests' service and a unit for it on the machine.
func (l *lab) install(s *sftp.Client, unit string) {
	l.t.Helper()
	program, err := os.ReadFile(unitProgram(l.t))
	must(l.t, err)
	put(l.t, s, "/opt/kreisraum/releases/1/kreisraum-conference", program, 0o755)
	if _, err := s.Lstat(deploy.CurrentLink); err != nil {
		must(l.t, s.Symlink("/opt/kreisraum/releases/1", deploy.CurrentLink))
	}
	put(l.t, s, deploy.UnitDir+"/"+deploy.ServiceUnit, []byte(unit), 0o644)
}

func (l *lab) serviceUnit() string {
	return fmt.Sprintf(`[Unit]
Description=test service

[Service]
Type=notify
User=kreisraum
ExecStart=/opt/kreisraum/current/kreisraum-conference serve %s:443
Environment="GREETING=guten Tag"
Restart=always
RestartSec=10ms
StateDirectory=kreisraum
StateDirectoryMode=0700
AmbientCapabilities=CAP_NET_BIND_SERVICE
CapabilityBoundingSet=CAP_NET_BIND_SERVICE
ProtectSystem=strict
LimitNOFILE=4096
LimitCORE=0

[Install]
WantedBy=multi-user.target
`, l.machine.IPv4)
}

// ask sends a word to the service and returns its answer.
func (l *lab) ask(word string) (string, error) {
	c, err := net.DialTimeout("tcp", netip.AddrPortFrom(l.machine.IPv4, 443).String(), 5*time.Second)
	if err != nil {
		return "", err
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(5 * time.Second))
	if _, err := io.WriteString(c, word+"\n"); err != nil {
		return "", err
	}
	answer, err := io.ReadAll(c)
	return string(answer), err
}

func (l *lab) show(c *ssh.Client) map[string]string {
	l.t.Helper()
	out, _ := run(l.t, c, deploy.CmdShow)
	m := map[string]string{}
	for line := range strings.Lines(out) {
		k, v, _ := strings.Cut(strings.TrimSpace(line), "=")
		m[k] = v
	}
	return m
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func indent(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		b.WriteString("    " + line)
	}
	return b.String()
}

func alive(pid string) bool {
	var n int
	if _, err := fmt.Sscan(pid, &n); err != nil || n == 0 {
		return false
	}
	return !errors.Is(syscall.Kill(n, 0), syscall.ESRCH)
}

func TestDeployStartCrashStop(t *testing.T) {
	l := newLab(t, "")
	l.powerOn()
	c := l.client()
	s := l.sftp(c)
	eventually.True(t, "cloud-init", func() bool { out, _ := run(t, c, deploy.CmdCloudInitStatus); return out == "status: done\n" })
	l.install(s, l.serviceUnit())

	if out, code := run(t, c, deploy.CmdIsActive); out != "inactive\n" || code != 3 {
		t.Fatalf("is-active before the start: %q, exit code %d", out, code)
	}
	for _, line := range []string{deploy.CmdDaemonReload, deploy.CmdEnable, deploy.CmdRestart} {
		if out, code := run(t, c, line); code != 0 {
			journal, _ := run(t, c, deploy.CmdJournal)
			t.Fatalf("%s: exit code %d: %s\n%s", line, code, out, journal)
		}
	}
	if out, code := run(t, c, deploy.CmdIsActive); out != "active\n" || code != 0 {
		t.Fatalf("is-active: %q, exit code %d", out, code)
	}
	report, err := l.ask("report")
	must(t, err)
	for _, want := range []string{"uid=60960 gid=60960", "wd=/ ", `greeting="guten Tag"`, "ambient=1", "bind=<nil>"} {
		if os.Geteuid() != 0 && want == "ambient=1" {
			continue
		}
		if !strings.Contains(report, want) {
			t.Errorf("report %q lacks %q", report, want)
		}
	}
	if strings.Contains(report, "sbin") {
		t.Errorf("the service sees this computer's root folder: %s", report)
	}

	before := l.show(c)
	if before["ActiveState"] != "active" || before["SubState"] != "running" || before["NRestarts"] != "0" || !alive(before["MainPID"]) {
		t.Fatalf("show: %v", before)
	}
	main, err := strconv.Atoi(before["MainPID"])
	must(t, err)
	var core unix.Rlimit // a container may keep the limits of others' processes from its root user
	if err := unix.Prlimit(main, unix.RLIMIT_CORE, nil, &core); err == nil && core.Max != 0 {
		t.Errorf("the service may dump core: %+v", core)
	}
	if all := l.process.Machines(t.Context()); len(all) != 1 || fmt.Sprint(all[0].MainPID) != before["MainPID"] || all[0].Unit != "active" || !all[0].On {
		t.Errorf("machines: %+v, want process %s", all, before["MainPID"])
	}
	_, _ = l.ask("crash")
	eventually.True(t, "the restart", func() bool { s := l.show(c); return s["NRestarts"] == "1" && s["ActiveState"] == "active" })
	after := l.show(c)
	if after["MainPID"] == before["MainPID"] || after["ExecMainStatus"] != "3" {
		t.Errorf("show after the crash: %v", after)
	}
	journal, _ := run(t, c, deploy.CmdJournal)
	for _, want := range []string{"listening\n", "Main process exited, code=exited, status=3"} {
		if !strings.Contains(journal, want) {
			t.Errorf("journal lacks %q:\n%s", want, journal)
		}
	}

	must(t, l.process.PowerOff(t.Context(), l.machine.ID))
	if alive(after["MainPID"]) {
		t.Error("the service outlives the power cut")
	}
	l.powerOn()
	eventually.True(t, "the enabled unit after the boot", func() bool { _, err := l.ask("report"); return err == nil })

	c = l.client()
	pid := l.show(c)["MainPID"]
	must(t, l.process.Shutdown(t.Context(), l.machine.ID))
	if alive(pid) {
		t.Error("the service outlives the shutdown")
	}
	log, err := os.ReadFile(l.rootfs("/var/log/journal/" + deploy.ServiceUnit + ".log"))
	must(t, err)
	if !strings.Contains(string(log), "stopping\n") {
		t.Errorf("the shutdown was not an orderly one:\n%s", log)
	}
	must(t, l.process.Delete(t.Context(), l.machine.ID))
	if _, err := os.Stat(filepath.Dir(l.rootfs(""))); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the folder is still there after Delete: %v", err)
	}
	must(t, l.process.Delete(t.Context(), l.machine.ID))
}

func TestHostKeyIsRenewedOnTheMachine(t *testing.T) {
	l := newLab(t, "write_files:\n  - path: "+deploy.UnitDir+"/"+deploy.HostKeyUnit+"\n    content: |\n"+
		"      [Service]\n      Type=oneshot\n      ExecStart=/opt/kreisraum/current/kreisraum-conference renew-host-key "+deploy.HostKeyFile+"\n")
	l.powerOn()
	c := l.client()
	l.install(l.sftp(c), l.serviceUnit())
	if out, code := run(t, c, deploy.CmdRenewHostKey); code != 0 {
		journal, _ := os.ReadFile(l.rootfs("/var/log/journal/" + deploy.HostKeyUnit + ".log"))
		t.Fatalf("renew: exit code %d: %s\n%s", code, out, journal)
	}
	if _, err := l.dial(); err != nil {
		t.Fatalf("the old key must serve until the endpoint is restarted: %v", err)
	}
	if out, code := run(t, c, deploy.CmdRestartSSH); code != 0 {
		t.Fatalf("restart: exit code %d: %s", code, out)
	}
	if _, err := l.dial(); err == nil {
		t.Fatal("the old key is still accepted")
	}
	public, err := os.ReadFile(l.rootfs(deploy.HostKeyFile + ".pub"))
	must(t, err)
	l.host, _, _, _, err = ssh.ParseAuthorizedKey(public)
	must(t, err)
	l.client()
	if out, code := run(t, c, deploy.CmdCloudInitStatus); code != 0 {
		t.Errorf("the standing connection broke: %d %s", code, out)
	}
}

func TestOnlyTheDeploymentsCommands(t *testing.T) {
	l := newLab(t, "")
	l.powerOn()
	c := l.client()
	for _, line := range []string{"", "id", "systemctl daemon-reload; id", " systemctl daemon-reload", "systemctl stop ssh.service", "systemctl daemon-reload\n"} {
		if out, code := run(t, c, line); code != 127 || !strings.Contains(out, "not available") {
			t.Errorf("%q: exit code %d, %q", line, code, out)
		}
	}
	s, err := c.NewSession()
	must(t, err)
	if err := s.RequestPty("xterm", 24, 80, nil); err == nil {
		t.Error("a terminal was granted")
	}
	var stderr bytes.Buffer
	s.Stderr = &stderr
	must(t, s.Shell())
	var exit *ssh.ExitError
	if err := s.Wait(); !errors.As(err, &exit) || exit.ExitStatus() != 127 || !strings.Contains(stderr.String(), "not available") {
		t.Errorf("shell: %v, %q", err, stderr.String())
	}
	if _, err := c.Dial("tcp", "127.0.0.1:1"); err == nil {
		t.Error("a connection was forwarded")
	}
	if s, err := c.NewSession(); err != nil || s.RequestSubsystem("netconf") == nil {
		t.Error("another subsystem than sftp was granted")
	}
	for name, config := range map[string]*ssh.ClientConfig{
		"another user": {User: "kreisraum", Auth: []ssh.AuthMethod{ssh.PublicKeys(l.signer)}},
		"a password":   {User: "root", Auth: []ssh.AuthMethod{ssh.Password("geheim")}},
		"another key":  {User: "root", Auth: []ssh.AuthMethod{ssh.PublicKeys(otherSigner(t))}},
	} {
		config.HostKeyCallback = ssh.FixedHostKey(l.host)
		if _, err := ssh.Dial("tcp", l.sshAddress(), config); err == nil {
			t.Errorf("%s was let in", name)
		}
	}
}

func otherSigner(t testing.TB) ssh.Signer {
	t.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	must(t, err)
	s, err := ssh.NewSignerFromKey(key)
	must(t, err)
	return s
}

func TestFirewallClosesPort22(t *testing.T) {
	l := newLab(t, "")
	l.powerOn()
	c := l.client()
	set := func(rules ...hcloudsim.FirewallRule) {
		t.Helper()
		must(t, l.process.SetFirewall(t.Context(), l.machine.ID, true, rules))
	}
	everybody := []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0")}
	set(hcloudsim.FirewallRule{Protocol: "tcp", Port: "443", Sources: everybody})
	if _, err := net.DialTimeout("tcp", l.sshAddress(), time.Second); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("closed port 22: %v", err)
	}
	if out, code := run(t, c, deploy.CmdCloudInitStatus); code != 0 {
		t.Errorf("the standing connection broke: %d %s", code, out)
	}
	set(hcloudsim.FirewallRule{Protocol: "tcp", Port: "20-30", Sources: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}})
	if _, err := l.dial(); err == nil {
		t.Error("a foreign source was let in")
	}
	set(hcloudsim.FirewallRule{Protocol: "tcp", Port: "22", Sources: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}})
	l.client()
	must(t, l.process.SetFirewall(t.Context(), l.machine.ID, false, nil))
	l.client()
}

func TestSecondStartFindsTheDisk(t *testing.T) {
	l := newLab(t, "write_files:\n  - path: /etc/kreisraum/once\n    append: true\n    content: \"x\"\n")
	l.powerOn()
	c := l.client()
	eventually.True(t, "cloud-init", func() bool { out, _ := run(t, c, deploy.CmdCloudInitStatus); return out == "status: done\n" })
	put(t, l.sftp(c), "/opt/kept", []byte("yes"), 0o644)
	dir := l.process.config.Dir
	must(t, l.process.Close())
	must(t, l.process.Close())

	l.open(dir)
	l.powerOn()
	if out, _ := run(t, l.client(), deploy.CmdCloudInitStatus); out != "status: done\n" {
		t.Errorf("cloud-init after the second boot: %q", out)
	}
	for name, want := range map[string]string{"/opt/kept": "yes", "/etc/kreisraum/once": "x"} {
		if got, err := os.ReadFile(l.rootfs(name)); err != nil || string(got) != want {
			t.Errorf("%s: %q, %v; want %q", name, got, err, want)
		}
	}

	l.machine.Created = l.machine.Created.Add(time.Second)
	must(t, l.process.PowerOff(t.Context(), l.machine.ID))
	must(t, l.process.Create(t.Context(), l.machine))
	if _, err := os.Stat(l.rootfs("/opt/kept")); !errors.Is(err, os.ErrNotExist) {
		t.Error("another machine got this machine's disk")
	}
}

// sacrifice is a sandbox that is about to be killed: it runs a machine until then.
func sacrifice(file string) {
	data, err := os.ReadFile(file)
	if err != nil {
		panic(err)
	}
	dir, ip, ok := strings.Cut(string(data), "\n")
	if !ok {
		panic("no address")
	}
	p, err := NewProcess(Config{Dir: dir})
	if err != nil {
		panic(err)
	}
	m := hcloudsim.Machine{ID: 1, Name: "victim", IPv4: netip.MustParseAddr(ip), Image: "debian-12"}
	if err := errors.Join(p.Create(context.Background(), m), p.PowerOn(context.Background(), 1)); err != nil {
		panic(err)
	}
	select {}
}

func TestKilledSandboxLeavesNoProcess(t *testing.T) {
	dir := t.TempDir()
	a := address(t)
	root := filepath.Join(dir, "1", "rootfs")
	must(t, layOut(root, "debian-12", "127.0.0.1"))
	must(t, os.WriteFile(filepath.Join(dir, "1", "identity"), []byte(identity(hcloudsim.Machine{ID: 1, Name: "victim", Image: "debian-12"})), 0o600))
	program, err := os.ReadFile(unitProgram(t))
	must(t, err)
	disk, err := openRootFS(root)
	must(t, err)
	defer disk.close()
	must(t, disk.writeFile("/usr/local/bin/unit", program, 0o755, rootOwner))
	must(t, disk.writeFile(deploy.UnitDir+"/u.service", fmt.Appendf(nil,
		"[Service]\nUser=nobody\nExecStart=/usr/local/bin/unit serve %s:1443\n", a), 0o644, rootOwner))
	must(t, disk.mkdirAll(wantsFolder(defaultTarget), 0o755))
	must(t, disk.symlink(deploy.UnitDir+"/u.service", wantsFolder(defaultTarget)+"/u.service"))

	orders := filepath.Join(t.TempDir(), "orders")
	must(t, os.WriteFile(orders, []byte(dir+"\n"+a.String()), 0o600))
	victim := exec.Command(os.Args[0])
	victim.Env = append(os.Environ(), "KREISRAUM_TEST_SACRIFICE="+orders)
	victim.Stderr = os.Stderr
	must(t, victim.Start())
	reachable := func() bool {
		c, err := net.DialTimeout("tcp", a.String()+":1443", time.Second)
		if err != nil {
			return false
		}
		_ = c.Close()
		return true
	}
	eventually.True(t, "the service", reachable)
	must(t, victim.Process.Kill())
	_ = victim.Wait()
	eventually.True(t, "the service's end", func() bool { return !reachable() })
}
