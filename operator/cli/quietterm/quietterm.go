// Package quietterm keeps a dependency from talking to the terminal before the program has begun.
//
// Pulumi's SDK links bubbletea v1, whose init asks the terminal for its background colour (OSC 11) and waits up to five seconds
// for the answer; on terminals that do not answer, each command would hang and leave control characters on the screen. termenv,
// which does the asking, keeps quiet when CI is set. Go initialises packages that are ready in the order of their import paths
// (Go 1.21 release notes), so this one, which imports os only, comes before github.com/muesli/termenv; a test holds that.
package quietterm

import "os"

const variable = "CI"

var set bool

func init() {
	if os.Getenv(variable) == "" {
		set = os.Setenv(variable, "quiet") == nil
	}
}

// Restore gives back the environment as it was, so that programs started by this one see no difference. Call it first in main.
func Restore() {
	if set {
		_ = os.Unsetenv(variable)
		set = false
	}
}
