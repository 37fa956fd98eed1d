package nspawn

import (
	_ "embed"
)

// suite is the Debian release of the image.
const suite = "bookworm"

// packages are what Hetzner's Debian image has and a county's cloud-config relies on. Those of cloud-config's `packages:` that are here need no
// network in the machine.
var packages = []string{
	"systemd", "systemd-sysv", "systemd-timesyncd", "libpam-systemd", "dbus", "openssh-server", "cloud-init", "nftables", "iproute2",
	"iputils-ping", "ca-certificates", "curl", "openssl", "sudo", "procps", "netbase", "xz-utils", "zstd", "unattended-upgrades",
}

// masked are units that make no sense in a container or only cost boot time. Time synchronisation and unattended upgrades stay: a county's
// machine is judged by them.
var masked = []string{
	"dpkg-db-backup.timer", "e2scrub_all.timer", "e2scrub_reap.service", "fstrim.timer", "man-db.timer",
	"systemd-resolved.service", "systemd-networkd.service", "systemd-networkd.socket", "systemd-networkd-wait-online.service",
	"networking.service", "getty@tty1.service", "console-getty.service", "getty-static.service",
	"systemd-udevd.service", "systemd-udev-trigger.service", "systemd-udevd-control.socket", "systemd-udevd-kernel.socket",
	"systemd-hwdb-update.service", "systemd-remount-fs.service", "systemd-pstore.service", "sys-kernel-debug.mount",
	"sys-kernel-tracing.mount", "sys-fs-fuse-connections.mount", "dev-hugepages.mount", "dev-mqueue.mount", "modprobe@.service",
	"systemd-modules-load.service", "cloud-init-hotplugd.socket", "cloud-init-hotplugd.service",
}

// droppedModules are cloud-init modules that never do anything here; each costs a little of every boot.
var droppedModules = []string{
	"seed_random", "growpart", "resizefs", "disk_setup", "mounts", "snap", "ssh-import-id", "keyboard", "grub-dpkg", "apt-pipelining",
	"apt-configure", "byobu", "fan", "landscape", "lxd", "puppet", "chef", "mcollective", "salt-minion", "reset_rmc",
	"refresh_rmc_and_interface", "rightscale_userdata", "install-hotplug", "disable-ec2-metadata", "locale",
}

// excludedPaths are not unpacked from packages.
var excludedPaths = []string{"/usr/share/man/*", "/usr/share/doc/*", "/usr/share/info/*"}

var (
	//go:embed kreisraumsim/__init__.py
	datasourcePackage string
	//go:embed kreisraumsim/DataSourceHetzner.py
	datasource string
)

const cloudConfig = `# Written by the sandbox's image recipe.
# One entry only: ds-identify then takes it without looking at DMI, which it does not do in a container.
datasource_list: [ Hetzner ]
# Packages searched for datasources, before cloudinit.sources.
datasource_pkg_list: [ kreisraumsim ]
# Addresses belong to the network namespace and stand before the boot.
network: { config: disabled }
# As in the provider's own images: root is the user who gets the project's SSH keys.
disable_root: false
system_info: { default_user: { name: root } }
manage_etc_hosts: true
`

type imageFile struct{ name, content string }

// imageFiles are written into the image after its packages.
func imageFiles() []imageFile {
	return []imageFile{
		{"etc/cloud/cloud.cfg.d/90-kreisraum-sandbox.cfg", cloudConfig},
		{"usr/lib/python3/dist-packages/kreisraumsim/__init__.py", datasourcePackage},
		{"usr/lib/python3/dist-packages/kreisraumsim/DataSourceHetzner.py", datasource},
		// There is no network for apt: cloud-init runs `apt-get update` before each list of packages, let it give up at once.
		{"etc/apt/apt.conf.d/90kreisraum-sandbox", "Acquire::Retries \"0\";\n"},
		{"etc/machine-id", ""}, // filled at the first boot with what nspawn says
		{"etc/hosts", "127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n"},
	}
}
