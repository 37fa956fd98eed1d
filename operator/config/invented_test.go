package config

import "testing"

func TestInventedDomains(t *testing.T) {
	for domain, want := range map[string]bool{
		"demo.localhost":               true,
		"jitsi.kmz-tuttlingen.example": true,
		"meet.example.org":             true,
		"meet.kmz-beispiel.de":         false,
		"meet.myexample.org":           false,
		"example.kmz-beispiel.de":      false,
	} {
		if got := (Config{Domain: domain}).Invented(); got != want {
			t.Errorf("%s: %v, want %v", domain, got, want)
		}
	}
}

func TestEverySampleIsInvented(t *testing.T) {
	for _, county := range samples() {
		c, err := Find(t.TempDir(), county)
		if err != nil {
			t.Fatal(err)
		}
		if !c.Invented() {
			t.Errorf("%s: %s could be somebody's; a sample must not reach a real cloud", county, c.Domain)
		}
	}
}
