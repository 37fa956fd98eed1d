package register

import (
	"strings"
	"testing"
)

func TestFitsTheCountysModel(t *testing.T) {
	r, made := grow(t, cheap(), Register{}, "Schule am Beispielweg", "Übungsschule")
	r, _, err := r.Disable(made[1].Name, noon())
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, model string
		labels      []string
		want        string // in the error; empty: fits
	}{
		{"applicants need no label", ModelApplicant, []string{"", ""}, ""},
		{"the same label for two applicants", ModelApplicant, []string{"Übungsschule", "Übungsschule"}, ""},
		{"a school without a name", ModelSchool, []string{"Neue Schule", " "}, "account 2 of 2 has no label"},
		{"a new school", ModelSchool, []string{"Neue Schule"}, ""},
		{"a school that has one, written otherwise", ModelSchool, []string{"schule  am beispielweg"}, "has an account already (" + made[0].Name + ")"},
		{"a school whose account was disabled", ModelSchool, []string{"Übungsschule"}, ""},
		{"a school twice in the list", ModelSchool, []string{"Neue Schule", "Neue Schule"}, "(in this list)"},
		{"teachers of one school", ModelTeacher, []string{"Neue Schule", "Neue Schule"}, ""},
		{"a teacher of no school", ModelTeacher, []string{""}, "has no label"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := r.Fits(tt.model, tt.labels)
			if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}
