//go:build e2e

package e2e

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// found says where a word was seen: "memory of 4711", or a file's path.
func found(t *testing.T, word string, processes []int, folders ...string) []string {
	t.Helper()
	var where []string
	for _, pid := range processes {
		hit, err := inMemory(pid, []byte(word))
		if err != nil {
			t.Fatal(err)
		}
		if hit {
			where = append(where, fmt.Sprintf("memory of %d", pid))
		}
	}
	for _, folder := range folders {
		err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
			if err != nil || !entry.Type().IsRegular() {
				return nil // files come and go while a machine runs
			}
			if strings.Contains(path, word) {
				where = append(where, path)
			}
			f, err := os.Open(path)
			if err != nil {
				return nil
			}
			defer f.Close()
			if hit, err := contains(f, []byte(word)); err == nil && hit {
				where = append(where, path)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return where
}

// inMemory searches everything a process can read of its own memory, proc(5) "maps" and "mem".
func inMemory(pid int, word []byte) (bool, error) {
	maps, err := os.Open(fmt.Sprintf("/proc/%d/maps", pid))
	if err != nil {
		return false, err
	}
	defer maps.Close()
	memory, err := os.Open(fmt.Sprintf("/proc/%d/mem", pid))
	if err != nil {
		return false, err
	}
	defer memory.Close()
	read := int64(0)
	for lines := bufio.NewScanner(maps); lines.Scan(); {
		fields := strings.Fields(lines.Text())
		from, to, ok := strings.Cut(fields[0], "-")
		start, errStart := strconv.ParseInt(from, 16, 64)
		end, errEnd := strconv.ParseInt(to, 16, 64)
		if !ok || errStart != nil || errEnd != nil || !strings.HasPrefix(fields[1], "r") { // [vsyscall] lies beyond
			continue
		}
		part := &counted{r: io.NewSectionReader(memory, start, end-start)}
		hit, _ := contains(part, word) // pages that were never touched cannot be read
		if hit {
			return true, nil
		}
		read += part.n
	}
	if read < 1<<20 {
		return false, fmt.Errorf("only %d bytes of process %d could be read; the search would prove nothing", read, pid)
	}
	return false, nil
}

type counted struct {
	r io.Reader
	n int64
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

// contains searches a stream, across the borders of what one read returns.
func contains(r io.Reader, word []byte) (bool, error) {
	buffer := make([]byte, 0, 1<<20)
	for {
		n, err := r.Read(buffer[len(buffer):cap(buffer)])
		buffer = buffer[:len(buffer)+n]
		if bytes.Contains(buffer, word) {
			return true, nil
		}
		if err != nil {
			if err == io.EOF {
				err = nil
			}
			return false, err
		}
		if keep := len(word) - 1; len(buffer) > keep {
			buffer = append(buffer[:0], buffer[len(buffer)-keep:]...)
		}
	}
}

// TestTheSearchFinds keeps the proofs of forgetting honest: what is there is found, in memory and in files.
func TestTheSearchFinds(t *testing.T) {
	word := "kanarie" + strconv.Itoa(os.Getpid()) + "nvogel"
	folder := t.TempDir()
	padding := strings.Repeat("x", 1<<20-5) // the word lies across a border
	if err := os.WriteFile(filepath.Join(folder, "file"), []byte(padding+word), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := found(t, word, []int{os.Getpid()}, folder); len(got) != 2 {
		t.Errorf("found in %v", got)
	}
	if got := found(t, strings.Repeat("niemals", 2)+strconv.Itoa(os.Getpid()), nil, folder); len(got) != 0 {
		t.Errorf("found in %v", got)
	}
}
