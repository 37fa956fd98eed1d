package hcloudsim

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"time"
)

// stateVersion changes when older programs could no longer read the file.
const stateVersion = 1

// stateFile is the whole project. Changes since are in the journal beside it, see change.
type stateFile struct {
	Version int      `json:"version"`
	Base    int64    `json:"base"` // which journal goes on from here
	Project *project `json:"project"`
}

func loadProject(path string) (*project, error) {
	p := newProject()
	if path == "" {
		return p, nil
	}
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return p, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the simulated cloud's state: %w", err)
	}
	state := stateFile{Project: p}
	if err := json.Unmarshal(data, &state); err != nil {
		return nil, fmt.Errorf("read the simulated cloud's state %s: %w; remove the file to start with an empty cloud", path, err)
	}
	if state.Version != stateVersion || state.Project == nil {
		return nil, fmt.Errorf("the simulated cloud's state %s has version %d, this program reads %d; remove the file to start with an empty cloud",
			path, state.Version, stateVersion)
	}
	if !state.Project.complete() {
		return nil, fmt.Errorf("the simulated cloud's state %s lacks a part; remove the file to start with an empty cloud", path)
	}
	if err := replayJournal(path, state.Base, state.Project); err != nil {
		return nil, fmt.Errorf("read the simulated cloud's state: %w; remove %s to go on without its changes, or both files to start with an empty cloud",
			err, journalPath(path))
	}
	return state.Project, nil
}

// complete says whether no part of a project that was read is missing.
func (p *project) complete() bool {
	return p.Servers != nil && p.Firewalls != nil && p.Networks != nil && p.SSHKeys != nil && p.PrimaryIPs != nil &&
		p.PlacementGroups != nil && p.Snapshots != nil && p.Zones != nil && p.Actions != nil
}

// whole encodes the project; the tracker goes on from there.
func (s *Server) whole(base int64) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.project.Clock = s.cfg.Clock.Now().UTC()
	s.tracker.look(s.project)
	return json.Marshal(stateFile{stateVersion, base, s.project})
}

// changes encodes what has changed since.
func (s *Server) changes() ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.project.Clock = s.cfg.Clock.Now().UTC()
	return json.Marshal(s.tracker.look(s.project))
}

// minJournal is how large a journal becomes at least before the whole state is written anew, in bytes. Our own bound.
const minJournal = 1 << 20

// saver owns the state file and its journal. Requests that come while it writes share the next write.
type saver struct {
	path     string
	whole    func(base int64) ([]byte, error)
	changes  func() ([]byte, error)
	log      *slog.Logger
	requests chan chan error
	kicks    chan struct{}
	quit     chan struct{}
	done     chan error

	// Owned by the loop.
	base    int64 // of the state file; 0: none was written yet, or what is on disk is not to be relied on
	size    int   // of the state file, bytes
	journal int   // size of the journal, bytes; 0: there is none for this base
}

// startSaver returns nil without a path; a nil saver saves nothing.
func startSaver(path string, whole func(int64) ([]byte, error), changes func() ([]byte, error), log *slog.Logger) *saver {
	if path == "" {
		return nil
	}
	sv := &saver{
		path: path, whole: whole, changes: changes, log: log, requests: make(chan chan error), kicks: make(chan struct{}, 1),
		quit: make(chan struct{}), done: make(chan error, 1),
	}
	go sv.loop()
	return sv
}

// soon is how long changes that nobody waits for may wait for others.
const soon = 20 * time.Millisecond

func (sv *saver) loop() {
	var due <-chan time.Time
	for {
		select {
		case answer := <-sv.requests:
			due = nil // this write has it all
			sv.answer(answer)
		case <-sv.kicks:
			if due == nil {
				due = time.After(soon)
			}
		case <-due:
			due = nil
			if err := sv.write(); err != nil {
				sv.log.Error("cloud simulator: state was not saved", "error", err)
			}
		case <-sv.quit:
			sv.done <- sv.finish()
			return
		}
	}
}

// answer writes once for everybody who waits.
func (sv *saver) answer(first chan error) {
	waiting := []chan error{first}
	for {
		select {
		case next := <-sv.requests:
			waiting = append(waiting, next)
			continue
		default:
		}
		break
	}
	err := sv.write()
	for _, w := range waiting {
		w <- err
	}
}

// save returns when a state at least as new as the caller's is on disk.
func (sv *saver) save() error {
	if sv == nil {
		return nil
	}
	answer := make(chan error, 1)
	select {
	case sv.requests <- answer:
		return <-answer
	case <-sv.quit: // the last write is under way and includes ours
		return nil
	}
}

// kick asks for a write soon.
func (sv *saver) kick() {
	if sv == nil {
		return
	}
	select {
	case sv.kicks <- struct{}{}:
	default:
	}
}

func (sv *saver) stop() error {
	if sv == nil {
		return nil
	}
	close(sv.quit)
	return <-sv.done
}

// write adds to the journal what has changed, or replaces the state file when that is the shorter way for the next start.
func (sv *saver) write() error {
	if sv.base == 0 || sv.journal > max(minJournal, sv.size) {
		return sv.writeWhole()
	}
	line, err := sv.changes()
	if err != nil {
		sv.base = 0
		return fmt.Errorf("encode the change: %w", err)
	}
	n, err := appendJournal(sv.path, sv.base, sv.journal == 0, line)
	if err != nil {
		sv.base = 0 // the change is told only once: the next write tells everything
		return err
	}
	sv.journal += n
	return nil
}

// finish leaves the state file alone behind.
func (sv *saver) finish() error {
	if err := sv.writeWhole(); err != nil {
		return err
	}
	if err := os.Remove(journalPath(sv.path)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove the journal: %w", err)
	}
	return nil
}

// writeWhole replaces the file in one step: a reader sees the old state or the new one. The journal of the old one ends to count.
func (sv *saver) writeWhole() error {
	base := time.Now().UnixNano() // never one that was used before
	sv.base = 0
	data, err := sv.whole(base)
	if err != nil {
		return fmt.Errorf("encode state: %w", err)
	}
	name := sv.path + ".new" // always the same, so that a crash leaves nothing behind that is not written over
	tmp, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return fmt.Errorf("write state: %w", err)
	}
	_, err = tmp.Write(data)
	if err = errors.Join(err, tmp.Sync(), tmp.Close()); err != nil {
		return fmt.Errorf("write state: %w", err)
	}
	if err := os.Rename(name, sv.path); err != nil {
		return fmt.Errorf("write state: %w", err)
	}
	if err := syncDir(filepath.Dir(sv.path)); err != nil {
		return err
	}
	sv.base, sv.size, sv.journal = base, len(data), 0
	return nil
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("write state: %w", err)
	}
	return errors.Join(d.Sync(), d.Close())
}
