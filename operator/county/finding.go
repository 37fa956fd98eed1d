package county

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Level says how bad a finding is.
type Level string

// Levels. An error is seen by schools or costs privacy, a warning will be or costs money, a note is good to know.
const (
	LevelError   Level = "error"
	LevelWarning Level = "warning"
	LevelNote    Level = "note"
)

// levels in the order in which they are shown.
var levels = []Level{LevelError, LevelWarning, LevelNote}

// Finding is one difference between what is and what ought to be.
type Finding struct {
	Level Level `json:"level"`
	// Check is one of a few words that stay the same, for example "firewall".
	Check string `json:"check"`
	// Where is a machine, resource or file.
	Where string `json:"where"`
	// What is a sentence.
	What string `json:"what"`
	// Mend is what to do, as a rule a command; empty when there is nothing to do.
	Mend string `json:"mend,omitempty"`
}

// findings collects them.
type findings []Finding

func (f *findings) add(level Level, check, where, mend, format string, args ...any) {
	*f = append(*f, Finding{level, check, where, fmt.Sprintf(format, args...), mend})
}

// sorted by level, otherwise as they were found.
func (f findings) sorted() []Finding {
	out := slices.Clone([]Finding(f))
	slices.SortStableFunc(out, func(a, b Finding) int {
		return cmp.Compare(slices.Index(levels, a.Level), slices.Index(levels, b.Level))
	})
	return out
}

// oneLine makes an error's text fit into a finding.
func oneLine(err error) string {
	lines := strings.FieldsFunc(err.Error(), func(r rune) bool { return r == '\n' })
	return strings.TrimSpace(lines[0])
}
