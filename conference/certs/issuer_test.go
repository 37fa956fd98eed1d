package certs

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/medienzentrenverbund/kreisraum/conference/eventually"
	"github.com/medienzentrenverbund/kreisraum/conference/opsapi"
)

const contact = "technik@kmz-musterkreis.example"

// accounts are the private keys of the accounts at the authorities, by file.
func (s *site) accounts(t *testing.T) map[string]string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(s.config.Dir, "acme", "*", "users", "*", "*.key"))
	if err != nil {
		t.Fatal(err)
	}
	keys := map[string]string{}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, or not the server's alone", file, err)
		}
		keys[file] = string(data)
	}
	return keys
}

// TestAccountIsKept: one account for orders and renewals, across a restart, and its contact is nowhere but on disk.
func TestAccountIsKept(t *testing.T) {
	t.Parallel()
	s := newSite(t, 90*24*time.Hour)
	s.config.Email = contact
	c := s.withClock(t)
	s.ca.Point(s.domain, s.addr.Addr())
	s.ca.FailAt("/sign-me-up", problem(http.StatusForbidden, "userActionRequired", "not today")) // Pebble's path for new accounts
	s.manager().Order()
	if failed := s.waitForFailure(t); !strings.Contains(failed.Detail, "not today") || strings.Contains(failed.Detail, contact) {
		t.Errorf("status: %+v", failed)
	}
	s.ca.Fail(nil)
	s.manager().Order()
	s.waitReady(t)
	before := s.accounts(t)
	if len(before) != 1 {
		t.Fatalf("%d accounts, want 1", len(before))
	}
	serial, _ := s.served(t)
	s.manager().Close()
	s.open(t)
	c.set(80 * 24 * time.Hour)
	eventually.True(t, "the renewal has come", func() bool { got, _ := s.served(t); return got != serial })
	for file, key := range s.accounts(t) {
		if before[file] != key {
			t.Error("another account or key after a restart and a renewal")
		}
	}
	if strings.Contains(s.log.String(), contact) {
		t.Error("the log has the contact")
	}
}

// TestDamagedAccount: status says what to do, and doing it helps.
func TestDamagedAccount(t *testing.T) {
	t.Parallel()
	s := newSite(t, 48*time.Hour)
	s.ca.Point(s.domain, s.addr.Addr())
	s.manager().Order()
	s.waitReady(t)
	for file := range s.accounts(t) {
		if err := os.WriteFile(strings.TrimSuffix(file, ".key")+".json", []byte("{"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s.manager().Close()
	for _, file := range []string{certificateFile, recordFile} {
		if err := os.Remove(filepath.Join(s.config.Dir, file)); err != nil {
			t.Fatal(err)
		}
	}
	s.open(t)
	s.manager().Order()
	if failed := s.waitForFailure(t); !strings.Contains(failed.Detail, "remove the folder acme/acme") {
		t.Errorf("status: %+v", failed)
	}
	if err := os.RemoveAll(filepath.Join(s.config.Dir, "acme")); err != nil {
		t.Fatal(err)
	}
	s.manager().Order()
	s.waitFor(t, opsapi.CertificateReady)
}

func TestWithoutContact(t *testing.T) {
	inner := errors.New("HTTP 503: busy")
	for name, tt := range map[string]struct {
		err  error
		want string
	}{
		"no contact":       {fmt.Errorf("order: %w", inner), "order: HTTP 503: busy"},
		"around":           {fmt.Errorf("registering account [mailto:%s] with server: %w", contact, inner), "HTTP 503: busy"},
		"of one piece":     {fmt.Errorf("could not save account mailto:%s: %v", contact, inner), "could not be made or stored"},
		"twice, outermost": {fmt.Errorf("a: %w", fmt.Errorf("[mailto:%s] %w", contact, fmt.Errorf("b: %w", inner))), "b: HTTP 503: busy"},
	} {
		if got := withoutContact(tt.err).Error(); !strings.Contains(got, tt.want) || strings.Contains(got, contact) {
			t.Errorf("%s: got %q", name, got)
		}
	}
}
