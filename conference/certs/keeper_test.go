package certs

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/medienzentrenverbund/kreisraum/conference/certs/acmetest"
	"github.com/medienzentrenverbund/kreisraum/conference/eventually"
	"github.com/medienzentrenverbund/kreisraum/conference/opsapi"
)

// clock is the real one, set to another time.
type clock struct {
	mu     sync.Mutex
	offset time.Duration
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.offset)
}

func (c *clock) set(offset time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.offset = offset
}

// withClock opens the site anew with a clock that can be set.
func (s *site) withClock(t *testing.T) *clock {
	t.Helper()
	c := &clock{}
	s.manager().Close()
	s.config.Now = c.now
	s.open(t)
	return c
}

// problem answers as RFC 8555 §6.7 says.
func problem(status int, kind, detail string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/problem+json")
		w.WriteHeader(status)
		fmt.Fprintf(w, `{"type":"urn:ietf:params:acme:error:%s","detail":%q,"status":%d}`, kind, detail, status)
	}
}

func ready(t *testing.T, validity time.Duration) (*site, *clock) {
	t.Helper()
	s := newSite(t, validity)
	c := s.withClock(t)
	s.ca.Point(s.domain, s.addr.Addr())
	s.manager().Order()
	s.waitFor(t, opsapi.CertificateReady)
	return s, c
}

// served are the certificate's serial number and public key as browsers see them.
func (s *site) served(t *testing.T) (serial, key string) {
	t.Helper()
	leaf, err := s.visit(s.domain)
	if err != nil {
		t.Fatal(err)
	}
	return leaf.SerialNumber.String(), string(leaf.RawSubjectPublicKeyInfo)
}

// TestRenewalComesByItselfWithAnotherKey: short-lived certificates, the real clock, and browsers that come all the time.
func TestRenewalComesByItselfWithAnotherKey(t *testing.T) {
	t.Parallel()
	s := newSite(t, 30*time.Second) // Pebble advises any time, so the renewal may come five seconds before the end
	s.ca.Point(s.domain, s.addr.Addr())
	s.manager().Order()
	s.waitFor(t, opsapi.CertificateReady)
	firstSerial, firstKey := s.served(t)
	eventually.True(t, "a renewed certificate is served", func() bool {
		serial, key := s.served(t) // at each moment there is one
		if serial == firstSerial {
			return false
		}
		if key == firstKey {
			t.Fatal("the key was kept")
		}
		return true
	})
	data, err := os.ReadFile(filepath.Join(s.config.Dir, certificateFile))
	if err != nil || bytes.Count(data, []byte("PRIVATE KEY-----")) != 2 {
		t.Errorf("%v, or not one key alone on disk", err)
	}
}

// TestAuthorityThatIsOut: two months later the renewal is due and the authority down. The old certificate is served, status and log say until
// when, the next tries come ever later, a restart forgets nothing, and the first that gets through ends it.
func TestAuthorityThatIsOut(t *testing.T) {
	t.Parallel()
	s, c := ready(t, 90*24*time.Hour)
	serial, _ := s.served(t)
	s.ca.Fail(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "<html>bad gateway</html>", http.StatusBadGateway)
	})
	c.set(75 * 24 * time.Hour)
	eventually.True(t, "the renewal has failed", func() bool { return !s.manager().Status().FailingSince.IsZero() })
	first := s.manager().Status()
	if first.State != opsapi.CertificateReady || first.Detail == "" || !first.NextTry.After(c.now()) || first.NotAfter.IsZero() {
		t.Errorf("status: %+v", first)
	}
	if got, _ := s.served(t); got != serial {
		t.Error("the old certificate is not served any more")
	}
	if text := s.log.String(); !strings.Contains(text, "certificate renewal went wrong") || !strings.Contains(text, "good_until") {
		t.Errorf("log: %s", text)
	}

	c.set(76 * 24 * time.Hour)
	eventually.True(t, "the second try has failed", func() bool { return s.manager().Status().NextTry.After(first.NextTry) })
	second := s.manager().Status()
	if !second.FailingSince.Equal(first.FailingSince) {
		t.Errorf("failing since %s, was %s", second.FailingSince, first.FailingSince)
	}
	s.manager().Close()
	s.open(t)
	if after := s.manager().Status(); !after.FailingSince.Equal(first.FailingSince) || !after.NextTry.Equal(second.NextTry) || after.Detail != second.Detail {
		t.Errorf("after a restart %+v, before %+v", after, second)
	}

	s.ca.Fail(nil)
	c.set(77 * 24 * time.Hour)
	eventually.True(t, "the renewal has come", func() bool { return s.manager().Status().FailingSince.IsZero() })
	if got, _ := s.served(t); got == serial {
		t.Error("the old certificate is still served")
	}
	if strings.Contains(s.log.String(), "bad gateway") {
		t.Error("the log has what the authority sent")
	}
}

// TestRateLimit: what the authority forbids is not tried, by nobody, until it allows it; across a restart as well.
func TestRateLimit(t *testing.T) {
	t.Parallel()
	s := newSite(t, 90*24*time.Hour)
	c := s.withClock(t)
	s.ca.Point(s.domain, s.addr.Addr())
	var mu sync.Mutex
	requests := 0
	limit := problem(http.StatusTooManyRequests, "rateLimited", "too many certificates for this name, retry after "+
		time.Now().UTC().AddDate(0, 0, 1).Format(time.DateTime)+" UTC")
	s.ca.Fail(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		requests++
		mu.Unlock()
		limit(w, r)
	})
	asked := func() int {
		mu.Lock()
		defer mu.Unlock()
		return requests
	}
	s.manager().Order()
	failed := s.waitForFailure(t)
	if until := failed.LimitedUntil.Sub(c.now()); until < 23*time.Hour || until > 24*time.Hour {
		t.Errorf("limited for another %s, want a day", until)
	}
	if !strings.Contains(failed.Detail, "rate limit") || !strings.Contains(failed.Detail, "retry after ") || failed.NextTry.Before(failed.LimitedUntil) {
		t.Errorf("status: %+v", failed)
	}
	before := asked()
	s.manager().Order()
	s.manager().Close()
	s.open(t)
	if state := s.manager().Order(); state.State != opsapi.CertificateFailed || !state.LimitedUntil.Equal(failed.LimitedUntil) {
		t.Errorf("after a restart: %+v", state)
	}
	c.set(23 * time.Hour)
	s.manager().Order()
	s.manager().Close() // waits for whatever might have begun
	if got := asked(); got != before {
		t.Errorf("%d requests although it was forbidden", got-before)
	}
	s.open(t)
	s.ca.Fail(nil)
	c.set(25 * time.Hour)
	s.waitReady(t)
}

// TestBusyAuthority: 503 is no ban, and what came with it stays out of status.
func TestBusyAuthority(t *testing.T) {
	t.Parallel()
	s := newSite(t, 90*24*time.Hour)
	c := s.withClock(t)
	s.ca.Point(s.domain, s.addr.Addr())
	s.ca.Fail(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "busy with 192.0.2.7", http.StatusServiceUnavailable)
	})
	s.manager().Order()
	failed := s.waitForFailure(t)
	if !failed.LimitedUntil.IsZero() || !failed.NextTry.After(c.now()) || !strings.Contains(failed.Detail, "out of order (HTTP 503)") ||
		strings.Contains(failed.Detail, "192.0.2.7") {
		t.Errorf("status: %+v", failed)
	}
	s.ca.Fail(nil)
	s.manager().Order() // somebody knows better
	s.waitReady(t)
}

// TestOrderIsRehearsed: a mistake shows at staging and costs the real authority nothing; staging's certificate is never served.
func TestOrderIsRehearsed(t *testing.T) {
	t.Parallel()
	s := newSite(t, 48*time.Hour)
	staging := acmetest.Start(t, int(s.addr.Port()), 48*time.Hour)
	s.trustBoth(t, staging)
	s.manager().Order() // the name does not resolve
	failed := s.waitForFailure(t)
	if !strings.Contains(failed.Detail, "rehearsal") || !strings.Contains(failed.Detail, "nothing was ordered from the real one") || s.ca.Orders() != 0 {
		t.Errorf("%d real orders, %+v", s.ca.Orders(), failed)
	}
	staging.Point(s.domain, s.addr.Addr())
	s.manager().Order() // staging finds it, the real one does not
	eventually.True(t, "the real one has failed", func() bool {
		return s.ca.Orders() == 1 && !strings.Contains(s.manager().Status().Detail, "rehearsal") && s.manager().Status().State == opsapi.CertificateFailed
	})
	if _, err := s.visit(s.domain); err == nil {
		t.Error("staging's certificate is served")
	}
	rehearsals := staging.Orders()
	s.ca.Point(s.domain, s.addr.Addr())
	s.manager().Order()
	s.waitReady(t)
	if staging.Orders() != rehearsals {
		t.Error("what had succeeded was rehearsed again")
	}
	if _, err := s.visit(s.domain); err != nil {
		t.Error(err)
	}
}

// TestAuthorityMayHurryTheRenewal: it revokes, so to speak, and says so by ARI (RFC 9773).
func TestAuthorityMayHurryTheRenewal(t *testing.T) {
	t.Parallel()
	s, c := ready(t, 90*24*time.Hour)
	eventually.True(t, "the authority was asked when to renew", func() bool { return s.recordOnDisk(t).AskAt.Sub(c.now()) > 0 })
	rec := s.recordOnDisk(t)
	day := 24 * time.Hour
	if left := time.Until(rec.RenewAt); left < 57*day || left > 62*day {
		t.Errorf("renewal in %s, want Pebble's window of two days around day 60", left)
	}
	if s.manager().Status().RenewAt != rec.RenewAt && !s.manager().Status().RenewAt.Equal(rec.RenewAt) {
		t.Error("status does not say when")
	}
	serial, _ := s.served(t)
	c.set(time.Until(rec.RenewAt) + time.Minute)
	eventually.True(t, "the renewal has come", func() bool { got, _ := s.served(t); return got != serial })
}

// TestUnreliableAuthority: bad nonces, and authorizations that are not used again; one order succeeds all the same.
func TestUnreliableAuthority(t *testing.T) {
	t.Setenv("PEBBLE_WFE_NONCEREJECT", "40")
	t.Setenv("PEBBLE_AUTHZREUSE", "0")
	s, _ := ready(t, 48*time.Hour)
	if _, err := s.visit(s.domain); err != nil {
		t.Error(err)
	}
}

// TestDamagedFiles: what is on disk and cannot be read keeps nobody from starting.
func TestDamagedFiles(t *testing.T) {
	t.Parallel()
	s, _ := ready(t, 48*time.Hour)
	for _, tt := range []struct{ file, want string }{{recordFile, opsapi.CertificateReady}, {certificateFile, opsapi.CertificateNone}} {
		s.manager().Close()
		if err := os.WriteFile(filepath.Join(s.config.Dir, tt.file), []byte("damaged"), 0o600); err != nil {
			t.Fatal(err)
		}
		s.open(t)
		if got := s.manager().Status(); got.State != tt.want {
			t.Errorf("%s: %+v", tt.file, got)
		}
	}
	s.manager().Order()
	s.waitReady(t)
}

func (s *site) recordOnDisk(t *testing.T) record {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(s.config.Dir, recordFile))
	if err != nil {
		t.Fatal(err)
	}
	var r record
	if err := json.Unmarshal(data, &r); err != nil {
		t.Fatal(err)
	}
	return r
}

// trustBoth opens the site anew with staging as a rehearsal.
func (s *site) trustBoth(t *testing.T, staging *acmetest.CA) {
	t.Helper()
	var roots []byte
	for _, file := range []string{s.ca.RootsFile, staging.RootsFile} {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		roots = append(roots, data...)
	}
	file := filepath.Join(t.TempDir(), "both.pem")
	if err := os.WriteFile(file, roots, 0o600); err != nil {
		t.Fatal(err)
	}
	s.manager().Close()
	s.config.RootsFile, s.config.Staging = file, staging.Directory
	s.open(t)
}

// waitForFailure waits until an order has failed.
func (s *site) waitForFailure(t *testing.T) opsapi.Certificate {
	t.Helper()
	var c opsapi.Certificate
	eventually.True(t, "the order has failed", func() bool { c = s.manager().Status(); return c.State == opsapi.CertificateFailed })
	return c
}

// waitReady waits for a certificate whatever fails before.
func (s *site) waitReady(t *testing.T) {
	t.Helper()
	eventually.True(t, "the certificate is there", func() bool { return s.manager().Status().State == opsapi.CertificateReady })
}
