package autoscale

import (
	"cmp"
	"slices"
	"time"
)

// plant is a county to decide for: rooms that come and go, machines that take their time. It places as the portal does and bills as
// Hetzner does.
type plant struct {
	now      time.Time
	machines map[int]*machine
	own      machine
	waiting  []*lesson
	running  []*lesson
	// busy is until when an engine is at work; no machines are made meanwhile.
	busy time.Time

	// blind: the portal is silent.
	blind bool

	policy Policy
	load   []Sample
	past   []Peak

	hours     int           // begun and billed
	most      int           // machines at once
	waited    int           // rooms that had to wait at all
	longest   time.Duration // the longest that one waited
	worst     float64       // the largest demand without a bridge, in bridges
	roomTime  time.Duration // all waiting together
	decisions []Decision
}

type machine struct {
	number   int
	created  time.Time
	ready    time.Time
	draining bool
	rooms    int
	billed   int
	// died is when it was last seen; zero: it lives.
	died time.Time
}

type lesson struct {
	asked, began time.Time
	on           *machine
}

const (
	step          = 15 * time.Second
	lead          = 3 * time.Minute // from decision to rooms
	people        = 12              // in a room
	perBridge     = 150             // people at stress 1
	roomFull      = people / float64(perBridge)
	growTime      = 3 * time.Minute // until all of a room are in
	idleStress    = 0.02
	longestLesson = 45 * time.Minute
	pricePerHour  = 2 // cents
)

func newPlant(now time.Time, p Policy) *plant {
	return &plant{now: now, policy: p, machines: map[int]*machine{}, own: machine{ready: now}}
}

func (p *plant) sorted() []*machine {
	var all []*machine
	for _, m := range p.machines {
		all = append(all, m)
	}
	slices.SortFunc(all, func(a, b *machine) int { return cmp.Compare(a.number, b.number) })
	return all
}

// demand makes as many rooms as people ask for, ending the oldest and asking for new ones, and places who waits.
func (p *plant) demand(target int) {
	for len(p.running) > 0 && (len(p.running)+len(p.waiting) > target || p.now.Sub(p.running[0].began) >= longestLesson) {
		p.running[0].on.rooms--
		p.running = p.running[1:]
	}
	if over := len(p.running) + len(p.waiting) - target; over > 0 {
		p.waiting = p.waiting[over:]
	}
	for len(p.running)+len(p.waiting) < target {
		p.waiting = append(p.waiting, &lesson{asked: p.now})
	}
	for len(p.waiting) > 0 {
		m := p.emptiest()
		if m == nil {
			break
		}
		l := p.waiting[0]
		l.began, l.on = p.now, m
		m.rooms++
		p.waiting, p.running = p.waiting[1:], append(p.running, l)
	}
	p.measure()
}

// emptiest is the bridge with the least expected stress that takes a room, or nil.
func (p *plant) emptiest() *machine {
	best := &p.own
	for _, m := range p.sorted() {
		if !m.draining && !p.now.Before(m.ready) && m.died.IsZero() && m.rooms < best.rooms {
			best = m
		}
	}
	if float64(best.rooms+1)*roomFull > 0.85 {
		return nil
	}
	return best
}

func (p *plant) measure() {
	for _, l := range p.waiting {
		if l.asked.Equal(p.now) {
			p.waited++
		}
		p.longest = max(p.longest, p.now.Sub(l.asked)+step)
	}
	p.roomTime += time.Duration(len(p.waiting)) * step
	p.worst = max(p.worst, float64(len(p.waiting))*roomFull/0.85)
	for _, m := range p.machines {
		if hours := int(p.now.Sub(m.created)/time.Hour) + 1; hours > m.billed {
			p.hours += hours - m.billed
			m.billed = hours
		}
	}
	p.most = max(p.most, len(p.machines))
}

func (p *plant) sample(noise float64) Sample {
	if p.blind {
		return Sample{At: p.now}
	}
	s := Sample{At: p.now, Known: true, Rooms: len(p.running), Participants: people * len(p.running), WaitingRooms: len(p.waiting)}
	for _, l := range p.running {
		s.Demand += roomFull * min(1, float64(p.now.Sub(l.began)+step)/float64(growTime))
	}
	s.Demand = s.Demand*noise + idleStress*float64(1+len(p.machines))
	return s
}

func (p *plant) bridges() []Bridge {
	seen := !p.blind
	out := []Bridge{{Number: 0, Ready: true, Alive: seen, Known: seen, Rooms: p.own.rooms, Stress: roomFull * float64(p.own.rooms)}}
	for _, m := range p.sorted() {
		ready := !p.now.Before(m.ready)
		b := Bridge{Number: m.number, Ready: ready, Seen: p.now, Draining: m.draining, Created: m.created}
		if b.Alive = ready && seen && m.died.IsZero(); b.Alive {
			b.Known, b.Rooms, b.Participants, b.Stress = true, m.rooms, people*m.rooms, roomFull*float64(m.rooms)
		}
		if !m.died.IsZero() {
			b.Seen = m.died
		}
		out = append(out, b)
	}
	return out
}

// kill ends a bridge; its rooms ask anew.
func (p *plant) kill(m *machine) {
	m.died, m.rooms = p.now, 0
	p.running = slices.DeleteFunc(p.running, func(l *lesson) bool { return l.on == m })
}

// living counts the machines that take rooms.
func (p *plant) living() int {
	n := 0
	for _, m := range p.machines {
		n += truth(!p.now.Before(m.ready) && m.died.IsZero() && !m.draining)
	}
	return n
}

// decide looks, decides, and does what was decided.
func (p *plant) decide(noise float64) Decision {
	s := p.sample(noise)
	p.load, p.past = Remember(p.load, s), Learn(p.past, p.policy, s)
	d := Decide(Input{Now: p.now, Policy: p.policy, Lead: lead, Load: p.load, Past: p.past, Bridges: p.bridges(), PricePerHour: pricePerHour, SpentToday: pricePerHour * p.hours})
	for _, n := range d.Drain {
		p.machines[n].draining = true
	}
	for _, n := range d.Undrain {
		p.machines[n].draining = false
	}
	if !p.now.Before(p.busy) {
		for _, n := range d.Remove {
			delete(p.machines, n)
		}
		p.add(d.Add)
	}
	if n := len(p.decisions); n == 0 || p.decisions[n-1].Desired != d.Desired {
		p.decisions = append(p.decisions, d)
	}
	return d
}

func (p *plant) add(n int) {
	for number := 1; n > 0; number++ {
		if p.machines[number] == nil {
			p.machines[number] = &machine{number: number, created: p.now, ready: p.now.Add(lead)}
			p.busy = p.now.Add(lead)
			n--
		}
	}
}
