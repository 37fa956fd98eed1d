package sandbox

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/miekg/dns"
	"github.com/pkg/sftp"
	"go.uber.org/goleak"
	"golang.org/x/crypto/ssh"

	"github.com/medienzentrenverbund/kreisraum/conference/eventually"
	"github.com/medienzentrenverbund/kreisraum/operator/deploy"
	"github.com/medienzentrenverbund/kreisraum/operator/sandbox/nspawn"
)

// envConfig makes this test binary a sandbox process, as `kreisraum sandbox run` is.
const envConfig = "KREISRAUM_TEST_SANDBOX"

func TestMain(m *testing.M) {
	if text := os.Getenv(envConfig); text != "" {
		os.Exit(runAsDaemon(text))
	}
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("github.com/letsencrypt/pebble/v2/va.VAImpl.processTasks"))
}

func runAsDaemon(text string) int {
	var c Config
	if err := json.Unmarshal([]byte(text), &c); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 2
	}
	c.Log = slog.New(slog.NewTextHandler(os.Stderr, nil))
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	if err := Run(ctx, c, nil); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// pool is a range of loopback addresses for this test run alone, outside the sandbox's own.
func pool() netip.Prefix {
	return netip.PrefixFrom(netip.AddrFrom4([4]byte{127, 79, byte(os.Getpid()), 0}), 24)
}

func testConfig(t testing.TB) Config {
	t.Helper()
	return Config{
		Home: filepath.Join(t.TempDir(), "sandbox"), FrontDoor: "127.0.0.1:0", HCloud: "127.0.0.1:0", ACME: "127.0.0.1:0", DNS: "127.0.0.1:0",
		IPv4Pool: pool(),
	}
}

// daemon makes Ensure's command run this test binary as a sandbox.
func daemon(t testing.TB, c Config) []string {
	t.Helper()
	c.Log = nil
	text, err := json.Marshal(c)
	must(t, err)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if err := Stop(ctx, c.Home); err != nil {
			t.Error(err)
		}
	})
	return []string{"/usr/bin/env", envConfig + "=" + string(text), os.Args[0]}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestEnsureStatusStop(t *testing.T) {
	c := testConfig(t)
	command := daemon(t, c)
	ctx := t.Context()
	if _, running, err := Status(ctx, c.Home); running || err != nil {
		t.Fatalf("before the start: running %v, %v", running, err)
	}
	must(t, Stop(ctx, c.Home))

	m, err := Ensure(ctx, c.Home, command)
	must(t, err)
	if m.PID == os.Getpid() || m.SitePort == 0 || m.HCloudToken == "" {
		t.Errorf("manifest: %+v", m)
	}
	for _, name := range []string{manifestFile, tokenFile, logFile, acmeRootsFile} {
		if info, err := os.Stat(filepath.Join(c.Home, name)); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", name, info, err)
		}
	}
	again, err := Ensure(ctx, c.Home, []string{"/bin/false"})
	must(t, err)
	if again != m {
		t.Errorf("the second Ensure: %+v, want %+v", again, m)
	}
	e, err := m.Endpoints()
	must(t, err)
	if e.HCloudURL != m.HCloudURL || e.SitePort != m.SitePort || !bytes.HasPrefix(e.ACMERoots, []byte("-----BEGIN CERTIFICATE-----")) {
		t.Errorf("endpoints: %+v", e)
	}
	if err := Run(ctx, c, nil); !errors.Is(err, ErrRunning) {
		t.Errorf("a second sandbox in the same home: %v", err)
	}
	if _, err := readManifest(c.Home); err != nil {
		t.Errorf("the second sandbox took the first one's manifest away: %v", err)
	}

	must(t, Stop(ctx, c.Home))
	if _, running, err := Status(ctx, c.Home); running || err != nil {
		t.Errorf("after the stop: running %v, %v", running, err)
	}
	if _, err := readManifest(c.Home); !errors.Is(err, errNoManifest) {
		t.Errorf("manifest after the stop: %v", err)
	}
	must(t, Stop(ctx, c.Home))
}

func TestRemoveLeavesNothing(t *testing.T) {
	c := testConfig(t)
	m, err := Ensure(t.Context(), c.Home, daemon(t, c))
	must(t, err)
	for range 2 {
		must(t, Remove(t.Context(), c.Home))
		if _, err := os.Lstat(c.Home); !errors.Is(err, os.ErrNotExist) {
			t.Fatalf("the folder is still there: %v", err)
		}
	}
	if m.answers(t.Context()) {
		t.Error("the cloud still answers")
	}
}

func TestTwoAtOnceStartOne(t *testing.T) {
	c := testConfig(t)
	command := daemon(t, c)
	type result struct {
		m   Manifest
		err error
	}
	results := make(chan result, 3)
	for range cap(results) {
		go func() {
			m, err := Ensure(t.Context(), c.Home, command)
			results <- result{m, err}
		}()
	}
	first := <-results
	must(t, first.err)
	for range cap(results) - 1 {
		if r := <-results; r.err != nil || r.m.PID != first.m.PID {
			t.Errorf("process %d, %v; want process %d", r.m.PID, r.err, first.m.PID)
		}
	}
}

func TestSandboxThatHangs(t *testing.T) {
	c := testConfig(t)
	command := daemon(t, c)
	m, err := Ensure(t.Context(), c.Home, command)
	must(t, err)
	must(t, syscall.Kill(m.PID, syscall.SIGSTOP))
	waitStopped(t, m.PID)
	defer func() { must(t, syscall.Kill(m.PID, syscall.SIGCONT)) }()
	short := func() context.Context {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		t.Cleanup(cancel)
		return ctx
	}
	if _, running, err := Status(short(), c.Home); running || err != nil {
		t.Errorf("status: running %v, %v", running, err)
	}
	want := fmt.Sprintf("process %d holds", m.PID)
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second) // the child that finds the lock taken needs some of it
	defer cancel()
	if _, err := Ensure(ctx, c.Home, command); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("Ensure: %v", err)
	}
	if err := Stop(short(), c.Home); err == nil || !strings.Contains(err.Error(), fmt.Sprintf("kill -9 %d", m.PID)) {
		t.Errorf("Stop: %v", err)
	}
}

// waitStopped waits until SIGSTOP has reached every thread: until then some of them still answer.
func waitStopped(t *testing.T, pid int) {
	t.Helper()
	running := []string{"not looked at"}
	for deadline := time.Now().Add(10 * time.Second); len(running) > 0; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("threads of process %d that do not stop: %v", pid, running)
		}
		running = nil
		stats, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", pid))
		must(t, err)
		for _, stat := range stats {
			// proc_pid_stat(5): the state follows the name, which is in parentheses.
			if data, err := os.ReadFile(stat); err == nil && !bytes.Contains(data, []byte(") T ")) {
				running = append(running, stat)
			}
		}
	}
}

func TestTakenPortIsExplained(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer taken.Close()
	_, port, _ := net.SplitHostPort(taken.Addr().String())
	for _, part := range []struct {
		name string
		set  func(*Config)
	}{
		{"front door", func(c *Config) { c.FrontDoor = taken.Addr().String() }},
		{"cloud API", func(c *Config) { c.HCloud = taken.Addr().String() }},
		{"certificate authority", func(c *Config) { c.ACME = taken.Addr().String() }},
		{"name server", func(c *Config) { c.DNS = taken.Addr().String() }},
	} {
		c := testConfig(t)
		part.set(&c)
		_, err := Ensure(t.Context(), c.Home, daemon(t, c))
		if err == nil {
			t.Errorf("%s: started", part.name)
			continue
		}
		for _, want := range []string{part.name, "port " + port, "stop that one", filepath.Join(c.Home, logFile)} {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s: the error lacks %q: %v", part.name, want, err)
			}
		}
	}
}

func TestStartThatDiesShowsItsLog(t *testing.T) {
	home := t.TempDir()
	must(t, writeAtomic(filepath.Join(home, startErrorFile), []byte("an older start's reason")))
	_, err := Ensure(t.Context(), home, []string{"/bin/sh", "-c", "echo the last words >&2; exit 1"})
	if err == nil || !strings.Contains(err.Error(), "the last words") {
		t.Errorf("a sandbox that dies at once: %v", err)
	}
	if _, err := Ensure(t.Context(), home, []string{filepath.Join(home, "missing")}); err == nil {
		t.Error("a command that does not exist was started")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if _, err := Ensure(ctx, home, []string{"/bin/sleep", "30"}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a sandbox that never gets ready: %v", err)
	}
}

func TestConfigRefusesOtherComputers(t *testing.T) {
	for name, c := range map[string]Config{
		"no home":          {},
		"public address":   {Home: t.TempDir(), FrontDoor: "0.0.0.0:8443"},
		"no port":          {Home: t.TempDir(), DNS: "127.0.0.1"},
		"machines outside": {Home: t.TempDir(), IPv4Pool: netip.MustParsePrefix("192.0.2.0/24")},
	} {
		if err := Run(t.Context(), c, nil); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

// api calls the simulated cloud as a client would, and decodes its answer.
func api(t testing.TB, m Manifest, method, path string, body, into any) {
	t.Helper()
	data, err := json.Marshal(body)
	must(t, err)
	r, err := http.NewRequestWithContext(t.Context(), method, m.HCloudURL+path, bytes.NewReader(data))
	must(t, err)
	r.Header.Set("Authorization", "Bearer "+m.HCloudToken)
	r.Header.Set("Content-Type", "application/json")
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 10 * time.Second}
	answer, err := client.Do(r)
	must(t, err)
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	must(t, err)
	if answer.StatusCode >= 300 {
		t.Fatalf("%s %s: %s: %s", method, path, answer.Status, text)
	}
	if into != nil {
		must(t, json.Unmarshal(text, into))
	}
}

// server is what the test reads of a server.
type server struct {
	ID        int64  `json:"id"`
	Status    string `json:"status"`
	PublicNet struct {
		IPv4 struct {
			ID int64  `json:"id"`
			IP string `json:"ip"`
		} `json:"ipv4"`
	} `json:"public_net"`
}

// TestDeployedServerSurvivesARestart goes the way of `up` by hand: cloud, SSH, DNS, front door; then it stops and starts the sandbox.
func TestDeployedServerSurvivesARestart(t *testing.T) {
	for _, kind := range MachinesKinds {
		t.Run(kind, func(t *testing.T) { deployedServerSurvivesARestart(t, configOf(t, kind)) })
	}
}

func deployedServerSurvivesARestart(t *testing.T, c Config) {
	const host = "klasse.localhost"
	site := filepath.Join(t.TempDir(), "site")
	build := exec.Command("go", "build", "-o", site, "./testdata/site")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	program, err := os.ReadFile(site)
	must(t, err)

	command := daemon(t, c)
	m, err := Ensure(t.Context(), c.Home, command)
	must(t, err)

	_, key, err := ed25519.GenerateKey(rand.Reader)
	must(t, err)
	signer, err := ssh.NewSignerFromKey(key)
	must(t, err)
	var sshKey struct {
		Key struct {
			ID int64 `json:"id"`
		} `json:"ssh_key"`
	}
	api(t, m, "POST", "/ssh_keys", map[string]any{"name": "test", "public_key": string(ssh.MarshalAuthorizedKey(signer.PublicKey()))}, &sshKey)
	var created struct {
		Server server `json:"server"`
	}
	api(t, m, "POST", "/servers", map[string]any{
		"name": "portal", "server_type": "cx23", "image": "debian-12", "location": "nbg1", "ssh_keys": []any{sshKey.Key.ID},
		"public_net": map[string]any{"enable_ipv4": true, "enable_ipv6": false},
		"user_data":  "#cloud-config\nusers:\n  - name: kreisraum\n    system: true\n    no_create_home: true\n",
	}, &created)
	current := func(m Manifest) server {
		var got struct {
			Server server `json:"server"`
		}
		api(t, m, "GET", fmt.Sprintf("/servers/%d", created.Server.ID), nil, &got)
		return got.Server
	}
	eventually.True(t, "the server", func() bool { return current(m).Status == "running" })
	ip := current(m).PublicNet.IPv4
	api(t, m, "POST", fmt.Sprintf("/primary_ips/%d/actions/change_dns_ptr", ip.ID), map[string]any{"ip": ip.IP, "dns_ptr": host}, nil)

	eventually.True(t, "the name", func() bool {
		q := new(dns.Msg)
		q.SetQuestion(host+".", dns.TypeA)
		a, _, err := new(dns.Client).Exchange(q, m.DNSServer)
		return err == nil && len(a.Answer) == 1 && a.Answer[0].(*dns.A).A.String() == ip.IP
	})
	deployByHand(t, ip.IP, signer, program, fmt.Sprintf("[Service]\nUser=kreisraum\nExecStart=/opt/site %s:443 %s\n"+
		"AmbientCapabilities=CAP_NET_BIND_SERVICE\n[Install]\nWantedBy=multi-user.target\n", ip.IP, host))
	read := func(address string) string {
		d := tls.Dialer{Config: &tls.Config{ServerName: host, InsecureSkipVerify: true}}
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		conn, err := d.DialContext(ctx, "tcp", address)
		if err != nil {
			return ""
		}
		defer conn.Close()
		_ = conn.SetDeadline(time.Now().Add(5 * time.Second))
		text, _ := io.ReadAll(conn)
		return string(text)
	}
	visit := func(m Manifest) string { return read(m.FrontDoor) }
	const want = "this is " + host + ", uid "
	eventually.True(t, "the site through the front door", func() bool { return strings.HasPrefix(visit(m), want) })

	roots, err := os.ReadFile(m.ACMERootsFile)
	must(t, err)
	must(t, Stop(t.Context(), c.Home))
	if text := read(ip.IP + ":443"); text != "" { // a route to elsewhere may answer, but not so
		t.Errorf("the site outlives the sandbox: %q", text)
	}
	m, err = Ensure(t.Context(), c.Home, command)
	must(t, err)
	if got := current(m); got.Status != "running" || got.PublicNet.IPv4.IP != ip.IP {
		t.Errorf("the server after the restart: %+v", got)
	}
	eventually.True(t, "the site after the restart", func() bool { return strings.HasPrefix(visit(m), want) })
	if again, err := os.ReadFile(m.ACMERootsFile); err != nil || !bytes.Equal(roots, again) {
		t.Errorf("the roots changed with the restart (%v)", err)
	}

	// A sandbox that is killed takes its machines' processes with it, and the next one starts all the same.
	must(t, syscall.Kill(m.PID, syscall.SIGKILL))
	eventually.True(t, "the lock", func() bool { _, held, _ := holder(c.Home); return !held })
	if _, running, err := Status(t.Context(), c.Home); running || err != nil {
		t.Errorf("status after a kill: running %v, %v", running, err)
	}
	m, err = Ensure(t.Context(), c.Home, command)
	must(t, err)
	eventually.True(t, "the site after the kill", func() bool { return strings.HasPrefix(visit(m), want) })

	api(t, m, "DELETE", fmt.Sprintf("/servers/%d", created.Server.ID), nil, nil)
	eventually.True(t, "the disk's end", func() bool {
		left, err := os.ReadDir(filepath.Join(c.Home, machinesDir))
		return err == nil && len(left) == 0
	})
	must(t, syscall.Kill(m.PID, syscall.SIGKILL))
	must(t, Remove(t.Context(), c.Home))
	if nspawn.Left(filepath.Join(c.Home, machinesDir)) {
		t.Error("the removed sandbox has left something in the kernel")
	}
}

func deployByHand(t testing.TB, ip string, signer ssh.Signer, program []byte, unit string) {
	t.Helper()
	var client *ssh.Client
	eventually.True(t, "SSH", func() bool {
		var err error
		client, err = ssh.Dial("tcp", ip+":22", &ssh.ClientConfig{
			User: "root", Auth: []ssh.AuthMethod{ssh.PublicKeys(signer)}, HostKeyCallback: ssh.InsecureIgnoreHostKey(), Timeout: 5 * time.Second,
		})
		return err == nil
	})
	defer client.Close()
	files, err := sftp.NewClient(client)
	must(t, err)
	defer files.Close()
	for name, data := range map[string][]byte{"/opt/site": program, deploy.UnitDir + "/" + deploy.ServiceUnit: []byte(unit)} {
		f, err := files.Create(name)
		must(t, err)
		_, err = f.Write(data)
		must(t, errors.Join(err, f.Close(), files.Chmod(name, 0o755)))
	}
	for _, line := range []string{deploy.CmdDaemonReload, deploy.CmdEnable, deploy.CmdRestart} {
		s, err := client.NewSession()
		must(t, err)
		if out, err := s.CombinedOutput(line); err != nil {
			t.Fatalf("%s: %v: %s", line, err, out)
		}
	}
}
