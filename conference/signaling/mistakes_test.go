package signaling

import (
	"strings"
	"testing"
)

// TestMistakesQuoteNothing: what a frame says stands in no error, whatever the case of its fields.
func TestMistakesQuoteNothing(t *testing.T) {
	for _, frame := range []string{
		`{"type":"Mia","TYPE":"mute","participant":""}`,
		`{"type":"Mia","TYPE":"state"}`,
		`{"type":"Mia"}`,
		`{"type":"chat","text":"Mia","to":""}`,
		`{"type":"join","name":"Mia","role":"Mia"}`,
	} {
		if _, err := Decode([]byte(frame)); err == nil || strings.Contains(err.Error(), "Mia") {
			t.Errorf("%s: %v", frame, err)
		}
	}
}
