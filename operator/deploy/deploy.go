package deploy

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/netip"
	"strings"
	"sync"
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

// Run brings the machine to run the bundle. It can be repeated at any time, and after any failure. Until the very moment of the switch a
// start of the server takes the release of before, from then on the new one. A release that does not become healthy is taken back at
// once if one ran well before it; then the error is a *RolledBackError.
func Run(ctx context.Context, job Job) (Result, error) {
	d := newDeployment(job)
	defer d.disconnect()
	for _, step := range []func(context.Context) error{
		d.measure, d.connect, d.prepare, d.renewHostKey, d.share, d.change, d.tidy,
	} {
		if err := step(ctx); err != nil {
			return d.result, errors.Join(ctx.Err(), err)
		}
	}
	return d.result, nil
}

func newDeployment(job Job) *deployment {
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
	return d
}

// deployment is a running Job.
type deployment struct {
	Job
	remote *remote
	result Result
	// digest of the bundle and dir, its folder on the machine.
	digest, dir string
	compressed  func() ([]byte, error)
	// stale is set when the running server no longer is what the bundle says.
	stale bool
	// before is the folder that CurrentLink led to when the deployment came, "" if there was none.
	before string
}

func (d *deployment) changed(what string) { d.result.Changed = append(d.result.Changed, what) }

func (d *deployment) disconnect() {
	if d.remote != nil {
		d.remote.close()
		d.remote = nil
	}
}

// measure learns what is to be sent, and begins to compress it: a machine that boots leaves time for that.
func (d *deployment) measure(context.Context) (err error) {
	if d.digest, err = d.Bundle.Digest(); err != nil {
		return err
	}
	d.dir = d.Bundle.dir(d.digest)
	d.compressed = pack(d.Bundle.Release)
	return nil
}

func (d *deployment) connect(ctx context.Context) (err error) {
	d.Progress("waiting for SSH")
	d.remote, err = connect(ctx, d.Address, d.Key, d.HostKeys.accepted(), d.Boot)
	return err
}

// prepare sends the release while the first boot still goes on, and completes the release's folder beside the one that runs.
func (d *deployment) prepare(ctx context.Context) (err error) {
	if d.before, err = d.remote.target(CurrentLink); err != nil {
		return err
	}
	d.Progress("sending the release")
	var sending, booting error
	var both sync.WaitGroup
	both.Go(func() { booting = d.awaitReady(ctx) })
	both.Go(func() { sending = d.remote.pushBinary(d.Bundle.Release, d.dir, d.compressed) })
	both.Wait()
	if err := errors.Join(booting, sending); err != nil {
		return err
	}
	files, err := d.Bundle.own(d.digest)
	if err != nil {
		return err
	}
	if d.before == d.dir { // what differs was damaged
		return d.put(files...)
	}
	for _, f := range files {
		if _, err := d.remote.put(f); err != nil {
			return err
		}
	}
	if d.before == "" { // the host key's unit is in the release; no server starts from it before it has a unit itself
		d.changed("release")
		return d.remote.point(CurrentLink, d.dir)
	}
	return nil
}

// put writes files where they differ.
func (d *deployment) put(files ...file) error {
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

// share brings the files that all releases use.
func (d *deployment) share(context.Context) error {
	d.Progress("writing the configuration")
	files, err := d.Bundle.shared()
	if err != nil {
		return err
	}
	return d.put(files...)
}

// change lets the server run the release, and takes it back if that does not work.
func (d *deployment) change(ctx context.Context) error {
	if err := d.activate(ctx); err != nil {
		return err
	}
	for _, step := range []func(context.Context) error{d.start, d.certify, d.awaitHealth} {
		err := step(ctx)
		var unhealthy *StartError
		if errors.As(err, &unhealthy) && ctx.Err() == nil {
			return d.takeBack(ctx, unhealthy)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// start restarts the server if it runs something else, and starts it if it does not run.
func (d *deployment) start(ctx context.Context) error {
	if !d.stale && d.active() && !d.runsAnother(ctx) {
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

// glance bounds one question to the server that may not answer.
const glance = 3 * time.Second

// runs reports whether the server answers with a digest.
func (d *deployment) runs(ctx context.Context, digest string) bool {
	running, err := d.running(ctx)
	return err == nil && running == digest
}

// runsAnother reports whether the server answers, and runs something else: it was not restarted since the switch.
func (d *deployment) runsAnother(ctx context.Context) bool {
	running, err := d.running(ctx)
	return err == nil && running != d.digest
}

func (d *deployment) running(ctx context.Context) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, glance)
	defer cancel()
	info, err := d.Ops.Info(ctx)
	return info.Deployment, err
}

// awaitHealth waits for the ops API to answer with this deployment's digest. A server that was left running and does not
// answer is restarted once.
func (d *deployment) awaitHealth(ctx context.Context) error {
	d.Progress("waiting for the server")
	patience := d.Health
	if !d.result.Restarted {
		patience /= 4
	}
	err := d.healthy(ctx, d.digest, patience)
	if err == nil || ctx.Err() != nil {
		return err
	}
	if d.result.Restarted {
		return d.failed(err)
	}
	if err := d.restart(); err != nil {
		return err
	}
	if err := d.healthy(ctx, d.digest, d.Health); err != nil {
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
	previous, err := d.remote.target(PreviousLink)
	if err == nil {
		err = d.remote.prune(d.dir, previous)
	}
	if err != nil {
		d.Log.Warn("old releases stay on the machine", "error", err)
	}
	return nil
}

// awaitReady waits for cloud-init's last file. cloud-init's own verdict is asked only to end the wait early: images report
// "error" for mishaps that concern nobody.
func (d *deployment) awaitReady(ctx context.Context) error {
	waited := false
	err := poll(ctx, d.Boot, func() error {
		ready, err := d.remote.exists(ReadyMarkerFile)
		if err != nil {
			return permanent{d.remote.explain("look for "+ReadyMarkerFile, err)}
		}
		if ready {
			return nil
		}
		if !waited {
			d.Progress("waiting for the first boot to finish")
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
