package hetzner

import (
	"fmt"
	"strings"
)

// Labels by which a county's resources are found again, whatever became of the state (Hetzner Cloud API, "Labels").
const (
	LabelCounty    = "kreisraum/county"
	LabelRole      = "kreisraum/role"
	LabelManagedBy = "kreisraum/managed-by"
	// ManagedBy is the value of LabelManagedBy.
	ManagedBy = "kreisraum"
)

// Labels of a county's resource in a role, for example "portal" or "network".
func Labels(county, role string) map[string]string {
	return map[string]string{LabelCounty: county, LabelRole: role, LabelManagedBy: ManagedBy}
}

// Selector finds every resource of a county.
func Selector(county string) string { return LabelCounty + "=" + county }

// ForeignError says that a name we need is taken by something that is not labelled as ours. Nothing was changed.
type ForeignError struct {
	// Kind and Name of the resource, for example "server", "kreisraum-demo-portal".
	Kind, Name string
	// Missing are the labels that ours would carry, as key=value.
	Missing []string
}

func (e *ForeignError) Error() string {
	return fmt.Sprintf("the %s %s exists in this Hetzner project but is not labelled as this county's (%s missing); "+
		"rename or delete it in the Hetzner console, or use a project of its own for the county",
		e.Kind, e.Name, strings.Join(e.Missing, ", "))
}

// Owned decides whether a resource that carries the labels have may be adopted as the one we would label want: the county,
// the role and the manager must be equal, whatever else somebody added. Otherwise it returns a *ForeignError.
func Owned(kind, name string, have, want map[string]string) error {
	var missing []string
	for _, key := range []string{LabelCounty, LabelRole, LabelManagedBy} {
		if value, ok := have[key]; !ok || value != want[key] {
			missing = append(missing, key+"="+want[key])
		}
	}
	if len(missing) > 0 {
		return &ForeignError{Kind: kind, Name: name, Missing: missing}
	}
	return nil
}

// Merged are the labels to write: want, and of have what others added.
func Merged(have, want map[string]string) map[string]string {
	merged := make(map[string]string, len(have)+len(want))
	for k, v := range have {
		merged[k] = v
	}
	for k, v := range want {
		merged[k] = v
	}
	return merged
}

// Covers reports whether have holds every label of want.
func Covers(have, want map[string]string) bool {
	for k, v := range want {
		if got, ok := have[k]; !ok || got != v {
			return false
		}
	}
	return true
}
