package county

import (
	"strings"
	"testing"
	"time"

	"gopkg.in/yaml.v3"

	server "github.com/medienzentrenverbund/kreisraum/conference/config"
	"github.com/medienzentrenverbund/kreisraum/conference/opsapi"
	"github.com/medienzentrenverbund/kreisraum/infra"
	"github.com/medienzentrenverbund/kreisraum/operator/config"
	"github.com/medienzentrenverbund/kreisraum/operator/endpoints"
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

// TestWhereOrdersAreRehearsed: Let's Encrypt has a staging directory, and whoever else has one says so. The sandbox's authority has none.
func TestWhereOrdersAreRehearsed(t *testing.T) {
	const own, ownStaging = "https://acme.example/dir", "https://staging.example/dir"
	for name, tt := range map[string]struct {
		acme              config.ACME
		caa               string
		e                 endpoints.Endpoints
		rehearsal, issuer string
	}{
		"Let's Encrypt":            {config.ACME{Directory: server.LetsEncrypt}, "letsencrypt.org", endpoints.Endpoints{}, letsEncryptStaging, "letsencrypt.org"},
		"Let's Encrypt by default": {config.ACME{}, "letsencrypt.org", endpoints.Endpoints{}, letsEncryptStaging, "letsencrypt.org"},
		"staging of one's own":     {config.ACME{Directory: own, Staging: ownStaging}, "acme.example", endpoints.Endpoints{}, ownStaging, "acme.example"},
		"an authority without one": {config.ACME{Directory: own}, "", endpoints.Endpoints{}, "", ""},
		"the sandbox":              {config.ACME{}, "letsencrypt.org", endpoints.Endpoints{ACMEDirectory: "https://127.0.0.1:1/dir"}, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			c := config.Config{Name: "musterkreis", Domain: "meet.musterkreis.example", ACME: tt.acme, DNS: config.DNS{CAA: tt.caa}}
			m := infra.Machine{Role: infra.RolePortal, IPv4: "192.0.2.10", PrivateIP: "10.64.0.10"}
			text, err := serverConfig(c, m, m, tt.e)
			if err != nil {
				t.Fatal(err)
			}
			var got server.Config
			if err := yaml.Unmarshal(text, &got); err != nil {
				t.Fatal(err)
			}
			if got.ACME.Staging != tt.rehearsal {
				t.Errorf("rehearsed at %q, want %q", got.ACME.Staging, tt.rehearsal)
			}
			if got := issuerName(c, tt.e); got != tt.issuer {
				t.Errorf("issuer %q, want %q", got, tt.issuer)
			}
		})
	}
}
