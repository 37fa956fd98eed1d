package signaling

import (
	"errors"
	"strings"
	"testing"
)

func TestCanonicalRoom(t *testing.T) {
	tests := []struct{ name, want string }{
		{"Klasse-5a", "klasse-5a"},
		{"KLASSE-5A", "klasse-5a"},
		{"5a1", "5a1"},
		{"a--", "a--"},
		{strings.Repeat("a", 64), strings.Repeat("a", 64)},
		{"kreisraum-probe-x", "kreisraum-probe-x"},
		{strings.Repeat("a", 65), ""},
		{"ab", ""},
		{"", ""},
		{"-abc", ""},
		{"Klasse 5a", ""},
		{"Größe", ""},
		{"abc.def", ""},
		{"abc/def", ""},
		{"abc_def", ""},
		{"abc\n", ""},
		{"ab\x00", ""},
		{"\u212aelvin", ""}, // the Kelvin sign lower-cases to an ASCII k
		{"api", ""},
		{"Assets", ""},
		{"Meine-Raeume", ""},
		{"netztest", ""},
		{"WEITER", ""},
		{"hilfe", ""},
		{"datenschutz", ""},
		{"nutzung", ""},
		{"impressum", ""},
		{"barrierefreiheit", ""},
		{"kontakt", ""},
		{"weiter-so", "weiter-so"},
		{"apis", "apis"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := CanonicalRoom(tt.name)
			if got != tt.want || (err != nil) != (tt.want == "") || err != nil && !errors.Is(err, ErrRoomInvalid) {
				t.Errorf("got %q, %v, want %q", got, err, tt.want)
			}
		})
	}
}

func TestSuggestRoom(t *testing.T) {
	tests := []struct{ name, want string }{
		{"Klasse 5a Größe", "Klasse-5a-Groesse"},
		{"Klasse-5a", "Klasse-5a"},
		{"Übung für Ärzte", "Uebung-fuer-Aerzte"},
		{"STRAẞE", "STRASSE"},
		{"Groß\u00adschreibung", "Gross-schreibung"},
		{"U\u0308bung o\u0308 e\u0301", "Uebung-oe-e"},
		{"Élève à l'école", "Eleve-a-lecole"},
		{"Çağla Łukasz Đorđe Žižka Œuvre", "Cagla-Lukasz-Dorde-Zizka-Oeuvre"},
		{"  -- Mathe / Physik -- ", "Mathe-Physik"},
		{"a_b.c", "a-b-c"},
		{"5a", "5a-raum"},
		{"API", "API-raum"},
		{"Hilfe", "Hilfe-raum"},
		{"Meine Räume", "Meine-Raeume-raum"},
		{"日本語", ""},
		{"", ""},
		{"!?", ""},
		{"\u0308abc", "abc"},
		{strings.Repeat("Wort ", 30), strings.TrimSuffix(strings.Repeat("Wort-", 13), "-")},
		{strings.Repeat("ß", 40), strings.Repeat("ss", 32)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := SuggestRoom(tt.name); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestIsProbeRoom(t *testing.T) {
	for name, want := range map[string]bool{
		"kreisraum-probe-1a2b": true, "kreisraum-probe-on-bridge-3-0123456789abcdef": true, "kreisraum-probe": false, "klasse-5a": false,
	} {
		if canonical, err := CanonicalRoom(name); err != nil || IsProbeRoom(canonical) != want {
			t.Errorf("%s: probe room %v, %v; want %v", name, IsProbeRoom(canonical), err, want)
		}
	}
}

// FuzzCanonicalRoom: a canonical name is its own canonical name, valid, and suggestions are valid or empty.
func FuzzCanonicalRoom(f *testing.F) {
	for _, s := range []string{"Klasse-5a", "api", "Größe 5a", "\u0308", "-a-", strings.Repeat("ß", 40), "K\u212a"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, name string) {
		if canonical, err := CanonicalRoom(name); err == nil {
			if again, err := CanonicalRoom(canonical); again != canonical || err != nil {
				t.Fatalf("%q becomes %q, %v", canonical, again, err)
			}
			if !strings.EqualFold(name, canonical) {
				t.Fatalf("%q is not %q in lower case", canonical, name)
			}
			if s := SuggestRoom(name); s != name && !strings.HasSuffix(name, "-") && !strings.Contains(name, "--") {
				t.Fatalf("%q is valid, suggested %q", name, s)
			}
		} else if canonical != "" {
			t.Fatalf("%q with an error", canonical)
		}
		if s := SuggestRoom(name); s != "" {
			if _, err := CanonicalRoom(s); err != nil {
				t.Fatalf("suggestion %q for %q is invalid", s, name)
			}
		}
	})
}
