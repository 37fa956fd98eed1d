package hcloudsim

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
)

// stateVersion changes when older programs could no longer read the file.
const stateVersion = 1

type stateFile struct {
	Version int      `json:"version"`
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
	return state.Project, nil
}

// complete says whether no part of a project that was read is missing.
func (p *project) complete() bool {
	return p.Servers != nil && p.Firewalls != nil && p.Networks != nil && p.SSHKeys != nil && p.PrimaryIPs != nil &&
		p.PlacementGroups != nil && p.Snapshots != nil && p.Zones != nil && p.Actions != nil
}

func (s *Server) snapshot() ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.project.Clock = s.cfg.Clock.Now().UTC()
	return json.Marshal(stateFile{stateVersion, s.project})
}

// saver owns the state file. Requests that come while it writes share the next write.
type saver struct {
	path     string
	snapshot func() ([]byte, error)
	log      *slog.Logger
	requests chan chan error
	kicks    chan struct{}
	quit     chan struct{}
	done     chan error
}

// startSaver returns nil without a path; a nil saver saves nothing.
func startSaver(path string, snapshot func() ([]byte, error), log *slog.Logger) *saver {
	if path == "" {
		return nil
	}
	sv := &saver{
		path: path, snapshot: snapshot, log: log, requests: make(chan chan error), kicks: make(chan struct{}, 1),
		quit: make(chan struct{}), done: make(chan error, 1),
	}
	go sv.loop()
	return sv
}

func (sv *saver) loop() {
	for {
		select {
		case answer := <-sv.requests:
			sv.answer(answer)
		case <-sv.kicks:
			if err := sv.write(); err != nil {
				sv.log.Error("cloud simulator: state was not saved", "error", err)
			}
		case <-sv.quit:
			sv.done <- sv.write()
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

// write replaces the file in one step: a reader sees the old state or the new one.
func (sv *saver) write() error {
	data, err := sv.snapshot()
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
	return syncDir(filepath.Dir(sv.path))
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("write state: %w", err)
	}
	return errors.Join(d.Sync(), d.Close())
}
