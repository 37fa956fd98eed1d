package machine

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"fmt"
	"path"
	"strings"
	"sync/atomic"

	"golang.org/x/crypto/ssh"

	"github.com/medienzentrenverbund/kreisraum/operator/deploy"
)

const (
	cloudInitLog    = "/var/log/cloud-init.log"
	cloudInitResult = "/var/lib/cloud/data/status" // what `cloud-init status` says after the boot that ran it
	bootFinished    = "/var/lib/cloud/instance/boot-finished"
	authorizedKeys  = "/root/.ssh/authorized_keys"
)

// cloudInit applies user data at a machine's first boot, in cloud-init's order: write_files, users, SSH, and in the last stage deferred files
// and commands. Errors do not stop the boot; they are in the status and in the log, as on a real machine.
type cloudInit struct {
	disk   *rootFS
	config cloudConfig
	errs   []error
	status atomic.Pointer[string]
}

func newCloudInit(disk *rootFS) *cloudInit {
	c := &cloudInit{disk: disk}
	c.say("running")
	return c
}

func (c *cloudInit) say(status string) { c.status.Store(&status) }

// finishedBefore reports whether an earlier boot has done all of it, and takes over its result.
func (c *cloudInit) finishedBefore() bool {
	if !c.disk.exists(bootFinished) {
		return false
	}
	status := "done"
	if data, err := c.disk.readFile(cloudInitResult, 1<<10); err == nil {
		status = strings.TrimSpace(string(data))
	}
	c.say(status)
	return true
}

// first runs what must be there before SSH answers.
func (c *cloudInit) first(userData, hostname string, keys []string) {
	config, err := parseCloudConfig(userData)
	c.note(err)
	c.config = config
	if config.hostname != "" {
		hostname = config.hostname
	}
	c.note(setHostname(c.disk, hostname))
	users, err := loadUsers(c.disk)
	c.note(err)
	c.writeFiles(&users, false)
	c.note(c.makeUsers(&users))
	c.note(c.makeHostKey())
	c.note(c.authorize("/root", rootOwner, append(append([]string(nil), keys...), config.authorizedKeys...)))
}

// last runs the final stage; run executes one of the deployment's commands.
func (c *cloudInit) last(ctx context.Context, run func(context.Context, string) commandResult) {
	users, err := loadUsers(c.disk)
	c.note(err)
	c.writeFiles(&users, true)
	for _, line := range c.config.commands {
		if r := run(ctx, line); r.code != 0 {
			c.note(fmt.Errorf("runcmd: %q ended with exit code %d: %s", line, r.code, strings.TrimSpace(r.stderr)))
		}
	}
	if ctx.Err() != nil {
		return // the power went; the next boot does it again
	}
	status := "done"
	if len(c.errs) > 0 {
		status = "error"
	}
	var log strings.Builder
	for _, err := range c.errs {
		fmt.Fprintf(&log, "ERROR: %s\n", strings.ReplaceAll(err.Error(), "\n", "\nERROR: "))
	}
	fmt.Fprintf(&log, "cloud-init finished, status %s\n", status)
	err = errors.Join(
		c.disk.appendFile(cloudInitLog, []byte(log.String())),
		c.disk.writeFile(cloudInitResult, []byte(status+"\n"), 0o644, rootOwner),
		c.disk.writeFile(bootFinished, nil, 0o644, rootOwner))
	if err != nil {
		status = "error"
	}
	c.say(status)
}

func (c *cloudInit) note(err error) {
	if err != nil {
		c.errs = append(c.errs, err)
	}
}

func (c *cloudInit) writeFiles(users *userDB, deferred bool) {
	for _, f := range c.config.files {
		if f.Defer != deferred {
			continue
		}
		if err := f.write(c.disk, users); err != nil {
			c.note(fmt.Errorf("write_files: %w", err))
		}
	}
}

func (c *cloudInit) makeUsers(users *userDB) error {
	for _, g := range c.config.groups {
		users.addGroup(g.name)
	}
	var errs []error
	for _, u := range c.config.users {
		errs = append(errs, c.makeUser(users, u))
	}
	for _, g := range c.config.groups {
		group, _ := users.group(g.name)
		group.members = append(group.members, g.members...)
	}
	return errors.Join(append(errs, users.save(c.disk))...)
}

func (c *cloudInit) makeUser(users *userDB, u cloudUser) error {
	if _, ok := users.account(u.Name); ok {
		return nil // cloud-init leaves an existing user alone
	}
	primary := u.PrimaryGroup
	if primary == "" {
		primary = u.Name
	}
	g, ok := users.group(primary)
	if !ok {
		if u.PrimaryGroup != "" || u.NoUserGroup {
			return fmt.Errorf("users: %s: group %q does not exist", u.Name, primary)
		}
		g = users.addGroup(primary)
	}
	a := account{name: u.Name, home: u.HomeDir, shell: u.Shell, owner: owner{uid: u.UID, gid: g.gid}}
	if a.uid == 0 {
		a.uid = users.nextUID()
	}
	if a.home == "" {
		a.home = "/home/" + u.Name
	}
	if a.shell == "" {
		a.shell = "/bin/sh"
	}
	users.accounts = append(users.accounts, a)
	for _, name := range u.Groups {
		group := users.addGroup(name)
		group.members = append(group.members, u.Name)
	}
	if u.NoCreateHome {
		return nil
	}
	if err := errors.Join(c.disk.mkdirAll(a.home, 0o755), c.disk.chown(a.home, a.owner)); err != nil {
		return fmt.Errorf("users: %s: %w", u.Name, hideFolder(err))
	}
	return c.authorize(a.home, a.owner, u.SSHAuthorizedKeys)
}

// authorize writes a user's authorized keys.
func (c *cloudInit) authorize(home string, who owner, keys []string) error {
	if len(keys) == 0 {
		return nil
	}
	for _, k := range keys {
		if _, _, _, _, err := ssh.ParseAuthorizedKey([]byte(k)); err != nil {
			return fmt.Errorf("ssh_authorized_keys: a key for %s is not an OpenSSH public key: %w", path.Base(home), err)
		}
	}
	var text strings.Builder
	for _, k := range keys {
		text.WriteString(strings.TrimSpace(k) + "\n")
	}
	folder := path.Join(home, ".ssh")
	err := errors.Join(c.disk.mkdirAll(folder, 0o700), c.disk.chown(folder, who))
	if err == nil {
		err = c.disk.writeFile(path.Join(folder, "authorized_keys"), []byte(text.String()), 0o600, who)
	}
	if err != nil {
		return fmt.Errorf("ssh_authorized_keys: %w", hideFolder(err))
	}
	return nil
}

// makeHostKey writes the host key of ssh_keys, or a new one.
func (c *cloudInit) makeHostKey() error {
	private, public := []byte(c.config.sshKeys["ed25519_private"]), []byte(c.config.sshKeys["ed25519_public"])
	if len(private) == 0 {
		if c.disk.exists(deploy.HostKeyFile) {
			return nil
		}
		var err error
		if private, public, err = newHostKey(); err != nil {
			return fmt.Errorf("ssh_keys: %w", err)
		}
	}
	if !bytes.HasSuffix(private, []byte("\n")) {
		private = append(private, '\n')
	}
	if !bytes.HasSuffix(public, []byte("\n")) {
		public = append(public, '\n')
	}
	return errors.Join(
		c.disk.writeFile(deploy.HostKeyFile, private, 0o600, rootOwner),
		c.disk.writeFile(deploy.HostKeyFile+".pub", public, 0o644, rootOwner))
}

func newHostKey() (private, public []byte, err error) {
	pub, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	block, err := ssh.MarshalPrivateKey(key, "")
	if err != nil {
		return nil, nil, err
	}
	sshPub, err := ssh.NewPublicKey(pub)
	if err != nil {
		return nil, nil, err
	}
	return pem.EncodeToMemory(block), ssh.MarshalAuthorizedKey(sshPub), nil
}
