package serve

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/medienzentrenverbund/kreisraum/conference/atomicfile"
	"github.com/medienzentrenverbund/kreisraum/operator/autoscale"
	"golang.org/x/sys/unix"
)

// Files of a county's folder, gone after `down`.
const (
	memoryFile    = "capacity.json"
	decisionsFile = "decisions.jsonl"
	lockFile      = "capacity.lock"
)

// memory is what is remembered of a county's capacity across restarts, in the file capacity.json. Owned by the county's runner, or by
// the one command that runs without a daemon.
type memory struct {
	Manual *autoscale.Manual `json:"manual,omitempty"`
	Frozen bool              `json:"frozen,omitempty"`
	// SoldOut says until when a kind of machine is not tried again.
	SoldOut []soldOut `json:"sold_out,omitempty"`
	// Lead is how long the last new bridges took until they took rooms; 0: none was ever made.
	Lead time.Duration `json:"lead_ns,omitempty"`
	// Prices of kinds in cents per hour.
	Prices []price `json:"prices,omitempty"`
	Bills  []bill  `json:"bills,omitempty"`
	// Peaks are the demand of earlier school days.
	Peaks []autoscale.Peak `json:"peaks,omitempty"`
	// Seen is when a bridge was last alive, by number.
	Seen map[int]time.Time `json:"seen,omitempty"`
	// Since is when the county was first seen to answer: nights before that left no proof to look for.
	Since time.Time `json:"since,omitzero"`
	// Alarms are what the last survey found wrong.
	Alarms []Alarm `json:"alarms,omitempty"`
	// Surveyed is when that was.
	Surveyed time.Time `json:"surveyed,omitzero"`
	// Last is the last decision that was written down.
	Last autoscale.Decision `json:"last,omitzero"`
}

// lockMemory keeps other processes away from what is remembered of the county's capacity (flock(2)).
func lockMemory(dir string) (unlock func(), err error) {
	f, err := os.OpenFile(filepath.Join(dir, lockFile), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock the county's capacity: %w", err)
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		f.Close()
		if errors.Is(err, unix.EWOULDBLOCK) {
			return nil, fmt.Errorf("%w: another process sees to its capacity; if that is `kreisraum serve`, it does not take commands, so restart it", ErrBusy)
		}
		return nil, fmt.Errorf("lock the county's capacity: %w", err)
	}
	return func() { _ = f.Close() }, nil
}

// maxMemory bounds the file in bytes; a year of it has about 60 KiB.
const maxMemory = 4 << 20

// errDamaged says that the file cannot be understood.
var errDamaged = errors.New("what is remembered of the county's capacity is damaged")

// readMemory reads the file; one that is not there is an empty memory. Returns errDamaged.
func readMemory(dir string) (*memory, error) {
	f, err := os.Open(filepath.Join(dir, memoryFile))
	if errors.Is(err, fs.ErrNotExist) {
		return &memory{}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read what is remembered of the county's capacity: %w", err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxMemory+1))
	if err != nil {
		return nil, fmt.Errorf("read what is remembered of the county's capacity: %w", err)
	}
	m := &memory{}
	if err := json.Unmarshal(data, m); err != nil || len(data) > maxMemory {
		return nil, fmt.Errorf("%w: %s; `kreisraum serve` begins anew without it, orders by hand are to be given again", errDamaged, f.Name())
	}
	return m, nil
}

// openMemory reads the file, and sets a damaged one aside: nothing in it is worth stopping a county for.
func openMemory(dir string) (*memory, error) {
	m, err := readMemory(dir)
	if errors.Is(err, errDamaged) {
		return &memory{}, setAside(filepath.Join(dir, memoryFile))
	}
	return m, err
}

// setAside keeps a damaged file for whoever wants to look.
func setAside(path string) error {
	if err := os.Rename(path, path+".damaged"); err != nil {
		return fmt.Errorf("set a damaged file aside: %w", err)
	}
	return nil
}

func (m *memory) save(dir string) error {
	data, err := json.Marshal(m)
	if err != nil {
		return fmt.Errorf("save what is remembered of the county: %w", err)
	}
	return atomicfile.Write(filepath.Join(dir, memoryFile), append(data, '\n'), 0o600)
}

// expire forgets orders and sold-out marks whose time is over.
func (m *memory) expire(now time.Time) {
	if m.Manual != nil && !m.Manual.Until.IsZero() && !now.Before(m.Manual.Until) {
		m.Manual = nil
	}
	m.SoldOut = slices.DeleteFunc(m.SoldOut, func(s soldOut) bool { return !now.Before(s.Until) })
}
