package machine

import (
	"bytes"
	"io"
	"os"
	"sync"
)

const (
	journalLines   = 1000    // lines kept in memory per unit
	journalLine    = 8 << 10 // bytes of a line; longer ones are cut into several
	journalFile    = 1 << 20 // bytes of a journal file, then it becomes <name>.1; a guess
	journalFolder  = "/var/log/journal/"
	journalAtStart = 256 << 10 // bytes read back after a boot
)

// journal holds the output of one unit: the last lines in memory for journalctl, and a file with a size cap on the machine's disk. Safe for
// concurrent use.
type journal struct {
	disk *rootFS
	name string

	mu    sync.Mutex
	ring  []string // oldest first, at most journalLines
	size  int64
	file  *os.File
	close bool
}

// openJournal opens a unit's journal and reads the last lines of an earlier boot.
func openJournal(disk *rootFS, unit string) *journal {
	j := &journal{disk: disk, name: journalFolder + unit + ".log"}
	f, err := disk.openFile(j.name, os.O_RDONLY, 0)
	if err != nil {
		return j
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return j
	}
	start := max(0, info.Size()-journalAtStart)
	data, _ := io.ReadAll(io.NewSectionReader(f, start, journalAtStart))
	for line := range bytes.Lines(data) {
		j.keep(string(bytes.TrimRight(line, "\n")))
	}
	return j
}

func (j *journal) keep(line string) {
	if len(j.ring) == journalLines {
		j.ring = append(j.ring[:0], j.ring[1:]...)
	}
	j.ring = append(j.ring, line)
}

// add appends one line.
func (j *journal) add(line string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.keep(line)
	if j.close {
		return
	}
	if j.file == nil || j.size > journalFile {
		j.rotateLocked()
	}
	if j.file != nil {
		n, _ := io.WriteString(j.file, line+"\n") // a full disk loses the file's line, the ring has it
		j.size += int64(n)
	}
}

func (j *journal) rotateLocked() {
	if j.file != nil {
		_ = j.file.Close()
		j.file = nil
	}
	if info, err := j.disk.stat(j.name); err == nil && info.Size() > journalFile {
		_ = j.disk.rename(j.name, j.name+".1")
	}
	f, err := j.disk.openFile(j.name, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o640)
	if err != nil {
		return
	}
	j.file, j.size = f, 0
	if info, err := f.Stat(); err == nil {
		j.size = info.Size()
	}
}

// last returns the last n lines, oldest first.
func (j *journal) last(n int) []string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return append([]string(nil), j.ring[max(0, len(j.ring)-n):]...)
}

// copyFrom adds everything that r says, line by line, until it ends.
func (j *journal) copyFrom(r io.Reader) {
	buf := make([]byte, 0, journalLine)
	chunk := make([]byte, 4<<10)
	for {
		n, err := r.Read(chunk)
		for _, b := range chunk[:n] {
			if b == '\n' || len(buf) == journalLine {
				j.add(string(buf))
				buf = buf[:0]
			}
			if b != '\n' {
				buf = append(buf, b)
			}
		}
		if err != nil {
			if len(buf) > 0 {
				j.add(string(buf))
			}
			return
		}
	}
}

func (j *journal) shut() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.close = true
	if j.file != nil {
		_ = j.file.Close()
		j.file = nil
	}
}
