package stack

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/medienzentrenverbund/kreisraum/conference/atomicfile"
)

// Folder is what Config.Home gets to hold of a stack.
const Folder = "pulumi"

// layout says where everything of a stack is.
type layout struct {
	county string
	// root is the file backend's folder, home PULUMI_HOME, work the workspace.
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

// backendURL names the file backend. It would write a second file beside each one, for nothing but a content type, and not
// atomically: a kill at the wrong moment leaves an empty one, and with it a state that cannot be read any more.
func (l layout) backendURL() string {
	return (&url.URL{Scheme: "file", Path: filepath.ToSlash(l.root), RawQuery: "metadata=skip"}).String()
}

// The file backend's own folders (pulumi/pkg/backend/diy).

func (l layout) stacks() string     { return filepath.Join(l.root, ".pulumi", "stacks", project) }
func (l layout) checkpoint() string { return filepath.Join(l.stacks(), l.county+".json") }
func (l layout) locks() string {
	return filepath.Join(l.root, ".pulumi", "locks", "organization", project, l.county)
}

func (l layout) history() string {
	return filepath.Join(l.root, ".pulumi", "history", project, l.county)
}

// traces are all files and folders that exist because of this county, as patterns.
func (l layout) traces() []string {
	book := filepath.Join(l.root, ".pulumi")
	return []string{
		globEscape(l.checkpoint()) + "*", // the state and its backup
		globEscape(l.history()),
		globEscape(filepath.Join(book, "backups", project, l.county)),
		globEscape(l.locks()),
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
