package machine

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// imageReleases are the images that a disk can be laid out from, with what /etc/os-release says.
var imageReleases = map[string]string{
	"debian-12":    "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nNAME=\"Debian GNU/Linux\"\nVERSION_ID=\"12\"\nVERSION_CODENAME=bookworm\nID=debian\n",
	"debian-13":    "PRETTY_NAME=\"Debian GNU/Linux 13 (trixie)\"\nNAME=\"Debian GNU/Linux\"\nVERSION_ID=\"13\"\nVERSION_CODENAME=trixie\nID=debian\n",
	"ubuntu-24.04": "PRETTY_NAME=\"Ubuntu 24.04 LTS\"\nNAME=\"Ubuntu\"\nVERSION_ID=\"24.04\"\nVERSION_CODENAME=noble\nID=ubuntu\nID_LIKE=debian\n",
}

// diskFolders are the folders of a fresh disk, with their modes.
var diskFolders = []struct {
	name string
	mode os.FileMode
}{
	{"/dev", 0o755}, {"/etc", 0o755}, {"/etc/ssh", 0o755}, {"/etc/ssh/sshd_config.d", 0o755}, {"/etc/sysctl.d", 0o755},
	{"/etc/systemd", 0o755}, {"/etc/systemd/system", 0o755}, {"/home", 0o755}, {"/opt", 0o755}, {"/proc", 0o555},
	{"/root", 0o700}, {"/root/.ssh", 0o700}, {"/run", 0o755}, {"/tmp", 0o777 | os.ModeSticky}, {"/usr", 0o755}, {"/usr/local", 0o755},
	{"/usr/local/bin", 0o755}, {"/var", 0o755}, {"/var/lib", 0o755}, {"/var/lib/cloud", 0o755}, {"/var/log", 0o755},
	{"/var/log/journal", 0o750}, {"/var/tmp", 0o777 | os.ModeSticky}, {"/sys", 0o555},
}

// layOut makes a fresh disk from an image: the folders, the files and the devices that a static program expects.
func layOut(dir, image, resolver string) error {
	release, ok := imageReleases[image]
	if !ok {
		return fmt.Errorf("image %q cannot be laid out as a folder (known: debian-12, debian-13, ubuntu-24.04)", image)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for _, folder := range diskFolders {
		name := filepath.Join(dir, folder.name)
		if err := os.MkdirAll(name, 0o755); err != nil {
			return err
		}
		if err := os.Chmod(name, folder.mode); err != nil {
			return err
		}
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		return err
	}
	disk, err := openRootFS(dir)
	if err != nil {
		return err
	}
	defer disk.close()
	users := baseUserDB()
	return errors.Join(
		users.save(disk),
		disk.writeFile("/etc/os-release", []byte(release), 0o644, rootOwner),
		disk.writeFile("/etc/resolv.conf", []byte("nameserver "+resolver+"\n"), 0o644, rootOwner),
		disk.writeFile("/etc/nsswitch.conf", []byte("hosts: files dns\n"), 0o644, rootOwner),
		setHostname(disk, "localhost"),
		makeDevices(dir))
}

func setHostname(disk *rootFS, name string) error {
	short, _, _ := strings.Cut(name, ".")
	hosts := "127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n"
	if name != "localhost" {
		names := name
		if short != name {
			names += " " + short
		}
		hosts += "127.0.1.1 " + names + "\n"
	}
	return errors.Join(
		disk.writeFile("/etc/hostname", []byte(short+"\n"), 0o644, rootOwner),
		disk.writeFile("/etc/hosts", []byte(hosts), 0o644, rootOwner))
}

// makeDevices makes the device nodes that programs commonly open. Only root may; without root rights, or where the file system allows no
// devices, there are none: a static Go program takes its random numbers from a system call and needs none of them.
func makeDevices(dir string) error {
	if os.Geteuid() != 0 {
		return nil
	}
	devices := []struct {
		name         string
		major, minor uint32
	}{{"null", 1, 3}, {"zero", 1, 5}, {"full", 1, 7}, {"random", 1, 8}, {"urandom", 1, 9}} // Linux admin-guide/devices.txt
	for _, d := range devices {
		name := filepath.Join(dir, "dev", d.name)
		err := unix.Mknod(name, unix.S_IFCHR|0o666, int(unix.Mkdev(d.major, d.minor)))
		switch {
		case errors.Is(err, unix.EPERM):
			return nil
		case errors.Is(err, unix.EEXIST):
		case err != nil:
			return fmt.Errorf("make device %s: %w", name, err)
		}
		if err := os.Chmod(name, 0o666); err != nil {
			return err
		}
	}
	return nil
}
