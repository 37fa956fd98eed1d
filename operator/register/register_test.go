package register

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/medienzentrenverbund/kreisraum/conference/passhash"
	"pgregory.net/rapid"
)

func noon() time.Time { return time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC) }

// cheap hashes for tests that are not about hashing.
func cheap() Maker {
	return Maker{Hash: func(p string) (string, error) { return "hash of " + p, nil }, Now: noon}
}

func grow(t testing.TB, m Maker, r Register, labels ...string) (Register, []Credential) {
	t.Helper()
	accounts, credentials, err := m.Make(context.Background(), r, labels)
	if err != nil {
		t.Fatal(err)
	}
	next, err := r.With(accounts...)
	if err != nil {
		t.Fatal(err)
	}
	return next, credentials
}

func TestWordsAreFitForNames(t *testing.T) {
	seen := map[string]bool{}
	for _, w := range words {
		if !regexp.MustCompile(`^[a-z]{3,10}$`).MatchString(w) || seen[w] {
			t.Errorf("%q is no plain word, or there twice", w)
		}
		seen[w] = true
	}
	if len(words) < 250 {
		t.Errorf("%d words, want at least 250", len(words))
	}
}

func TestCredentialsCanBeReadOnPaperAndWork(t *testing.T) {
	r, credentials := grow(t, Maker{Hash: passhash.Hash, Now: noon}, Register{}, "Schule am Beispielweg")
	c := credentials[0]
	if !regexp.MustCompile(`^[a-z]{3,10}-[1-9][0-9]{3}$`).MatchString(c.Name) {
		t.Errorf("name %q", c.Name)
	}
	if !regexp.MustCompile(`^([2-9a-hjkmnp-z]{4}-){3}[2-9a-hjkmnp-z]{4}$`).MatchString(c.Password) {
		t.Errorf("password of the wrong shape (%d characters)", len(c.Password))
	}
	if ok, err := passhash.Check(r.Accounts[0].Hash, c.Password); !ok || err != nil {
		t.Errorf("the password does not fit its hash: %t, %v", ok, err)
	}
}

// Whatever is created, disabled and reset: names stay unique, nobody is lost, and the revision changes with what a server knows
// and with nothing else.
func TestRegisterKeepsItsPromises(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m, r := cheap(), Register{}
		m.Words = []string{"ahorn"} // collisions are likely
		for range rapid.IntRange(1, 20).Draw(t, "steps") {
			before := r.ForServer()
			changed := true
			switch rapid.SampledFrom([]string{"create", "disable", "reset"}).Draw(t, "step") {
			case "create":
				accounts, _, err := m.Make(context.Background(), r, make([]string, rapid.IntRange(1, 30).Draw(t, "count")))
				if err != nil {
					t.Fatal(err)
				}
				r, _ = r.With(accounts...)
			case "disable":
				r, changed = edit(t, r, func(r Register, name string) (Register, Account, error) { return r.Disable(name, noon()) })
			case "reset":
				r, changed = edit(t, r, func(r Register, name string) (Register, Account, error) { return r.Rehash(name, NewPassword()) })
			}
			after := r.ForServer()
			if (before.Revision != after.Revision) != changed {
				t.Fatalf("revision changed %t, list changed %t", before.Revision != after.Revision, changed)
			}
			if len(after.Accounts) < len(before.Accounts) {
				t.Fatal("an account was lost")
			}
		}
		seen := map[string]bool{}
		for _, a := range r.Accounts {
			if seen[a.Name] || seen[a.ID] {
				t.Fatalf("%s or %s is there twice", a.Name, a.ID)
			}
			seen[a.Name], seen[a.ID] = true, true
		}
	})
}

func edit(t *rapid.T, r Register, f func(Register, string) (Register, Account, error)) (Register, bool) {
	if len(r.Accounts) == 0 {
		return r, false
	}
	name := rapid.SampledFrom(r.Accounts).Draw(t, "account").Name
	next, _, err := f(r, name)
	if err != nil && !errors.Is(err, ErrDisabled) {
		t.Fatal(err)
	}
	return next, err == nil
}

func TestServerNeverLearnsLabels(t *testing.T) {
	r, _ := grow(t, cheap(), Register{}, "Frau Kanarienvogel")
	if text := fmt.Sprintf("%+v", r.ForServer()); strings.Contains(text, "Kanarienvogel") {
		t.Error("the label is in the server's list")
	}
}

func TestUnknownAndDisabledNames(t *testing.T) {
	r, c := grow(t, cheap(), Register{}, "")
	if _, _, err := r.Disable("nobody-1000", noon()); !errors.Is(err, ErrUnknown) {
		t.Errorf("got %v, want ErrUnknown", err)
	}
	r, _, err := r.Disable(c[0].Name, noon())
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := r.Rehash(c[0].Name, "x"); !errors.Is(err, ErrDisabled) {
		t.Errorf("got %v, want ErrDisabled", err)
	}
}

func TestUsedUpWordsAreAnErrorAndNotALoop(t *testing.T) {
	var r Register
	for n := 1000; n < 10000; n++ {
		r.Accounts = append(r.Accounts, Account{ID: fmt.Sprint(n), Name: fmt.Sprintf("ahorn-%d", n)})
	}
	m := cheap()
	m.Words = []string{"ahorn"}
	if _, _, err := m.Make(context.Background(), r, []string{""}); err == nil {
		t.Error("a name was found where none is left")
	}
}

func TestHashingStopsWithTheContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	var hashed atomic.Int32
	m := cheap()
	m.Hash = func(string) (string, error) { hashed.Add(1); cancel(); return "x", nil }
	if _, _, err := m.Make(ctx, Register{}, make([]string, 1000)); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
	if n := hashed.Load(); n > 100 {
		t.Errorf("%d passwords were hashed after the end", n)
	}
}

func TestSaveAndLoad(t *testing.T) {
	path := filepath.Join(t.TempDir(), "r.json")
	if r, err := Load(path); err != nil || len(r.Accounts) != 0 {
		t.Errorf("a register that is not there: %v, %v, want an empty one", r, err)
	}
	r, c := grow(t, cheap(), Register{}, "a", "b")
	r, _, _ = r.Disable(c[0].Name, noon())
	if err := r.Save(path); err != nil {
		t.Fatal(err)
	}
	back, err := Load(path)
	if err != nil || fmt.Sprint(back) != fmt.Sprint(r) {
		t.Errorf("got %v, %v, want %v", back, err, r)
	}
	data, _ := os.ReadFile(path)
	for _, cred := range c {
		if bytes.Contains(bytes.ReplaceAll(data, []byte("hash of "+cred.Password), nil), []byte(cred.Password)) {
			t.Error("a password is in the register")
		}
	}
	if err := os.WriteFile(path, data[:len(data)/2], 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(path); err == nil {
		t.Error("half a register was accepted")
	}
}

func TestLabels(t *testing.T) {
	for _, tt := range []struct {
		name, in string
		want     []string // nil: refused
	}{
		{"plain", "label\na\nb\n", []string{"a", "b"}},
		{"German heading, byte order mark, Windows line ends", "\xef\xbb\xbfNr;Bezeichnung\r\n1;Schule A\r\n2;Schule B, Außenstelle\r\n", []string{"Schule A", "Schule B, Außenstelle"}},
		{"quotes", "label,n\n\"a, b\",1\n", []string{"a, b"}},
		{"empty lines are left out", "label;n\na;1\n\n;\nb;2\n", []string{"a", "b"}},
		{"no heading", "", nil},
		{"no such column", "name\na\n", nil},
		{"nothing below the heading", "label\n", nil},
		{"a line without a label", "n;label\n1;a\n2;\n", nil},
		{"a line too short", "n;label\n1\n", nil},
		{"not UTF-8", "label\nStra\xdfe\n", nil},
		{"open quote", "label\n\"a\n", nil},
		{"too many lines", "label\n" + strings.Repeat("a\n", MaxLines+1), nil},
		{"label too long", "label\n" + strings.Repeat("a", maxLabel+1) + "\n", nil},
		{"line break in a label", "label\n\"a\nb\"\n", nil},
		{"terminal control in a label", "label\na\u009b31mb\n", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := Labels(strings.NewReader(tt.in))
			if (err == nil) != (tt.want != nil) || strings.Join(got, "|") != strings.Join(tt.want, "|") && err == nil {
				t.Errorf("got %q, %v, want %q", got, err, tt.want)
			}
		})
	}
}

func TestEmptyListIsCalledEmpty(t *testing.T) {
	if _, err := Labels(strings.NewReader("")); err == nil || !strings.Contains(err.Error(), "empty") {
		t.Errorf("got %v", err)
	}
}

func TestRefusedListNamesTheLine(t *testing.T) {
	_, err := Labels(strings.NewReader("label;n\na;1\nb;2\n;3\n"))
	if err == nil || !strings.Contains(err.Error(), "line 4") {
		t.Errorf("got %v, want line 4", err)
	}
}

func FuzzLabels(f *testing.F) {
	f.Add([]byte("\xef\xbb\xbfNr;Bezeichnung\r\n1;a\r\n"))
	f.Add([]byte("label,n\n\"a, b\",1\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		labels, err := Labels(bytes.NewReader(data))
		if err != nil {
			return
		}
		if len(labels) == 0 || len(labels) > MaxLines {
			t.Errorf("%d labels", len(labels))
		}
		for _, l := range labels {
			if l == "" || CheckLabel(l) != nil {
				t.Errorf("accepted %q", l)
			}
		}
	})
}
