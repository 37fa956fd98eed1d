package stack

import "path/filepath"

// layout says where everything of a stack is.
type layout struct {
	county string
	// root is the file backend's folder, home PULUMI_HOME, work the workspace.
	root, home, work string
}

func newLayout(home, county string) layout {
	root := filepath.Join(home, "pulumi")
	return layout{
		county: county,
		root:   root,
		home:   filepath.Join(root, "home"),
		work:   filepath.Join(root, "work", county),
	}
}

func (l layout) backendURL() string { return "file://" + filepath.ToSlash(l.root) }

// The file backend's own folders (pulumi/pkg/backend/diy).

func (l layout) stacks() string     { return filepath.Join(l.root, ".pulumi", "stacks", project) }
func (l layout) checkpoint() string { return filepath.Join(l.stacks(), l.county+".json") }
func (l layout) locks() string {
	return filepath.Join(l.root, ".pulumi", "locks", "organization", project, l.county)
}

// traces are all files and folders that exist because of this county, as patterns.
func (l layout) traces() []string {
	book := filepath.Join(l.root, ".pulumi")
	return []string{
		globEscape(l.checkpoint()) + "*", // the state, its backup and its attributes
		globEscape(filepath.Join(book, "history", project, l.county)),
		globEscape(filepath.Join(book, "backups", project, l.county)),
		globEscape(l.locks()),
		globEscape(l.work),
	}
}
