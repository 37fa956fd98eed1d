package county

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/medienzentrenverbund/kreisraum/operator/deploy"
)

// Kept is a machine that `up` has left as it is.
type Kept struct {
	InUse
	// Refused: nobody need be there; the release was taken back before, and only `upgrade` brings it again.
	Refused bool `json:"refused,omitempty"`
}

// deploy brings the release to machines without a server at once, and renews those that run another one, one at a time. A machine with
// lessons is left alone, and one from which this very release was taken back.
func (u *up) deploy(ctx context.Context, progress func(string)) (string, error) {
	if err := u.forgetMarks(); err != nil {
		return "", err
	}
	if err := u.finishRebuilds(ctx, progress); err != nil {
		return "", err
	}
	fresh, running, err := u.sort(ctx)
	if err != nil {
		return "", err
	}
	var lines []string
	err = u.deployTo(ctx, fresh, progress, func(t *target, result deploy.Result) {
		line := strings.Join(result.Changed, ", ")
		if len(u.targets) > 1 {
			line = t.id + ": " + line
		}
		lines = append(lines, line)
	})
	if err != nil {
		return "", err
	}
	for _, m := range inOrder(running) {
		to, err := u.renew(ctx, m, progress)
		if err != nil {
			return "", fmt.Errorf("%s: %w", m.id, err)
		}
		lines = append(lines, m.id+": "+m.info.Version+" → "+to)
	}
	for _, k := range u.result.Kept {
		lines = append(lines, k.Machine+" keeps "+k.Version)
	}
	if len(lines) == 0 {
		return "already running " + u.Version, nil
	}
	return strings.Join(lines, "; "), nil
}

// sort tells machines without a server that answers from those that run another release and may be restarted, and notes the others.
func (u *up) sort(ctx context.Context) (fresh []*target, running []standing, err error) {
	for _, m := range u.standings(ctx, u.targets) {
		switch {
		case !m.answers:
			fresh = append(fresh, m.target)
		case m.info.Deployment == m.digest:
		case u.local.Refused == u.release.ID():
			u.result.Kept = append(u.result.Kept, Kept{m.inUse(), true})
		case m.info.Participants > 0 && !u.options.Release.Now:
			u.result.Kept = append(u.result.Kept, Kept{m.inUse(), false})
		default:
			running = append(running, m)
		}
	}
	return fresh, running, confirm(u.options.Release, running)
}

// forgetMarks takes the word back that machines get no rooms: whoever gave it was killed, or gives it again soon. The portal is told with
// the rest.
func (u *up) forgetMarks() error {
	if len(u.local.Renewing) == 0 {
		return nil
	}
	return u.local.change(func(l *local) { l.Renewing = nil })
}

// keeps reports whether a machine was left with another release.
func (u *up) keeps(t *target) bool {
	return slices.ContainsFunc(u.result.Kept, func(k Kept) bool { return k.Machine == t.id })
}
