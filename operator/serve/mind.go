package serve

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/medienzentrenverbund/kreisraum/conference/opsapi"
	"github.com/medienzentrenverbund/kreisraum/operator/autoscale"
)

const (
	// lookTime bounds one look at a county.
	lookTime = 10 * time.Second
	// bridgesTime is how long the operator's own state of the bridges is believed without a reason to doubt it.
	bridgesTime = time.Minute
	// saveEvery is how often what is learnt is saved when nothing else is; a kill costs that much of the peaks.
	saveEvery = 10 * time.Minute
)

// mind is what is known of a county, and what to make of it. Owned by one goroutine.
type mind struct {
	name     string
	county   County
	settings Settings
	decide   func(autoscale.Input) autoscale.Decision
	log      *slog.Logger

	memory  *memory
	history []autoscale.Sample
	bridges []Bridge
	asked   time.Time // when bridges were read; zero: they are to be read again
	last    view
	saved   time.Time
	zone    *time.Location
	unlock  func()
	// lost: a survey missed a bridge at Hetzner.
	lost bool
}

func newMind(name string, c County, s Settings, decide func(autoscale.Input) autoscale.Decision, log *slog.Logger) (*mind, error) {
	zone, err := time.LoadLocation(s.Policy.TimeZone)
	if err != nil {
		return nil, fmt.Errorf("%s: time zone of the county: %w", name, err)
	}
	unlock, err := lockMemory(s.Dir)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	m, err := openMemory(s.Dir)
	if err != nil {
		unlock()
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return &mind{name: name, county: c, settings: s, decide: decide, log: log, memory: m, zone: zone, unlock: unlock}, nil
}

func (m *mind) close() {
	m.county.Close()
	m.unlock()
}

func (m *mind) save() error {
	m.saved = time.Now()
	return m.memory.save(m.settings.Dir)
}

// look asks how things are. The error says why the portal or the state could not be asked; what is unknown then is not idle.
func (m *mind) look(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, lookTime)
	defer cancel()
	load, err := m.county.Load(ctx)
	now := time.Now()
	if err == nil && now.Sub(m.asked) > bridgesTime {
		var bridges []Bridge
		if bridges, err = m.county.Bridges(ctx); err == nil {
			m.bridges, m.asked = bridges, now
		}
	}
	v := view{at: now, load: load, answers: err == nil, bridges: m.bridges}
	if err != nil {
		v.load = opsapi.Load{}
	}
	m.last = v
	s := v.sample()
	m.history = autoscale.Remember(m.history, s)
	m.memory.expire(now)
	if v.answers {
		m.memory.see(v)
		m.memory.bill(v.bridges, now)
		if m.memory.Since.IsZero() {
			m.memory.Since = now
		}
	}
	m.memory.Peaks = autoscale.Learn(m.memory.Peaks, m.settings.Policy, s)
	return err
}

// doubt makes the next look read the bridges again.
func (m *mind) doubt() { m.asked = time.Time{} }

// unfinished reports whether there are bridges that an earlier run began and nobody finished.
func (m *mind) unfinished() bool {
	return m.lost || slices.ContainsFunc(m.bridges, func(b Bridge) bool { return !b.Ready && !b.Draining })
}

// misunderstood reports whether the portal's list of machines is another than the operator's: it was away when it was to be told. It would
// give rooms to bridges that drain, and none to those that wait for them.
func (m *mind) misunderstood() bool {
	return slices.ContainsFunc(m.bridges, func(b Bridge) bool {
		told := slices.ContainsFunc(m.last.load.Bridges, func(l opsapi.BridgeLoad) bool {
			return numberOf(l.ID) == b.Number && l.Ready && l.Draining == (b.Draining || b.Renewing)
		})
		return b.Ready && !told
	})
}

// think decides. ok is false while nothing can be decided: the portal does not answer, or has just begun.
func (m *mind) think(ctx context.Context) (t task, r autoscale.Record, ok bool) {
	if !m.last.answers || !m.last.load.Settled {
		return task{}, autoscale.Record{}, false
	}
	m.learnPrices(ctx)
	in := m.memory.input(m.last, m.history, m.settings.Policy, m.settings.Kinds, m.zone)
	r = autoscale.Record{Input: in, Decision: m.decide(in)}
	t = task{
		decision: r.Decision, free: m.memory.available(m.settings.Kinds, in.Now), tell: m.misunderstood(),
		finish: m.unfinished() && (!m.memory.Frozen || m.memory.Manual != nil),
	}
	return t, r, true
}

// learnPrices asks for the prices that a decision needs and that are not known or old. Without a price the budget cannot hold a bridge
// back, so that is logged. A kind that has none because it is not offered counts as sold out: the next one has its turn.
func (m *mind) learnPrices(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, lookTime)
	defer cancel()
	for _, b := range m.memory.Bills {
		_ = m.learnPrice(ctx, b.Kind)
	}
	for _, k := range m.memory.available(m.settings.Kinds, time.Now()) {
		if !errors.Is(m.learnPrice(ctx, k), ErrSoldOut) {
			return
		}
		m.memory.markSoldOut(k, time.Now())
	}
}

// learnPrice asks for a price unless it is known and recent.
func (m *mind) learnPrice(ctx context.Context, k Kind) error {
	now := time.Now()
	known, recent := m.memory.priceOf(k, now)
	if recent {
		return nil
	}
	cents, err := m.county.PricePerHour(ctx, k)
	if err != nil {
		m.log.Warn("the price of a bridge could not be had; the last known one counts", "county", m.name, "type", k.ServerType,
			"location", k.Location, "cents", known, "error", err)
		m.memory.setPrice(k, known, now.Add(priceAgain-priceTime))
		return err
	}
	m.memory.setPrice(k, cents, now)
	return nil
}

// note writes a decision down if it says anything new.
func (m *mind) note(r autoscale.Record) error {
	last := m.memory.Last
	if r.Decision.Nothing() && r.Decision.Desired == last.Desired && r.Decision.At.Sub(last.At) < quiet && !last.At.IsZero() {
		return nil
	}
	m.memory.Last = r.Decision
	return errors.Join(journal{m.settings.Dir}.write(r, last.At), m.save())
}

// learn takes in what the hands did.
func (m *mind) learn(d done) error {
	now := time.Now()
	for _, k := range d.soldOut {
		m.memory.markSoldOut(k, now)
	}
	if d.lead > 0 {
		m.memory.Lead = d.lead
	}
	if d.err == nil {
		m.lost = false
	}
	m.doubt()
	return m.save()
}

// alarm notes what a survey found wrong. Each alarm is logged when it begins and when it ends.
func (m *mind) alarm(s Survey) error {
	now := time.Now()
	found := s.alarms(m.name, m.settings.Nightly, m.memory.Since, now)
	has := func(all []Alarm, name string) bool {
		return slices.ContainsFunc(all, func(a Alarm) bool { return a.Name == name })
	}
	for _, a := range found {
		if !has(m.memory.Alarms, a.Name) {
			m.log.Error("alarm: "+a.Text, "county", m.name, "alarm", a.Name)
		}
	}
	for _, a := range m.memory.Alarms {
		if !has(found, a.Name) {
			m.log.Info("the alarm is over", "county", m.name, "alarm", a.Name)
		}
	}
	same := slices.Equal(found, m.memory.Alarms)
	m.memory.Alarms, m.memory.Surveyed = found, now
	if same && now.Sub(m.saved) < saveEvery {
		return nil
	}
	return m.save()
}

// lines are the bridges as they are shown.
func (m *mind) lines() []BridgeLine {
	all := []BridgeLine{}
	rooms := map[int]autoscale.Bridge{}
	for _, b := range m.last.machines(nil) {
		rooms[b.Number] = b
	}
	for _, b := range m.bridges {
		all = append(all, BridgeLine{
			Number: b.Number, ServerType: b.Kind.ServerType, Location: b.Kind.Location, Ready: b.Ready, Draining: b.Draining, ByHand: b.ByHand,
			Rooms: rooms[b.Number].Rooms, Participants: rooms[b.Number].Participants, Created: b.Created,
		})
	}
	return all
}
