package deploy

import (
	"context"
	"fmt"

	"golang.org/x/crypto/ssh"
)

// renewHostKey replaces the injected host key with one that the machine makes and nobody else has seen. Any process on the
// machine can read the injected one from its user data.
//
//	injected shown, nothing saved   renew, read the public half over this authenticated connection, save, restart SSH, reconnect
//	injected shown, new one saved   killed before SSH was restarted: restart SSH, reconnect
//	saved one shown                 proven
func (d *deployment) renewHostKey(ctx context.Context) error {
	keys := d.HostKeys
	if keys.Proven {
		return nil
	}
	if keys.Pinned == nil {
		d.Progress("renewing the SSH host key")
		if err := d.pinNewKey(); err != nil {
			return err
		}
	}
	if !equal(d.remote.shown, keys.Pinned) {
		if err := d.reconnectWithNewKey(ctx); err != nil {
			return err
		}
	}
	d.changed("host key")
	return keys.prove()
}

func (d *deployment) pinNewKey() error {
	if _, err := d.remote.run(CmdDaemonReload); err != nil {
		return err
	}
	if _, err := d.remote.run(CmdRenewHostKey); err != nil {
		return fmt.Errorf("renew the SSH host key: %w", err)
	}
	line, err := d.remote.read(HostKeyFile + ".pub")
	if err != nil {
		return err
	}
	key, _, _, _, err := ssh.ParseAuthorizedKey(line)
	if err != nil {
		return fmt.Errorf("read the machine's new SSH host key: %w", err)
	}
	if equal(key, d.HostKeys.Injected) {
		return fmt.Errorf("the machine did not make a new SSH host key; see the log of %s on it", HostKeyUnit)
	}
	return d.HostKeys.pin(key)
}

func (d *deployment) reconnectWithNewKey(ctx context.Context) (err error) {
	if err := d.remote.runLosing(CmdRestartSSH); err != nil {
		return fmt.Errorf("restart SSH: %w", err)
	}
	d.disconnect()
	d.remote, err = connect(ctx, d.Address, d.Key, []ssh.PublicKey{d.HostKeys.Pinned}, d.Health)
	return err
}
