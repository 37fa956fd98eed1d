package audit

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

func noon() time.Time { return time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC) }

func ledger(t *testing.T) (*Ledger, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "l.jsonl")
	return New(path, "clerk-1", "musterkreis", noon), path
}

func lines(t *testing.T, path string) []string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSuffix(string(data), "\n"), "\n")
}

func TestEntriesAreAppendedOneALine(t *testing.T) {
	l, path := ledger(t)
	if err := l.Write(CountyUp, "v1"); err != nil {
		t.Fatal(err)
	}
	if err := l.Write(AccountDisabled, "", "acct-1"); err != nil {
		t.Fatal(err)
	}
	got := lines(t, path)
	want := []string{
		`{"time":"2026-01-02T12:00:00Z","clerk":"clerk-1","county":"musterkreis","action":"county-up","detail":"v1"}`,
		`{"time":"2026-01-02T12:00:00Z","clerk":"clerk-1","county":"musterkreis","action":"account-disabled","accounts":["acct-1"]}`,
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if info, _ := os.Stat(path); info.Mode().Perm() != 0o600 {
		t.Errorf("mode %o, want 600", info.Mode().Perm())
	}
}

func TestTornLineOfACrashDoesNotSwallowTheNextEntry(t *testing.T) {
	l, path := ledger(t)
	if err := os.WriteFile(path, []byte(`{"time":"2026-01-`), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := l.Write(CountyDown, ""); err != nil {
		t.Fatal(err)
	}
	got := lines(t, path)
	var entry Entry
	if len(got) != 2 || json.Unmarshal([]byte(got[1]), &entry) != nil || entry.Action != CountyDown {
		t.Errorf("got %q, want the torn line and then a whole one", got)
	}
}

func TestConcurrentEntriesStayWhole(t *testing.T) {
	l, path := ledger(t)
	var group sync.WaitGroup
	for i := range 50 {
		group.Go(func() {
			if err := l.Write(AccountsCreated, "", fmt.Sprintf("acct-%d", i)); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	seen := map[string]bool{}
	for _, line := range lines(t, path) {
		var e Entry
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		seen[e.Accounts[0]] = true
	}
	if len(seen) != 50 {
		t.Errorf("%d entries, want 50", len(seen))
	}
}

func TestLedgerThatCannotBeWrittenIsAnError(t *testing.T) {
	if err := New(t.TempDir(), "c", "m", noon).Write(CountyUp, ""); err == nil {
		t.Error("writing into a folder succeeded")
	}
}
