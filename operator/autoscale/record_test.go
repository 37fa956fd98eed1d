package autoscale

import (
	"bytes"
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func write(t testing.TB, in Input, d Decision) []byte {
	t.Helper()
	line, err := Record{in, d}.Line()
	if err != nil {
		t.Fatal(err)
	}
	return line
}

func TestEveryDecisionCanBeReplayed(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := anyInput(t)
		line, err := Record{in, Decide(in)}.Line()
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Count(line, []byte("\n")) != 1 {
			t.Fatalf("not one line: %s", line)
		}
		n, differences, err := Replay(bytes.NewReader(line))
		if n != 1 || len(differences) != 0 || err != nil {
			t.Fatalf("got %d, %+v, %v; want one that comes out the same", n, differences, err)
		}
	})
}

func TestReplayOfAWholeMorning(t *testing.T) {
	var file bytes.Buffer
	p := newPlant(monday(6, 0), Policy{Max: 20, Headroom: 1.5, Target: 0.85, TimeZone: "Europe/Berlin", Timetable: schoolTimetable})
	n := 0
	p.day(lockdown, 1500, func() {
		if p.decide(1); p.now.Sub(monday(6, 0))%(5*time.Minute) == 0 {
			in := Input{Now: p.now, Policy: p.policy, Lead: lead, Load: p.load, Past: p.past, Bridges: p.bridges()}
			file.Write(write(t, in, Decide(in)))
			n++
		}
	})
	if got, differences, err := Replay(&file); got != n || len(differences) != 0 || err != nil {
		t.Errorf("got %d, %+v, %v; want %d that come out the same", got, differences, err, n)
	}
}

func TestReplayShowsWhatComesOutOtherwise(t *testing.T) {
	in := Input{Now: monday(15, 0), Policy: policy(), Load: steady(monday(15, 0), 2.5), Bridges: []Bridge{own()}}
	right := Decide(in)
	wrong := right
	wrong.Add++
	file := append(append(write(t, in, right), '\n'), write(t, in, wrong)...)
	n, differences, err := Replay(bytes.NewReader(file))
	if n != 2 || err != nil || len(differences) != 1 {
		t.Fatalf("got %d, %+v, %v; want two, one of them different", n, differences, err)
	}
	if d := differences[0]; d.Line != 3 || d.Recorded.Add != wrong.Add || d.Decided.Add != right.Add {
		t.Errorf("got %+v", d)
	}
}

func TestReplayIsStrict(t *testing.T) {
	in := Input{Now: monday(15, 0), Policy: policy()}
	good := string(write(t, in, Decide(in)))
	for name, tt := range map[string]struct{ file, want string }{
		"not JSON":       {good + "bridges: 2\n", "line 2 is no record of a decision"},
		"cut off":        {good + good[:len(good)/2], "line 2 is no record of a decision"},
		"unknown key":    {strings.Replace(good, `"policy"`, `"policies"`, 1), "line 1 is no record of a decision: json: unknown field"},
		"two in a line":  {strings.TrimSpace(good) + " " + good, "something follows it"},
		"no time":        {"{}\n", "it has no time"},
		"a list":         {"[]\n", "line 1"},
		"an endless one": {good + `{"input":"` + strings.Repeat("x", MaxLine), "line 2 is longer than"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, _, err := Replay(strings.NewReader(tt.file)); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

func TestReplayOfABrokenFile(t *testing.T) {
	broken := errors.New("disk on fire")
	if _, _, err := Replay(io.MultiReader(strings.NewReader("\n"), failing{broken})); !errors.Is(err, broken) {
		t.Errorf("got %v, want %v", err, broken)
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

func TestRecordHoldsEverythingThatIsDecidedOn(t *testing.T) {
	in := Input{
		Now: monday(8, 0), Lead: time.Minute, Load: steady(monday(8, 0), 1)[:3], Past: []Peak{{time.Monday, 32, "2026-11-16", 2}},
		Policy:  Policy{1, 2, 1.5, 0.85, 500, schoolTimetable, "Europe/Berlin", time.Minute, time.Hour},
		Bridges: []Bridge{own(), {1, true, true, monday(8, 0), true, true, true, 0.5, 2, 24, monday(7, 0)}}, SpentToday: 3, PricePerHour: 2,
		Manual: &Manual{2, monday(13, 0)}, Frozen: true, SoldOutUntil: monday(8, 10),
	}
	r, err := parse(write(t, in, Decide(in)))
	if err != nil {
		t.Fatal(err)
	}
	inUTC(reflect.ValueOf(&r.Input).Elem())
	inUTC(reflect.ValueOf(&in).Elem())
	if !reflect.DeepEqual(r.Input, in) {
		t.Errorf("got  %+v\nwant %+v", r.Input, in)
	}
}

// inUTC makes times comparable: JSON keeps the offset, not the name of the zone.
func inUTC(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		inUTC(v.Elem())
	case reflect.Slice:
		for i := range v.Len() {
			inUTC(v.Index(i))
		}
	case reflect.Struct:
		if t, ok := v.Interface().(time.Time); ok {
			v.Set(reflect.ValueOf(t.UTC()))
			return
		}
		for i := range v.NumField() {
			inUTC(v.Field(i))
		}
	}
}

func FuzzReplay(f *testing.F) {
	in := Input{Now: monday(8, 0), Policy: policy(), Load: steady(monday(8, 0), 1)[:4], Bridges: []Bridge{own(), serving(1, 1, 10, monday(8, 0))}}
	f.Add(write(f, in, Decide(in)))
	f.Add([]byte(`{"input":{"now":"2026-11-23T08:00:00+01:00","policy":{"min":-5,"max":-1,"headroom":-1,"target":9e99,"timetable":{"bells":[99999999,-1],"days":[9],"lead":-1},"time_zone":"Europe/Berlin"},"load":[],"bridges":[{"number":-3}],"spent_today":-1,"price_per_hour":-1},"decision":{"at":"2026-11-23T08:00:00+01:00","desired":0,"why":""}}`))
	f.Add([]byte("{}\n\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		n, differences, err := Replay(bytes.NewReader(data))
		if len(differences) > n || n == 0 && err == nil && len(bytes.TrimSpace(data)) > 0 {
			t.Errorf("%d records, %d different, %v", n, len(differences), err)
		}
	})
}
