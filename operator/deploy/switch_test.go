package deploy_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/medienzentrenverbund/kreisraum/operator/deploy"
)

// bad builds, once, programs that are no server: "exits" ends at once, "ready" says that it is ready and serves nobody.
var bad = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "kreisraum-bad-")
	if err != nil {
		return "", err
	}
	for name, body := range map[string]string{
		"exits": `println("this release is broken")`,
		"ready": `c, err := net.Dial("unixgram", os.Getenv("NOTIFY_SOCKET")); if err != nil { panic(err) }; c.Write([]byte("READY=1")); time.Sleep(time.Hour)`,
	} {
		source := filepath.Join(dir, name+".go")
		imports := ""
		if name == "ready" {
			imports = `import ("net"; "os"; "time")`
		}
		if err := os.WriteFile(source, []byte("package main\n"+imports+"\nfunc main() { "+body+" }\n"), 0o644); err != nil {
			return "", err
		}
		if err := build(filepath.Join(dir, name), source); err != nil {
			return "", err
		}
	}
	return dir, nil
})

// badRelease is a release that never serves.
func badRelease(t *testing.T, name string) deploy.Release {
	t.Helper()
	dir, err := bad()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, name)
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(data)
	return deploy.Release{Version: "v6.6.6", Path: path, Size: int64(len(data)), SHA256: hex.EncodeToString(sum[:])}
}

// next is the same release in another configuration.
func (b *box) next() deploy.Job {
	job := b.job()
	job.Bundle.ServerConfig = b.config("organisers")
	return job
}

// runs fails the test unless the server answers with the bundle's digest.
func (b *box) runs(bundle deploy.Bundle) {
	b.t.Helper()
	want, err := bundle.Digest()
	if err != nil {
		b.t.Fatal(err)
	}
	info, err := b.ops.Info(b.t.Context())
	if err != nil || info.Deployment != want {
		b.t.Errorf("the server runs %.12s (%v), want %.12s", info.Deployment, err, want)
	}
}

// A release that exits at once, or starts and answers nobody: the machine goes back to what ran before, by itself.
func TestBadReleaseIsTakenBack(t *testing.T) {
	t.Parallel()
	for name, says := range map[string]string{"exits": "this release is broken", "ready": "Started."} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBox(t, boxOptions{})
			b.deploy(b.job())
			job := b.job()
			job.Bundle.Release, job.Health = badRelease(t, name), 3*time.Second
			_, err := deploy.Run(t.Context(), job)
			var back *deploy.RolledBackError
			if !errors.As(err, &back) || !strings.HasPrefix(back.To, "v1.2.3-") || !strings.Contains(err.Error(), says) {
				t.Fatalf("got %v, want a *RolledBackError with the new release's log", err)
			}
			b.runs(b.job().Bundle)
			if result := b.deploy(b.job()); len(result.Changed) > 0 || result.Restarted {
				t.Errorf("afterwards %v was still to be changed", result.Changed)
			}
			if previous := b.link(deploy.PreviousLink); previous != "" {
				t.Errorf("previous leads to %s", previous)
			}
		})
	}
}

// Without a release that ran well there is nothing to go back to, and the error is the start's.
func TestBadFirstReleaseStays(t *testing.T) {
	t.Parallel()
	b := newBox(t, boxOptions{})
	job := b.job()
	job.Bundle.Release, job.Health = badRelease(t, "ready"), 2*time.Second
	job.HostKeys.Injected = b.injected.PublicKey()
	_, err := deploy.Run(t.Context(), job)
	var back *deploy.RolledBackError
	if err == nil || errors.As(err, &back) {
		t.Fatalf("got %v", err)
	}
}

func TestRollback(t *testing.T) {
	t.Parallel()
	b := newBox(t, boxOptions{})
	first := b.job()
	b.deploy(first)
	if _, err := deploy.Rollback(t.Context(), b.job()); !errors.Is(err, deploy.ErrNoPrevious) {
		t.Fatalf("got %v, want ErrNoPrevious", err)
	}
	b.deploy(b.next())
	b.runs(b.next().Bundle)
	to, err := deploy.Rollback(t.Context(), b.job())
	if err != nil || to != first.Bundle.Release.ID() {
		t.Fatalf("back to %q, %v", to, err)
	}
	b.runs(first.Bundle)
	if _, err := deploy.Rollback(t.Context(), b.job()); !errors.Is(err, deploy.ErrNoPrevious) {
		t.Errorf("a second time: %v, want ErrNoPrevious", err)
	}
	if result := b.deploy(b.next()); !result.Restarted { // and forward again: all is still there
		t.Error("not restarted")
	}
	b.runs(b.next().Bundle)
}

// A machine that dies in between starts the old release or the new one, whole, and the next run finishes.
func TestReleaseChangeIsFinishedAfterAKillAtAnyStep(t *testing.T) {
	t.Parallel()
	b := newBox(t, boxOptions{})
	b.deploy(b.job())
	for step := 0; ; step++ {
		if step > 20 {
			t.Fatal("no run came to its end")
		}
		job, steps := b.job(), 0
		if step%2 == 0 {
			job = b.next()
		}
		died := errors.New("died here")
		ctx, kill := context.WithCancelCause(t.Context())
		job.Progress = func(string) {
			if steps == step/2 {
				kill(died)
			}
			steps++
		}
		_, err := deploy.Run(ctx, job)
		kill(nil)
		if err == nil {
			break // there was no such step any more
		}
		info, asked := b.ops.Info(t.Context())
		old, _ := b.job().Bundle.Digest()
		fresh, _ := b.next().Bundle.Digest()
		if asked == nil && info.Deployment != old && info.Deployment != fresh {
			t.Fatalf("killed at step %d: the server runs something else", step/2)
		}
		job.Progress = nil
		b.deploy(job)
		b.runs(job.Bundle)
	}
}

// What never ran well is not gone back to.
func TestPreviousIsOnlyWhatRan(t *testing.T) {
	t.Parallel()
	b := newBox(t, boxOptions{})
	first := b.job()
	b.deploy(first)
	broken := b.job()
	broken.Bundle.Release, broken.Health = badRelease(t, "exits"), 2*time.Second
	if _, err := deploy.Run(t.Context(), broken); err == nil {
		t.Fatal("a broken release was deployed")
	}
	b.deploy(b.next())
	if got := filepath.Base(b.link(deploy.PreviousLink)); !strings.HasPrefix(got, first.Bundle.Release.ID()) {
		t.Errorf("previous is %s", got)
	}
	if to, err := deploy.Rollback(t.Context(), b.job()); err != nil || to != first.Bundle.Release.ID() {
		t.Errorf("back to %q, %v", to, err)
	}
	b.runs(first.Bundle)
}
