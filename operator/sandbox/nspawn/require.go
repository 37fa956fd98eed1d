package nspawn

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// tool is a program and the Debian package that brings it.
type tool struct{ program, pkg string }

var (
	machineTools = []tool{
		{"systemd-nspawn", "systemd-container"}, {"nft", "nftables"}, {"ip", "iproute2"}, {"unshare", "util-linux"}, {"nsenter", "util-linux"},
		{"mount", "mount"}, {"cp", "coreutils"},
	}
	builderTools = []tool{{"debootstrap", "debootstrap"}, {"unshare", "util-linux"}, {"chroot", "coreutils"}}
)

// Missing is what this computer lacks for real machines.
type Missing struct {
	// Reasons are sentences without a full stop.
	Reasons []string
	// Packages are the Debian packages to install.
	Packages []string
}

func (m *Missing) Error() string {
	text := "this computer cannot run the sandbox's machines with systemd-nspawn: " + strings.Join(m.Reasons, "; ")
	if len(m.Packages) > 0 {
		text += "; `apt-get install " + strings.Join(m.Packages, " ") + "` brings what is missing"
	}
	return text + "; with --machines process they are processes in folders, which need none of this"
}

func (m *Missing) orNil() error {
	if len(m.Reasons) == 0 {
		return nil
	}
	return m
}

// rights checks what everything here needs.
func (m *Missing) rights() {
	if runtime.GOOS != "linux" || runtime.GOARCH != "amd64" && runtime.GOARCH != "arm64" {
		m.Reasons = append(m.Reasons, "it is not a Linux computer of a kind that Hetzner has")
	}
	if os.Geteuid() != 0 {
		m.Reasons = append(m.Reasons, "only root may make namespaces, mounts and firewalls, so run it as root (sudo)")
	}
}

func (m *Missing) programs(tools []tool) {
	for _, t := range tools {
		if _, err := exec.LookPath(t.program); err == nil {
			continue
		}
		m.Reasons = append(m.Reasons, t.program+" is not installed")
		if !slices.Contains(m.Packages, t.pkg) {
			m.Packages = append(m.Packages, t.pkg)
		}
	}
}

// Check says whether machines can run with disks in dir, an existing folder. A *Missing tells everything that is in the way at once. The image
// is not looked at.
func Check(dir string) error {
	m := &Missing{}
	m.rights()
	m.programs(machineTools)
	if _, err := cgroupMount(); err != nil {
		m.Reasons = append(m.Reasons, err.Error())
	}
	if os.Geteuid() == 0 && len(m.Packages) == 0 {
		if err := tryOverlay(dir); err != nil {
			m.Reasons = append(m.Reasons, fmt.Sprintf("overlayfs does not work over %s (%v): the folder must be on ext4, xfs, btrfs or tmpfs, "+
				"not on another overlay as in a container", dir, err))
		}
	}
	return m.orNil()
}

// archiveKeys are the keys that debootstrap checks packages with.
const archiveKeys = "/usr/share/keyrings/debian-archive-keyring.gpg"

// checkBuilder says whether an image can be built.
func checkBuilder() error {
	m := &Missing{}
	m.rights()
	m.programs(builderTools)
	if _, err := os.Stat(archiveKeys); err != nil {
		m.Reasons = append(m.Reasons, "Debian's signing keys are not there, without which no package would be checked")
		m.Packages = append(m.Packages, "debian-archive-keyring")
	}
	return m.orNil()
}

// tryOverlay mounts one and takes it away again.
func tryOverlay(dir string) error {
	trial, err := os.MkdirTemp(dir, ".overlay-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(trial)
	for _, name := range []string{"lower", "upper", "work", "root"} {
		if err := os.Mkdir(filepath.Join(trial, name), 0o700); err != nil {
			return err
		}
	}
	script := `mount -t overlay overlay -o "lowerdir=$1/lower,upperdir=$1/upper,workdir=$1/work,volatile" "$1/root" && : >"$1/root/file"`
	return command(10*time.Second, "unshare", "--mount", "--propagation", "private", "--", "sh", "-c", script, "sh", trial)
}

// cgroupMount is where the cgroup2 hierarchy is: /sys/fs/cgroup on most computers, beside the older hierarchies on some.
func cgroupMount() (string, error) {
	data, err := os.ReadFile("/proc/self/mounts")
	if err != nil {
		return "", err
	}
	for line := range strings.Lines(string(data)) {
		if f := strings.Fields(line); len(f) > 2 && f[2] == "cgroup2" {
			var s unix.Statfs_t
			if err := unix.Statfs(f[1], &s); err == nil && s.Type == unix.CGROUP2_SUPER_MAGIC {
				return f[1], nil
			}
		}
	}
	return "", errors.New("no cgroup2 hierarchy is mounted, and systemd in a machine needs one")
}
