package machine

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"sort"
	"strings"
	"sync"

	"github.com/medienzentrenverbund/kreisraum/operator/deploy"
)

// supervisor is systemd of one running machine: the units and the links that enable them. Safe for concurrent use.
type supervisor struct {
	host  *host
	power chan struct{}

	mu    sync.Mutex
	units map[string]*unit
	off   bool
}

// errNoUnit means that no unit file has that name.
var errNoUnit = errors.New("unit not found")

func newSupervisor(h *host) *supervisor {
	return &supervisor{host: h, power: make(chan struct{}), units: make(map[string]*unit)}
}

func (s *supervisor) load(name string) (*unitFile, error) {
	if path.Base(name) != name || !strings.HasSuffix(name, ".service") {
		return nil, fmt.Errorf("%q is not the name of a service unit", name)
	}
	data, err := s.host.disk.readFile(deploy.UnitDir+"/"+name, maxUnitFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s: %w", name, errNoUnit)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, hideFolder(err))
	}
	return parseUnitFile(name, data)
}

// unit finds a unit, or loads it.
func (s *supervisor) unit(name string) (*unit, error) {
	if u := s.known(name); u != nil {
		return u, nil
	}
	file, err := s.load(name)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.off {
		return nil, errOff
	}
	if s.units[name] == nil {
		s.units[name] = newUnit(s.host, file, s.power)
	}
	return s.units[name], nil
}

func (s *supervisor) known(name string) *unit {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.units[name]
}

func (s *supervisor) all() []*unit {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []*unit
	for _, u := range s.units {
		all = append(all, u)
	}
	return all
}

func (s *supervisor) do(v verb, name string) error {
	u, err := s.unit(name)
	if err != nil {
		return err
	}
	return u.do(v, nil)
}

// status of a unit; one that does not exist is inactive.
func (s *supervisor) status(name string) unitStatus {
	u, err := s.unit(name)
	if err != nil {
		return unitStatus{active: "inactive", sub: "dead"}
	}
	return *u.status.Load()
}

// journal returns the last lines of a unit, also of one whose file is gone.
func (s *supervisor) journal(name string, lines int) []string {
	if u := s.known(name); u != nil {
		return u.journal.last(lines)
	}
	j := openJournal(s.host.disk, name)
	defer j.shut()
	return j.last(lines)
}

// reload reads all unit files again. A file that cannot be read leaves its unit as it was, as systemd does not.
func (s *supervisor) reload() error {
	var errs []error
	for _, u := range s.all() {
		file, err := s.load(u.name)
		if errors.Is(err, errNoUnit) {
			continue
		}
		if err == nil {
			err = u.do(verbReload, file)
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// enable makes the links of [Install] WantedBy=.
func (s *supervisor) enable(name string) error {
	file, err := s.load(name)
	if err != nil {
		return err
	}
	if len(file.wantedBy) == 0 {
		return fmt.Errorf("%s has no [Install] section with WantedBy=", name)
	}
	for _, target := range file.wantedBy {
		if path.Base(target) != target {
			return fmt.Errorf("%s: WantedBy=%s is not the name of a target", name, target)
		}
		link := wantsFolder(target) + "/" + name
		if _, err := s.host.disk.lstat(link); err == nil {
			continue
		}
		err := s.host.disk.mkdirAll(wantsFolder(target), 0o755)
		if err == nil {
			err = s.host.disk.symlink(deploy.UnitDir+"/"+name, link)
		}
		if err != nil {
			return fmt.Errorf("enable %s: %w", name, hideFolder(err))
		}
	}
	return nil
}

func wantsFolder(target string) string { return deploy.UnitDir + "/" + target + ".wants" }

// defaultTarget is the only target that a machine here reaches.
const defaultTarget = "multi-user.target"

// enabled lists the units that start at boot.
func (s *supervisor) enabled() []string {
	entries, err := s.host.disk.readDir(wantsFolder(defaultTarget))
	if err != nil {
		return nil
	}
	var names []string
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), ".service") {
			names = append(names, e.Name())
		}
	}
	sort.Strings(names)
	return names
}

// startEnabled starts what is enabled, all at once, and waits until each has settled. Failures are in the units' journals and states.
func (s *supervisor) startEnabled() { each(s.enabled(), func(n string) { _ = s.do(verbStart, n) }) }

// stopAll stops all units in order, each within its TimeoutStopSec.
func (s *supervisor) stopAll() { each(s.all(), func(u *unit) { _ = u.do(verbStop, nil) }) }

// cutPower kills all units and waits until no process is left.
func (s *supervisor) cutPower() {
	s.mu.Lock()
	if !s.off {
		s.off = true
		close(s.power)
	}
	s.mu.Unlock()
	for _, u := range s.all() {
		<-u.done
	}
}

func each[T any](items []T, do func(T)) {
	var wg sync.WaitGroup
	for _, item := range items {
		wg.Go(func() { do(item) })
	}
	wg.Wait()
}
