// Package deploy brings a machine to run the wanted release: SSH, SFTP, systemd, health.
package deploy
