package deploy

import (
	"context"
	"errors"
	"io/fs"
	"path"
)

// activate lets CurrentLink lead to the bundle's release, and puts its unit in place. The release of before is remembered if it runs
// now: then it is a good one.
func (d *deployment) activate(ctx context.Context) error {
	current, err := d.remote.target(CurrentLink)
	if err != nil {
		return err
	}
	if current != d.dir {
		d.Progress("switching to the release")
		if err := d.remember(ctx, current); err != nil {
			return err
		}
		if err := d.remote.point(CurrentLink, d.dir); err != nil {
			return err
		}
		d.stale = true
		d.changed("release")
	}
	return d.takeUnit(d.dir)
}

// remember lets PreviousLink lead to the folder whose release runs.
func (d *deployment) remember(ctx context.Context, current string) error {
	digest, err := d.remote.digestIn(current)
	if err != nil || digest == "" || !d.runs(ctx, digest) {
		return err // what does not run now need not run again; the one of before it stays remembered
	}
	return d.remote.point(PreviousLink, current)
}

// takeUnit makes the unit in a release's folder the one that systemd knows.
func (d *deployment) takeUnit(dir string) error {
	unit, err := d.remote.read(path.Join(dir, ServiceUnit))
	if err != nil {
		return err
	}
	return d.put(file{path: path.Join(UnitDir, ServiceUnit), content: unit})
}

// takeBack lets the machine run what ran well before, after reason. Without such a release reason is the error.
func (d *deployment) takeBack(ctx context.Context, reason *StartError) error {
	previous, digest, err := d.previous()
	if err != nil || previous == "" || previous == d.dir {
		return errors.Join(reason, err)
	}
	d.Progress("the release is not healthy, back to " + plainName(previous))
	if err := d.goBack(ctx, previous, digest); err != nil {
		return errors.Join(reason, err)
	}
	return &RolledBackError{To: plainName(previous), Reason: reason}
}

// previous is the release that ran well before, "" if there is none, or it is not complete.
func (d *deployment) previous() (dir, digest string, err error) {
	if dir, err = d.remote.target(PreviousLink); err != nil || dir == "" {
		return "", "", err
	}
	digest, err = d.remote.digestIn(dir)
	if err != nil || digest == "" {
		return "", "", err
	}
	return dir, digest, nil
}

// goBack switches to the folder of before and waits until its release is healthy. Nothing is left to go back to from there.
func (d *deployment) goBack(ctx context.Context, dir, digest string) error {
	if err := d.remote.point(CurrentLink, dir); err != nil {
		return err
	}
	if err := d.takeUnit(dir); err != nil {
		return err
	}
	if err := d.restart(); err != nil {
		return err
	}
	if err := d.healthy(ctx, digest, d.Health); err != nil {
		return d.failed(err)
	}
	if err := d.remote.files.Remove(PreviousLink); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return d.remote.explain("remove "+PreviousLink, err)
	}
	return nil
}

// Rollback lets the machine run the release that ran well before the current one. The job's bundle does not matter. It returns that
// release's name for people, or ErrNoPrevious.
func Rollback(ctx context.Context, job Job) (to string, err error) {
	d := newDeployment(job)
	defer d.disconnect()
	if err := d.connect(ctx); err != nil {
		return "", errors.Join(ctx.Err(), err)
	}
	dir, digest, err := d.previous()
	if err != nil {
		return "", err
	}
	if dir == "" {
		return "", ErrNoPrevious
	}
	d.Progress("back to " + plainName(dir))
	return plainName(dir), errors.Join(d.goBack(ctx, dir, digest), ctx.Err())
}
