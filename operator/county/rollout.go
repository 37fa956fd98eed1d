package county

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	server "github.com/medienzentrenverbund/kreisraum/conference/config"
	"github.com/medienzentrenverbund/kreisraum/conference/opsapi"
	"github.com/medienzentrenverbund/kreisraum/operator/deploy"
)

const (
	// renewing is how long the word is good that a machine gets no new rooms; it is said again as long as somebody waits.
	renewing = 5 * time.Minute
	// emptyPoll is the pause between two looks at a machine with lessons.
	emptyPoll = 2 * time.Second
)

// ReleaseOptions are the choices of commands that restart machines.
type ReleaseOptions struct {
	// Now does not wait for lessons: they are interrupted, and come back by themselves.
	Now bool
	// Confirm is asked before lessons are interrupted; nil: nobody is.
	Confirm func(touched []InUse) error
}

// InUse is a machine with lessons.
type InUse struct {
	Machine string `json:"machine"`
	// Version that it runs.
	Version      string `json:"version,omitempty"`
	Rooms        int    `json:"rooms"`
	Participants int    `json:"participants"`
}

func (u InUse) String() string {
	return fmt.Sprintf("%s has %s with %s", u.Machine, count(u.Rooms, "lesson"), count(u.Participants, "participant"))
}

// Renewed is a machine that runs something else now.
type Renewed struct {
	Machine string `json:"machine"`
	From    string `json:"from,omitempty"`
	To      string `json:"to"`
}

// ReleaseResult is what a command about releases has done.
type ReleaseResult struct {
	// Renewed are in order. None: all machines were as they should be.
	Renewed []Renewed     `json:"renewed"`
	Elapsed time.Duration `json:"-"`
}

// MarshalJSON adds the duration in milliseconds.
func (r ReleaseResult) MarshalJSON() ([]byte, error) {
	type bare ReleaseResult
	return json.Marshal(struct {
		bare
		Elapsed float64 `json:"elapsed_ms"`
	}{bare(r), milliseconds(r.Elapsed)})
}

// standing is what a machine runs.
type standing struct {
	*target
	// proven: it was deployed to before. answers: its server says what is in info.
	proven, answers bool
	info            opsapi.Info
}

func (s standing) inUse() InUse {
	return InUse{Machine: s.id, Version: s.info.Version, Rooms: s.info.Rooms, Participants: s.info.Participants}
}

// standings asks all targets at the same time.
func (s *site) standings(ctx context.Context, targets []*target) []standing {
	all := make([]standing, len(targets))
	each(targets, func(i int, t *target) {
		all[i].target = t
		_, proven, err := s.local.pinned(t.machine.ServerID)
		if all[i].proven = err == nil && proven; !all[i].proven {
			return
		}
		info, err := patientInfo(ctx, t.ops)
		all[i].info, all[i].answers = info, err == nil
	})
	return all
}

// patientInfo asks a server that may be busy: whoever gives no answer in time may have lessons all the same, and is not to be taken for one
// that does not run. That one mostly refuses at once.
func patientInfo(ctx context.Context, ops Ops) (info opsapi.Info, err error) {
	for _, patience := range []time.Duration{glance, 4 * glance} {
		asking, cancel := context.WithTimeout(ctx, patience)
		info, err = ops.Info(asking)
		late := asking.Err() != nil
		cancel()
		if err == nil || !late || ctx.Err() != nil {
			return info, err
		}
	}
	return info, err
}

// inOrder puts bridges before the portal, unless the portal does not answer: without it nobody gets to the bridges.
func inOrder(all []standing) []standing {
	slices.SortStableFunc(all, func(a, b standing) int { return rank(a) - rank(b) })
	return all
}

func rank(s standing) int {
	switch {
	case s.machine.Number == 0 && !s.answers:
		return 0
	case s.machine.Number == 0:
		return 1 << 20
	}
	return s.machine.Number
}

// rollout changes machines one at a time: each gets no new rooms, its lessons are waited for, it is changed and takes rooms again. The
// county is locked for each machine's change and not for the waiting.
type rollout struct {
	*County
	options ReleaseOptions
	release deploy.Release
	// pending are the machines that are still to be changed.
	pending func(context.Context, *site) ([]standing, error)
	// apply changes one and returns what it runs then. Lessons are interrupted.
	apply func(context.Context, *site, standing, func(string)) (to string, err error)

	began  bool
	told   map[string]bool
	result ReleaseResult
}

// run changes all that is pending.
func (r *rollout) run(ctx context.Context, progress func(string)) (text string, err error) {
	r.told = map[string]bool{}
	defer func() {
		if err != nil && r.began {
			err = errors.Join(err, r.giveBack(ctx))
		}
	}()
	if err := r.ask(ctx); err != nil {
		return "", err
	}
	for {
		if err := ctx.Err(); err != nil {
			return "", context.Cause(ctx)
		}
		busy, more, err := r.next(ctx, progress)
		if err != nil {
			return "", err
		}
		if busy != nil {
			if err := r.await(ctx, busy); err != nil {
				return "", err
			}
		} else if !more {
			return r.text(), nil
		}
	}
}

func (r *rollout) text() string {
	lines := make([]string, len(r.result.Renewed))
	for i, m := range r.result.Renewed {
		lines[i] = m.Machine + " " + strings.TrimPrefix(m.From+" → "+m.To, " → ")
	}
	return strings.Join(lines, ", ")
}

// ask lets somebody say whether lessons may be interrupted.
func (r *rollout) ask(ctx context.Context) error {
	if !r.options.Now || r.options.Confirm == nil {
		return nil
	}
	s, done, err := r.turn(ctx, r.release, true)
	if err != nil {
		return err
	}
	pending, err := r.pending(ctx, s)
	done()
	if err != nil {
		return err
	}
	return confirm(r.options, pending)
}

// confirm asks if any of the machines has lessons.
func confirm(options ReleaseOptions, machines []standing) error {
	var touched []InUse
	for _, m := range machines {
		if m.info.Participants > 0 {
			touched = append(touched, m.inUse())
		}
	}
	if len(touched) == 0 || options.Confirm == nil {
		return nil
	}
	return options.Confirm(touched)
}

// next changes the first machine that is pending, unless it has lessons to wait for: then it is kept from new ones and returned.
func (r *rollout) next(ctx context.Context, progress func(string)) (busy *standing, more bool, err error) {
	s, done, err := r.turn(ctx, r.release, !r.began)
	if err != nil {
		return nil, false, err
	}
	defer done()
	r.began = true
	pending, err := r.pending(ctx, s)
	if err != nil || len(pending) == 0 {
		return nil, false, err
	}
	m := inOrder(pending)[0]
	if !r.options.Now && m.answers {
		if err := s.keepFromRooms(ctx, m.target); err != nil {
			return nil, false, err
		}
		if m.info.Participants > 0 {
			r.tell(m, progress)
			return &m, true, nil
		}
	}
	to, err := r.apply(ctx, s, m, func(line string) { progress(m.id + ": " + strings.TrimPrefix(line, m.id+": ")) })
	if err != nil {
		return nil, false, fmt.Errorf("%s: %w", m.id, err)
	}
	r.result.Renewed = append(r.result.Renewed, Renewed{Machine: m.id, From: m.info.Version, To: to})
	progress(m.id + " runs " + to)
	return nil, true, s.giveRooms(ctx, m.id)
}

// tell says once for each machine what is waited for.
func (r *rollout) tell(m standing, progress func(string)) {
	if !r.told[m.id] {
		r.told[m.id] = true
		progress(m.inUse().String() + "; no new ones begin there, " + r.patience())
	}
}

// patience says how long lessons are waited for: the night ends what lasts until its end.
func (c *County) patience() string {
	restart := server.Restart{At: c.Config.Restart.At, Latest: c.Config.Restart.Latest, TimeZone: c.Config.Restart.TimeZone}
	if restart.At == "" {
		return "waiting until they end"
	}
	return "waiting until they end, at the latest at " + restart.WithDefaults().Latest
}

// await returns when nobody is on the machine any more, or the word that it gets no rooms is to be said again. A server that is away for
// a moment is no news: at night it restarts by itself.
func (r *rollout) await(ctx context.Context, m *standing) error {
	secrets, err := openSecrets(r.Home, r.World.Now)
	if err != nil {
		return err
	}
	ops := r.ops(secrets, m.machine)
	defer ops.Close()
	for again := r.World.Now().Add(renewing / 2); r.World.Now().Before(again); {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(emptyPoll):
		}
		asking, cancel := context.WithTimeout(ctx, glance)
		info, err := ops.Info(asking)
		cancel()
		if err == nil && info.Participants == 0 {
			return nil
		}
	}
	return nil
}

// keepFromRooms lets a machine get no new rooms for a while.
func (s *site) keepFromRooms(ctx context.Context, t *target) error {
	until := s.World.Now().Add(renewing)
	if err := s.local.change(func(l *local) {
		if l.Renewing == nil {
			l.Renewing = map[string]time.Time{}
		}
		l.Renewing[t.id] = until
	}); err != nil {
		return err
	}
	return s.tellMachines(ctx)
}

// giveRooms lets machines take rooms again; without a name, all.
func (s *site) giveRooms(ctx context.Context, ids ...string) error {
	if len(s.local.Renewing) == 0 {
		return nil
	}
	if err := s.local.change(func(l *local) {
		for id := range l.Renewing {
			if len(ids) == 0 || slices.Contains(ids, id) {
				delete(l.Renewing, id)
			}
		}
	}); err != nil {
		return err
	}
	return s.tellMachines(ctx)
}

// giveBack lets all machines take rooms again after a failure, also when ctx has ended.
func (r *rollout) giveBack(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), closing)
	defer cancel()
	s, done, err := r.turn(ctx, deploy.Release{}, false)
	if err != nil {
		return err
	}
	defer done()
	if err := s.giveRooms(ctx); err != nil {
		return fmt.Errorf("a machine still gets no new rooms; the next `up` or `upgrade` gives it rooms again: %w", err)
	}
	return nil
}
