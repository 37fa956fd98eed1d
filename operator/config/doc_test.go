package config

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
)

// TestEveryKeyIsDocumented: docs/configuration.md names each key once, with its default, and no other.
func TestEveryKeyIsDocumented(t *testing.T) {
	text, err := os.ReadFile("../../docs/configuration.md")
	if err != nil {
		t.Fatal(err)
	}
	inWords := map[string]string{
		"locations": "`fsn1`, `nbg1`", "acme.directory": "Let's Encrypt", "accounts.prefixes": "built in",
	}
	documented := map[string]string{}
	for _, row := range regexp.MustCompile("(?m)^\\| `([a-z0-9_.]+)` \\| ([^|]*) \\|").FindAllStringSubmatch(string(text), -1) {
		if _, twice := documented[row[1]]; twice {
			t.Errorf("%s is there twice", row[1])
		}
		documented[row[1]] = strings.TrimSpace(row[2])
	}
	for _, o := range options {
		want := fmt.Sprintf("`%v`", o.preset)
		switch {
		case inWords[o.path] != "":
			want = inWords[o.path]
		case o.preset == nil:
			want = "–"
		case o.preset == "":
			want = "none"
		}
		if got := documented[o.path]; got != want {
			t.Errorf("%s: default %q, want %q", o.path, got, want)
		}
		delete(documented, o.path)
	}
	for key := range documented {
		t.Errorf("%s is no key of the file", key)
	}
}
