package autoscale

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// MaxLine bounds a record's line in bytes, its line feed included. Remembered samples, learnt peaks and a hundred bridges make about 100 KiB.
const MaxLine = 1 << 20

// Record is a decision with everything it depended on.
type Record struct {
	Input    Input    `json:"input"`
	Decision Decision `json:"decision"`
}

// Line returns the record as one line of JSON with its line feed.
func (r Record) Line() ([]byte, error) {
	line, err := json.Marshal(r)
	if err != nil {
		return nil, fmt.Errorf("write down a decision: %w", err)
	}
	if len(line) >= MaxLine {
		return nil, fmt.Errorf("write down a decision: %d bytes are more than the %d that can be read again", len(line), MaxLine)
	}
	return append(line, '\n'), nil
}

// Difference is a record whose decision would be another one today.
type Difference struct {
	// Line is 1-based.
	Line int `json:"line"`
	// Recorded is what was decided then, Decided what Decide says now.
	Recorded Decision `json:"recorded"`
	Decided  Decision `json:"decided"`
}

// Replay decides each record of r again, one a line, and returns how many there were and which came out otherwise. Empty lines are skipped. It
// stops at the first line that is no record, with that line's number in the error; what was found until then is returned beside it.
//
// The answers are the same with the same version on the same architecture. Others may round the last bit of a sum otherwise.
func Replay(r io.Reader) (n int, differences []Difference, err error) {
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 0, 64<<10), MaxLine)
	line := 0
	for lines.Scan() {
		line++
		if len(bytes.TrimSpace(lines.Bytes())) == 0 {
			continue
		}
		record, err := parse(lines.Bytes())
		if err != nil {
			return n, differences, fmt.Errorf("line %d is no record of a decision: %w", line, err)
		}
		n++
		if decided := Decide(record.Input); !same(decided, record.Decision) {
			differences = append(differences, Difference{line, record.Decision, decided})
		}
	}
	if err := lines.Err(); errors.Is(err, bufio.ErrTooLong) {
		return n, differences, fmt.Errorf("line %d is longer than %d bytes, which no record is", line+1, MaxLine)
	} else if err != nil {
		return n, differences, fmt.Errorf("read records: %w", err)
	}
	return n, differences, nil
}

// parse reads one record strictly: a key that is not understood could have been what the decision hung on.
func parse(line []byte) (Record, error) {
	var r Record
	d := json.NewDecoder(bytes.NewReader(line))
	d.DisallowUnknownFields()
	if err := d.Decode(&r); err != nil {
		return Record{}, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return Record{}, errors.New("something follows it")
	}
	if r.Input.Now.IsZero() {
		return Record{}, errors.New("it has no time")
	}
	return r, nil
}

// same compares as they are written: a time is the same in any zone, an empty list and none are.
func same(a, b Decision) bool {
	if !a.At.Equal(b.At) {
		return false
	}
	a.At, b.At = a.At.UTC(), b.At.UTC()
	x, errX := json.Marshal(a)
	y, errY := json.Marshal(b)
	return errX == nil && errY == nil && bytes.Equal(x, y)
}
