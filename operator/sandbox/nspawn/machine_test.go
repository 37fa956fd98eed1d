package nspawn

import (
	"bufio"
	"context"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/medienzentrenverbund/kreisraum/conference/eventually"
	"github.com/medienzentrenverbund/kreisraum/operator/deploy"
	"github.com/medienzentrenverbund/kreisraum/operator/sandbox/hcloudsim"
)

// TestLifeOfMachines goes through everything that a county and an administrator do with servers, on two of them.
func TestLifeOfMachines(t *testing.T) {
	w := newWorld(t)
	one, two := w.machine(t, 1), w.machine(t, 2)
	began := time.Now()
	w.on(t, one, two)
	for _, m := range []hcloudsim.Machine{one, two} {
		w.run(t, m, "true")
	}
	t.Logf("two machines to SSH: %v", time.Since(began).Round(10*time.Millisecond))
	for _, m := range []hcloudsim.Machine{one, two} {
		w.ready(t, m)
	}
	t.Logf("two machines to the end of cloud-init: %v", time.Since(began).Round(10*time.Millisecond))

	for _, part := range []struct {
		name string
		test func(*testing.T, *world, hcloudsim.Machine, hcloudsim.Machine)
	}{
		{"cloud-init did what the cloud-config says", testCloudInit}, {"metadata", testMetadata}, {"networks", testNetworks},
		{"firewall", testFirewall}, {"source addresses", testSpoofing}, {"network comes and goes", testReattach},
		{"status", testStatus}, {"power", testPower}, {"snapshot and rebuild", testDisks}, {"restart of the sandbox", testRestart},
	} {
		if !t.Run(part.name, func(t *testing.T) { part.test(t, w, one, two) }) {
			return // what follows would wait in vain
		}
	}
}

func testCloudInit(t *testing.T, w *world, one, _ hcloudsim.Machine) {
	for line, want := range map[string]string{
		"hostname":                                              "machine-1",
		"cat " + deploy.ReadyMarkerFile:                         "ready",
		"id -un " + deploy.ServiceUser:                          deploy.ServiceUser,
		"sshd -T | grep -i ^passwordauthentication":             "passwordauthentication no",
		"systemctl is-enabled systemd-timesyncd.service":        "enabled",
		"systemctl is-enabled unattended-upgrades":              "enabled",
		"ls /etc/ssh/ssh_host_*_key":                            deploy.HostKeyFile,
		"systemctl --failed --no-legend --plain":                "",
		"systemctl is-system-running --wait":                    "running",
		"grep ^nameserver /etc/resolv.conf":                     "nameserver " + w.HostAddress().String(),
		"grep -o DataSourceHetzner /run/cloud-init/result.json": "DataSourceHetzner",
	} {
		if got := w.run(t, one, line); got != want {
			t.Errorf("%s: %q, want %q", line, got, want)
		}
	}
	w.run(t, one, deploy.CmdApplySysctl)
}

func testMetadata(t *testing.T, w *world, one, two hcloudsim.Machine) {
	ask := func(m hcloudsim.Machine, path string) string {
		return w.run(t, m, "curl -s --max-time 5 http://169.254.169.254/hetzner/v1/"+path)
	}
	if got := ask(one, "userdata"); got != strings.TrimSpace(one.UserData) {
		t.Errorf("user data: %d bytes, want %d", len(got), len(one.UserData))
	}
	for _, m := range []hcloudsim.Machine{one, two} { // each is told of itself
		if got := ask(m, "metadata/hostname"); got != m.Name {
			t.Errorf("host name %q, want %q", got, m.Name)
		}
		if got := ask(m, "metadata/private-networks"); !strings.Contains(got, m.Networks[0].IP.String()) || !strings.Contains(got, m.Networks[0].MAC) {
			t.Errorf("private networks: %s", got)
		}
	}
	if got := w.run(t, one, "cat /sys/class/net/eth0/address /sys/class/net/enp7s0/address /sys/class/net/enp7s0/mtu"); got !=
		one.PublicMAC()+"\n"+one.Networks[0].MAC+"\n1450" {
		t.Errorf("interfaces: %s", got)
	}
}

func testNetworks(t *testing.T, w *world, one, two hcloudsim.Machine) {
	reaches := func(from hcloudsim.Machine, address netip.Addr) bool {
		_, err := w.try(t, from, "ping -c 1 -W 5 "+address.String())
		return err == nil
	}
	for name, address := range map[string]netip.Addr{"public": two.IPv4, "private": two.Networks[0].IP, "this computer": w.HostAddress(), "gateway": w.fabric.plan.gateway()} {
		if !reaches(one, address) {
			t.Errorf("%s address %s does not answer", name, address)
		}
	}
	if a, ok := publicIPv6(two); ok {
		if !reaches(one, a) || !reaches(one, w.fabric.plan.host6()) {
			t.Errorf("IPv6 %s or this computer's does not answer", a)
		}
		if v := verdict(netip.AddrPortFrom(a, 22)); v != "open" {
			t.Errorf("IPv6 from this computer: %s", v)
		}
	}
	if route, err := output(commandTimeout, "", "ip", "route", "get", two.Networks[0].IP.String()); err == nil && strings.Contains(route, w.names.uplink()) {
		t.Errorf("this computer reaches private addresses: %s", route)
	}
	for _, outside := range []string{"192.0.2.1", "8.8.8.8"} {
		if _, err := w.try(t, one, "ping -c 1 -W 1 "+outside); err == nil {
			t.Errorf("the machine reaches %s", outside)
		}
	}
	if got := w.run(t, one, "ping -c 1 -s 1422 -M do -W 5 "+two.Networks[0].IP.String()+" >/dev/null && ! ping -c 1 -s 1423 -M do -W 1 "+
		two.Networks[0].IP.String()+" >/dev/null 2>&1 && echo 1450"); got != "1450" {
		t.Errorf("MTU of the private network: %q", got)
	}
}

func testFirewall(t *testing.T, w *world, one, two hcloudsim.Machine) {
	const https = 443
	world := prefixes("0.0.0.0/0", "::/0")
	set := func(rules ...hcloudsim.FirewallRule) {
		t.Helper()
		must(t, w.SetFirewall(t.Context(), one.ID, true, rules))
	}
	expect := func(what string, address netip.Addr, port uint16, want string) {
		t.Helper()
		if got := verdict(netip.AddrPortFrom(address, port)); got != want {
			t.Errorf("%s: port %d is %s, want %s", what, port, got, want)
		}
	}
	from2 := func(address netip.Addr, port string) bool {
		_, err := w.try(t, two, "timeout 2 bash -c '</dev/tcp/"+address.String()+"/"+port+"'")
		return err == nil
	}
	six, hasSix := publicIPv6(one)

	expect("without a firewall", one.IPv4, https, "refused")
	set()
	expect("with an empty firewall", one.IPv4, 22, "silent")
	web := hcloudsim.FirewallRule{Protocol: "tcp", Port: "443", Sources: world}
	set(web, hcloudsim.FirewallRule{Protocol: "udp", Port: "10000", Sources: world},
		hcloudsim.FirewallRule{Protocol: "tcp", Port: "22", Sources: []netip.Prefix{netip.PrefixFrom(w.HostAddress(), 32)}})
	expect("443 for the world", one.IPv4, https, "refused")
	expect("8443 for nobody", one.IPv4, 8443, "silent")
	expect("22 for this computer", one.IPv4, 22, "open")
	if from2(one.IPv4, "22") {
		t.Error("22 is open for another machine")
	}
	if !from2(one.Networks[0].IP, "22") {
		t.Error("the private network is filtered")
	}
	if hasSix {
		expect("443 for the world of IPv6", six, https, "refused")
		expect("22 without a source of IPv6", six, 22, "silent")
	}
	// Stateful: what the machine begins gets its answers.
	if got := w.run(t, one, "timeout 5 bash -c 'head -c 4 </dev/tcp/"+two.IPv4.String()+"/22'"); got != "SSH-" {
		t.Errorf("a connection of the machine's own: %q", got)
	}
	must(t, w.SetFirewall(t.Context(), one.ID, false, nil))
	expect("after the firewall", one.IPv4, 8443, "refused")
}

// testSpoofing sends from an address that is not the machine's own.
func testSpoofing(t *testing.T, w *world, one, two hcloudsim.Machine) {
	stranger := two.IPv4.Next().Next().String()
	w.run(t, one, "ip addr add "+stranger+"/32 dev eth0")
	if _, err := w.try(t, one, "ping -c 1 -W 1 -I "+stranger+" "+w.HostAddress().String()); err == nil {
		t.Error("packets with a foreign source address pass")
	}
	w.run(t, one, "ip addr del "+stranger+"/32 dev eth0 && ping -c 1 -W 5 "+w.HostAddress().String())
}

// testReattach takes a running machine out of its private network and back, into another place.
func testReattach(t *testing.T, w *world, one, two hcloudsim.Machine) {
	out := one
	out.Networks, out.Private = nil, nil
	must(t, w.Create(t.Context(), out))
	if got := w.run(t, one, "ls /sys/class/net"); strings.Contains(got, "enp7s0") {
		t.Errorf("still attached: %s", got)
	}
	moved := one
	moved.Networks = slices.Clone(one.Networks)
	moved.Networks[0].IP = netip.MustParseAddr("10.64.0.200")
	moved.Networks[0].Alias = []netip.Addr{netip.MustParseAddr("10.64.0.201")}
	must(t, w.Create(t.Context(), moved))
	w.run(t, two, "ping -c 1 -W 5 10.64.0.200 && ping -c 1 -W 5 10.64.0.201")
	must(t, w.Create(t.Context(), one))
	w.run(t, two, "ping -c 1 -W 5 "+one.Networks[0].IP.String())
}

// testStatus runs a program under the name of the server's unit.
func testStatus(t *testing.T, w *world, one, two hcloudsim.Machine) {
	w.run(t, one, "printf '[Service]\\nExecStart=/bin/sleep infinity\\nRestart=always\\nRestartSec=100ms\\n' >"+deploy.UnitDir+"/"+deploy.ServiceUnit+
		" && "+deploy.CmdDaemonReload+" && "+deploy.CmdRestart)
	status := func() []int {
		all := w.Machines(t.Context())
		if len(all) != 2 || all[0].ID != one.ID || all[1].ID != two.ID || !all[0].On || all[0].IPv4 != one.IPv4 || all[1].MainPID != 0 {
			t.Fatalf("machines: %+v", all)
		}
		return []int{all[0].MainPID, all[0].Restarts}
	}
	var pid int
	eventually.Within(t, patience, "the unit", func() bool { pid = status()[0]; return pid != 0 })
	line, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "cmdline"))
	if err != nil || !strings.Contains(string(line), "infinity") {
		t.Fatalf("process %d: %q %v", pid, line, err)
	}
	must(t, unix.Kill(pid, unix.SIGKILL)) // as a test of the server's restart does
	eventually.Within(t, patience, "the restart", func() bool { s := status(); return s[0] != 0 && s[0] != pid && s[1] == 1 })
}

func testPower(t *testing.T, w *world, one, _ hcloudsim.Machine) {
	w.run(t, one, "echo kept >/root/kept && sync")
	for _, step := range []struct {
		name string
		do   func()
	}{
		{"reboot from inside", func() { _, _ = w.try(t, one, "systemctl reboot") }},
		{"reboot by the provider", func() { must(t, w.Reboot(t.Context(), one.ID)) }},
		{"reset", func() { must(t, w.Reset(t.Context(), one.ID)) }},
		{"shut down and on", func() { must(t, w.Shutdown(t.Context(), one.ID)); must(t, w.PowerOn(t.Context(), one.ID)) }},
	} {
		before, began := bootID(t, w, one), time.Now()
		step.do()
		w.rebooted(t, one, before)
		t.Logf("%s: %v to SSH", step.name, time.Since(began).Round(10*time.Millisecond))
		if got := w.run(t, one, "cat /root/kept"); got != "kept" {
			t.Errorf("%s: the file is %q", step.name, got)
		}
	}
	// cloud-init takes up the same instance: it does not do its work again.
	if got := w.run(t, one, "ls -d /var/lib/cloud/instances/* | wc -l"); got != "1" {
		t.Errorf("%s instances", got)
	}
	if on := func() bool { return w.Machines(t.Context())[0].On }; !on() {
		t.Error("the machine is not on")
	} else {
		_, _ = w.try(t, one, "systemctl poweroff")
		eventually.Within(t, patience, "the machine to power itself off", func() bool { return !on() })
	}
	must(t, w.Shutdown(t.Context(), one.ID)) // of one that is off
	must(t, w.PowerOn(t.Context(), one.ID))
	must(t, w.PowerOn(t.Context(), one.ID))
	// A shutdown under way does not keep the power from being cut.
	stopped := make(chan error, 1)
	go func() { stopped <- w.Shutdown(context.Background(), one.ID) }()
	must(t, w.PowerOff(t.Context(), one.ID))
	must(t, <-stopped)
	must(t, w.PowerOn(t.Context(), one.ID))
}

func testDisks(t *testing.T, w *world, one, two hcloudsim.Machine) {
	const image = 4711
	w.run(t, one, "echo golden >/root/golden && rm /etc/issue && sync")
	must(t, w.Snapshot(t.Context(), one.ID, image))
	copied := w.machine(t, 3)
	copied.Snapshot = image
	w.on(t, copied)
	w.ready(t, copied)
	if got := w.run(t, copied, "cat /root/golden; test -e /etc/issue || echo no issue; hostname"); got != "golden\nno issue\nmachine-3" {
		t.Errorf("the copy: %q", got)
	}
	must(t, w.DeleteSnapshot(t.Context(), image))
	must(t, w.DeleteSnapshot(t.Context(), image))

	must(t, w.Rebuild(t.Context(), copied.ID, w.machine(t, 3)))
	must(t, w.PowerOn(t.Context(), copied.ID))
	if got := w.run(t, copied, "test -e /root/golden || echo fresh"); got != "fresh" {
		t.Errorf("the rebuilt machine: %q", got)
	}
	must(t, w.Delete(t.Context(), copied.ID))
	must(t, w.Delete(t.Context(), copied.ID))
	if _, err := os.Stat(filepath.Join(w.dir, "3")); !os.IsNotExist(err) {
		t.Errorf("the disk of a deleted machine: %v", err)
	}
	if v := verdict(netip.AddrPortFrom(copied.IPv4, 22)); v == "open" || v == "refused" {
		t.Errorf("a deleted machine's port is %s", v)
	}
	other := two
	other.ID, other.Image = 9, "ubuntu-24.04"
	if err := w.Create(t.Context(), other); err == nil || !strings.Contains(err.Error(), "debian-12") {
		t.Errorf("another image: %v", err)
	}
	must(t, w.Delete(t.Context(), 9))
}

// testRestart closes the runtime and opens it again: addresses and disks are the same.
func testRestart(t *testing.T, w *world, one, two hcloudsim.Machine) {
	pool := w.IPv4Pool()
	began := time.Now()
	must(t, w.Close())
	must(t, w.Close())
	t.Logf("closed with two machines on: %v", time.Since(began).Round(10*time.Millisecond))
	w.nothingLeft(t)
	w.open(t)
	if w.IPv4Pool() != pool {
		t.Fatalf("addresses %s, before %s", w.IPv4Pool(), pool)
	}
	renamed := one
	renamed.Name = "renamed"
	w.on(t, renamed, two)
	if got := w.run(t, one, "cat /root/kept"); got != "kept" {
		t.Errorf("the file is %q", got)
	}
}

// TestKilledSandbox kills the process that holds the machines; then the next one takes over, and a purge leaves nothing.
func TestKilledSandbox(t *testing.T) {
	needMachines(t)
	dir := filepath.Join(t.TempDir(), "machines")
	holder := func() *exec.Cmd {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), holderVariable+"="+dir)
		cmd.Stderr = os.Stderr
		out, err := cmd.StdoutPipe()
		must(t, err)
		must(t, cmd.Start())
		if line := firstLine(bufio.NewScanner(out)); line != "on" {
			_ = cmd.Wait()
			t.Fatalf("the process said %q", line)
		}
		return cmd
	}
	n, err := namesOf(dir)
	must(t, err)
	for range 2 { // the second one finds what the first one left
		cmd := holder()
		must(t, cmd.Process.Kill())
		_ = cmd.Wait()
	}
	eventually.Within(t, patience, "the machine to end with its sandbox", func() bool { return len(processesOf(t, n, dir)) == 0 })
	if !Left(dir) {
		t.Error("nothing is left to purge, so the purge is not tried")
	}
	must(t, os.RemoveAll(dir)) // the names are enough
	must(t, Purge(dir))
	must(t, Purge(dir))
	if left := leftovers(t, dir); len(left) > 0 || Left(dir) {
		t.Errorf("left behind:\n%s", strings.Join(left, "\n"))
	}
}

// TestTwoSideBySide has machines with the same numbers in two sandboxes.
func TestTwoSideBySide(t *testing.T) {
	a, b := newWorld(t), newWorld(t)
	if a.IPv4Pool() == b.IPv4Pool() || a.IPv6Pool() == b.IPv6Pool() {
		t.Fatalf("both have %s", a.IPv4Pool())
	}
	in, out := a.machine(t, 1), b.machine(t, 1)
	a.on(t, in)
	b.on(t, out)
	a.run(t, in, "true")
	b.run(t, out, "true")
	if _, err := a.try(t, in, "ping -c 1 -W 1 "+out.IPv4.String()); err == nil {
		t.Error("a machine reaches another sandbox")
	}
	must(t, a.Close())
	b.run(t, out, "true")
}

func TestOpenSaysWhatIsMissing(t *testing.T) {
	needMachines(t)
	_, err := Open(Config{Dir: filepath.Join(t.TempDir(), "machines"), Images: t.TempDir()})
	if err == nil || !strings.Contains(err.Error(), "`kreisraum sandbox image`") {
		t.Errorf("without an image: %v", err)
	}
}
