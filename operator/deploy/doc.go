// Package deploy brings a machine to run the wanted release: SSH, SFTP, systemd, health.
//
//	connect          key login; the host key is the injected one, or the one pinned before
//	prepare          cloud-init has written its last file; meanwhile the binary is sent, compressed, and measured on the machine
//	host key         the machine makes a new one, the operator pins it, the injected one is worthless from then on
//	share            county CA, county key, ACME roots: written only where they differ
//	activate         the one link that the next start follows is switched; the release that runs is remembered as the previous one
//	start            restart, only if something changed or another release runs
//	certificate      the server's request is signed with the county CA
//	health           the ops API answers with the deployment's digest; if not, the link is switched back
//
// On the machine, all that makes a start is in one folder, so that a crash or a reboot starts the old release or the new one, whole:
//
//	/opt/kreisraum/releases/<version>-<sha12>-<digest12>/   binary (shared by hard links), server.yaml, unit, deployment.env
//	/opt/kreisraum/current  → the folder that the next start takes
//	/opt/kreisraum/previous → the folder whose release ran well before; Rollback goes there
//
// The unit names paths below current only, so it is the same for nearly all releases; where it differs, systemd takes the new one over
// right after the switch. Every step may be repeated; a run that was killed is finished by the next.
package deploy
