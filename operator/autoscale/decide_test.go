package autoscale

import (
	"reflect"
	"strings"
	"testing"
	"time"
)

var berlin = func() *time.Location {
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		panic(err)
	}
	return zone
}()

// monday is a school day after the autumn holidays.
func monday(hour, minute int) time.Time { return time.Date(2026, 11, 23, hour, minute, 0, 0, berlin) }

var schoolTimetable = Timetable{
	Bells:    []int{7*60 + 50, 8*60 + 40, 9*60 + 45, 10*60 + 35, 11*60 + 35, 12*60 + 25},
	Days:     []time.Weekday{time.Monday, time.Tuesday, time.Wednesday, time.Thursday, time.Friday},
	Holidays: "bw", Lead: 15 * time.Minute,
}

func policy() Policy {
	return Policy{Max: 8, Headroom: 1.5, Target: 0.85, TimeZone: "Europe/Berlin"}
}

func own() Bridge { return Bridge{Number: 0, Ready: true, Alive: true, Known: true} }

// serving is a bridge with that many rooms; its paid hour has minutes left.
func serving(number, rooms, left int, now time.Time) Bridge {
	return Bridge{
		Number: number, Ready: true, Alive: true, Known: true, Rooms: rooms, Participants: 12 * rooms, Stress: 0.08 * float64(rooms), Seen: now,
		Created: now.Add(time.Duration(left-60) * time.Minute),
	}
}

func draining(b Bridge) Bridge { b.Draining = true; return b }

// steady is an hour of the same demand, a sample every half minute.
func steady(now time.Time, demand float64) []Sample {
	return curve(now, func(time.Duration) Sample { return Sample{Known: true, Demand: demand, Rooms: int(demand / 0.08)} })
}

// curve is an hour of samples, each told how long before now it is.
func curve(now time.Time, at func(age time.Duration) Sample) []Sample {
	var out []Sample
	for age := time.Hour; age >= 0; age -= 30 * time.Second {
		s := at(age)
		s.At = now.Add(-age)
		out = append(out, s)
	}
	return out
}

func TestDecide(t *testing.T) {
	at := monday(15, 0) // no bell is near
	three := []Bridge{own(), serving(1, 3, 40, at), serving(2, 1, 30, at), serving(3, 2, 20, at)}
	tests := map[string]struct {
		change func(in *Input)
		want   Decision
		why    string
	}{
		"idle county":                    {func(in *Input) { in.Load, in.Bridges = steady(at, 0.1), []Bridge{own()} }, Decision{}, "0 bridges: 0.1 in use, head-room 1.5"},
		"one step to several":            {func(in *Input) { in.Load, in.Bridges = steady(at, 2.5), []Bridge{own()} }, Decision{Desired: 4, Add: 4}, "4 bridges: 2.5 in use"},
		"the portal's own bridge counts": {func(in *Input) { in.Load, in.Bridges = steady(at, 0.56), []Bridge{own()} }, Decision{}, ""},
		"the portal's own bridge drains": {func(in *Input) { in.Load, in.Bridges = steady(at, 0.5), []Bridge{draining(own())} }, Decision{Desired: 1, Add: 1}, ""},
		"what is coming counts": {func(in *Input) {
			in.Load, in.Bridges = steady(at, 2.5), []Bridge{own(), {Number: 1, Created: at}, {Number: 2}, {Number: 3, Created: at}}
		}, Decision{Desired: 4, Add: 1}, ""},
		"growth over the lead time": {func(in *Input) {
			in.Bridges = []Bridge{own()}
			in.Lead = 3 * time.Minute
			in.Load = curve(at, func(age time.Duration) Sample {
				return Sample{Known: true, Demand: max(0, 2-age.Minutes()*0.5), Rooms: 10}
			})
		}, Decision{Desired: 5, Add: 5}, "growing 0.5 a minute"},
		"a height that was reached and left again does not grow": {func(in *Input) {
			in.Policy.Headroom, in.Lead, in.Bridges = 1, 15*time.Minute, []Bridge{own()}
			in.Load = curve(at, func(age time.Duration) Sample {
				return Sample{Known: true, Demand: map[time.Duration]float64{2 * time.Minute: 0.6, 90 * time.Second: 0.8}[age]}
			})
		}, Decision{}, ""},
		"rooms that wait": {func(in *Input) {
			in.Bridges = []Bridge{own()}
			in.Load = curve(at, func(time.Duration) Sample { return Sample{Known: true, Demand: 0.8, Rooms: 8, WaitingRooms: 10} })
		}, Decision{Desired: 3, Add: 3}, "10 rooms without a bridge"},
		"rooms that wait although they would fit": {func(in *Input) {
			in.Policy.Headroom = 1
			full := own()
			full.Rooms = 2
			in.Bridges = []Bridge{full}
			in.Load = curve(at, func(time.Duration) Sample { return Sample{Known: true, Demand: 0.5, Rooms: 5, WaitingRooms: 1} })
		}, Decision{Desired: 1, Add: 1}, "1 room without a bridge"},
		"the queue waits for what is coming": {func(in *Input) {
			in.Policy.Headroom = 1
			full := own()
			full.Rooms = 2
			in.Bridges = []Bridge{full, {Number: 1, Created: at}}
			in.Load = curve(at, func(time.Duration) Sample { return Sample{Known: true, Demand: 0.5, Rooms: 5, WaitingRooms: 1} })
		}, Decision{Desired: 1}, ""},
		"never above max":         {func(in *Input) { in.Load, in.Bridges = steady(at, 50), []Bridge{own()} }, Decision{Desired: 8, Add: 8}, "bridges.max is 8"},
		"min":                     {func(in *Input) { in.Policy.Min, in.Load, in.Bridges = 2, nil, []Bridge{own()} }, Decision{Desired: 2, Add: 2}, ""},
		"shrinks by the emptiest": {func(in *Input) { in.Load, in.Bridges = steady(at, 0.8), three }, Decision{Desired: 1, Drain: []int{2, 3}}, "1 bridge: 0.8 in use"},
		"not within patience": {func(in *Input) {
			in.Bridges = three
			in.Load = curve(at, func(age time.Duration) Sample {
				if age > 9*time.Minute {
					return Sample{Known: true, Demand: 2.2, Rooms: 20}
				}
				return Sample{Known: true, Demand: 0.1, Rooms: 1}
			})
		}, Decision{Desired: 3}, "2.2 in the last 10 minutes"},
		"not while it wobbles": {func(in *Input) { in.Load, in.Bridges = steady(at, 1.1), three[:3] }, Decision{Desired: 2}, ""},
		"not before it has looked for long enough": {func(in *Input) {
			in.Bridges = three
			in.Load = steady(at, 0.1)[101:]
		}, Decision{Desired: 3}, ""},
		"not what was made for growth that is just over": {func(in *Input) {
			in.Bridges = three
			in.Load = curve(at, func(age time.Duration) Sample {
				return Sample{Known: true, Demand: min(1.2, max(0, (9-age.Minutes())*0.6)), Rooms: 10}
			})
		}, Decision{Desired: 3}, ""},
		"a return is no growth": {func(in *Input) {
			in.Bridges = three
			in.Load = curve(at, func(age time.Duration) Sample {
				if age > 30*time.Minute {
					return Sample{Known: true, Demand: 2, Rooms: 20}
				}
				return Sample{Known: true, Demand: max(0.2, 2-age.Minutes()*0.6), Rooms: 20}
			})
		}, Decision{Desired: 3}, "growing 0.5 a minute"},
		"a clock that was set back": {func(in *Input) {
			in.Load, in.Bridges = append(steady(at, 0.1), Sample{At: at.Add(time.Minute), Known: true, Demand: 9}), []Bridge{own()}
		}, Decision{}, ""},
		"taken back before a new one is made": {func(in *Input) {
			in.Load, in.Bridges = steady(at, 2.2), []Bridge{own(), three[1], draining(three[2]), draining(three[3])}
		}, Decision{Desired: 3, Undrain: []int{2, 3}}, ""},
		"the fuller is taken back": {func(in *Input) {
			in.Load, in.Bridges = steady(at, 1.5), []Bridge{own(), three[1], draining(three[2]), draining(three[3])}
		}, Decision{Desired: 2, Undrain: []int{3}}, ""},
		"drained by hand is not taken back": {func(in *Input) {
			b := draining(three[2])
			b.ByHand = true
			in.Load, in.Bridges = steady(at, 1.5), []Bridge{own(), three[1], b}
		}, Decision{Desired: 2, Add: 1}, ""},
		"empty, but paid": {func(in *Input) {
			in.Load, in.Bridges = steady(at, 0.1), []Bridge{own(), draining(serving(1, 0, 7, at))}
		}, Decision{}, ""},
		"empty and paid to the end": {func(in *Input) {
			in.Load, in.Bridges = steady(at, 0.1), []Bridge{own(), draining(serving(1, 0, 6, at))}
		}, Decision{Remove: []int{1}}, ""},
		"not empty at the end": {func(in *Input) {
			in.Load, in.Bridges = steady(at, 0.1), []Bridge{own(), draining(serving(1, 1, 3, at))}
		}, Decision{}, ""},
		"nobody is in, but the lesson is not over": {func(in *Input) {
			b := draining(serving(1, 1, 3, at))
			b.Participants = 0
			in.Load, in.Bridges = steady(at, 0.1), []Bridge{own(), b}
		}, Decision{}, ""},
		"empty is not known": {func(in *Input) {
			b := draining(serving(1, 0, 3, at))
			b.Known = false
			in.Load, in.Bridges = steady(at, 0.1), []Bridge{own(), b}
		}, Decision{}, "unknown"},
		"drained by hand goes when empty": {func(in *Input) {
			b := draining(serving(1, 0, 50, at))
			b.ByHand = true
			in.Load, in.Bridges = steady(at, 0.1), []Bridge{own(), b}
		}, Decision{Remove: []int{1}}, ""},
		"unknown load takes nothing away": {func(in *Input) {
			in.Bridges = append(three[:3:3], draining(serving(3, 0, 3, at)))
			in.Load = append(steady(at.Add(-time.Minute), 0.1), Sample{At: at})
		}, Decision{Desired: 2}, "unknown"},
		"no load at all takes nothing away": {func(in *Input) { in.Load, in.Bridges = nil, three }, Decision{Desired: 3}, "unknown"},
		"an old look says nothing":          {func(in *Input) { in.Load, in.Bridges = steady(at.Add(-3*time.Minute), 0.1), three }, Decision{Desired: 3}, "unknown"},
		"one bridge hides its load": {func(in *Input) {
			b := three[3]
			b.Known = false
			in.Load, in.Bridges = steady(at, 0.1), []Bridge{own(), three[1], three[2], b}
		}, Decision{Desired: 3}, "unknown"},
		"a dead bridge is no capacity": {func(in *Input) {
			b := three[3]
			b.Alive, b.Known, b.Seen = false, false, at.Add(-time.Minute)
			in.Load, in.Bridges = steady(at, 2.2), []Bridge{own(), three[1], three[2], b}
		}, Decision{Desired: 3, Add: 1}, ""},
		"a bridge that restarts comes back": {func(in *Input) {
			b := three[3]
			b.Alive, b.Known, b.Seen = false, false, at.Add(-20*time.Second)
			in.Load, in.Bridges = steady(at, 2.2), []Bridge{own(), three[1], three[2], b}
		}, Decision{Desired: 3}, ""},
		"a bridge long dead is given up": {func(in *Input) {
			b := three[3]
			b.Alive, b.Known, b.Seen = false, false, at.Add(-4*time.Minute)
			in.Load, in.Bridges = steady(at, 2.2), []Bridge{own(), three[1], three[2], b}
		}, Decision{Desired: 3, Add: 1, Drain: []int{3}}, "bridge-3 was last seen at 14:56"},
		"a silent portal kills nobody": {func(in *Input) {
			in.Load = append(steady(at.Add(-time.Minute), 2.2), Sample{At: at})
			in.Bridges = []Bridge{{Number: 0, Ready: true}, {Number: 1, Ready: true, Seen: at.Add(-time.Hour)}, {Number: 2, Ready: true}, {Number: 3, Ready: true}}
		}, Decision{Desired: 3}, "unknown"},
		"a machine that never came is given up": {func(in *Input) {
			in.Load, in.Bridges = steady(at, 0.8), []Bridge{own(), {Number: 1, Created: at.Add(-20 * time.Minute)}}
		}, Decision{Desired: 1, Add: 1, Drain: []int{1}}, "bridge-1 never took rooms"},
		"two that never came stop the making": {func(in *Input) {
			in.Load, in.Bridges = steady(at, 0.8), []Bridge{own(), {Number: 1, Created: at.Add(-20 * time.Minute)}, {Number: 2, Draining: true, Created: at.Add(-20 * time.Minute)}}
		}, Decision{Desired: 1, Drain: []int{1}}, "2 machines never took rooms"},
		"its place is needed": {func(in *Input) {
			in.Policy.Max = 1
			in.Load, in.Bridges = steady(at, 2), []Bridge{own(), {Number: 1, Draining: true, Created: at.Add(-20 * time.Minute)}}
		}, Decision{Desired: 1, Remove: []int{1}}, "bridges.max is 1"},
		"sold out": {func(in *Input) {
			in.Load, in.Bridges, in.SoldOutUntil = steady(at, 0.8), []Bridge{own()}, at.Add(10*time.Minute)
		}, Decision{Desired: 1}, "sold out, next try at 15:10"},
		"sold out once": {func(in *Input) { in.Load, in.Bridges, in.SoldOutUntil = steady(at, 0.8), []Bridge{own()}, at }, Decision{Desired: 1, Add: 1}, ""},
		"frozen": {func(in *Input) {
			in.Load, in.Bridges, in.Frozen = steady(at, 0.1), append(three[:3:3], draining(serving(3, 0, 1, at))), true
		}, Decision{Desired: 2}, "frozen at 2 bridges, 0 would be enough"},
		"frozen and by hand": {func(in *Input) {
			in.Load, in.Bridges, in.Frozen, in.Manual = steady(at, 0.1), three, true, &Manual{Bridges: 2}
		}, Decision{Desired: 2, Drain: []int{2}}, "2 bridges by hand"},
		"more by hand": {func(in *Input) {
			in.Load, in.Bridges, in.Manual = steady(at, 0.1), three, &Manual{Bridges: 5, Until: at.Add(time.Hour)}
		}, Decision{Desired: 5, Add: 2}, "5 bridges by hand until 16:00: 0.1 in use"},
		"more by hand than there may be": {func(in *Input) { in.Load, in.Bridges, in.Manual = steady(at, 0.1), three, &Manual{Bridges: 50} }, Decision{Desired: 8, Add: 5}, "bridges.max is 8"},
		"fewer by hand, below min and load": {func(in *Input) {
			in.Policy.Min = 2
			in.Load, in.Bridges, in.Manual = steady(at, 2), append(three[:3:3], draining(serving(3, 0, 50, at))), &Manual{}
		}, Decision{Drain: []int{1, 2}, Remove: []int{3}}, ""},
		"by hand until now": {func(in *Input) {
			in.Load, in.Bridges, in.Manual = steady(at, 0.1), []Bridge{own()}, &Manual{Bridges: 5, Until: at}
		}, Decision{}, ""},
		"budget": {func(in *Input) {
			in.Policy.BudgetPerDay, in.SpentToday, in.PricePerHour = 100, 90, 2
			in.Load, in.Bridges = steady(at, 3.5), []Bridge{own(), three[1], three[2]}
		}, Decision{Desired: 5, Add: 3}, "the budget of 1.00 a day allows no more (0.90 spent)"},
		"budget spent": {func(in *Input) {
			in.Policy.BudgetPerDay, in.SpentToday, in.PricePerHour = 100, 100, 2
			in.Load, in.Bridges = steady(at, 3), []Bridge{own(), three[1], three[2]}
		}, Decision{Desired: 2}, "allows no more"},
		"min is not held back by the budget": {func(in *Input) {
			in.Policy.BudgetPerDay, in.SpentToday, in.PricePerHour, in.Policy.Min = 100, 300, 2, 3
			in.Load, in.Bridges = steady(at, 5), []Bridge{own(), three[1]}
		}, Decision{Desired: 3, Add: 2}, "allows no more"},
		"a price that is not known": {func(in *Input) {
			in.Policy.BudgetPerDay = 100
			in.Load, in.Bridges = steady(at, 3), []Bridge{own(), three[1]}
		}, Decision{Desired: 1}, "the price is not known"},
		"the next hour is not paid, but min stays": {func(in *Input) {
			in.Policy.Min, in.Policy.BudgetPerDay, in.SpentToday, in.PricePerHour = 2, 100, 100, 2
			in.Load, in.Bridges = steady(at, 3), []Bridge{own(), serving(1, 8, 14, at), serving(2, 2, 14, at), serving(3, 9, 14, at)}
		}, Decision{Desired: 2, Drain: []int{2}}, ""},
		"the next hour is not paid": {func(in *Input) {
			in.Policy.BudgetPerDay, in.SpentToday, in.PricePerHour = 100, 97, 2
			in.Load, in.Bridges = steady(at, 3), []Bridge{own(), serving(1, 8, 14, at), serving(2, 2, 14, at), serving(3, 9, 30, at)}
		}, Decision{Desired: 2, Drain: []int{2}}, "does not pay a further hour of 1 bridge"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			in := Input{Now: at, Policy: policy(), Lead: 2 * time.Minute}
			tt.change(&in)
			got := Decide(in)
			tt.want.At, tt.want.Why = at, got.Why
			if !reflect.DeepEqual(got, tt.want) {
				t.Errorf("got  %+v\nwant %+v", got, tt.want)
			}
			if !strings.Contains(got.Why, tt.why) {
				t.Errorf("got %q, want a sentence with %q", got.Why, tt.why)
			}
			t.Log(got.Why)
		})
	}
}

func TestTimetable(t *testing.T) {
	past := []Peak{
		{Weekday: time.Monday, Quarter: 32, Day: "2026-11-16", Demand: 2.0}, // 08:00
		{Weekday: time.Monday, Quarter: 35, Day: "2026-11-16", Demand: 3.0}, // 08:45
		{Weekday: time.Friday, Quarter: 36, Day: "2026-11-20", Demand: 3.4}, // 09:00, the latest school day
	}
	one := []Bridge{own(), serving(1, 1, 30, monday(9, 20))}
	tests := map[string]struct {
		now    time.Time
		past   []Peak
		load   []Sample
		have   []Bridge
		want   int
		phrase string
	}{
		"long before":                     {monday(7, 30), past, steady(monday(7, 30), 0), nil, 0, ""},
		"ready before the bell":           {monday(7, 32), past, steady(monday(7, 32), 0), nil, 3, "bell at 07:50, which took 2.0 before"},
		"yesterday was more":              {monday(8, 30), past, steady(monday(8, 30), 0), nil, 5, "bell at 08:40, which took 3.4 before"},
		"nothing known":                   {monday(7, 35), nil, steady(monday(7, 35), 0), nil, 1, "of which nothing is known yet"},
		"load unknown":                    {monday(7, 35), past, nil, nil, 3, "bell at 07:50"},
		"today is no past":                {monday(8, 50), append([]Peak{{time.Monday, 36, "2026-11-23", 9}}, past...), steady(monday(8, 50), 0), nil, 5, "bell at 08:40, which took 3.4 before"},
		"Saturday":                        {monday(7, 35).AddDate(0, 0, 5), past, steady(monday(7, 35).AddDate(0, 0, 5), 0), nil, 0, ""},
		"Christmas holidays":              {monday(7, 35).AddDate(0, 0, 35), past, steady(monday(7, 35).AddDate(0, 0, 35), 0), nil, 0, ""},
		"kept in the long break":          {monday(9, 20), nil, steady(monday(9, 20), 0.1), one, 1, "kept, bell at 09:45"},
		"what there was comes again":      {monday(9, 20), []Peak{}, fell(monday(9, 20), 2.2), []Bridge{own(), one[1], serving(2, 0, 30, monday(9, 20)), serving(3, 0, 30, monday(9, 20))}, 3, "kept, bell at 09:45"},
		"given back after the last bell":  {monday(12, 50), nil, fell(monday(12, 50), 2.2), []Bridge{own(), one[1], serving(2, 0, 30, monday(9, 20)), serving(3, 0, 30, monday(9, 20))}, 0, "0 bridges"},
		"the bell is heard in local time": {time.Date(2026, 11, 23, 6, 35, 0, 0, time.UTC), past, steady(monday(7, 35), 0), nil, 3, "07:50"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			p := policy()
			p.Timetable = schoolTimetable
			if tt.have == nil {
				tt.have = []Bridge{own()}
			}
			got := Decide(Input{Now: tt.now, Policy: p, Lead: 3 * time.Minute, Load: tt.load, Past: tt.past, Bridges: tt.have})
			if got.Desired != tt.want || !strings.Contains(got.Why, tt.phrase) {
				t.Errorf("got %d (%s), want %d with %q", got.Desired, got.Why, tt.want, tt.phrase)
			}
		})
	}
}

// fell is a demand that went down to nothing a quarter of an hour ago.
func fell(now time.Time, from float64) []Sample {
	return curve(now, func(age time.Duration) Sample {
		if age > 15*time.Minute {
			return Sample{Known: true, Demand: from, Rooms: 20}
		}
		return Sample{Known: true}
	})
}
