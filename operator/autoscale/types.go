// Package autoscale decides how many dedicated bridges a county needs. It is a pure function of what it is given: no clock, no I/O,
// no randomness. Equal Inputs give equal Decisions, so that every decision can be replayed from its record.
//
// Who runs it looks at the county every few seconds, keeps the looks with Remember, learns the peaks of the day with Learn, asks Decide,
// and writes a Record when something is to be done. Nothing of that is held in here.
package autoscale

import "time"

// Input is everything a decision depends on. It is recorded beside the Decision as JSON.
type Input struct {
	Now    time.Time `json:"now"`
	Policy Policy    `json:"policy"`
	// Lead is how long a bridge takes from the decision until it takes rooms, as last measured; 0: not yet measured. Nanoseconds in JSON.
	Lead time.Duration `json:"lead,omitempty"`
	// Load is what was seen in the last hour, oldest first; see Remember.
	Load []Sample `json:"load"`
	// Past is the largest demand of each quarter of an hour on earlier days; see Learn.
	Past []Peak `json:"past,omitempty"`
	// Bridges are the machines with a bridge, the portal's own (Number 0) included.
	Bridges []Bridge `json:"bridges"`
	// SpentToday is what dedicated bridges have cost since midnight in the county's time zone, in cents; the running hours count whole.
	SpentToday int `json:"spent_today"`
	// PricePerHour of the next bridge in cents, rounded up; 0: unknown.
	PricePerHour int     `json:"price_per_hour"`
	Manual       *Manual `json:"manual,omitempty"`
	// Frozen: nothing is changed but what an operator orders by hand.
	Frozen bool `json:"frozen,omitempty"`
	// SoldOutUntil is set while every allowed type and location was sold out.
	SoldOutUntil time.Time `json:"sold_out_until,omitzero"`
}

// Policy is the county's part of the file, and knobs. The zero value of a knob is its default.
type Policy struct {
	// Min and Max bound the dedicated bridges.
	Min int `json:"min"`
	Max int `json:"max"`
	// Headroom is how much more than now must fit, 1.5: half as much again.
	Headroom float64 `json:"headroom"`
	// Target is the stress up to which a bridge is filled, 0 to 1.
	Target float64 `json:"target"`
	// BudgetPerDay in cents; 0: no bound.
	BudgetPerDay int       `json:"budget_per_day,omitempty"`
	Timetable    Timetable `json:"timetable"`
	// TimeZone of timetable and budget, IANA name.
	TimeZone string `json:"time_zone"`
	// Patience is how long demand must have been low before a bridge is drained. Default DefaultPatience.
	Patience time.Duration `json:"patience,omitempty"`
	// PaidPeriod is what a started part of is billed whole. Default DefaultPaidPeriod. A drained, empty bridge goes near its end.
	PaidPeriod time.Duration `json:"paid_period,omitempty"`
}

// Defaults of the knobs.
const (
	// DefaultTarget is the stress above which placement gives a bridge no further lesson.
	DefaultTarget = 0.85
	// DefaultHeadroom is DiViMS's idea at half its size: it wants twice or three times what there is, but looks every five minutes only.
	DefaultHeadroom = 1.5
	// DefaultPatience outlasts the five minutes between two lessons.
	DefaultPatience = 10 * time.Minute
	// DefaultPaidPeriod: Hetzner bills servers by the started hour.
	DefaultPaidPeriod = time.Hour
)

// Timetable says when lessons begin.
type Timetable struct {
	// Bells are minutes after midnight, local time.
	Bells []int `json:"bells,omitempty"`
	// Days are the school days.
	Days []time.Weekday `json:"days,omitempty"`
	// Holidays names a built-in calendar, "bw", or is empty.
	Holidays string `json:"holidays,omitempty"`
	// Lead is how long before a bell the bridges are to be there.
	Lead time.Duration `json:"lead,omitempty"`
}

// Sample is one look at a county.
type Sample struct {
	At time.Time `json:"at"`
	// Known is false when the portal did not answer or a living bridge's load was unknown: then Demand says nothing.
	Known bool `json:"known"`
	// Demand is the sum of the stress of all bridges: 2.5 needs two and a half bridges at full load.
	Demand       float64 `json:"demand"`
	Rooms        int     `json:"rooms,omitempty"`
	Participants int     `json:"participants,omitempty"`
	// WaitingRooms is how many rooms wait for a bridge.
	WaitingRooms int `json:"waiting_rooms,omitempty"`
}

// Peak is the largest demand seen in a quarter of an hour on the latest school day of that weekday.
type Peak struct {
	Weekday time.Weekday `json:"weekday"`
	// Quarter is the quarter of an hour of the day, local time, 0 to 95.
	Quarter int `json:"quarter"`
	// Day is the local date it was seen on, "2026-11-23".
	Day    string  `json:"day"`
	Demand float64 `json:"demand"`
}

// Bridge is one machine with a bridge.
type Bridge struct {
	// Number as in "bridge-3"; 0 is the portal's own, which is never added or removed.
	Number int `json:"number"`
	// Ready: a media probe went through it. A machine that is still being made is not.
	Ready bool `json:"ready"`
	// Alive: its lease has not ended.
	Alive bool `json:"alive"`
	// Seen is when it was last alive; zero: not known. A bridge that is not seen for some minutes is given up, drained and removed.
	Seen     time.Time `json:"seen,omitzero"`
	Draining bool      `json:"draining,omitempty"`
	// ByHand: an operator drained it, so it is not taken into use again by itself, and goes as soon as it is empty.
	ByHand bool `json:"by_hand,omitempty"`
	// Known says whether Stress, Rooms and Participants mean anything. Unknown is not idle.
	Known        bool    `json:"known"`
	Stress       float64 `json:"stress"`
	Rooms        int     `json:"rooms"`
	Participants int     `json:"participants"`
	// Created is when Hetzner began to bill it; zero for the portal.
	Created time.Time `json:"created,omitzero"`
}

// Manual is an operator's word: that many bridges, not more and not fewer, until then (zero: until taken back). Policy.Max bounds it,
// Policy.Min and the budget do not.
type Manual struct {
	Bridges int       `json:"bridges"`
	Until   time.Time `json:"until,omitzero"`
}

// Decision is what is to be done now.
type Decision struct {
	At time.Time `json:"at"`
	// Desired is how many dedicated bridges shall take rooms.
	Desired int `json:"desired"`
	// Add is how many machines are to be made now.
	Add int `json:"add,omitempty"`
	// Drain, Undrain and Remove are numbers of bridges, ascending. Remove names only bridges that were drained and empty before.
	Drain   []int `json:"drain,omitempty"`
	Undrain []int `json:"undrain,omitempty"`
	Remove  []int `json:"remove,omitempty"`
	// Why is one sentence for people.
	Why string `json:"why"`
}

// Nothing reports whether nothing is to be done.
func (d Decision) Nothing() bool {
	return d.Add == 0 && len(d.Drain) == 0 && len(d.Undrain) == 0 && len(d.Remove) == 0
}
