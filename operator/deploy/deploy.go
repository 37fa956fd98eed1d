package deploy

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/netip"
	"strings"
	"time"

	"github.com/medienzentrenverbund/kreisraum/conference/opsapi"
	"golang.org/x/crypto/ssh"
)

// Deadlines of a run. A machine at Hetzner answers after some 20 s and is ready after 40 to 60 s; five minutes mean trouble.
const (
	DefaultBoot   = 5 * time.Minute
	DefaultHealth = 45 * time.Second
)

// Ops is what a deployment asks of the ops API.
type Ops interface {
	Info(ctx context.Context) (opsapi.Info, error)
}

// Authority signs the certificate of the machine with an ID.
type Authority interface {
	SignMachine(csrPEM []byte, id string) ([]byte, error)
	Good(certPEM, csrPEM []byte, id string) bool
}

// Job is one machine's deployment.
type Job struct {
	// Machine is the machine's ID, see package identity.
	Machine string
	// Address of SSH.
	Address netip.AddrPort
	// Key is the operator's.
	Key       ssh.Signer
	HostKeys  *HostKeys
	Bundle    Bundle
	Authority Authority
	Ops       Ops
	// Boot bounds the wait for SSH and for cloud-init, each. Zero: DefaultBoot.
	Boot time.Duration
	// Health bounds the wait for the server after its start. Zero: DefaultHealth.
	Health time.Duration
	// Progress is told what is done next; may be nil.
	Progress func(string)
	Log      *slog.Logger
}

// Result says what a deployment did.
type Result struct {
	// Changed lists what was not as wanted: "release", "host key", "certificate", or the path of a file.
	Changed   []string
	Restarted bool
}

// Run brings the machine to run the bundle. It can be repeated at any time, and after any failure.
func Run(ctx context.Context, job Job) (Result, error) {
	d := &deployment{Job: job}
	if d.Boot == 0 {
		d.Boot = DefaultBoot
	}
	if d.Health == 0 {
		d.Health = DefaultHealth
	}
	if d.Progress == nil {
		d.Progress = func(string) {}
	}
	defer d.disconnect()
	for _, step := range []func(context.Context) error{
		d.connect, d.awaitReady, d.release, d.renewHostKey, d.writeFiles, d.start, d.certify, d.awaitHealth, d.tidy,
	} {
		if err := step(ctx); err != nil {
			return d.result, errors.Join(ctx.Err(), err)
		}
	}
	return d.result, nil
}

// deployment is a running Job.
type deployment struct {
	Job
	remote *remote
	result Result
	// stale is set when the running server no longer is what the bundle says.
	stale bool
}

func (d *deployment) changed(what string) { d.result.Changed = append(d.result.Changed, what) }

func (d *deployment) disconnect() {
	if d.remote != nil {
		d.remote.close()
		d.remote = nil
	}
}

func (d *deployment) connect(ctx context.Context) (err error) {
	d.Progress("waiting for SSH")
	d.remote, err = connect(ctx, d.Address, d.Key, d.HostKeys.accepted(), d.Boot)
	return err
}

func (d *deployment) release(context.Context) error {
	d.Progress("sending the release")
	changed, err := d.remote.pushRelease(d.Bundle.Release)
	if changed {
		d.stale = true
		d.changed("release")
	}
	return err
}

func (d *deployment) writeFiles(context.Context) error {
	d.Progress("writing the configuration")
	files, err := d.Bundle.files()
	if err != nil {
		return err
	}
	for _, f := range files {
		changed, err := d.remote.put(f)
		if err != nil {
			return err
		}
		if changed {
			d.stale = true
			d.changed(f.path)
		}
	}
	return nil
}

// start restarts the server if anything changed, and starts it if it does not run.
func (d *deployment) start(context.Context) error {
	if !d.stale && d.active() {
		return nil
	}
	return d.restart()
}

// active asks systemd; every answer but "active" counts as no.
func (d *deployment) active() bool {
	out, err := d.remote.run(CmdIsActive)
	return err == nil && strings.TrimSpace(out) == "active"
}

func (d *deployment) restart() error {
	d.Progress("starting the server")
	for _, command := range []string{CmdDaemonReload, CmdEnable, CmdRestart} {
		if _, err := d.remote.run(command); err != nil {
			return d.failed(err)
		}
	}
	d.result.Restarted = true
	return nil
}

// awaitHealth waits for the ops API to answer with this deployment's digest. A server that was left running and does not
// answer is restarted once.
func (d *deployment) awaitHealth(ctx context.Context) error {
	d.Progress("waiting for the server")
	digest, err := d.Bundle.Digest()
	if err != nil {
		return err
	}
	patience := d.Health
	if !d.result.Restarted {
		patience /= 4
	}
	err = d.healthy(ctx, digest, patience)
	if err == nil || ctx.Err() != nil {
		return err
	}
	if d.result.Restarted {
		return d.failed(err)
	}
	if err := d.restart(); err != nil {
		return err
	}
	if err := d.healthy(ctx, digest, d.Health); err != nil {
		return d.failed(err)
	}
	return nil
}

func (d *deployment) healthy(ctx context.Context, digest string, patience time.Duration) error {
	return poll(ctx, patience, func() error {
		info, err := d.Ops.Info(ctx)
		if err != nil {
			return err
		}
		if info.Deployment != digest {
			return errors.New("the server that answers is not the one just deployed")
		}
		return nil
	})
}

// failed adds to a failure what the machine knows about it.
func (d *deployment) failed(reason error) error {
	failure := &StartError{Reason: reason}
	failure.State, _ = d.remote.run(CmdShow)
	failure.Journal, _ = d.remote.run(CmdJournal)
	return failure
}

// tidy removes old releases. What is left over does no harm, so a failure is only logged.
func (d *deployment) tidy(context.Context) error {
	if err := d.remote.prune(d.Bundle.Release.dir()); err != nil {
		d.Log.Warn("old releases stay on the machine", "error", err)
	}
	return nil
}

// awaitReady waits for cloud-init's last file. cloud-init's own verdict is asked only to end the wait early: images report
// "error" for mishaps that concern nobody.
func (d *deployment) awaitReady(ctx context.Context) error {
	d.Progress("waiting for the first boot to finish")
	waited := false
	err := poll(ctx, d.Boot, func() error {
		ready, err := d.remote.exists(ReadyMarkerFile)
		if err != nil {
			return permanent{d.remote.explain("look for "+ReadyMarkerFile, err)}
		}
		if ready {
			return nil
		}
		waited = true
		return d.bootVerdict()
	})
	if err == nil && waited {
		d.applySysctl()
	}
	return err
}

func (d *deployment) bootVerdict() error {
	out, err := d.remote.run(CmdCloudInitStatus)
	var failed *CommandError
	if err != nil && !errors.As(err, &failed) {
		return permanent{err}
	}
	if strings.Contains(out, "status: running") || strings.Contains(out, "status: not started") || strings.Contains(out, "status: not run") {
		return errors.New("the first boot has not finished")
	}
	// The marker may have been written since it was looked for.
	if ready, _ := d.remote.exists(ReadyMarkerFile); ready {
		return nil
	}
	return permanent{fmt.Errorf("the machine's first boot ended without writing %s (%s); see /var/log/cloud-init.log on it, or take the county "+
		"down and up again", ReadyMarkerFile, strings.Join(strings.Fields(out), " "))}
}

// exitNoUnit is systemctl's exit code for a unit that does not exist, systemctl(1).
const exitNoUnit = 5

// applySysctl lets the kernel settings that cloud-init wrote take effect; without them bursts of media may be lost, so a
// failure is no reason to stop.
func (d *deployment) applySysctl() {
	_, err := d.remote.run(CmdApplySysctl)
	var failed *CommandError
	if errors.As(err, &failed) && failed.Code == exitNoUnit {
		return // an image without systemd-sysctl has nothing to apply
	}
	if err != nil {
		d.Log.Warn("kernel settings take effect at the machine's next boot only", "error", err)
	}
}

// permanent ends poll at once.
type permanent struct{ error }

func (p permanent) Unwrap() error { return p.error }

// poll calls try until it returns nil, a permanent error, or patience has passed; then the last error is returned.
func poll(ctx context.Context, patience time.Duration, try func() error) error {
	deadline := time.Now().Add(patience)
	for pause := pauseMin; ; pause = min(2*pause, pauseMax) {
		err := try()
		var stop permanent
		if err == nil {
			return nil
		}
		if errors.As(err, &stop) {
			return stop.error
		}
		if time.Now().Add(pause).After(deadline) {
			return fmt.Errorf("%w (waited %s)", err, patience.Round(time.Second))
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause):
		}
	}
}

// isMissing reports whether err says that a file is not there.
func isMissing(err error) bool { return errors.Is(err, fs.ErrNotExist) }
