package drive

import (
	"fmt"
	"sync"
	"time"

	"github.com/medienzentrenverbund/kreisraum/conference/client"
)

// Report is what the lessons go through.
type Report struct {
	At time.Time
	// Rooms is how many organisers are inside, Inside how many people in all, Waiting how many organisers are in the queue or on
	// their way.
	Rooms, Inside, Waiting int
	// Packets received since the last report; PacketsPerSecond is the same by time. Total and Expected are since the beginning:
	// Expected - Total got lost.
	Packets          int
	PacketsPerSecond float64
	Total, Expected  int
	// Gap is the longest time between two packets of one voice or picture that anybody has met, Outage the longest time from the last
	// packet of one PeerConnection to the first of the next, Silence how long one who is inside has received nothing now.
	Gap, Outage, Silence time.Duration
	// Reconnects counts connections made anew, Kept those of them whose media went on; Lost counts people whom the county sent away and who
	// had to come in anew.
	Reconnects, Kept, Lost int
}

// Header names the columns of Report.String.
const Header = "rooms waiting inside packets/s gap/ms outage/ms silence/ms reconnects (kept) lost"

func (r Report) String() string {
	return fmt.Sprintf("%5d %7d %6d %9.0f %6d %9d %10d %10d %6s %4d", r.Rooms, r.Waiting, r.Inside, r.PacketsPerSecond, r.Gap.Milliseconds(),
		r.Outage.Milliseconds(), r.Silence.Milliseconds(), r.Reconnects, fmt.Sprintf("(%d)", r.Kept), r.Lost)
}

// person is one seat's measurements: of the participant who is inside now, and of those before. Safe for concurrent use.
type person struct {
	organiser bool

	mu     sync.Mutex
	inside *client.Participant
	before client.Stats
	times  int // lost
}

func (p *person) came(c *client.Participant) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.inside = c
}

// left keeps what the participant has measured.
func (p *person) left() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.before, p.inside = sum(p.before, p.inside.Stats()), nil
}

func (p *person) lost() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.times++
}

// look returns everything since the beginning, and whether the person is inside with a connection.
func (p *person) look() (s client.Stats, inside bool, lost int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.inside == nil {
		return p.before, false, p.times
	}
	return sum(p.before, p.inside.Stats()), p.inside.Inside(), p.times
}

// sum adds up counts and keeps the worst of times; silence is the later one's.
func sum(a, b client.Stats) client.Stats {
	return client.Stats{
		Reconnects: a.Reconnects + b.Reconnects, Kept: a.Kept + b.Kept, Packets: a.Packets + b.Packets, Expected: a.Expected + b.Expected,
		WorstGap: max(a.WorstGap, b.WorstGap), Outage: max(a.Outage, b.Outage), Silence: b.Silence,
	}
}

// board is where all people are. Safe for concurrent use.
type board struct {
	mu     sync.Mutex
	people map[*person]struct{}
}

func (b *board) add(p *person) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.people[p] = struct{}{}
}

// report sums up everybody.
func (b *board) report(now time.Time, last Report) Report {
	b.mu.Lock()
	defer b.mu.Unlock()
	r := Report{At: now}
	for p := range b.people {
		s, inside, lost := p.look()
		switch {
		case inside:
			r.Inside++
			r.Silence = max(r.Silence, s.Silence)
			if p.organiser {
				r.Rooms++
			}
		case p.organiser:
			r.Waiting++
		}
		r.Total += s.Packets
		r.Expected += s.Expected
		r.Gap = max(r.Gap, s.WorstGap)
		r.Outage = max(r.Outage, s.Outage)
		r.Reconnects += s.Reconnects
		r.Kept += s.Kept
		r.Lost += lost
	}
	r.Packets = r.Total - last.Total
	if span := now.Sub(last.At).Seconds(); !last.At.IsZero() && span > 0 {
		r.PacketsPerSecond = float64(r.Packets) / span
	}
	return r
}
