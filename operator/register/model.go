package register

import (
	"fmt"
	"strings"
)

// Models of a county's accounts, as counties agree them with their schools.
const (
	ModelApplicant = "applicant" // a non-personal account for each application
	ModelSchool    = "school"    // one account for each school under contract
	ModelTeacher   = "teacher"   // an account for each teacher of a school under contract
)

// Fits says whether accounts with these labels may join the register under the county's model. With "school" and "teacher" an account must
// say which contract it belongs to; with "school" a second active account under the same label is refused.
func (r Register) Fits(model string, labels []string) error {
	if model != ModelSchool && model != ModelTeacher {
		return nil
	}
	active := map[string]string{}
	for _, a := range r.Accounts {
		if a.Disabled.IsZero() {
			active[fold(a.Label)] = a.Name
		}
	}
	for i, label := range labels {
		switch name, taken := active[fold(label)]; {
		case strings.TrimSpace(label) == "":
			return fmt.Errorf("account %d of %d has no label, but accounts.model is %q: name the school with --label or in the column of a --csv list",
				i+1, len(labels), model)
		case model == ModelSchool && taken:
			return fmt.Errorf("%q has an account already (%s), and accounts.model is %q: give that one another password with `accounts reset`, "+
				"or disable it first", label, name, model)
		}
		active[fold(label)] = "in this list"
	}
	return nil
}

// fold makes labels comparable: people write the same school with other blanks and capitals.
func fold(label string) string { return strings.ToLower(strings.Join(strings.Fields(label), " ")) }
