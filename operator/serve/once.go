package serve

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/medienzentrenverbund/kreisraum/operator/autoscale"
)

const (
	// maxRounds bounds how often one order without a daemon decides and acts.
	maxRounds = 8
	// settleTime is how long to wait for a portal that has just begun, asking every settlePoll.
	settleTime = 30 * time.Second
	settlePoll = time.Second
)

// Once carries an order out without a daemon, as far as it can be now. The order is remembered: a daemon that is started later goes on.
func Once(ctx context.Context, name string, c County, s Settings, decide func(autoscale.Input) autoscale.Decision, o Order, progress func(string), log *slog.Logger) (Outcome, error) {
	m, err := newMind(name, c, s, decide, log)
	if err != nil {
		return Outcome{}, err
	}
	defer m.close()
	m.memory.apply(o)
	if err := m.save(); err != nil {
		return Outcome{}, err
	}
	outcome, err := m.settle(ctx, o, progress)
	return outcome, errors.Join(err, m.save())
}

// settle looks, decides and acts until nothing is left to do.
func (m *mind) settle(ctx context.Context, o Order, progress func(string)) (out Outcome, err error) {
	if o.byHand() {
		if err := m.act(ctx, task{order: o}, &out, progress); err != nil {
			return out, err
		}
	}
	for range maxRounds {
		if err := m.lookSettled(ctx); err != nil {
			return out, err
		}
		t, r, _ := m.think(ctx)
		if err := m.note(r); err != nil {
			return out, err
		}
		out.Decision, out.Bridges = r.Decision, m.lines()
		if t.nothing() {
			return out, nil
		}
		if err := m.act(ctx, t, &out, progress); err != nil {
			return out, err
		}
	}
	return out, nil
}

func (m *mind) act(ctx context.Context, t task, out *Outcome, progress func(string)) error {
	d := carryOut(ctx, m.county, t, progress)
	out.add(d)
	return errors.Join(m.learn(d), d.err)
}

func (m *mind) lookSettled(ctx context.Context) error {
	end := time.Now().Add(settleTime)
	for {
		err := m.look(ctx)
		if err != nil {
			return err
		}
		if m.last.load.Settled {
			return nil
		}
		if time.Now().After(end) {
			return errors.New("the portal has not yet heard of all its bridges; run the command again in a minute, the order is remembered")
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(settlePoll):
		}
	}
}
