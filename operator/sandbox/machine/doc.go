// Package machine makes the simulated cloud's servers real on this computer, without a virtual machine.
//
// The runtime here is called "process". One server is
//
//   - a folder <Dir>/<id>/rootfs, which is the machine's disk;
//   - an SSH and SFTP endpoint on <IPv4>:22 (a loopback address such as 127.77.0.10). It knows root's keys from
//     /root/.ssh/authorized_keys on the disk and the host key from /etc/ssh/ssh_host_ed25519_key. There is no shell: an exec request
//     must be exactly one of deploy.Commands, everything else ends with exit code 127; SFTP sees the disk and nothing beside it;
//   - a supervisor for the subset of systemd that the deployment needs. A unit's process is chrooted into the disk and runs as the
//     unit's user.
//
// The life of a machine:
//
//	Create    lay out the disk (once; a disk that is there already is used again)
//	PowerOn   cloud-config's first stages (once per disk) → port 22 → cloud-config's last stage (once) → enabled units
//	Shutdown  SIGTERM to all units, wait for TimeoutStopSec, off
//	PowerOff  SIGKILL to all units, off
//	Reboot    Shutdown, PowerOn
//	Reset     PowerOff, PowerOn
//	Rebuild   PowerOff, the disk is laid out anew; the next boot is a first boot
//	Snapshot  the disk is copied to <Dir>/snapshot-<image>, without sockets and pipes; a machine made from it has a first boot
//	Delete    PowerOff, then the folder is removed
//
// What a folder is not. Of the cloud's firewall only TCP port 22 is enforced: the listener exists only while the rules admit it, and each
// connection's source is checked. The ports that a unit's own process binds (443, 10000) are not filtered, and private networks do not
// exist; both are the business of a runtime with network namespaces. Hardening directives of units are accepted and have no effect. A
// unit without User= runs as the root user of this computer, chrooted and with the few capabilities that files and ports need, but in
// the same process and network namespaces as everybody: only our own software belongs in such a machine.
package machine
