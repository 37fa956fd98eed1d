package machine

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"os/exec"
	"path"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/medienzentrenverbund/kreisraum/operator/sandbox/spawn"
)

// host is what the units of a running machine stand on.
type host struct {
	disk  *rootFS
	spawn *spawn.Spawner
	log   *slog.Logger
}

// unitProcess is the main process of a unit, running.
type unitProcess struct {
	process *os.Process
	exited  <-chan exitStatus // one value, once the whole process group is gone and its output read
	ready   <-chan struct{}   // closed after READY=1; nil unless the unit notifies
	alive   <-chan struct{}   // a value after WATCHDOG=1, at most one waits; nil unless the unit notifies
}

// exitStatus is how a main process ended.
type exitStatus struct {
	code   int            // exit code, or 128+signal as a shell would say
	signal syscall.Signal // 0: it exited by itself
}

// clean follows systemd.service(5) "SuccessExitStatus=": exit code 0 and the signals that ask to end.
func (e exitStatus) clean() bool {
	switch e.signal {
	case 0:
		return e.code == 0
	case syscall.SIGHUP, syscall.SIGINT, syscall.SIGTERM, syscall.SIGPIPE:
		return true
	}
	return false
}

func (e exitStatus) String() string {
	if e.signal != 0 {
		return fmt.Sprintf("code=killed, signal=%s", strings.TrimPrefix(unix.SignalName(e.signal), "SIG"))
	}
	return fmt.Sprintf("code=exited, status=%d", e.code)
}

// Exit codes of steps before the program itself, systemd.exec(5) "PROCESS EXIT CODES".
const (
	exitEnvironment = 207 // EXIT_RUNTIME_DIRECTORY … 243 have one code per folder; one is enough here
	exitExec        = 203 // EXIT_EXEC
	exitUser        = 217 // EXIT_USER
)

// launchError is a start that did not come to the program itself.
type launchError struct {
	code int
	err  error
}

func (e *launchError) Error() string { return e.err.Error() }
func (e *launchError) Unwrap() error { return e.err }

// launch starts the main process of u. Its output goes to j.
func (h *host) launch(u *unitFile, j *journal) (*unitProcess, error) {
	users, err := loadUsers(h.disk)
	if err != nil {
		return nil, &launchError{exitUser, err}
	}
	who, gid, err := u.runsAs(&users)
	if err != nil {
		return nil, &launchError{exitUser, err}
	}
	who.gid = gid
	if err := h.makeDirectories(u, who.owner); err != nil {
		return nil, &launchError{exitEnvironment, err}
	}
	env, err := h.environment(u, who)
	if err != nil {
		return nil, &launchError{exitEnvironment, err}
	}
	var notify *notifySocket
	if u.kind == "notify" {
		if notify, err = openNotifySocket(h.disk, u.name, who.owner); err != nil {
			return nil, &launchError{exitEnvironment, fmt.Errorf("notification socket: %w", err)}
		}
		env = append(env, "NOTIFY_SOCKET="+notify.name)
		if u.watchdog > 0 { // WATCHDOG_PID is for services of several processes, sd_watchdog_enabled(3)
			env = append(env, fmt.Sprintf("WATCHDOG_USEC=%d", u.watchdog.Microseconds()))
		}
	}
	p, err := h.exec(u, who, users.supplementary(who.name), env, j, notify)
	if err != nil {
		if notify != nil {
			notify.close()
		}
		return nil, &launchError{exitExec, err}
	}
	return p, nil
}

func (h *host) exec(u *unitFile, who account, groups []uint32, env []string, j *journal, notify *notifySocket) (*unitProcess, error) {
	dir := u.workingDir
	switch {
	case dir == "~":
		dir = who.home
	case dir == "":
		dir = "/"
	}
	out, in, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	cmd := &exec.Cmd{Path: u.command[0], Args: u.command, Env: env, Dir: dir, Stdout: in, Stderr: in}
	confine(cmd, h.disk.dir, who.owner, groups, u.bindService)
	err = h.spawn.Start(cmd)
	_ = in.Close()
	if err != nil {
		_ = out.Close()
		return nil, fmt.Errorf("start %s: %w", u.command[0], execError(err))
	}
	limitFiles(cmd.Process.Pid, u.files)
	if u.noCore {
		_ = unix.Prlimit(cmd.Process.Pid, unix.RLIMIT_CORE, &unix.Rlimit{}, nil) // best effort, as limitFiles; the server sees to it itself as well
	}

	exited := make(chan exitStatus, 1)
	p := &unitProcess{process: cmd.Process, exited: exited}
	notified := make(chan struct{})
	if notify != nil {
		ready, alive := make(chan struct{}), make(chan struct{}, 1)
		p.ready, p.alive = ready, alive
		go func() {
			defer close(notified)
			done := false
			notify.wait(func() {
				if !done {
					done = true
					close(ready)
				}
			}, func() {
				select {
				case alive <- struct{}{}:
				default:
				}
			})
		}()
	} else {
		close(notified)
	}
	read := make(chan struct{})
	go func() {
		defer close(read)
		j.copyFrom(out)
		_ = out.Close()
	}()
	go func() {
		status := reap(cmd)
		<-read
		if notify != nil {
			notify.close()
		}
		<-notified
		if !u.preserves() {
			h.removeVolatile(u)
		}
		exited <- status
	}()
	return p, nil
}

// reap waits for a main process, kills what is left of its group while the group's number cannot have been reused, and collects it.
func reap(cmd *exec.Cmd) exitStatus {
	pid := cmd.Process.Pid
	for {
		err := unix.Waitid(unix.P_PID, pid, nil, unix.WEXITED|unix.WNOWAIT, nil)
		if !errors.Is(err, unix.EINTR) {
			break
		}
	}
	_ = unix.Kill(-pid, unix.SIGKILL)
	_ = cmd.Wait()
	ws, _ := cmd.ProcessState.Sys().(syscall.WaitStatus)
	if ws.Signaled() {
		return exitStatus{code: 128 + int(ws.Signal()), signal: ws.Signal()}
	}
	return exitStatus{code: ws.ExitStatus()}
}

// execError drops the path from an exec error: Go names the path as seen from inside the chroot already.
func execError(err error) error {
	var pathError *fs.PathError
	if errors.As(err, &pathError) {
		return pathError.Err
	}
	return err
}

// runsAs is the account of User= and the group of Group=; root without User=.
func (u *unitFile) runsAs(users *userDB) (account, int, error) {
	name := u.user
	if name == "" {
		name = "root"
	}
	who, ok := users.account(name)
	if !ok {
		return who, 0, fmt.Errorf("unknown user %q", name)
	}
	if u.group == "" {
		return who, who.gid, nil
	}
	g, ok := users.group(u.group)
	if !ok {
		return who, 0, fmt.Errorf("unknown group %q", u.group)
	}
	return who, g.gid, nil
}

// makeDirectories makes the folders of StateDirectory= and its siblings. A folder of another owner is handed over with its contents.
func (h *host) makeDirectories(u *unitFile, who owner) error {
	for _, d := range u.directories {
		name := path.Join(d.parent, d.name)
		if err := h.disk.mkdirAll(name, u.mode(d)); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if !d.owned {
			continue
		}
		if err := h.handOver(name, who); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

func (h *host) handOver(name string, who owner) error {
	if os.Geteuid() != 0 {
		return nil
	}
	info, err := h.disk.stat(name)
	if err != nil {
		return err
	}
	if st, ok := info.Sys().(*syscall.Stat_t); ok && int(st.Uid) == who.uid && int(st.Gid) == who.gid {
		return nil
	}
	p, err := h.disk.resolve(name, true)
	if err != nil {
		return err
	}
	return fs.WalkDir(h.disk.root.FS(), p, func(below string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return h.disk.root.Lchown(below, who.uid, who.gid)
	})
}

// preserves reports whether folders below /run outlive the main process when the unit is started anew, systemd.exec(5).
func (u *unitFile) preserves() bool { return u.preserve == "yes" || u.preserve == "restart" }

func (h *host) removeVolatile(u *unitFile) {
	for _, d := range u.directories {
		if d.volatile {
			_ = h.disk.removeAll(path.Join(d.parent, d.name))
		}
	}
}

// environment is what systemd.exec(5) "ENVIRONMENT VARIABLES IN SPAWNED PROCESSES" promises, then Environment=, then the files.
func (h *host) environment(u *unitFile, who account) ([]string, error) {
	env := []string{"LANG=C.UTF-8", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}
	if u.user != "" {
		env = append(env, "HOME="+who.home, "LOGNAME="+who.name, "USER="+who.name, "SHELL="+who.shell)
	}
	named := map[string][]string{}
	var order []string
	for _, d := range u.directories {
		if named[d.variable] == nil {
			order = append(order, d.variable)
		}
		named[d.variable] = append(named[d.variable], path.Join(d.parent, d.name))
	}
	for _, variable := range order {
		env = append(env, variable+"="+strings.Join(named[variable], ":"))
	}
	env = append(env, u.environment...)
	for _, f := range u.envFiles {
		data, err := h.disk.readFile(f.name, maxUnitFile)
		if errors.Is(err, fs.ErrNotExist) && f.optional {
			continue
		}
		if err == nil {
			var more []string
			if more, err = parseEnvFile(data); err == nil {
				env = append(env, more...)
			}
		}
		if err != nil {
			return nil, fmt.Errorf("environment file %s: %w", f.name, err)
		}
	}
	return env, nil
}
