// Package nspawn makes the sandbox's servers real Debian 12 machines: systemd-nspawn(1) containers with systemd as PID 1, the stock
// cloud-init with its Hetzner datasource, OpenSSH, nftables, and a network namespace with public and private addresses. It implements
// hcloudsim.Runtime. Linux and root only.
//
// The provider's network is one namespace per sandbox, the fabric; it routes between the machines and this computer:
//
//	this computer ── uplink 198.18.n.2 ──┐
//	                                     │ fabric: 198.18.n.1, fe80::1, metadata service on 169.254.169.254:80,
//	machine 1 ── eth0 198.18.n.10/32 ────┤         provider firewalls (nftables), source address check
//	     └────── enp7s0 10.x.y.z/32 ──┐  │
//	machine 2 ── eth0 198.18.n.11/32 ─┼──┘
//	     └────── enp7s0 10.x.y.z/32 ──┴── bridge, MTU 1450: the private networks, which no firewall filters
//
// Machines cannot reach anything but each other and this computer: nothing here forwards into the internet. A machine's disk is a folder
// laid over a shared read-only image (overlayfs); the mount lives in the machine's own mount namespace and goes with its process.
//
// One goroutine owns each machine. Everything that the kernel keeps (namespaces, interfaces, cgroups) carries a name drawn from the
// sandbox's folder, so that two sandboxes stand side by side, and so that what a killed sandbox left behind is found by name alone and
// purged, see Purge.
//
// A machine shares this computer's kernel and clock, and its root is root here with fewer capabilities: run only your own code in it.
package nspawn
