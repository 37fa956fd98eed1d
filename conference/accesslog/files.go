package accesslog

import (
	"bufio"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

const (
	prefix = "access-"
	suffix = ".log"
	// sweepEvery is how often files that became too old are looked for.
	sweepEvery = time.Hour
)

// maxFile bounds the file of one day in bytes, some three million requests: whoever floods the site must not fill the disk, which
// certificates and accounts need too. A variable for tests.
var maxFile int64 = 256 << 20

// run owns the open file until Close.
func (l *Log) run() {
	defer close(l.done)
	var f file
	defer f.close()
	ticker := time.NewTicker(sweepEvery)
	defer ticker.Stop()
	for {
		select {
		case e := <-l.entries:
			l.write(&f, e)
		case <-ticker.C:
			if err := sweep(l.cfg, time.Now()); err != nil {
				l.cfg.Log.Error("old access logs stay", "error", err)
			}
		case <-l.stop:
			l.drain(&f)
			return
		}
	}
}

func (l *Log) drain(f *file) {
	for {
		select {
		case e := <-l.entries:
			l.write(f, e)
		default:
			return
		}
	}
}

// write appends one line; it reaches the disk when no other is waiting. After an error the file is opened anew with the next
// line, and the line is lost.
func (l *Log) write(f *file, e entry) {
	err := f.open(l.cfg.Dir, time.Now())
	line := e.String()
	if err == nil && f.size+int64(len(line)) > maxFile {
		l.full.Do(func() { l.cfg.Log.Warn("access log of the day is full, lines are lost", "bytes", f.size) })
		return
	}
	if err == nil {
		_, err = f.buf.WriteString(line)
		f.size += int64(len(line))
	}
	if err == nil && len(l.entries) == 0 {
		err = f.buf.Flush()
	}
	if err != nil {
		l.cfg.Log.Error("access log line lost", "error", err)
		f.close()
	}
}

// file is the file of one day; the zero value is none.
type file struct {
	day  string
	f    *os.File
	buf  *bufio.Writer
	size int64
}

func (f *file) open(dir string, now time.Time) error {
	day := now.UTC().Format(time.DateOnly)
	if f.f != nil && f.day == day {
		return nil
	}
	f.close()
	var err error
	f.f, err = os.OpenFile(filepath.Join(dir, prefix+day+suffix), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o640)
	if err != nil {
		f.f = nil
		return err
	}
	info, err := f.f.Stat()
	if err != nil {
		err = errors.Join(err, f.f.Close())
		f.f = nil
		return err
	}
	f.day, f.buf, f.size = day, bufio.NewWriter(f.f), info.Size()
	return nil
}

func (f *file) close() {
	if f.f == nil {
		return
	}
	f.buf.Flush()
	f.f.Close()
	f.f = nil
}

// prepare makes the folder and deletes what is too old. Without an access log the folder need not exist.
func prepare(cfg Config) error {
	if cfg.RetentionDays > 0 {
		if err := os.MkdirAll(cfg.Dir, 0o750); err != nil {
			return err
		}
	}
	return sweep(cfg, time.Now())
}

// sweep deletes the files of days before the retention's first.
func sweep(cfg Config, now time.Time) error {
	entries, err := os.ReadDir(cfg.Dir)
	if errors.Is(err, fs.ErrNotExist) && cfg.RetentionDays == 0 {
		return nil
	}
	if err != nil {
		return err
	}
	first := now.UTC().AddDate(0, 0, 1-cfg.RetentionDays).Format(time.DateOnly)
	var errs []error
	for _, e := range entries {
		day, ok := dayOf(e.Name())
		if ok && day < first {
			errs = append(errs, os.Remove(filepath.Join(cfg.Dir, e.Name())))
		}
	}
	return errors.Join(errs...)
}

// dayOf returns the date in an access log's name; other files are none of this package's business.
func dayOf(name string) (string, bool) {
	day, ok := strings.CutPrefix(name, prefix)
	if !ok {
		return "", false
	}
	if day, ok = strings.CutSuffix(day, suffix); !ok {
		return "", false
	}
	if _, err := time.Parse(time.DateOnly, day); err != nil {
		return "", false
	}
	return day, true
}
