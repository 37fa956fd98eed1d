package stack

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/medienzentrenverbund/kreisraum/conference/atomicfile"
	"github.com/medienzentrenverbund/kreisraum/operator/stack/store"
)

// Folder is what Config.Home gets to hold of a stack.
const Folder = "pulumi"

// layout says where everything of a stack is.
type layout struct {
	county string
	// url of a state that is shared; empty: it is in root.
	url string
	// root is the folder of this computer, home PULUMI_HOME, work the workspace.
	root, home, work string
}

func newLayout(home, county string) layout {
	root := filepath.Join(home, Folder)
	return layout{
		county: county,
		root:   root,
		home:   filepath.Join(root, "home"),
		work:   filepath.Join(root, "work", county),
	}
}

// backendURL is where the engine keeps the state.
func (l layout) backendURL() string {
	if l.url != "" {
		return l.url
	}
	return store.FolderAddress(l.root)
}

// The engine's own keys in the store (pulumi/pkg/backend/diy).

func (l layout) checkpointKey() string { return ".pulumi/stacks/" + project + "/" + l.county + ".json" }
func (l layout) lockPrefix() string {
	return ".pulumi/locks/organization/" + project + "/" + l.county + "/"
}
func (l layout) historyPrefix() string { return ".pulumi/history/" + project + "/" + l.county + "/" }

// Ours beside them.

func (l layout) ours() string       { return ".kreisraum/" + l.county + "/" }
func (l layout) wishKey() string    { return l.ours() + "bridges.json" }
func (l layout) keysKey() string    { return l.ours() + "keys.json" }
func (l layout) holdPrefix() string { return l.ours() + "locks/" }

// prefixes of all keys that exist because of this county.
func (l layout) prefixes() []string {
	return []string{
		l.checkpointKey(), // the state and its backups
		l.historyPrefix(), ".pulumi/backups/" + project + "/" + l.county + "/", l.lockPrefix(), l.ours(),
	}
}

// The same as files, for a state on this computer.

func (l layout) file(key string) string { return filepath.Join(l.root, filepath.FromSlash(key)) }
func (l layout) checkpoint() string     { return l.file(l.checkpointKey()) }
func (l layout) locks() string          { return filepath.Clean(l.file(l.lockPrefix())) }
func (l layout) history() string        { return filepath.Clean(l.file(l.historyPrefix())) }

// traces are all files and folders on this computer that exist because of this county, beside the state, as patterns.
func (l layout) traces() []string {
	return []string{
		globEscape(l.work),
		globEscape(filepath.Join(l.home, "logs", "organization+"+project+"+"+l.county)) + "-" + strings.Repeat("[0-9]", len("20060102")) + "T*.log",
	}
}

// writeProject describes the project to the engine. The Automation API would write the same file at each opening, and not atomically: whoever
// opens the stack at the same moment, to look at it, finds half a file.
func (l layout) writeProject() error {
	path := filepath.Join(l.work, "Pulumi.yaml")
	want := fmt.Appendf(nil, "name: %s\nruntime: go\nbackend:\n  url: %q\n", project, l.backendURL())
	have, err := os.ReadFile(path)
	if err == nil && bytes.Equal(have, want) {
		return nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("read the project's description: %w", err)
	}
	if err := atomicfile.Write(path, want, 0o600); err != nil {
		return fmt.Errorf("write the project's description: %w", err)
	}
	return nil
}

// globEscape makes a path match only itself.
func globEscape(path string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(path)
}
