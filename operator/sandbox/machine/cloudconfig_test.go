package machine

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"

	"github.com/medienzentrenverbund/kreisraum/conference/eventually"
	"github.com/medienzentrenverbund/kreisraum/operator/deploy"
)

// boot applies user data to a fresh disk.
func applyUserData(t testing.TB, userData string, keys ...string) (*rootFS, *cloudInit) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "rootfs")
	must(t, layOut(dir, "debian-12", "127.0.0.1"))
	disk, err := openRootFS(dir)
	must(t, err)
	t.Cleanup(func() { _ = disk.close() })
	c := newCloudInit(disk)
	c.first(userData, "kreisraum-test-portal", keys)
	c.last(t.Context(), func(_ context.Context, line string) commandResult { return commandResult{stdout: line} })
	return disk, c
}

func read(t testing.TB, disk *rootFS, name string) string {
	t.Helper()
	data, err := disk.readFile(name, 1<<20)
	must(t, err)
	return string(data)
}

func TestCloudConfigIsApplied(t *testing.T) {
	var gz bytes.Buffer
	w := gzip.NewWriter(&gz)
	_, _ = w.Write([]byte("compressed"))
	must(t, w.Close())
	userKey := string(ssh.MarshalAuthorizedKey(otherSigner(t).PublicKey()))
	rootKey := string(ssh.MarshalAuthorizedKey(otherSigner(t).PublicKey()))
	disk, c := applyUserData(t, `#cloud-config
hostname: portal.kmz.example
package_update: false
timezone: Europe/Berlin
groups:
  - kreisraum
  - media: [root]
users:
  - default
  - name: kreisraum
    primary_group: kreisraum
    groups: media, logs
    system: true
    no_create_home: true
    shell: /usr/sbin/nologin
    lock_passwd: true
  - name: second
    ssh_authorized_keys: [`+strings.TrimSpace(userKey)+`]
write_files:
  - path: /etc/plain
    content: "plain\n"
  - path: /etc/secret
    permissions: "0600"
    encoding: b64
    content: `+base64.StdEncoding.EncodeToString([]byte("binary\x00"))+`
  - path: /etc/compressed
    encoding: gzip+base64
    content: `+base64.StdEncoding.EncodeToString(gz.Bytes())+`
  - path: /etc/plain
    append: true
    content: "more\n"
  - path: /var/lib/kreisraum/marker
    owner: kreisraum:kreisraum
    permissions: "0640"
    defer: true
    content: ready
runcmd:
  - systemctl daemon-reload
  - [systemctl, restart, ssh.service]
`, rootKey)
	if got := *c.status.Load(); got != "done" {
		t.Errorf("status %s: %v", got, c.errs)
	}
	for name, want := range map[string]string{
		"/etc/hostname": "portal\n", "/etc/plain": "plain\nmore\n", "/etc/secret": "binary\x00", "/etc/compressed": "compressed",
		"/var/lib/kreisraum/marker": "ready", authorizedKeys: rootKey, "/home/second/.ssh/authorized_keys": userKey,
	} {
		if got := read(t, disk, name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if passwd := read(t, disk, "/etc/passwd"); !strings.Contains(passwd, "\nkreisraum:x:60960:60960::/home/kreisraum:/usr/sbin/nologin\n") {
		t.Errorf("passwd:\n%s", passwd)
	}
	if groups := read(t, disk, "/etc/group"); !strings.Contains(groups, "\nmedia:x:60961:kreisraum,root\n") || !strings.Contains(groups, ":kreisraum\n") {
		t.Errorf("group:\n%s", groups)
	}
	users, err := loadUsers(disk)
	must(t, err)
	if got := users.supplementary("kreisraum"); len(got) != 2 {
		t.Errorf("supplementary groups: %v", got)
	}
	for name, want := range map[string]os.FileMode{"/etc/secret": 0o600, "/etc/plain": 0o644, "/var/lib/kreisraum/marker": 0o640, deploy.HostKeyFile: 0o600} {
		if info, err := disk.stat(name); err != nil || info.Mode() != want {
			t.Errorf("%s: %v, %v", name, info, err)
		}
	}
	if disk.exists("/home/kreisraum") {
		t.Error("a home was made for a user that has none")
	}
	if _, err := ssh.ParsePrivateKey([]byte(read(t, disk, deploy.HostKeyFile))); err != nil {
		t.Errorf("host key: %v", err)
	}
	if !newCloudInit(disk).finishedBefore() {
		t.Error("the next boot would do it again")
	}
}

func TestCloudConfigThatCannotBeObeyed(t *testing.T) {
	for name, c := range map[string]struct{ userData, want string }{
		"shell script":    {"#!/bin/sh\necho\n", "#cloud-config"},
		"no YAML":         {"#cloud-config\n{", "YAML"},
		"unknown key":     {"#cloud-config\npackages: [nginx]\n", "packages: not supported"},
		"unknown field":   {"#cloud-config\nwrite_files:\n  - path: /x\n    source: y\n", "source"},
		"unknown user":    {"#cloud-config\nusers: [{name: a, sudo: ALL}]\n", "sudo"},
		"user name":       {"#cloud-config\nusers: [{name: 'a:b'}]\n", "user name"},
		"missing group":   {"#cloud-config\nusers: [{name: a, primary_group: b}]\n", "group"},
		"command":         {"#cloud-config\nruncmd: ['rm -rf /']\n", "rm -rf /"},
		"encoding":        {"#cloud-config\nwrite_files: [{path: /x, encoding: rot13}]\n", "rot13"},
		"base64":          {"#cloud-config\nwrite_files: [{path: /x, encoding: b64, content: '!'}]\n", "base64"},
		"permissions":     {"#cloud-config\nwrite_files: [{path: /x, permissions: rw}]\n", "octal"},
		"relative path":   {"#cloud-config\nwrite_files: [{path: x}]\n", "absolute"},
		"owner too early": {"#cloud-config\nusers: [{name: a}]\nwrite_files: [{path: /x, owner: a}]\n", "defer"},
		"RSA host key":    {"#cloud-config\nssh_keys: {rsa_private: x}\n", "ed25519"},
		"authorized key":  {"#cloud-config\nssh_authorized_keys: [nonsense]\n", "public key"},
		"too long":        {"#cloud-config\n" + strings.Repeat("#", maxUserData), "bytes"},
	} {
		disk, init := applyUserData(t, c.userData)
		if got := *init.status.Load(); got != "error" {
			t.Errorf("%s: status %s", name, got)
		}
		if log := read(t, disk, cloudInitLog); !strings.Contains(log, c.want) {
			t.Errorf("%s: the log lacks %q:\n%s", name, c.want, log)
		}
		if !disk.exists(deploy.HostKeyFile) {
			t.Errorf("%s: no host key; nobody could look why it failed", name)
		}
	}
}

func TestStatusOfABrokenMachine(t *testing.T) {
	l := newLab(t, "packages: [nginx]\n")
	l.powerOn()
	c := l.client()
	eventually.True(t, "the error", func() bool {
		out, code := run(t, c, deploy.CmdCloudInitStatus)
		return out == "status: error\n" && code == 1
	})
	must(t, l.process.PowerOff(t.Context(), l.machine.ID))
	l.powerOn()
	if out, code := run(t, l.client(), deploy.CmdCloudInitStatus); out != "status: error\n" || code != 1 {
		t.Errorf("after the second boot: %q, exit code %d", out, code)
	}
}

func FuzzParseCloudConfig(f *testing.F) {
	f.Add("#cloud-config\nhostname: x\nusers: [default, {name: a}]\nwrite_files:\n  - {path: /x, content: y, permissions: '0600'}\n")
	f.Add("#cloud-config\ngroups: [a, {b: [c]}]\nruncmd: [[a, b], c]\nssh_keys: {ed25519_private: x}\n")
	f.Fuzz(func(t *testing.T, userData string) {
		c, err := parseCloudConfig(userData)
		for _, line := range c.commands {
			if !deploy.Allowed(line) {
				t.Errorf("command %q got through", line)
			}
		}
		if err == nil {
			for _, u := range c.users {
				if strings.ContainsAny(u.Name, ":\n/") {
					t.Errorf("user name %q got through", u.Name)
				}
			}
		}
	})
}
