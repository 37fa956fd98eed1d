package machine

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// keptCapabilities are what root may do in a machine: own, change and remove the machine's files, and listen on its ports. Without
// CAP_SYS_CHROOT and CAP_MKNOD the known ways out of a chroot are closed, chroot(2).
var keptCapabilities = []uintptr{
	unix.CAP_CHOWN, unix.CAP_DAC_OVERRIDE, unix.CAP_FOWNER, unix.CAP_FSETID, unix.CAP_KILL, unix.CAP_SETGID, unix.CAP_SETUID,
	unix.CAP_NET_BIND_SERVICE,
}

// giveUp takes from the calling thread what its children would inherit: gaining rights by executing a file (prctl(2) PR_SET_NO_NEW_PRIVS), and
// with root rights all capabilities but the kept ones (capabilities(7), "Capability bounding set"). The thread itself keeps its own.
func giveUp() error {
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("no new privileges: %w", err)
	}
	if os.Geteuid() != 0 {
		return nil
	}
	for c := uintptr(0); c <= unix.CAP_LAST_CAP; c++ {
		if slices.Contains(keptCapabilities, c) {
			continue
		}
		err := unix.Prctl(unix.PR_CAPBSET_DROP, c, 0, 0, 0)
		if err != nil && !errors.Is(err, unix.EINVAL) { // EINVAL: a capability that this kernel does not have
			return fmt.Errorf("drop capability %d: %w", c, err)
		}
	}
	return nil
}

// confine makes cmd run chrooted into dir as a user of the machine, as the leader of its own process group, and die with us. With root
// rights the user is real. Without, a user namespace maps the machine's user to the one who runs the sandbox.
func confine(cmd *exec.Cmd, dir string, user owner, groups []uint32, bindService bool) {
	attr := &syscall.SysProcAttr{Chroot: dir, Setsid: true, Pdeathsig: syscall.SIGKILL}
	if os.Geteuid() == 0 {
		attr.Credential = &syscall.Credential{Uid: uint32(user.uid), Gid: uint32(user.gid), Groups: groups}
		if bindService && user.uid != 0 {
			attr.AmbientCaps = []uintptr{unix.CAP_NET_BIND_SERVICE}
		}
	} else {
		attr.Cloneflags = syscall.CLONE_NEWUSER
		attr.UidMappings = []syscall.SysProcIDMap{{ContainerID: user.uid, HostID: os.Geteuid(), Size: 1}}
		attr.GidMappings = []syscall.SysProcIDMap{{ContainerID: user.gid, HostID: os.Getegid(), Size: 1}}
	}
	cmd.SysProcAttr = attr
}

// limitFiles sets RLIMIT_NOFILE of a process that has just started. Raising beyond our own hard limit needs a right that we may not have;
// then the process keeps ours.
func limitFiles(pid int, files uint64) {
	if files == 0 {
		return
	}
	want := unix.Rlimit{Cur: files, Max: files}
	if unix.Prlimit(pid, unix.RLIMIT_NOFILE, &want, nil) == nil {
		return
	}
	var have unix.Rlimit
	if unix.Prlimit(pid, unix.RLIMIT_NOFILE, nil, &have) == nil && have.Cur < have.Max {
		have.Cur = min(files, have.Max)
		_ = unix.Prlimit(pid, unix.RLIMIT_NOFILE, &have, nil)
	}
}

// checkRights says whether this computer lets us run machines at all: with root rights always; without, ports from 22 on must be free for
// everybody and user namespaces must be allowed. dir is an empty folder, or one of ours, to try them with.
func checkRights(dir string) error {
	if os.Geteuid() == 0 {
		return nil
	}
	data, err := os.ReadFile("/proc/sys/net/ipv4/ip_unprivileged_port_start")
	if err != nil {
		return fmt.Errorf("read the first unprivileged port: %w", err)
	}
	first, err := strconv.Atoi(strings.TrimSpace(string(data)))
	if err != nil {
		return fmt.Errorf("read the first unprivileged port: %w", err)
	}
	if first > sshPort {
		return fmt.Errorf("the sandbox's machines listen on ports 22 and 443 of loopback addresses, but this computer reserves ports below %d for root; "+
			"run `sudo sysctl net.ipv4.ip_unprivileged_port_start=22` once, or start the sandbox as root", first)
	}
	probe := exec.Command("/proc/self/exe")
	probe.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Geteuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getegid(), Size: 1}},
		Chroot:      dir, // there is no such program in it: the exec fails, the namespace and the chroot must not
	}
	if err := probe.Start(); err == nil {
		_ = probe.Process.Kill()
		_ = probe.Wait()
	} else if !strings.Contains(err.Error(), syscall.ENOENT.Error()) {
		return fmt.Errorf("the sandbox's machines need user namespaces, and this computer refuses them (%w); "+
			"allow them (on Ubuntu: `sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0`), or start the sandbox as root", err)
	}
	return nil
}
