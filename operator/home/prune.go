package home

import "os"

// Prune removes the folders that Open made in dir, and dir itself, as far as they are empty.
func Prune(dir string) {
	h := Home{dir: dir}
	for _, d := range append(h.folders(), dir) {
		_ = os.Remove(d) // fails on a folder that holds something, which is the point
	}
}
