package token

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

type claims struct {
	Room string `json:"room"`
	N    int    `json:"n"`
}

func TestSignVerify(t *testing.T) {
	key := NewKey()
	good := Sign(key, "admission", claims{"klasse-5a", 3}, noon.Add(time.Minute))
	body, mac, _ := strings.Cut(good, ".")
	tests := []struct {
		name    string
		key     Key
		purpose string
		token   string
		now     time.Time
		err     error
	}{
		{"valid", key, "admission", good, noon, nil},
		{"last moment", key, "admission", good, noon.Add(time.Minute - time.Millisecond), nil},
		{"expired", key, "admission", good, noon.Add(time.Minute), ErrExpired},
		{"other purpose", key, "session", good, noon, ErrInvalid},
		{"part of the purpose moved into the payload", key, "admissio", good, noon, ErrInvalid},
		{"other key", NewKey(), "admission", good, noon, ErrInvalid},
		{"no key", nil, "admission", good, noon, ErrInvalid},
		{"empty", key, "admission", "", noon, ErrInvalid},
		{"no signature", key, "admission", body, noon, ErrInvalid},
		{"empty signature", key, "admission", body + ".", noon, ErrInvalid},
		{"signature of something else", key, "admission", body + "." + strings.Split(Sign(key, "admission", claims{}, noon), ".")[1], noon, ErrInvalid},
		{"shortened signature", key, "admission", good[:len(good)-4], noon, ErrInvalid},
		{"other payload", key, "admission", "A" + body[1:] + "." + mac, noon, ErrInvalid},
		{"line break", key, "admission", body + "\n." + mac, noon, ErrInvalid},
		{"padding", key, "admission", good + "=", noon, ErrInvalid},
		{"longer than allowed", key, "admission", good + strings.Repeat("A", MaxLength), noon, ErrInvalid},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := Verify[claims](tt.key, tt.purpose, tt.token, tt.now)
			if !errors.Is(err, tt.err) {
				t.Fatalf("error %v, want %v", err, tt.err)
			}
			if want := (claims{"klasse-5a", 3}); tt.err == nil && got != want {
				t.Errorf("claims %+v, want %+v", got, want)
			} else if tt.err != nil && got != (claims{}) {
				t.Errorf("claims %+v with an error", got)
			}
		})
	}
}

func TestClaimsOfAnotherShapeAreInvalid(t *testing.T) {
	key := NewKey()
	tok := Sign(key, "p", "text", noon.Add(time.Hour))
	if _, err := Verify[claims](key, "p", tok, noon); !errors.Is(err, ErrInvalid) {
		t.Fatalf("error %v", err)
	}
}

func TestSignPanicsForBugs(t *testing.T) {
	for name, sign := range map[string]func(){
		"no JSON form": func() { Sign(NewKey(), "p", func() {}, noon) },
		"too long":     func() { Sign(NewKey(), "p", strings.Repeat("x", MaxLength), noon) },
		"no key":       func() { Sign(nil, "p", 1, noon) },
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("did not panic")
				}
			}()
			sign()
		})
	}
}

// FuzzVerify changes a valid token: only the very same token is accepted.
func FuzzVerify(f *testing.F) {
	key := Key(bytes.Repeat([]byte{7}, KeySize))
	good := Sign(key, "resume", claims{"klasse-5a", 3}, noon)
	f.Add(good)
	f.Add("")
	f.Add(".")
	f.Add(good[1:])
	f.Add(strings.ReplaceAll(good, ".", ".."))
	f.Fuzz(func(t *testing.T, tok string) {
		_, err := Verify[claims](key, "resume", tok, noon.Add(-time.Second))
		if (err == nil) != (tok == good) {
			t.Fatalf("error %v for a token that is good: %v", err, tok == good)
		}
	})
}

func TestLoadOrCreateKey(t *testing.T) {
	path := filepath.Join(t.TempDir(), "token.key")
	var wg sync.WaitGroup
	keys := make([]Key, 8)
	for i := range keys {
		wg.Go(func() {
			k, err := LoadOrCreateKey(path)
			if err != nil {
				t.Errorf("start %d: %v", i, err)
			}
			keys[i] = k
		})
	}
	wg.Wait()
	for _, k := range keys {
		if !bytes.Equal(k, keys[0]) || len(k) != KeySize {
			t.Fatal("starts at the same time got different keys")
		}
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("mode %v, %v", info.Mode(), err)
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(path), ".token*")); len(left) != 0 {
		t.Fatalf("left behind: %v", left)
	}
}

func TestBadKeyFilesAreRefused(t *testing.T) {
	tests := []struct {
		name    string
		content []byte
		mode    os.FileMode
		want    string
	}{
		{"empty", nil, 0o600, "length"},
		{"short", make([]byte, KeySize-1), 0o600, "length"},
		{"long", make([]byte, KeySize+1), 0o600, "length"},
		{"readable by others", make([]byte, KeySize), 0o644, "mode is 0644 and must be 0600 or 0640"},
		{"writable by the group", make([]byte, KeySize), 0o660, "mode is 0660 and must be"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "token.key")
			if err := errors.Join(os.WriteFile(path, tt.content, tt.mode), os.Chmod(path, tt.mode)); err != nil { // whatever the umask
				t.Fatal(err)
			}
			if _, err := LoadOrCreateKey(path); err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), path) {
				t.Errorf("error %v, want one with %q and the path", err, tt.want)
			}
		})
	}
	if _, err := LoadOrCreateKey(filepath.Join(t.TempDir(), "missing", "token.key")); err == nil {
		t.Error("a key in a folder that is not there")
	}
}

func TestKeyIsNotPrinted(t *testing.T) {
	k := Key("0123456789abcdef0123456789abcdef")
	var out bytes.Buffer
	slog.New(slog.NewJSONHandler(&out, nil)).Info("key", "key", k, "struct", struct{ K Key }{k})
	slog.New(slog.NewTextHandler(&out, nil)).Info("key", "key", k)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		fmt.Fprintf(&out, verb+verb, k, struct{ K Key }{k})
	}
	if err := json.NewEncoder(&out).Encode(k); err != nil {
		t.Fatal(err)
	}
	for _, form := range []string{string(k), fmt.Sprintf("%x", string(k)), "MDEyMzQ1"} {
		if strings.Contains(out.String(), form) {
			t.Errorf("the key was printed")
		}
	}
}
