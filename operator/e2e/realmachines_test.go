//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestRealMachines: a county whose machines are real Debian with systemd, cloud-init and sshd. A lesson in browsers goes through an upgrade
// that waits for it, one that does not, a way back and a reboot. Nothing of it is left in the end.
func TestRealMachines(t *testing.T) {
	p := debian(t)
	first, o := up(t, p)
	t.Logf("up: %.1f s", o.elapsed.Seconds())
	ownPart(t, o.stdout)
	site, organiser := first.Result.URL, *first.Result.FirstAccount
	t.Run("the server has no rights to spare", func(t *testing.T) { confined(t, p.in(t)) })
	t.Run("lesson", func(t *testing.T) { browserTests(t, site, organiser, "e2e/firefox.test.mjs") })
	begun := time.Now()
	p.must("scale", "demo", "--bridges", "1", "--sandbox")
	t.Logf("a bridge beside it: %.1f s", time.Since(begun).Seconds())
	t.Run("port scan", func(t *testing.T) { portScan(t, p.in(t)) })
	next := p.in(t)
	next.bin = nextRelease(t)
	t.Run("an upgrade waits for the lesson", func(t *testing.T) { upgradeWaits(t, next.in(t), newSchool(t, p, site, organiser)) })
	t.Run("the way back, at once", func(t *testing.T) { rollbackNow(t, p.in(t), site, organiser) })
	t.Run("reboot", func(t *testing.T) { reboots(t, p.in(t), site) })
	namespace := namespaceOf(t, p.process("portal"))
	t.Run("down leaves nothing", func(t *testing.T) { nothingLeft(t, p.in(t), namespace) })
}

// debian starts a sandbox whose machines are real, and stops it at the end.
func debian(t *testing.T) program {
	t.Helper()
	p := program{t: t, home: t.TempDir()}
	begun := time.Now()
	p.must("sandbox", "image")
	t.Logf("image: %.1f s", time.Since(begun).Seconds())
	p.must("sandbox", "start", "--machines", "nspawn")
	p.configs = fromHere(t)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), commandTimeout) // the test's own context has ended by now
		defer cancel()
		if out, err := p.command(ctx, "sandbox", "remove").CombinedOutput(); err != nil {
			t.Errorf("remove the sandbox: %v\n%s", err, out)
		}
	})
	return p
}

// fromHere is a copy of the demo county to whose machines this computer alone may log in: the demo's own file names the range that the
// machines themselves stand in.
func fromHere(t *testing.T) string {
	t.Helper()
	var addresses []string
	links, err := net.Interfaces()
	if err != nil {
		t.Fatal(err)
	}
	for _, link := range links {
		all, err := link.Addrs()
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range all {
			if n, ok := a.(*net.IPNet); ok && n.IP.To4() != nil && !n.IP.IsLoopback() {
				addresses = append(addresses, n.String())
			}
		}
	}
	if len(addresses) != 1 {
		t.Fatalf("this computer has the addresses %v, want the one in the sandbox's network", addresses)
	}
	return demoWith(t, map[string]string{"[127.0.0.0/8, 198.18.0.0/15]": "[" + addresses[0] + "]"})
}

// ownPart shows what `up` takes beside the machine's own boot, which is Hetzner's.
func ownPart(t *testing.T, output string) {
	t.Helper()
	var boot, all time.Duration
	for _, e := range events(output) {
		if e.Kind == "done" {
			t.Logf("  %-12s %5.1f s  %s", e.Step, e.Took().Seconds(), e.Text)
			all += e.Took()
		}
		if e.Step == "deploy" && e.Kind == "progress" && strings.Contains(e.Text, "first boot") {
			boot = e.Took() // SSH answered at this moment
		}
	}
	t.Logf("everything but the wait for SSH: %.1f s", (all - boot).Seconds())
}

// confined looks at the server's process as the kernel sees it, proc(5).
func confined(t *testing.T, p program) {
	pid := p.process("portal")
	status := facts(t, fmt.Sprintf("/proc/%d/status", pid))
	if uids := strings.Fields(status["Uid"]); len(uids) != 4 || slices.Contains(uids, "0") {
		t.Errorf("it runs as %v", uids)
	}
	const bindService = 1 << 10 // capabilities(7)
	for _, set := range []string{"CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"} {
		if want := fmt.Sprintf("%016x", bindService); status[set] != want {
			t.Errorf("%s is %s, want %s", set, status[set], want)
		}
	}
	for name, want := range map[string]string{"NoNewPrivs": "1", "Seccomp": "2", "VmSwap": "0 kB"} {
		if status[name] != want {
			t.Errorf("%s is %q, want %q", name, status[name], want)
		}
	}
	limits, err := os.ReadFile(fmt.Sprintf("/proc/%d/limits", pid))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(limits)) {
		if fields := strings.Fields(line); strings.HasPrefix(line, "Max core file size") && fields[4] != "0" {
			t.Errorf("it may dump core: %s", line)
		}
	}
	// ExecPaths= of systemd 252 mounts the releases anew, and not read-only; that they are root's keeps the server from writing there.
	const releases = "/opt/kreisraum"
	if got, want := writableDisk(t, pid), []string{releases, "/var/lib/kreisraum", "/var/log/kreisraum", "/var/tmp"}; !slices.Equal(got, want) {
		t.Errorf("on disk it may write in %v, want %v", got, want)
	}
	err = filepath.WalkDir(fmt.Sprintf("/proc/%d/root%s", pid, releases), func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err == nil && d.Type()&fs.ModeSymlink == 0 && (info.Sys().(*syscall.Stat_t).Uid != 0 && info.Mode().Perm()&0o222 != 0 || info.Mode().Perm()&0o022 != 0) {
			t.Errorf("it might write %s: %s", path, info.Mode())
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// writableDisk lists where a process sees the machine's disk without "read-only", proc(5) "mountinfo".
func writableDisk(t *testing.T, pid int) []string {
	t.Helper()
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/mountinfo", pid))
	if err != nil {
		t.Fatal(err)
	}
	var folders []string
	for line := range strings.Lines(string(data)) {
		mount, source, _ := strings.Cut(line, " - ")
		fields := strings.Fields(mount)
		if strings.HasPrefix(source, "overlay ") && slices.Contains(strings.Split(fields[5], ","), "rw") {
			folders = append(folders, fields[4])
		}
	}
	slices.Sort(folders)
	return folders
}

// facts are the lines "name: value" of a file in /proc.
func facts(t *testing.T, path string) map[string]string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for line := range strings.Lines(string(data)) {
		name, value, _ := strings.Cut(line, ":")
		all[name] = strings.TrimSpace(value)
	}
	return all
}

// portScan looks at the portal from the bridge, which is another machine of the same cloud, and from here, where the operator is.
func portScan(t *testing.T, p program) {
	address, bridge := p.status().IPv4, p.process("bridge-1")
	got := scanFrom(t, bridge, address)
	if !got.only(443) {
		t.Errorf("another machine sees %+v, want TCP 443 and silence", got)
	}
	if here := net.JoinHostPort(address, "22"); dials(here) {
		t.Error("port 22 is open although nothing is being deployed")
	}
	var there scanned
	seen := false
	withSSH(t, p, func() {
		seen = dials(net.JoinHostPort(address, "22"))
		there = scanFrom(t, bridge, address)
	})
	if !seen {
		t.Error("port 22 is closed to the operator while a session runs")
	}
	if !there.only(443) {
		t.Errorf("while the operator has a session, another machine sees %+v, want TCP 443 and silence", there)
	}
	seldom(t, patience, "port 22 to be closed", func() bool { return !dials(net.JoinHostPort(address, "22")) })
}

func dials(address string) bool {
	connection, err := net.DialTimeout("tcp", address, time.Second)
	if err == nil {
		connection.Close()
	}
	return err == nil
}

// withSSH does something while `kreisraum ssh` has a session with the portal.
func withSSH(t *testing.T, p program, do func()) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 3*patience)
	defer cancel()
	cmd := p.command(ctx, "ssh", "demo", "--sandbox", "--", "echo", "inside;", "cat")
	input, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	var output, errors logBuffer
	cmd.Stdout, cmd.Stderr = &output, &errors
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	eventually(t, patience, "the session", func() bool { return strings.Contains(output.String(), "inside") })
	do()
	_ = input.Close()
	if err := cmd.Wait(); err != nil {
		t.Errorf("ssh: %v\n%s", err, errors.String())
	}
}

// nextRelease builds both programs as a later version and returns their folder.
func nextRelease(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, pkg := range map[string]string{"kreisraum": "./operator/cmd/kreisraum", serverName(): "./conference/cmd/kreisraum-conference"} {
		cmd := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w -X main.version=next", "-o", filepath.Join(dir, name), pkg)
		cmd.Dir = root
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("build %s: %v\n%s", name, err, out)
		}
	}
	engine, err := filepath.Abs(filepath.Join(root, "bin", "pulumi"))
	if err == nil {
		err = os.Symlink(engine, filepath.Join(dir, "pulumi"))
	}
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// serverName is the file of the server's program for machines of this computer's architecture.
func serverName() string {
	found, _ := filepath.Glob(filepath.Join(root, "bin", "kreisraum-conference-linux-*"))
	if len(found) == 0 {
		return "kreisraum-conference-linux-amd64"
	}
	return filepath.Base(found[0])
}

// upgradeWaits: while a lesson runs on a machine, its release stays; the upgrade goes through when the lesson is over, and nobody in it
// has noticed.
func upgradeWaits(t *testing.T, p program, school *school) {
	before := map[string]int{"portal": p.process("portal"), "bridge-1": p.process("bridge-1")}
	c := school.begin("physik", 1)
	eventually(t, patience, "the lesson to be heard", c.hears)
	ctx, cancel := context.WithTimeout(t.Context(), 4*patience)
	defer cancel()
	var output logBuffer
	cmd := p.command(ctx, "upgrade", "demo", "--sandbox")
	cmd.Stdout, cmd.Stderr = &output, &output
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	over := make(chan error, 1)
	go func() { over <- cmd.Wait() }()
	eventually(t, patience, "the upgrade to wait for the lesson", func() bool { return strings.Contains(output.String(), "lesson") })
	select {
	case err := <-over:
		t.Fatalf("the upgrade did not wait: %v\n%s", err, output.String())
	case <-time.After(5 * time.Second): // a while in which it could have gone wrong
	}
	c.stays(time.Second)
	c.ends()
	select {
	case err := <-over:
		if err != nil {
			t.Fatalf("upgrade: %v\n%s", err, output.String())
		}
	case <-time.After(3 * patience):
		t.Fatalf("the upgrade does not end after the lesson\n%s", output.String())
	}
	t.Logf("%s", output.String())
	for id, pid := range before {
		if p.process(id) == pid {
			t.Errorf("%s still runs the old process", id)
		}
	}
	if s := p.status(); s.Server == nil || s.Server.Version != "next" {
		t.Errorf("the server after the upgrade: %+v", s.Server)
	}
}

// rollbackNow: a lesson in two browsers is interrupted, and back by itself with the same roles.
func rollbackNow(t *testing.T, p program, site string, organiser credential) {
	teacher, code := teach(t, site, "musik", organiser)
	pupil := watch(t, site, "musik", code)
	teacher.count()
	p.must("rollback", "demo", "--sandbox", "--now", "--yes")
	eventually(t, patience, "both browsers to be in the lesson again", func() bool {
		a, b := teacher.report(), pupil.report()
		return a.Inside && b.Inside && b.Frames > 0 && b.Reconnects > 0
	})
	after := pupil.report()
	if after.LongestGap == nil || time.Duration(*after.LongestGap)*time.Millisecond > backWithin {
		t.Errorf("the pupil saw nothing for too long: %+v", after)
	}
	t.Logf("the pupil's browser: %+v, longest gap %v ms", after, *after.LongestGap)
	pupil.count()
	eventually(t, patience, "pictures after the change", func() bool { return pupil.report().Frames > 0 })
	if s := p.status(); s.Server == nil || s.Server.Version == "next" {
		t.Errorf("the server after the rollback: %+v", s.Server)
	}
}

// reboots: a machine that is rebooted comes back with its server.
func reboots(t *testing.T, p program, site string) {
	b := newBrowser(t, p, site)
	before := p.process("portal")
	p.cloud(http.MethodPost, fmt.Sprintf("/servers/%d/actions/reboot", p.serverID("kreisraum-demo-portal")))
	took := eventually(t, patience, "the site to answer from another process", func() bool {
		if _, err := os.Stat(fmt.Sprintf("/proc/%d", before)); err == nil {
			return false
		}
		response, err := b.http.Get(b.site + "/api/health")
		if err != nil {
			return false
		}
		response.Body.Close()
		return response.StatusCode == http.StatusOK
	})
	if p.process("portal") == before {
		t.Error("the process is the one of before")
	}
	t.Logf("back after a reboot: %.1f s", took.Seconds())
	p.must("probe", "demo", "--sandbox")
}

// namespaceOf is the name of a process's network namespace, ip-netns(8).
func namespaceOf(t *testing.T, pid int) string {
	t.Helper()
	own, err := os.Stat(fmt.Sprintf("/proc/%d/ns/net", pid))
	if err != nil {
		t.Fatal(err)
	}
	all, err := filepath.Glob("/run/netns/*")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range all {
		if info, err := os.Stat(file); err == nil && os.SameFile(own, info) {
			return filepath.Base(file)
		}
	}
	t.Fatalf("process %d is in no named network namespace", pid)
	return ""
}

// nothingLeft takes the county and the sandbox down and looks for what machines leave behind. namespace is that of one of them; those of
// the same sandbox begin alike.
func nothingLeft(t *testing.T, p program, namespace string) {
	p.must("down", "demo", "--sandbox", "--yes")
	p.must("sandbox", "stop")
	sandbox := namespace[:strings.LastIndex(namespace, "-")]
	if left, err := filepath.Glob("/run/netns/" + sandbox + "-*"); err != nil || len(left) > 0 {
		t.Errorf("network namespaces are left: %v %v", err, left)
	}
	for _, tree := range []string{"/sys/fs/cgroup/", "/sys/fs/cgroup/unified/"} { // cgroups(7): version 2 alone, or beside version 1
		if left, err := filepath.Glob(tree + sandbox + "*"); err != nil || len(left) > 0 {
			t.Errorf("control groups are left: %v %v", err, left)
		}
	}
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil || strings.Contains(string(mounts), p.home) {
		t.Errorf("mounts are left: %v\n%s", err, mounts)
	}
	links, err := net.Interfaces()
	if err != nil || len(links) != 1 {
		t.Errorf("network interfaces are left: %v %v", err, links)
	}
}
