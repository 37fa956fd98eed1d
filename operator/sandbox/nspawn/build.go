package nspawn

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// MirrorVariable names the environment variable with the Debian mirror that images are built from. Without it: this computer's own one when it
// is a Debian of the image's release, else DefaultMirror.
const MirrorVariable = "KREISRAUM_DEBIAN_MIRROR"

// DefaultMirror is Debian's own.
const DefaultMirror = "http://deb.debian.org/debian"

// buildTimeout bounds a whole build; a guess: ten times what it takes.
const buildTimeout = 15 * time.Minute

// builder makes one image in a folder that is renamed at the end.
type builder struct {
	root    string // the file system
	log     *os.File
	mirrors mirrors
}

// buildImage runs under the images' lock: what lies in building/ is an earlier build's that was interrupted.
func buildImage(ctx context.Context, i Image, progress func(string)) (err error) {
	ctx, cancel := context.WithTimeout(ctx, buildTimeout)
	defer cancel()
	images := filepath.Dir(filepath.Dir(i.Root))
	work := filepath.Join(images, "building")
	if err := os.RemoveAll(work); err != nil {
		return err
	}
	b := &builder{root: filepath.Join(work, "rootfs"), mirrors: ownMirrors()}
	if err := os.MkdirAll(b.root, 0o755); err != nil {
		return err
	}
	logName := filepath.Join(images, "build.log")
	if b.log, err = os.Create(logName); err != nil {
		return err
	}
	defer b.log.Close()
	for _, step := range []struct {
		say string
		do  func(context.Context) error
	}{
		{"unpacking a minimal Debian 12 (half a minute)", b.debootstrap},
		{"installing cloud-init, OpenSSH and the rest (half a minute)", b.install},
		{"trimming", b.trim},
	} {
		progress(step.say)
		if err := step.do(ctx); err != nil {
			return fmt.Errorf("%s: %w; the whole log is %s", step.say, err, logName)
		}
	}
	if err := os.RemoveAll(filepath.Dir(i.Root)); err != nil {
		return err
	}
	return os.Rename(work, filepath.Dir(i.Root))
}

// debootstrap makes the minimal base. The rest comes with apt: debootstrap cannot resolve the virtual packages behind cloud-init's
// python3-cryptography, and apt brings the security updates.
func (b *builder) debootstrap(ctx context.Context) error {
	return b.run(ctx, "debootstrap", "--variant=minbase", "--keyring="+archiveKeys, suite, b.root, b.mirrors.main)
}

func (b *builder) install(ctx context.Context) error {
	undo, err := b.lendApt()
	if err != nil {
		return err
	}
	for _, args := range [][]string{
		{"update", "-q"}, {"upgrade", "-qy"}, append([]string{"install", "-qy", "--no-install-recommends"}, packages...), {"clean"},
	} {
		if err := b.chroot(ctx, append([]string{"apt-get"}, args...)...); err != nil {
			return err
		}
	}
	return undo()
}

// lendApt gives the chroot what apt needs to reach a mirror from here, and configuration that is faster; undo takes it back.
func (b *builder) lendApt() (undo func() error, err error) {
	excluded := "force-unsafe-io\n"
	for _, p := range excludedPaths {
		excluded += "path-exclude=" + p + "\n"
	}
	m := b.mirrors
	sources := fmt.Sprintf("deb %[1]s %[2]s main\ndeb %[1]s %[2]s-updates main\ndeb %[3]s %[2]s-security main\n", m.main, suite, m.security)
	resolver, err := os.ReadFile("/etc/resolv.conf")
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	own, err := os.ReadFile(b.path("etc/apt/sources.list"))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	lent := []imageFile{
		{"usr/sbin/policy-rc.d", "#!/bin/sh\nexit 101\n"}, // start nothing, Debian Policy §9.3.3.2 (invoke-rc.d)
		{"etc/dpkg/dpkg.cfg.d/kreisraum-build", excluded},
		{"etc/resolv.conf", string(resolver)},
		{"etc/apt/sources.list", sources},
	}
	if err := b.write(lent); err != nil {
		return nil, err
	}
	if err := os.Chmod(b.path("usr/sbin/policy-rc.d"), 0o755); err != nil {
		return nil, err
	}
	settings, err := aptSettings()
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(b.path("etc/apt/apt.conf.d/99kreisraum-build"), settings, 0o644); err != nil {
		return nil, err
	}
	return func() error {
		return errors.Join(os.Remove(b.path("usr/sbin/policy-rc.d")), os.Remove(b.path("etc/dpkg/dpkg.cfg.d/kreisraum-build")),
			os.Remove(b.path("etc/apt/apt.conf.d/99kreisraum-build")), os.WriteFile(b.path("etc/apt/sources.list"), own, 0o644))
	}, nil
}

// aptSettings are this computer's ways to a mirror: its proxies.
func aptSettings() ([]byte, error) {
	out, err := exec.Command("apt-config", "dump", "--format", "%f \"%v\";%n", "Acquire::http::Proxy", "Acquire::https::Proxy").Output()
	if errors.Is(err, exec.ErrNotFound) {
		return nil, nil
	}
	return out, err
}

// trim takes out what two machines must not share, and what they do not need.
func (b *builder) trim(ctx context.Context) error {
	if err := b.write(imageFiles()); err != nil {
		return err
	}
	for _, unit := range masked {
		if err := replaceLink("/dev/null", b.path("etc/systemd/system/"+unit)); err != nil {
			return err
		}
	}
	if err := replaceLink("/lib/systemd/system/multi-user.target", b.path("etc/systemd/system/default.target")); err != nil {
		return err
	}
	if err := b.dropModules(); err != nil {
		return err
	}
	if err := b.chroot(ctx, "python3", "-m", "compileall", "-q", "/usr/lib/python3/dist-packages/cloudinit", "/usr/lib/python3/dist-packages/kreisraumsim"); err != nil {
		return err
	}
	gone := []string{
		"etc/ssh/ssh_host_*", "var/lib/dbus/machine-id", "etc/hostname", "etc/resolv.conf", "var/cache/apt/*", "var/lib/apt/lists/*",
		"var/log/*.log", "var/log/apt", "usr/share/doc/*", "usr/share/man/*", "usr/share/info/*", "var/cache/debconf/*-old",
	}
	for _, pattern := range gone {
		if err := b.remove(pattern); err != nil {
			return err
		}
	}
	languages, err := filepath.Glob(b.path("usr/share/locale/*"))
	if err != nil {
		return err
	}
	for _, l := range languages {
		if !strings.HasPrefix(filepath.Base(l), "en") {
			if err := os.RemoveAll(l); err != nil {
				return err
			}
		}
	}
	for _, folder := range []string{"var/cache/apt/archives/partial", "var/lib/apt/lists/partial", "var/log/journal"} {
		if err := os.MkdirAll(b.path(folder), 0o755); err != nil {
			return err
		}
	}
	return nil
}

// dropModules takes modules out of cloud-init's lists; unknown ones are no error, the lists differ by version.
func (b *builder) dropModules() error {
	name := b.path("etc/cloud/cloud.cfg")
	data, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	var kept [][]byte
	for line := range bytes.Lines(data) {
		module, isItem := strings.CutPrefix(strings.TrimSpace(string(line)), "- ")
		if isItem && slices.Contains(droppedModules, module) {
			continue
		}
		kept = append(kept, line)
	}
	return os.WriteFile(name, bytes.Join(kept, nil), 0o644)
}

func (b *builder) path(name string) string { return filepath.Join(b.root, name) }

func (b *builder) write(files []imageFile) error {
	for _, f := range files {
		name := b.path(f.name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			return err
		}
		if err := os.RemoveAll(name); err != nil { // it may be a link that leads out of the image
			return err
		}
		if err := os.WriteFile(name, []byte(f.content), 0o644); err != nil {
			return err
		}
	}
	return nil
}

func (b *builder) remove(pattern string) error {
	names, err := filepath.Glob(b.path(pattern))
	for _, name := range names {
		err = errors.Join(err, os.RemoveAll(name))
	}
	return err
}

func replaceLink(target, name string) error {
	if err := os.RemoveAll(name); err != nil {
		return err
	}
	return os.Symlink(target, name)
}

func (b *builder) chroot(ctx context.Context, args ...string) error {
	inside := []string{"chroot", b.root, "env", "-i", "DEBIAN_FRONTEND=noninteractive", "LC_ALL=C.UTF-8", "PATH=/usr/sbin:/usr/bin:/sbin:/bin"}
	for _, name := range []string{"http_proxy", "https_proxy", "no_proxy"} {
		if value := os.Getenv(name); value != "" {
			inside = append(inside, name+"="+value)
		}
	}
	return b.run(ctx, append(inside, args...)...)
}

// run runs a command in namespaces of its own: what it mounts, and what it leaves running, goes with it.
func (b *builder) run(ctx context.Context, args ...string) error {
	fmt.Fprintf(b.log, "\n$ %s\n", strings.Join(args, " "))
	start, _ := b.log.Seek(0, 2)
	cmd := exec.CommandContext(ctx, "unshare", append([]string{"--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "--"}, args...)...)
	cmd.Stdout, cmd.Stderr = b.log, b.log
	cmd.SysProcAttr = &unix.SysProcAttr{Pdeathsig: unix.SIGKILL, Setsid: true}
	err := onOwnThread(cmd.Run) // a thread that ends would take the command with it
	if err != nil && ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		return fmt.Errorf("%s: %w\n%s", args[0], err, lastLines(b.log.Name(), start))
	}
	return nil
}

// lastLines is the end of a log from an offset on.
func lastLines(name string, start int64) string {
	const most = 15
	data, err := os.ReadFile(name)
	if err != nil || int64(len(data)) < start {
		return "(there is no log)"
	}
	lines := strings.Split(strings.TrimSpace(string(data[start:])), "\n")
	return strings.Join(lines[max(0, len(lines)-most):], "\n")
}

// mirrors are where packages come from.
type mirrors struct{ main, security string }

// ownMirrors are those of this computer.
func ownMirrors() mirrors {
	out, err := exec.Command("apt-get", "indextargets", "--format", "$(REPO_URI) $(CODENAME)", "Created-By: Packages").Output()
	if err != nil {
		out = nil // not a Debian, or one without apt: Debian's own mirror
	}
	return mirrorsOf(os.Getenv(MirrorVariable), string(out))
}

// mirrorsOf finds the mirrors of the image's release among lines of address and code name. One that was asked for is taken; the security
// updates are beside a mirror, unless this computer has them from elsewhere.
func mirrorsOf(asked, targets string) mirrors {
	m := mirrors{main: strings.TrimSuffix(asked, "/")}
	for line := range strings.Lines(targets) {
		address, name, _ := strings.Cut(strings.TrimSpace(line), " ")
		address = strings.TrimSuffix(address, "/")
		switch {
		case !strings.HasPrefix(address, "http"):
		case name == suite && m.main == "":
			m.main = address
		case name == suite+"-security":
			m.security = address
		}
	}
	m.main = cmp.Or(m.main, DefaultMirror)
	m.security = cmp.Or(m.security, m.main+"-security")
	return m
}
