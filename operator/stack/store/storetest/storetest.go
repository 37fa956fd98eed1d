// Package storetest gives tests real servers to keep state at: PostgreSQL as Debian packs it, and VersityGW, an S3 server that keeps its
// objects in a folder. Both listen on loopback, on ports of their own, and end with the test.
package storetest

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// patience bounds how long a server may take to answer; a machine that compiles something else meanwhile is slow.
const patience = 60 * time.Second

// Place is somewhere to keep state.
type Place struct {
	// Name of the kind: "folder", "s3" or "postgres".
	Name string
	// Address is what a county's file says as state.url; empty for a folder of this computer.
	Address string
	// Folder is where the server keeps all it was given. Empty for a folder of this computer.
	Folder string

	another func(t *testing.T) string
}

// Another is an empty place at the same server, for a test that shares it with others.
func (p Place) Another(t *testing.T) Place {
	t.Helper()
	if p.another != nil {
		p.Address = p.another(t)
	}
	return p
}

// made counts what Another has made, for names.
var made atomic.Uint32

// Places are a folder, an S3 bucket and a table, all empty. Their credentials are put into the environment.
func Places(t *testing.T) []Place {
	t.Helper()
	return []Place{{Name: "folder"}, S3(t), Postgres(t)}
}

// await waits until ready, or fails the test with what the server said.
func await(t *testing.T, what string, log fmt.Stringer, ended <-chan struct{}, ready func() error) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for {
		err := ready()
		if err == nil {
			return
		}
		select {
		case <-ended:
			t.Fatalf("%s ended: %v\n%s", what, err, log)
		case <-time.After(50 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s does not answer: %v\n%s", what, err, log)
		}
	}
}

// start runs a server until the test ends.
func start(t *testing.T, cmd *exec.Cmd, stop os.Signal) (log *output, ended chan struct{}) {
	t.Helper()
	log, ended = &output{}, make(chan struct{})
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		t.Fatalf("start %s: %v", cmd.Path, err)
	}
	go func() {
		defer close(ended)
		_ = cmd.Wait()
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Signal(stop)
		select {
		case <-ended:
		case <-time.After(patience):
			_ = cmd.Process.Kill()
			<-ended
		}
	})
	return log, ended
}

// freePort is one that nobody listens on at the moment.
func freePort(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return strconv.Itoa(listener.Addr().(*net.TCPAddr).Port)
}

// Postgres starts a server with an empty database.
func Postgres(t *testing.T) Place {
	t.Helper()
	const password = "password-of-the-tests"
	bin := postgresPrograms(t)
	dir := t.TempDir()
	as := servant(t, dir)
	data := filepath.Join(dir, "data")
	secret := filepath.Join(dir, "password")
	if err := os.WriteFile(secret, []byte(password+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	chown(t, secret, as)
	run := func(name string, args ...string) *exec.Cmd {
		cmd := exec.Command(filepath.Join(bin, name), args...)
		cmd.Dir, cmd.Env = dir, append(os.Environ(), "LC_ALL=C.UTF-8")
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: as}
		return cmd
	}
	if out, err := run("initdb", "--no-sync", "--auth=scram-sha-256", "--username=operator", "--pwfile="+secret, "--pgdata="+data).CombinedOutput(); err != nil {
		t.Fatalf("initdb: %v\n%s", err, out)
	}
	port := freePort(t)
	log, ended := start(t, run("postgres", "-D", data, "-p", port, "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=", "-c", "fsync=off"), os.Interrupt)
	t.Setenv("PGUSER", "operator")
	t.Setenv("PGPASSWORD", password)
	// create makes a database and returns its address.
	create := func(t *testing.T, name string) string {
		t.Helper()
		await(t, "PostgreSQL", log, ended, func() error {
			out, err := exec.Command(filepath.Join(bin, "createdb"), "-h", "127.0.0.1", "-p", port, name).CombinedOutput()
			if err != nil && !strings.Contains(string(out), "already exists") {
				return errors.New(string(out))
			}
			return nil
		})
		return "postgres://127.0.0.1:" + port + "/" + name + "?sslmode=disable"
	}
	return Place{Name: "postgres", Address: create(t, "counties"), Folder: data, another: func(t *testing.T) string {
		return create(t, fmt.Sprintf("counties%d", made.Add(1)))
	}}
}

// postgresPrograms is the folder with Debian's newest server.
func postgresPrograms(t *testing.T) string {
	t.Helper()
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if err != nil || len(found) == 0 {
		t.Fatal("PostgreSQL is not installed: apt-get install postgresql")
	}
	return filepath.Dir(found[len(found)-1])
}

// servant is whom the server runs as: it refuses to run as root. The folder becomes theirs.
func servant(t *testing.T, dir string) *syscall.Credential {
	t.Helper()
	if os.Getuid() != 0 {
		return nil
	}
	them, err := user.Lookup("postgres")
	if err != nil {
		t.Fatal(err)
	}
	uid, _ := strconv.ParseUint(them.Uid, 10, 32)
	gid, _ := strconv.ParseUint(them.Gid, 10, 32)
	as := &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	chown(t, dir, as)
	// The folders above it are the test's, and nobody else may look into them.
	for above := filepath.Dir(dir); len(above) > len(os.TempDir()); above = filepath.Dir(above) {
		if err := os.Chmod(above, 0o711); err != nil {
			t.Fatal(err)
		}
	}
	return as
}

func chown(t *testing.T, path string, as *syscall.Credential) {
	t.Helper()
	if as == nil {
		return
	}
	if err := os.Chown(path, int(as.Uid), int(as.Gid)); err != nil {
		t.Fatal(err)
	}
}
