package config

import (
	"fmt"
	"slices"
	"strings"
)

// Problem is one mistake in a county's file.
type Problem struct {
	// Line is 1-based; 0 when the mistake has no line, as with a key that is missing.
	Line int
	// Path is the key, for example "bridges.max"; empty when the file as a whole is meant.
	Path string
	// Text says what was found and what was expected.
	Text string
}

// Error lists every mistake of a file.
type Error struct {
	File     string
	Problems []Problem
}

// Error returns one line for each mistake: "configs/x.yaml:12: bridges.max: 0 is below bridges.min (1)".
func (e *Error) Error() string {
	lines := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		lines[i] = p.in(e.File)
	}
	return strings.Join(lines, "\n")
}

func (p Problem) in(file string) string {
	where := file
	if p.Line > 0 {
		where = fmt.Sprintf("%s:%d", file, p.Line)
	}
	if p.Path == "" {
		return where + ": " + p.Text
	}
	return where + ": " + p.Path + ": " + p.Text
}

// sorted orders problems by line, those without a line last.
func sorted(problems []Problem) []Problem {
	slices.SortStableFunc(problems, func(a, b Problem) int {
		if (a.Line == 0) != (b.Line == 0) {
			return b.Line - a.Line
		}
		return a.Line - b.Line
	})
	return problems
}
