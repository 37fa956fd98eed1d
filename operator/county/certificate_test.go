package county

import (
	"strings"
	"testing"
	"time"

	"github.com/medienzentrenverbund/kreisraum/conference/opsapi"
)

func TestCertificateText(t *testing.T) {
	at := func(text string) time.Time {
		v, err := time.Parse("2006-01-02 15:04", text)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	end := at("2027-02-01 12:00")
	for name, tt := range map[string]struct {
		c       opsapi.Certificate
		want    []string
		problem string // five days after the first failure; "" for none
	}{
		"ready": {opsapi.Certificate{State: "ready", NotAfter: end, RenewAt: at("2027-01-02 03:00")},
			[]string{"ready until 2027-02-01", "renewed by itself on 2027-01-02"}, ""},
		"renewal fails": {opsapi.Certificate{State: "ready", NotAfter: end, FailingSince: at("2027-01-02 03:00"), NextTry: at("2027-01-07 15:00"), Detail: "the CA is out of order"},
			[]string{"ready until 2027-02-01, renewal failing since 2027-01-02", "the CA is out of order", "tries again at 2027-01-07"}, "mend that before it ends"},
		"rate limited": {opsapi.Certificate{State: "ready", NotAfter: end, FailingSince: at("2027-01-02 03:00"), NextTry: at("2027-01-09 15:00"), LimitedUntil: at("2027-01-09 14:59"), Detail: "limit"},
			[]string{"renewal failing since", "takes no order before 2027-01-09"}, "mend that"},
		"first order fails": {opsapi.Certificate{State: "failed", FailingSince: at("2027-01-02 03:00"), NextTry: at("2027-01-02 03:01"), Detail: "no record"},
			[]string{"failed, order failing since 2027-01-02", "no record"}, "has no valid certificate (no record)"},
		"none":    {opsapi.Certificate{State: "none"}, []string{"none"}, "has no valid certificate (none)"},
		"expired": {opsapi.Certificate{State: "ready", NotAfter: at("2027-01-01 00:00")}, []string{"ready until 2027-01-01"}, "has no valid certificate"},
	} {
		t.Run(name, func(t *testing.T) {
			got := CertificateText(tt.c, time.UTC)
			for _, want := range tt.want {
				if !strings.Contains(got, want) {
					t.Errorf("%q is not in %q", want, got)
				}
			}
			problem := certificateProblem(tt.c, at("2027-01-07 03:00"), time.UTC)
			if (tt.problem == "") != (problem == "") || !strings.Contains(problem, tt.problem) {
				t.Errorf("problem: %q, want %q in it", problem, tt.problem)
			}
		})
	}
}

// TestHiccupIsNoProblem: a renewal that failed this morning is tried again by itself.
func TestHiccupIsNoProblem(t *testing.T) {
	now := time.Now()
	c := opsapi.Certificate{State: "ready", NotAfter: now.AddDate(0, 1, 0), FailingSince: now.Add(-time.Hour), NextTry: now.Add(time.Hour)}
	if got := certificateProblem(c, now, time.UTC); got != "" {
		t.Error(got)
	}
}
