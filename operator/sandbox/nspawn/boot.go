package nspawn

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"time"

	"golang.org/x/sys/unix"

	"github.com/medienzentrenverbund/kreisraum/operator/sandbox/hcloudsim"
)

// exitReboot is nspawn's exit code when the machine wants to be started again, with --keep-unit: its EXIT_FORCE_RESTART.
const exitReboot = 133

// Signals to a machine's systemd, systemd(1): SIGRTMIN+4 powers off, SIGRTMIN+5 reboots. The kernel's SIGRTMIN is 34 for programs with glibc.
const (
	signalPowerOff = unix.Signal(34 + 4)
	signalReboot   = unix.Signal(34 + 5)
)

// boot is a machine from power on to power off.
type boot struct {
	cgroup cgroup
	name   string
	exited chan struct{} // closed when nothing of it is left
	code   int           // nspawn's exit code; read after exited is closed
	err    error         // why something of it is left
}

// script joins disk and image where only the machine's processes see it, and becomes nspawn. The mount goes with the process. It skips fsync: a
// disk here need not survive a crash of this computer.
const script = `mount -t overlay overlay -o "lowerdir=$1,upperdir=$2/upper,workdir=$2/work,volatile" "$2/rootfs" || exit 1
shift 2
exec "$@"`

// start boots a machine. It returns when the process is there.
func (r *Runtime) start(m hcloudsim.Machine, d disk, image Image) (*boot, error) {
	if !image.complete() {
		return nil, fmt.Errorf("the image %s is gone, and the disk lies over it; rebuild the server, or `kreisraum sandbox image` if it is this release's", image.Root)
	}
	if err := d.prepare(); err != nil {
		return nil, err
	}
	b := &boot{cgroup: r.cgroupOf(m.ID), name: r.names.machine(m.ID), exited: make(chan struct{})}
	if err := os.MkdirAll(string(b.cgroup), 0o755); err != nil {
		return nil, fmt.Errorf("cgroup: %w", err)
	}
	group, err := os.Open(string(b.cgroup))
	if err != nil {
		return nil, fmt.Errorf("cgroup: %w", err)
	}
	defer group.Close()
	console, err := d.console()
	if err != nil {
		return nil, err
	}
	defer console.Close()
	cmd := exec.Command("unshare", append([]string{"--mount", "--propagation", "slave", "--", "sh", "-c", script, "sh", image.Root, d.dir},
		nspawnArguments(m, d, b.name)...)...)
	cmd.Stdout, cmd.Stderr = console, console
	cmd.Env = []string{
		"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8",
		"SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1",
		// With --network-namespace-path nspawn leaves /proc/sys/net read-only; this opens it, and only it.
		"SYSTEMD_NSPAWN_API_VFS_WRITABLE=network",
		"SYSTEMD_NSPAWN_LOCK=0", // a disk has one loop; lock files of killed machines would stay
	}
	cmd.SysProcAttr = &unix.SysProcAttr{Setsid: true, Pdeathsig: unix.SIGKILL, UseCgroupFD: true, CgroupFD: int(group.Fd())}
	if err := r.spawn.Start(cmd); err != nil {
		return nil, errors.Join(fmt.Errorf("start systemd-nspawn: %w", err), b.cgroup.remove())
	}
	go func() {
		defer close(b.exited)
		_ = cmd.Wait() // the code says it
		b.code = cmd.ProcessState.ExitCode()
		b.err = errors.Join(b.cgroup.remove(), forgetMachine(b.name))
	}()
	return b, nil
}

// nspawnArguments follow systemd-nspawn(1).
func nspawnArguments(m hcloudsim.Machine, d disk, name string) []string {
	return []string{
		"systemd-nspawn", "--quiet", "--settings=no", "--register=no", "--keep-unit", "--boot", "--directory=" + d.path("rootfs"),
		"--machine=" + name, "--hostname=" + m.Name, "--uuid=" + machineUUID(m), "--network-namespace-path=/run/netns/" + name,
		"--capability=CAP_NET_ADMIN", "--rlimit=NOFILE=1048576:1048576", "--bind-ro=" + d.path("dmi") + ":/run/kreisraum-sandbox/dmi",
		"--resolv-conf=off", "--timezone=off", "--link-journal=no", "--console=read-only",
	}
}

// machineUUID fills an empty /etc/machine-id at the first boot; it stays the same for the same server.
func machineUUID(m hcloudsim.Machine) string {
	sum := sha256.Sum256([]byte(identity(m)))
	sum[6], sum[8] = sum[6]&0x0f|0x40, sum[8]&0x3f|0x80 // RFC 9562 §5.4
	return fmt.Sprintf("%x-%x-%x-%x-%x", sum[0:4], sum[4:6], sum[6:8], sum[8:10], sum[10:16])
}

// begun waits until the machine's systemd is there. If the process ends before, the reason is in the console's log.
func (b *boot) begun(ctx context.Context, d disk) error {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for b.cgroup.leader() == 0 {
		select {
		case <-tick.C:
		case <-b.exited:
			return fmt.Errorf("the machine ended before its systemd came up, exit code %d; the end of its console:\n%s", b.code, lastLines(d.path("console.log"), 0))
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// ask sends the machine's systemd a signal again and again until it has ended: a systemd that is just starting does not listen yet. Returns
// false when it has not ended before ctx did.
func (b *boot) ask(ctx context.Context, signal unix.Signal) bool {
	again := time.NewTicker(time.Second)
	defer again.Stop()
	for {
		if leader := b.cgroup.leader(); leader != 0 {
			_ = unix.Kill(leader, signal)
		}
		select {
		case <-b.exited:
			return true
		case <-ctx.Done():
			return false
		case <-again.C:
		}
	}
}

// cut pulls the plug and waits until nothing is left.
func (b *boot) cut() error {
	again := time.NewTicker(50 * time.Millisecond) // what is just being started has no processes to kill yet
	defer again.Stop()
	for {
		if err := b.cgroup.kill(); err != nil {
			return fmt.Errorf("cut the power: %w", err)
		}
		select {
		case <-b.exited:
			return b.err
		case <-again.C:
		}
	}
}

// runDirectory is where nspawn keeps a folder per machine, which stays behind when it is killed.
const runDirectory = "/run/systemd/nspawn"

func forgetMachine(name string) error {
	var errs []error
	for _, below := range []string{"propagate", "unix-export"} {
		if err := os.Remove(runDirectory + "/" + below + "/" + name); err != nil && !errors.Is(err, os.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}
