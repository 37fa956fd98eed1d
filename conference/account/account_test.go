package account

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/medienzentrenverbund/kreisraum/conference/opsapi"
	"github.com/medienzentrenverbund/kreisraum/conference/passhash"
)

const password = "blaue-giraffe-tanzt"

// hashed is made once; a hash costs 25 ms.
var hashed = sync.OnceValue(func() string {
	h, err := passhash.Hash(password)
	if err != nil {
		panic(err)
	}
	return h
})

func list(accounts ...opsapi.Account) opsapi.Accounts {
	return opsapi.Accounts{Revision: "sha256:0001", Accounts: accounts}
}

func ahorn() opsapi.Account {
	return opsapi.Account{ID: "id-ahorn", Name: "ahorn-4827", Hash: hashed()}
}

func open(t *testing.T, opt Options, accounts ...opsapi.Account) (*Store, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "accounts.json")
	s, err := Open(path, opt)
	if err != nil {
		t.Fatal(err)
	}
	if len(accounts) > 0 {
		if err := s.Replace(list(accounts...)); err != nil {
			t.Fatal(err)
		}
	}
	return s, path
}

func TestVerify(t *testing.T) {
	birke := opsapi.Account{ID: "id-birke", Name: "birke-1000", Hash: hashed(), Disabled: true}
	s, _ := open(t, Options{}, ahorn(), birke)
	for _, tt := range []struct {
		name, login, password string
		want                  error
	}{
		{"right", "ahorn-4827", password, nil},
		{"capital letter and blanks", " Ahorn-4827 ", password, nil},
		{"wrong password", "ahorn-4827", "falsch", ErrWrong},
		{"empty password", "ahorn-4827", "", ErrWrong},
		{"unknown name", "eiche-0000", password, ErrWrong},
		{"disabled, right password", "birke-1000", password, ErrDisabled},
		{"disabled, wrong password tells nothing", "birke-1000", "falsch", ErrWrong},
	} {
		t.Run(tt.name, func(t *testing.T) {
			acc, err := s.Verify(t.Context(), tt.login, tt.password, "192.0.2.0")
			if !errors.Is(err, tt.want) {
				t.Fatalf("got %v, want %v", err, tt.want)
			}
			if tt.want == nil && acc.ID != "id-ahorn" {
				t.Errorf("got account %q", acc.ID)
			}
		})
	}
}

func TestReplaceSurvivesRestart(t *testing.T) {
	s, path := open(t, Options{}, ahorn())
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("file: %v, %v", info.Mode(), err)
	}
	before, _ := s.ByID("id-ahorn")
	again, err := Open(path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	after, ok := again.ByID("id-ahorn")
	if !ok || after != before || again.Revision() != "sha256:0001" {
		t.Errorf("after a restart: %+v, %v, revision %q", after, ok, again.Revision())
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(path), ".*")); len(left) > 0 {
		t.Errorf("temporary files stay: %v", left)
	}
}

func TestReplaceTakesEffectAtOnce(t *testing.T) {
	s, _ := open(t, Options{}, ahorn())
	before, _ := s.ByID("id-ahorn")
	other, err := passhash.Hash("ein-neues-passwort")
	if err != nil {
		t.Fatal(err)
	}
	changed := ahorn()
	changed.Hash = other
	if err := s.Replace(list(changed)); err != nil {
		t.Fatal(err)
	}
	after, _ := s.ByID("id-ahorn")
	if before.Fingerprint == after.Fingerprint {
		t.Error("the fingerprint stays although the password changed: old sessions would live on")
	}
	if s.Ended("id-ahorn") {
		t.Error("an account with a new password counts as ended")
	}
	changed.Disabled = true
	if err := s.Replace(list(changed)); err != nil {
		t.Fatal(err)
	}
	if !s.Ended("id-ahorn") || !s.Ended("id-nobody") {
		t.Error("disabled or unknown account does not count as ended")
	}
}

func TestRefusedListChangesNothing(t *testing.T) {
	s, path := open(t, Options{}, ahorn())
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	bad := ahorn()
	bad.Hash = "geheim"
	if err := s.Replace(opsapi.Accounts{Revision: "r2", Accounts: []opsapi.Account{bad}}); err == nil {
		t.Fatal("accepted")
	}
	after, err := os.ReadFile(path)
	if err != nil || string(after) != string(before) || s.Revision() != "sha256:0001" {
		t.Errorf("changed: revision %q, %v", s.Revision(), err)
	}
}

func TestReplaceReportsAFullDisk(t *testing.T) {
	s, path := open(t, Options{}, ahorn())
	if err := os.RemoveAll(filepath.Dir(path)); err != nil { // stands for a disk that takes nothing
		t.Fatal(err)
	}
	next := list(ahorn())
	next.Revision = "r2"
	if err := s.Replace(next); err == nil || !strings.Contains(err.Error(), path) {
		t.Fatalf("got %v", err)
	}
	if s.Revision() != "sha256:0001" {
		t.Error("a list that is not on disk is in use")
	}
}

func TestDamagedFileIsSetAside(t *testing.T) {
	for name, content := range map[string]string{
		"half a file":   `{"revision":"r1","acc`,
		"bad hash":      `{"revision":"r1","accounts":[{"id":"a","name":"ahorn","hash":"x"}]}`,
		"unknown field": `{"revision":"r1","accounts":[],"admin":true}`,
		"empty":         ``,
		"very large":    strings.Repeat(" ", opsapi.MaxAccountsBody+1),
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "accounts.json")
			if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
			var log bytes.Buffer
			s, err := Open(path, Options{Log: slog.New(slog.NewTextHandler(&log, nil))})
			if err != nil {
				t.Fatal(err)
			}
			if s.Revision() != "" || !strings.Contains(log.String(), "kreisraum up") || strings.Contains(log.String(), "ahorn") {
				t.Errorf("revision %q, log %s", s.Revision(), log.String())
			}
			if aside, err := os.ReadFile(path + ".damaged"); err != nil || string(aside) != content {
				t.Errorf("set aside: %v", err)
			}
			if err := s.Replace(list(ahorn())); err != nil { // what kreisraum up does next
				t.Error(err)
			}
		})
	}
}

func TestOpenReportsWhatItCannotRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "accounts.json")
	if err := os.Mkdir(path, 0o700); err != nil { // stands for a disk that cannot be read
		t.Fatal(err)
	}
	if _, err := Open(path, Options{}); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("got %v", err)
	}
}

func TestValidate(t *testing.T) {
	ok := func() opsapi.Account { return ahorn() }
	with := func(f func(*opsapi.Account)) opsapi.Account { a := ok(); f(&a); return a }
	many := make([]opsapi.Account, opsapi.MaxAccounts+1)
	for _, tt := range []struct {
		name string
		list opsapi.Accounts
		want string
	}{
		{"no revision", opsapi.Accounts{}, "revision"},
		{"empty list is fine", list(), ""},
		{"too many", list(many...), "more than"},
		{"empty id", list(with(func(a *opsapi.Account) { a.ID = "" })), "accounts[0].id"},
		{"id with slash", list(with(func(a *opsapi.Account) { a.ID = "a/b" })), "accounts[0].id"},
		{"same id", list(ok(), with(func(a *opsapi.Account) { a.Name = "other" })), "accounts[1].id: is there twice"},
		{"same name in capitals", list(ok(), with(func(a *opsapi.Account) { a.ID, a.Name = "b", "AHORN-4827" })), "accounts[1].name: is there twice"},
		{"name with blank", list(with(func(a *opsapi.Account) { a.Name = "a b" })), "accounts[0].name"},
		{"hash", list(with(func(a *opsapi.Account) { a.Hash = "$2y$10$abc" })), "accounts[0].hash"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := Validate(tt.list)
			if tt.want == "" {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Fatalf("got %v, want %q", err, tt.want)
			}
			if strings.Contains(strings.ToLower(err.Error()), "ahorn") {
				t.Errorf("the error names an account: %v", err)
			}
		})
	}
}

func TestValidateListsFewMistakes(t *testing.T) {
	err := Validate(list(make([]opsapi.Account, 1000)...))
	if n := strings.Count(err.Error(), "\n"); n > maxMistakes {
		t.Errorf("%d lines for 1000 mistakes", n+1)
	}
}

// TestUnknownNameCostsTheSame counts hashes rather than time: one for a known name, one for an unknown name, same parameters.
func TestUnknownNameCostsTheSame(t *testing.T) {
	s, _ := open(t, Options{}, ahorn())
	var cost []string
	s.hasher.compute = func(p passhash.PHC, _ string) bool {
		cost = append(cost, fmt.Sprint(p.Memory, p.Time, len(p.Salt), len(p.Key)))
		return false
	}
	for _, name := range []string{"ahorn-4827", "eiche-0000"} {
		if _, err := s.Verify(t.Context(), name, "falsch", "192.0.2.0"); !errors.Is(err, ErrWrong) {
			t.Fatal(err)
		}
	}
	if len(cost) != 2 || cost[0] != cost[1] {
		t.Errorf("got %v", cost)
	}
}

// TestMorningRush: many logins at once, real hashes. Never more hashes at a time than cores, and the memory stays small. With
// 500 of them on two cores, one of which stays with the media: 11.6 s, heap at most 39 MiB.
func TestMorningRush(t *testing.T) {
	const logins = 24
	s, _ := open(t, Options{Queue: 500, Wait: 2 * time.Minute}, ahorn())
	var running, most atomic.Int64
	var heap atomic.Uint64
	s.hasher.compute = func(p passhash.PHC, pw string) bool {
		raise(&most, running.Add(1))
		defer running.Add(-1)
		ok := p.Match(pw)
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		for old := heap.Load(); m.HeapInuse > old && !heap.CompareAndSwap(old, m.HeapInuse); old = heap.Load() {
		}
		return ok
	}
	start := time.Now()
	var wg sync.WaitGroup
	var right atomic.Int64
	for i := range logins {
		wg.Go(func() {
			// Different names, so that this measures hashing and not the throttle.
			_, err := s.Verify(context.Background(), fmt.Sprintf("eiche-%d", i), "falsch", "192.0.2.0")
			if errors.Is(err, ErrWrong) {
				right.Add(1)
			}
		})
	}
	wg.Wait()
	t.Logf("%d logins in %s, %d at a time, heap at most %d MiB", logins, time.Since(start).Round(time.Millisecond), most.Load(), heap.Load()>>20)
	if right.Load() != logins {
		t.Errorf("%d of %d were answered", right.Load(), logins)
	}
	if most.Load() > int64(runtime.GOMAXPROCS(0)) {
		t.Errorf("%d hashes at a time on %d cores", most.Load(), runtime.GOMAXPROCS(0))
	}
	if heap.Load() > 256<<20 {
		t.Errorf("heap grew to %d MiB", heap.Load()>>20)
	}
}

func raise(most *atomic.Int64, n int64) {
	for old := most.Load(); n > old && !most.CompareAndSwap(old, n); old = most.Load() {
	}
}

func TestFullQueueIsBusy(t *testing.T) {
	s, _ := open(t, Options{Workers: 1, Queue: 1, Wait: time.Minute}, ahorn())
	working, release := make(chan struct{}, 2), make(chan struct{})
	s.hasher.compute = func(passhash.PHC, string) bool { working <- struct{}{}; <-release; return true }
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			if _, err := s.Verify(context.Background(), "ahorn-4827", password, "192.0.2.0"); err != nil {
				t.Error(err)
			}
		})
	}
	<-working
	for len(s.hasher.queue) < 2 {
		runtime.Gosched()
	}
	_, err := s.Verify(t.Context(), "ahorn-4827", password, "192.0.2.0")
	var busy *BusyError
	if !errors.As(err, &busy) || busy.RetryAfter <= 0 {
		t.Errorf("got %v", err)
	}
	close(release)
	wg.Wait()
}

func TestWaitingLoginGivesUp(t *testing.T) {
	s, _ := open(t, Options{Workers: 1, Queue: 5, Wait: 10 * time.Millisecond}, ahorn())
	s.hasher.working <- struct{}{} // a hash that never ends
	var busy *BusyError
	if _, err := s.Verify(t.Context(), "ahorn-4827", password, "192.0.2.0"); !errors.As(err, &busy) {
		t.Errorf("after the deadline: got %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Verify(ctx, "ahorn-4827", password, "192.0.2.0"); !errors.Is(err, context.Canceled) {
		t.Errorf("after the browser went: got %v", err)
	}
	<-s.hasher.working
	for range pairFree + 1 { // none of the above may have counted as a wrong answer
		if _, err := s.Verify(t.Context(), "ahorn-4827", password, "192.0.2.0"); err != nil {
			t.Fatal(err)
		}
	}
}

// TestOneSourceLeavesPlaces: whoever fills the queue from one network keeps nobody else from logging in.
func TestOneSourceLeavesPlaces(t *testing.T) {
	s, _ := open(t, Options{Workers: 1, Queue: 7, Wait: time.Minute}, ahorn())
	s.hasher.working <- struct{}{} // a hash that takes its time
	var wg sync.WaitGroup
	var busy atomic.Int64
	ask := func(name, source string) {
		wg.Go(func() {
			_, err := s.Verify(context.Background(), name, password, source)
			if errors.As(err, new(*BusyError)) {
				busy.Add(1)
			}
		})
	}
	for i := range 20 {
		ask(fmt.Sprint("eiche-", i), "198.51.100.0")
	}
	for busy.Load() < 14 {
		runtime.Gosched()
	}
	ask("ahorn-4827", "192.0.2.0")
	for len(s.hasher.queue) < 7 {
		runtime.Gosched()
	}
	<-s.hasher.working
	wg.Wait()
	if n := busy.Load(); n != 14 {
		t.Errorf("%d were told that the server is busy", n)
	}
	if len(s.hasher.bySource) != 0 {
		t.Errorf("%d sources are still counted", len(s.hasher.bySource))
	}
}

// TestGivingUpCostsTheSource: a place in the queue is not to be had for nothing.
func TestGivingUpCostsTheSource(t *testing.T) {
	var accounts []opsapi.Account
	for i := range sourceSize / pairFree {
		accounts = append(accounts, opsapi.Account{ID: fmt.Sprint("id-", i), Name: fmt.Sprint("eiche-", i), Hash: hashed()})
	}
	s, _ := open(t, Options{Workers: 1, Queue: 1, Wait: time.Minute, Now: newClock().now}, append(accounts, ahorn())...)
	s.hasher.working <- struct{}{} // a hash that never ends
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	for i := range sourceSize {
		if _, err := s.Verify(gone, fmt.Sprint("eiche-", i/pairFree), password, "198.51.100.0"); !errors.Is(err, context.Canceled) {
			t.Fatalf("login %d: %v", i, err)
		}
	}
	if _, err := s.Verify(gone, "ahorn-4827", password, "198.51.100.0"); !errors.As(err, new(*ThrottledError)) {
		t.Errorf("got %v", err)
	}
}

func TestErrorsNameNobody(t *testing.T) {
	s, path := open(t, Options{}, ahorn())
	_, err := s.Verify(t.Context(), "ahorn-4827", "falsch", "192.0.2.0")
	text := fmt.Sprint(err, &ThrottledError{time.Second}, &BusyError{RetryAfter: time.Second})
	data, _ := json.Marshal(text)
	for _, canary := range []string{"ahorn", "falsch", "192.0.2", path} {
		if strings.Contains(string(data), canary) {
			t.Errorf("errors contain %q: %s", canary, data)
		}
	}
}
