// Package deploy brings a machine to run the wanted release: SSH, SFTP, systemd, health.
//
//	connect          key login; the host key is the injected one, or the one pinned before
//	ready            cloud-init has written its last file
//	release          /opt/kreisraum/releases/<version>-<sha12>/, sent once, verified, then /opt/kreisraum/current points to it
//	host key         the machine makes a new one, the operator pins it, the injected one is worthless from then on
//	files            configuration, CA, unit: written only where they differ
//	restart          only if something changed
//	certificate      the server's request is signed with the county CA
//	health           the ops API answers with the deployment's digest
//
// Every step may be repeated; a run that was killed is finished by the next.
package deploy
