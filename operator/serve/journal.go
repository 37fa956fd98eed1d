package serve

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/medienzentrenverbund/kreisraum/operator/autoscale"
)

const (
	// journalSize is from where on the file of decisions is put aside for a new one, in bytes.
	journalSize = 8 << 20
	// journalTime is how long decisions are kept.
	journalTime = 14 * 24 * time.Hour
	// quiet is how often a decision is written down although nothing changed.
	quiet = time.Hour
)

// journal writes decisions as JSON lines, one file a day or for each journalSize.
type journal struct{ dir string }

func (j journal) path() string { return filepath.Join(j.dir, decisionsFile) }

// older are the files that were put aside, oldest first.
func (j journal) older() ([]string, error) {
	entries, err := os.ReadDir(j.dir)
	if err != nil {
		return nil, err
	}
	var files []string
	for _, e := range entries {
		if name := e.Name(); strings.HasPrefix(name, "decisions-") && strings.HasSuffix(name, ".jsonl") {
			files = append(files, filepath.Join(j.dir, name))
		}
	}
	return files, nil // os.ReadDir sorts, and the names are times
}

// write appends a record and returns once it is on disk. last is when the one before was decided; zero: not known.
func (j journal) write(r autoscale.Record, last time.Time) error {
	line, err := r.Line()
	if err != nil {
		return err
	}
	if err := j.rotate(r.Input.Now, last); err != nil {
		return fmt.Errorf("write a decision down: %w", err)
	}
	f, err := os.OpenFile(j.path(), os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("write a decision down: %w", err)
	}
	defer f.Close()
	if err := dropTorn(f); err != nil {
		return fmt.Errorf("write a decision down: %w", err)
	}
	if _, err := f.Write(line); err != nil {
		return fmt.Errorf("write a decision down: %w", err)
	}
	return f.Sync()
}

// dropTorn cuts off a last line that a crash kept from being finished: it is no decision that anybody acted on.
func dropTorn(f *os.File) error {
	size, err := f.Seek(0, io.SeekEnd)
	if err != nil || size == 0 {
		return err
	}
	tail := make([]byte, min(size, autoscale.MaxLine))
	if _, err := f.ReadAt(tail, size-int64(len(tail))); err != nil {
		return err
	}
	if tail[len(tail)-1] == '\n' {
		return nil
	}
	return f.Truncate(size - int64(len(tail)-1-bytes.LastIndexByte(tail, '\n')))
}

// aside is the name of a file that was put aside, with the time of its last decision.
const aside = "decisions-20060102T150405.000000000.jsonl"

// rotate puts a full file, or one of another day, aside and removes old ones.
func (j journal) rotate(now, last time.Time) error {
	info, err := os.Stat(j.path())
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if last.IsZero() { // what was remembered is lost; decisions are none the worse for it
		last = info.ModTime()
	}
	if now.UTC().Format(time.DateOnly) == last.UTC().Format(time.DateOnly) && info.Size() < journalSize {
		return nil
	}
	if err := os.Rename(j.path(), filepath.Join(j.dir, last.UTC().Format(aside))); err != nil {
		return err
	}
	files, err := j.older()
	for _, old := range files {
		at, err := time.Parse(aside, filepath.Base(old))
		if err == nil && now.Sub(at) > journalTime {
			if err := os.Remove(old); err != nil {
				return err
			}
		}
	}
	return err
}

// Decisions returns the last n decisions of a county whose folder is dir, oldest first. Lines that are none are left out.
func Decisions(dir string, n int) ([]autoscale.Record, error) {
	j := journal{dir}
	files, err := j.older()
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the decisions: %w", err)
	}
	files = append(files, j.path())
	var found []autoscale.Record
	for _, path := range slices.Backward(files) {
		if len(found) >= n {
			break
		}
		part, err := lastOf(path, n-len(found))
		if err != nil {
			return nil, fmt.Errorf("read the decisions: %w", err)
		}
		found = append(part, found...)
	}
	return found, nil
}

// lastOf returns the last n decisions of one file.
func lastOf(path string, n int) ([]autoscale.Record, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var last [][]byte
	lines := bufio.NewScanner(f)
	lines.Buffer(make([]byte, 64<<10), autoscale.MaxLine)
	for lines.Scan() {
		last = append(last, bytes.Clone(lines.Bytes()))
		if len(last) > n {
			last = last[1:]
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	var records []autoscale.Record
	for _, line := range last {
		var r autoscale.Record
		if json.Unmarshal(line, &r) == nil {
			records = append(records, r)
		}
	}
	return records, nil
}
