package deploy_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/medienzentrenverbund/kreisraum/operator/deploy"
	"go.uber.org/goleak"
	"golang.org/x/crypto/ssh"
)

// unitFile is where systemd looks.
var unitFile = filepath.Join(deploy.UnitDir, deploy.ServiceUnit)

func TestFreshMachineAndThenNothingToDo(t *testing.T) {
	t.Parallel()
	b := newBox(t, boxOptions{})
	result := b.deploy(b.fullJob())
	for _, want := range []string{"release", "host key", "certificate", deploy.CountyCAFile, unitFile} {
		if !slices.Contains(result.Changed, want) {
			t.Errorf("%s did not change on a fresh machine: %v", want, result.Changed)
		}
	}
	digest, err := b.fullJob().Bundle.Digest()
	if err != nil {
		t.Fatal(err)
	}
	info, err := b.ops.Info(t.Context())
	if err != nil || info.Deployment != digest {
		t.Errorf("the server runs %q (%v), want %q", info.Deployment, err, digest)
	}
	again := b.deploy(b.fullJob())
	if len(again.Changed) > 0 || again.Restarted {
		t.Errorf("a second run changed %v, restarted %t", again.Changed, again.Restarted)
	}
	if later, err := b.ops.Info(t.Context()); err != nil || !later.Started.Equal(info.Started) {
		t.Errorf("the server was started again: %v, %v", later.Started, err)
	}
}

func TestRunLeavesNoGoroutine(t *testing.T) {
	b := newBox(t, boxOptions{})
	b.deploy(b.job())
	before := goleak.IgnoreCurrent()
	b.deploy(b.job())
	b.ops.Close()
	goleak.VerifyNone(t, before)
}

func TestInjectedHostKeyIsWorthlessAfterwards(t *testing.T) {
	t.Parallel()
	b := newBox(t, boxOptions{})
	b.deploy(b.job())
	if !b.proven || bytes.Equal(b.saved.Marshal(), b.injected.PublicKey().Marshal()) {
		t.Fatalf("proven %t, or the pinned key is the injected one", b.proven)
	}
	job := b.job()
	job.HostKeys = &deploy.HostKeys{Injected: b.injected.PublicKey(), Save: b.save}
	var wrong *deploy.HostKeyError
	if _, err := deploy.Run(t.Context(), job); !errors.As(err, &wrong) {
		t.Errorf("the injected key is still shown: %v", err)
	}
	line, err := os.ReadFile(b.path(deploy.HostKeyFile + ".pub"))
	if err != nil {
		t.Fatal(err)
	}
	onDisk, _, _, _, err := ssh.ParseAuthorizedKey(line)
	if err != nil || !bytes.Equal(onDisk.Marshal(), b.saved.Marshal()) {
		t.Errorf("the machine's key is not the pinned one (%v)", err)
	}
}

// A run may die before the new key is saved, or between saving it and seeing it proven.
func TestHostKeyRenewalResumes(t *testing.T) {
	t.Parallel()
	for name, at := range map[string]bool{"before the key is saved": false, "before the key is proven": true} {
		t.Run(name, func(t *testing.T) {
			b := newBox(t, boxOptions{})
			died := errors.New("died here")
			b.refuse = func(proven bool) error {
				if proven == at {
					return died
				}
				return nil
			}
			if _, err := deploy.Run(t.Context(), b.job()); !errors.Is(err, died) {
				t.Fatalf("got %v, want the run to die", err)
			}
			b.deploy(b.job())
			if !b.proven {
				t.Error("the new key is not proven")
			}
		})
	}
}

func TestWrongHostKeyStopsBeforeAnythingIsSent(t *testing.T) {
	t.Parallel()
	b := newBox(t, boxOptions{})
	job := b.job()
	job.HostKeys = &deploy.HostKeys{Pinned: newKey(t).PublicKey(), Proven: true, Save: b.save}
	_, err := deploy.Run(t.Context(), job)
	var wrong *deploy.HostKeyError
	if !errors.As(err, &wrong) || !strings.Contains(err.Error(), "Nothing was sent") {
		t.Fatalf("got %v, want a *HostKeyError", err)
	}
	if _, err := os.Stat(b.path(deploy.ReleasesDir)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("something was sent: %v", err)
	}
}

func TestMachineThatCannotBeReached(t *testing.T) {
	t.Parallel()
	b := newBox(t, boxOptions{off: true})
	job := b.job()
	job.Boot = 300 * time.Millisecond
	_, err := deploy.Run(t.Context(), job)
	if !errors.Is(err, deploy.ErrUnreachable) || !strings.Contains(err.Error(), "ssh.sources") {
		t.Errorf("got %v, want ErrUnreachable that says what to check", err)
	}
}

func TestMachineThatRefusesTheKey(t *testing.T) {
	t.Parallel()
	b := newBox(t, boxOptions{})
	job := b.job()
	job.Key, job.Boot = newKey(t), 300*time.Millisecond
	if _, err := deploy.Run(t.Context(), job); !errors.Is(err, deploy.ErrRefused) {
		t.Errorf("got %v, want ErrRefused", err)
	}
}

func TestCtrlCEndsTheWait(t *testing.T) {
	t.Parallel()
	b := newBox(t, boxOptions{off: true})
	ctx, cancel := context.WithCancel(t.Context())
	job := b.job()
	job.Boot = time.Hour
	job.Progress = func(string) { cancel() }
	if _, err := deploy.Run(ctx, job); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
}

func TestFirstBootThatEndsWithoutItsMarker(t *testing.T) {
	t.Parallel()
	donor := newBox(t, boxOptions{off: true})
	text, rest, _ := strings.Cut(donor.userData(), "write_files:")
	if rest == "" {
		t.Fatal("the cloud-config writes no files")
	}
	b := newBox(t, boxOptions{userData: text})
	job := b.job()
	job.HostKeys.Injected = donor.injected.PublicKey()
	_, err := deploy.Run(t.Context(), job)
	if err == nil || !strings.Contains(err.Error(), deploy.ReadyMarkerFile) || !strings.Contains(err.Error(), "cloud-init.log") {
		t.Errorf("got %v, want an error that names the marker and the log", err)
	}
}

func TestChangedConfigurationIsAllThatIsSent(t *testing.T) {
	t.Parallel()
	b := newBox(t, boxOptions{})
	b.deploy(b.fullJob())
	job := b.fullJob()
	job.Bundle.ServerConfig = b.config("organisers")
	result := b.deploy(job)
	if slices.Contains(result.Changed, unitFile) || !slices.Contains(result.Changed, "release") || !result.Restarted {
		t.Errorf("changed %v, restarted %t; want another folder, the same unit and a restart", result.Changed, result.Restarted)
	}
	if entries := b.releases(); len(entries) != 2 || !os.SameFile(b.stat(entries[0], deploy.BinaryName), b.stat(entries[1], deploy.BinaryName)) {
		t.Errorf("%v: the binary was sent a second time", entries)
	}
}

func TestServerThatDoesNotStartShowsItsLog(t *testing.T) {
	t.Parallel()
	b := newBox(t, boxOptions{})
	job := b.job()
	job.Bundle.ServerConfig, job.Health = []byte("county: [\n"), time.Second
	_, err := deploy.Run(t.Context(), job)
	var failed *deploy.StartError
	if !errors.As(err, &failed) || !strings.Contains(failed.Journal, "configuration") || !strings.Contains(failed.State, "ActiveState=") {
		t.Fatalf("got %v, want a *StartError with state and log", err)
	}
	b.deploy(b.job()) // and a right configuration mends it
}

func TestFileThatIsNoLongerWantedIsRemoved(t *testing.T) {
	t.Parallel()
	b := newBox(t, boxOptions{})
	job := b.job()
	job.Bundle.ACMERoots = job.Bundle.CountyCA // any PEM will do
	b.deploy(job)
	b.deploy(b.job())
	if _, err := os.Stat(b.path(deploy.ACMERootsFile)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%s is still there: %v", deploy.ACMERootsFile, err)
	}
}

func TestHalfAReleaseOfAKilledRunIsSentAgain(t *testing.T) {
	t.Parallel()
	b := newBox(t, boxOptions{})
	release := b.fullJob().Bundle.Release
	if err := os.MkdirAll(b.path("/opt/kreisraum"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{deploy.IncomingFile, deploy.IncomingFile + ".gz"} {
		if err := os.WriteFile(b.path(name), make([]byte, release.Size+1000), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	b.deploy(b.fullJob())
	if got := b.stat(filepath.Base(b.link(deploy.CurrentLink)), deploy.BinaryName).Size(); got != release.Size {
		t.Errorf("%d bytes, want %d", got, release.Size)
	}
	for _, name := range []string{deploy.IncomingFile, deploy.IncomingFile + ".gz"} {
		if _, err := os.Stat(b.path(name)); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s is left over (%v)", name, err)
		}
	}
}

func TestOnlyTheLastThreeReleasesStay(t *testing.T) {
	t.Parallel()
	b := newBox(t, boxOptions{})
	for i := range 5 {
		dir := b.path(fmt.Sprintf("%s/v0.0.%d-0123456789ab", deploy.ReleasesDir, i))
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		old := time.Now().Add(time.Duration(i-10) * time.Hour)
		if err := os.Chtimes(dir, old, old); err != nil {
			t.Fatal(err)
		}
	}
	b.deploy(b.job())
	entries, err := os.ReadDir(b.path(deploy.ReleasesDir))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name()[:6])
	}
	if want := []string{"v0.0.3", "v0.0.4", "v1.2.3"}; !slices.Equal(names, want) {
		t.Errorf("left are %v, want %v", names, want)
	}
}

func TestFullDiskIsCalledThat(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=4m"); errors.Is(err, syscall.EPERM) {
		t.Skip("this computer allows no mounts, so there is no small disk to fill")
	} else if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(dir, syscall.MNT_DETACH) })
	b := newBox(t, boxOptions{dir: dir})
	if _, err := deploy.Run(t.Context(), b.fullJob()); !errors.Is(err, deploy.ErrDiskFull) {
		t.Errorf("got %v, want ErrDiskFull", err)
	}
}

func TestServerThatDiedIsStartedAgain(t *testing.T) {
	t.Parallel()
	b := newBox(t, boxOptions{})
	b.deploy(b.job())
	before, err := b.ops.Info(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	job := b.job()
	// The machine's certificate is damaged: the server runs and nobody can ask it anything.
	if err := os.WriteFile(b.path(deploy.OpsCertFile), []byte("damaged"), 0o644); err != nil {
		t.Fatal(err)
	}
	if result := b.deploy(job); !slices.Equal(result.Changed, []string{"certificate"}) {
		t.Errorf("changed %v, want the certificate only", result.Changed)
	}
	if after, err := b.ops.Info(t.Context()); err != nil || after.Deployment != before.Deployment {
		t.Errorf("got %q, %v, want %q", after.Deployment, err, before.Deployment)
	}
}

func TestMissingBinarySaysHowToBuildIt(t *testing.T) {
	t.Parallel()
	_, err := deploy.OpenRelease(filepath.Join(t.TempDir(), "server"), "v1")
	if err == nil || !strings.Contains(err.Error(), "make") {
		t.Errorf("got %v, want advice to run make", err)
	}
}

func TestDigestFollowsEveryPart(t *testing.T) {
	t.Parallel()
	base := deploy.Bundle{Release: deploy.Release{Version: "v1", SHA256: strings.Repeat("a", 64)}, ServerConfig: []byte("c"), CountyCA: []byte("k")}
	seen := map[string]string{}
	for name, edit := range map[string]func(*deploy.Bundle){
		"base":    func(*deploy.Bundle) {},
		"version": func(b *deploy.Bundle) { b.Release.Version = "v2" },
		"binary":  func(b *deploy.Bundle) { b.Release.SHA256 = strings.Repeat("a", 63) + "b" },
		"config":  func(b *deploy.Bundle) { b.ServerConfig = []byte("d") },
		"CA":      func(b *deploy.Bundle) { b.CountyCA = []byte("l") },
		"roots":   func(b *deploy.Bundle) { b.ACMERoots = []byte("r") },
		"shifted": func(b *deploy.Bundle) { b.ServerConfig, b.CountyCA = []byte("ck"), nil },
	} {
		bundle := base
		edit(&bundle)
		digest, err := bundle.Digest()
		if err != nil {
			t.Fatal(err)
		}
		if other, twice := seen[digest]; twice {
			t.Errorf("%s and %s have the same digest", name, other)
		}
		seen[digest] = name
	}
}

func TestOnlyTheListedCommandsAreAllowed(t *testing.T) {
	t.Parallel()
	for _, c := range deploy.Commands() {
		if !deploy.Allowed(c) {
			t.Errorf("%q is listed and refused", c)
		}
	}
	for _, c := range []string{"", "sh", deploy.CmdRestart + "; reboot", " " + deploy.CmdIsActive, strings.ToUpper(deploy.CmdShow)} {
		if deploy.Allowed(c) {
			t.Errorf("%q is allowed", c)
		}
	}
}

func TestCountyKeyIsTheServicesAlone(t *testing.T) {
	t.Parallel()
	b := newBox(t, boxOptions{})
	job := b.job()
	b.deploy(job)
	path := b.path(deploy.CountyKeyFile)
	data, err := os.ReadFile(path)
	if err != nil || !bytes.Equal(data, job.Bundle.CountyKey) {
		t.Fatalf("the machine's key differs (%v)", err)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	state, err := os.Stat(b.path(deploy.StateDir))
	if err != nil {
		t.Fatal(err)
	}
	// The service reads it and cannot write it.
	if file, service := info.Sys().(*syscall.Stat_t), state.Sys().(*syscall.Stat_t); info.Mode().Perm() != 0o640 || file.Uid != 0 || file.Gid != service.Gid || service.Uid == 0 {
		t.Errorf("mode %o, owner %d, group %d, the service is %d in %d", info.Mode().Perm(), file.Uid, file.Gid, service.Uid, service.Gid)
	}
	// One that others could read is put right, and a new key is a new deployment.
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	if result := b.deploy(b.job()); !slices.Equal(result.Changed, []string{deploy.CountyKeyFile}) {
		t.Errorf("changed %v", result.Changed)
	}
	other := b.job()
	other.Bundle.CountyKey = []byte(strings.Repeat("x", 32))
	first, err := job.Bundle.Digest()
	if err != nil {
		t.Fatal(err)
	}
	second, err := other.Bundle.Digest()
	if err != nil || first == second {
		t.Errorf("another key has the same digest (%v)", err)
	}
}
