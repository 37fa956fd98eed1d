package hcloudsim

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"reflect"
)

// journalHeader is the journal's first line: which state file its changes begin from. Another one's journal is left from before.
type journalHeader struct {
	Base int64 `json:"base"`
}

func journalPath(state string) string { return state + ".journal" }

// appendJournal adds a line, and begins the file anew with the header when it is the first one. The write is not synced: what was
// answered survives the end of the process, however it ends, but perhaps not a power cut. Returns the bytes written.
func appendJournal(state string, base int64, first bool, line []byte) (n int, err error) {
	flags := os.O_WRONLY | os.O_CREATE | os.O_APPEND
	var data []byte
	if first {
		flags = os.O_WRONLY | os.O_CREATE | os.O_TRUNC
		header, err := json.Marshal(journalHeader{base})
		if err != nil {
			return 0, fmt.Errorf("write the journal: %w", err)
		}
		data = append(header, '\n')
	}
	data = append(append(data, line...), '\n')
	f, err := os.OpenFile(journalPath(state), flags, 0o600)
	if err != nil {
		return 0, fmt.Errorf("write the journal: %w", err)
	}
	n, err = f.Write(data)
	if err = errors.Join(err, f.Close()); err != nil {
		return n, fmt.Errorf("write the journal: %w", err)
	}
	return n, nil
}

// replayJournal brings a project that was read from its state file up to date.
func replayJournal(state string, base int64, p *project) error {
	data, err := os.ReadFile(journalPath(state))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	header, lines, _ := bytes.Cut(data, []byte("\n"))
	var h journalHeader
	if err := json.Unmarshal(header, &h); err != nil || h.Base != base {
		return nil // of an earlier state file, or not even its first line was finished
	}
	for number := 2; len(lines) > 0; number++ {
		line, rest, finished := bytes.Cut(lines, []byte("\n"))
		if !finished {
			return nil // the process ended in the middle of it, so nobody was told of it
		}
		if err := p.apply(line); err != nil {
			return fmt.Errorf("%s, line %d: %w", journalPath(state), number, err)
		}
		lines = rest
	}
	return nil
}

// apply makes a change that was read from the journal.
func (p *project) apply(line []byte) error {
	var c struct {
		Set  map[string]map[int64]json.RawMessage `json:"set"`
		Rest map[string]json.RawMessage           `json:"rest"`
	}
	if err := json.Unmarshal(line, &c); err != nil {
		return err
	}
	fields := projectFields(p)
	for name, text := range c.Rest {
		field, ok := fields[name]
		if !ok || isResources(field.Type()) {
			return fmt.Errorf("there is no %q", name)
		}
		if err := json.Unmarshal(text, field.Addr().Interface()); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	for kind, resources := range c.Set {
		field, ok := fields[kind]
		if !ok || !isResources(field.Type()) || field.IsNil() {
			return fmt.Errorf("there are no %q", kind)
		}
		for id, text := range resources {
			value := reflect.Value{} // removes
			if string(text) != "null" {
				value = reflect.New(field.Type().Elem().Elem())
				if err := json.Unmarshal(text, value.Interface()); err != nil {
					return fmt.Errorf("%s %d: %w", kind, id, err)
				}
			}
			field.SetMapIndex(reflect.ValueOf(id), value)
		}
	}
	return nil
}
