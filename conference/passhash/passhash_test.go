package passhash

import (
	"errors"
	"strings"
	"testing"
)

func TestHashAndCheck(t *testing.T) {
	h, err := Hash("richtig pferd batterie")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(h, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Errorf("unexpected parameters: %s", h)
	}
	for password, want := range map[string]bool{"richtig pferd batterie": true, "richtig pferd": false, "": false, strings.Repeat("x", 300): false} {
		if got, err := Check(h, password); err != nil || got != want {
			t.Errorf("Check with %d bytes: got %v, %v, want %v", len(password), got, err, want)
		}
	}
	again, err := Hash("richtig pferd batterie")
	if err != nil {
		t.Fatal(err)
	}
	if again == h {
		t.Error("two hashes of one password are equal: the salt is not fresh")
	}
}

func TestHashRefuses(t *testing.T) {
	for _, password := range []string{"", strings.Repeat("x", MaxPassword+1)} {
		if _, err := Hash(password); !errors.Is(err, ErrPassword) {
			t.Errorf("%d bytes: got %v", len(password), err)
		}
	}
}

// The vector is from the reference implementation, phc-winner-argon2 src/test.c.
func TestCheckKnownAnswer(t *testing.T) {
	const hash = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"
	if ok, err := Check(hash, "password"); err != nil || !ok {
		t.Errorf("got %v, %v", ok, err)
	}
	if ok, err := Check(hash, "differentpassword"); err != nil || ok {
		t.Errorf("wrong password: got %v, %v", ok, err)
	}
}

func TestCheckUsesTheParametersOfTheHash(t *testing.T) {
	p := PHC{Memory: minMemory, Time: 1, Salt: []byte("0123456789abcdef")}
	p.Key = p.derive("geheim", 24)
	if ok, err := Check(p.String(), "geheim"); err != nil || !ok {
		t.Errorf("own parameters: got %v, %v", ok, err)
	}
	other := p
	other.Time = 2
	if ok, err := Check(other.String(), "geheim"); err != nil || ok {
		t.Errorf("other parameters must give another hash: got %v, %v", ok, err)
	}
}

func TestParseRefuses(t *testing.T) {
	const salt, key = "MDEyMzQ1Njc4OWFiY2RlZg", "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY"
	good := "$argon2id$v=19$m=19456,t=2,p=1$" + salt + "$" + key
	if _, err := Parse(good); err != nil {
		t.Fatal(err)
	}
	for name, s := range map[string]string{
		"empty":            "",
		"plain text":       "geheim",
		"argon2i":          strings.Replace(good, "argon2id", "argon2i", 1),
		"old version":      strings.Replace(good, "v=19", "v=16", 1),
		"gigabytes":        strings.Replace(good, "m=19456", "m=4194304", 1),
		"too weak":         strings.Replace(good, "m=19456", "m=8", 1),
		"no pass":          strings.Replace(good, "t=2", "t=0", 1),
		"endless":          strings.Replace(good, "t=2", "t=4294967295", 1),
		"many lanes":       strings.Replace(good, "p=1", "p=4", 1),
		"leading zero":     strings.Replace(good, "t=2", "t=02", 1),
		"sign":             strings.Replace(good, "t=2", "t=+2", 1),
		"overflow":         strings.Replace(good, "m=19456", "m=99999999999999999999", 1),
		"order":            strings.Replace(good, "m=19456,t=2", "t=2,m=19456", 1),
		"padded":           good + "=",
		"short salt":       strings.Replace(good, salt, "AAAA", 1),
		"short key":        strings.Replace(good, key, "AAAA", 1),
		"newline in key":   good[:len(good)-4] + "\n" + good[len(good)-4:],
		"one field more":   good + "$",
		"very long":        good + strings.Repeat("A", 300),
		"non-zero padding": good[:len(good)-1] + "Z",
	} {
		if _, err := Parse(s); err == nil {
			t.Errorf("%s accepted: %s", name, s)
		}
	}
}

// FuzzParse: what is accepted is within the bounds and is written exactly as it was read.
func FuzzParse(f *testing.F) {
	h, err := Hash("geheim")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(h)
	f.Add("$argon2id$v=19$m=65536,t=1,p=1$AAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA")
	f.Fuzz(func(t *testing.T, s string) {
		p, err := Parse(s)
		if err != nil {
			return
		}
		if p.Memory > maxMemory || p.Time > maxTime || len(p.Key) < 16 || len(p.Salt) < 8 {
			t.Errorf("out of bounds: %+v", p)
		}
		if p.String() != s {
			t.Errorf("read %q, wrote %q", s, p.String())
		}
	})
}

func BenchmarkHash(b *testing.B) {
	for b.Loop() {
		if _, err := Hash("richtig pferd batterie"); err != nil {
			b.Fatal(err)
		}
	}
}
