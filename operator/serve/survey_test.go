package serve

import (
	"strings"
	"testing"
	"time"

	"github.com/medienzentrenverbund/kreisraum/conference/opsapi"
)

func proof(day string, ok bool) opsapi.Proof {
	return opsapi.Proof{Machine: "portal", Day: day, Reason: opsapi.ReasonNight, Checks: []opsapi.Check{{Name: opsapi.CheckNoSwap, OK: ok}}}
}

func TestMissingProof(t *testing.T) {
	zone := berlin(t)
	at := func(month time.Month, day, hour, minute int) time.Time {
		return time.Date(2026, month, day, hour, minute, 0, 0, zone)
	}
	night := func(at, latest int) Nightly { return Nightly{At: at, Latest: latest, Zone: zone} }
	usual := night(3*60+30, 4*60+30)
	early := at(1, 1, 0, 0)
	tests := []struct {
		name   string
		n      Nightly
		now    time.Time
		since  time.Time
		proofs []opsapi.Proof
		want   string
	}{
		{"never seen", usual, at(11, 23, 8, 0), time.Time{}, nil, ""},
		{"seen only since this morning", usual, at(11, 23, 8, 0), at(11, 23, 7, 0), nil, ""},
		{"missing", usual, at(11, 23, 8, 0), early, nil, "2026-11-23"},
		{"yesterday's is not enough", usual, at(11, 23, 8, 0), early, []opsapi.Proof{proof("2026-11-22", true)}, "2026-11-23"},
		{"not due yet", usual, at(11, 23, 4, 44), early, []opsapi.Proof{proof("2026-11-22", true)}, ""},
		{"due", usual, at(11, 23, 4, 45), early, []opsapi.Proof{proof("2026-11-22", true)}, "2026-11-23"},
		{"there", usual, at(11, 23, 8, 0), early, []opsapi.Proof{proof("2026-11-23", true)}, ""},
		{"there, but not good", usual, at(11, 23, 8, 0), early, []opsapi.Proof{proof("2026-11-23", false)}, "portal: no swap"},
		{"ordered anew later", usual, at(11, 23, 8, 0), early, []opsapi.Proof{proof("2026-11-23", true), proof("2026-11-23", false)}, ""},
		{"a crash is no proof", usual, at(11, 23, 8, 0), early, []opsapi.Proof{{Machine: "portal", Day: "2026-11-23", Reason: opsapi.ReasonCrash}}, "2026-11-23"},
		{"latest on the next day", night(23*60+30, 30), at(11, 24, 1, 0), early, []opsapi.Proof{proof("2026-11-23", true)}, ""},
		{"latest on the next day, missing", night(23*60+30, 30), at(11, 24, 1, 0), early, []opsapi.Proof{proof("2026-11-22", true)}, "2026-11-23"},
		{"clocks forward", night(2*60+30, 3*60+30), at(3, 29, 3, 50), early, []opsapi.Proof{proof("2026-03-28", true)}, "2026-03-29"},
		{"clocks forward, there", night(2*60+30, 3*60+30), at(3, 29, 8, 0), early, []opsapi.Proof{proof("2026-03-29", true)}, ""},
		{"clocks back", night(2*60+30, 3*60+30), at(10, 25, 8, 0), early, []opsapi.Proof{proof("2026-10-24", true)}, "2026-10-25"},
		{"clocks back, there", night(2*60+30, 3*60+30), at(10, 25, 8, 0), early, []opsapi.Proof{proof("2026-10-25", true)}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := missingProof(tt.n, opsapi.Night{Proofs: tt.proofs}, tt.since, tt.now)
			if tt.want == "" && got != "" || !strings.Contains(got, tt.want) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestAlarms(t *testing.T) {
	all := []string{"kreisraum-musterkreis-bridge-1", "kreisraum-musterkreis-portal"}
	good := Survey{Servers: all, Wanted: all, Answers: true, NotAfter: monday.AddDate(0, 2, 0)}
	tests := []struct {
		name   string
		change func(*Survey)
		want   string
	}{
		{"all is well", func(*Survey) {}, ""},
		{"machine gone", func(s *Survey) { s.Servers = all[1:] }, AlarmMachineGone},
		{"orphan", func(s *Survey) { s.Wanted = all[1:] }, AlarmOrphan},
		{"silent", func(s *Survey) { s.Answers = false }, AlarmSilent},
		{"certificate ends", func(s *Survey) { s.NotAfter = monday.AddDate(0, 0, 13) }, AlarmCertificate},
		{"no certificate", func(s *Survey) { s.NotAfter = time.Time{} }, AlarmCertificate},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := good
			tt.change(&s)
			var names []string
			for _, a := range s.alarms("musterkreis", Nightly{Zone: time.UTC}, time.Time{}, monday) {
				names = append(names, a.Name)
				if !strings.Contains(a.Text, "`kreisraum ") {
					t.Errorf("%q does not say what to do", a.Text)
				}
			}
			if got := strings.Join(names, " "); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestSurveysStayWithinTheBudget(t *testing.T) {
	for _, counties := range []int{0, 1, 2, 10, 50} {
		period := surveyPeriod(counties)
		if perHour := float64(counties*surveyRequests) * float64(time.Hour) / float64(period); perHour > surveyBudget || period < time.Minute {
			t.Errorf("%d counties: every %v, %.0f requests an hour", counties, period, perHour)
		}
	}
}
