package night

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/medienzentrenverbund/kreisraum/conference/atomicfile"
	"github.com/medienzentrenverbund/kreisraum/conference/cluster"
	"github.com/medienzentrenverbund/kreisraum/conference/opsapi"
)

// How long proofs are kept, and how many at most: a process that crashes in a circle writes one each time.
const (
	keepProofs = 35 * 24 * time.Hour
	maxProofs  = 100
	// maxLedgerFile bounds the file in bytes; a hundred proofs of a county with a hundred bridges stay far below.
	maxLedgerFile = 16 << 20
)

// LedgerFile is the ledger's name in the state folder.
const LedgerFile = "night.json"

// LedgerConfig says where the ledger is and what this process is.
type LedgerConfig struct {
	// State is the server's state folder.
	State   string
	Machine string
	Version string
	Zone    *time.Location
	Now     func() time.Time
	Inspect Inspection
}

// Ledger holds what the process before this one left behind, and the proofs. It is owned by one goroutine at a time.
type Ledger struct {
	cfg  LedgerConfig
	file ledgerFile
}

// ledgerFile is night.json. Counts only.
type ledgerFile struct {
	// Life is the running process.
	Life   life           `json:"life"`
	Proofs []opsapi.Proof `json:"proofs"` // newest first
}

// life is one process. Its end is written just before it ends; without it, it crashed.
type life struct {
	PID     int       `json:"pid"`
	Version string    `json:"version"`
	Started time.Time `json:"started"`

	Reason       string         `json:"reason,omitempty"`
	Day          string         `json:"day,omitempty"`
	Began        time.Time      `json:"began,omitzero"`
	Stopped      time.Time      `json:"stopped,omitzero"`
	Rooms        int            `json:"rooms,omitempty"`
	Participants int            `json:"participants,omitempty"`
	Messages     int            `json:"messages,omitempty"`
	RoomsEnded   int            `json:"rooms_ended,omitempty"`
	Missing      []string       `json:"missing,omitempty"`
	Bridges      []opsapi.Proof `json:"bridges,omitempty"`
}

// OpenLedger reads the ledger, inspects the machine if a process has run here before, and writes the proof of what it found. Call it
// before anybody is let in. A ledger that cannot be read is set aside: a county without its old proofs is better than one without a
// server. For the same reason the ledger is good, though not on disk, when there is an error.
func OpenLedger(cfg LedgerConfig) (*Ledger, error) {
	l := &Ledger{cfg: cfg}
	errLoad := l.load()
	before := l.file.Life
	l.file.Life = life{PID: os.Getpid(), Version: cfg.Version, Started: cfg.Now()}
	if before.PID != 0 {
		l.add(l.proof(before))
	}
	return l, errors.Join(errLoad, l.save())
}

func (l *Ledger) path() string { return filepath.Join(l.cfg.State, LedgerFile) }

func (l *Ledger) load() error {
	data, err := l.read()
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil && json.Unmarshal(data, &l.file) == nil {
		return nil
	}
	l.file = ledgerFile{}
	if err := os.Rename(l.path(), l.path()+".damaged"); err != nil {
		return fmt.Errorf("set the damaged ledger of the nights aside: %w", err)
	}
	return nil
}

// read returns nothing of a file that is too large.
func (l *Ledger) read() ([]byte, error) {
	info, err := os.Stat(l.path())
	if err != nil || info.Size() > maxLedgerFile {
		return nil, err
	}
	return os.ReadFile(l.path())
}

// proof of what the machine forgot when that process ended.
func (l *Ledger) proof(before life) opsapi.Proof {
	p := opsapi.Proof{
		Machine: l.cfg.Machine, Day: before.Day, Reason: before.Reason,
		Began: before.Began, Stopped: before.Stopped, Started: l.cfg.Now(),
		Rooms: before.Rooms, Participants: before.Participants, Messages: before.Messages, RoomsEnded: before.RoomsEnded,
		OldVersion: before.Version, NewVersion: l.cfg.Version, OldProcess: before.PID, NewProcess: os.Getpid(),
		Checks: l.cfg.Inspect.checks(before.PID), Bridges: before.Bridges,
	}
	if p.Reason == "" {
		p.Reason, p.Day, p.Began = opsapi.ReasonCrash, l.cfg.Now().In(l.cfg.Zone).Format(time.DateOnly), before.Started
	}
	if len(before.Bridges)+len(before.Missing) > 0 {
		p.Checks = append(p.Checks, bridgesCheck(before))
	}
	return p
}

func bridgesCheck(before life) opsapi.Check {
	c := opsapi.Check{Name: opsapi.CheckBridges, OK: len(before.Missing) == 0, Detail: fmt.Sprintf("%d of %d", len(before.Bridges), len(before.Bridges)+len(before.Missing))}
	if !c.OK {
		c.Detail += fmt.Sprintf("; not back, or without a proof: %v. Look at them with `kreisraum status`; a machine that is gone has forgotten too", before.Missing)
	}
	return c
}

func (l *Ledger) add(p opsapi.Proof) {
	l.file.Proofs = slices.Insert(l.file.Proofs, 0, p)
	oldest := l.cfg.Now().Add(-keepProofs)
	l.file.Proofs = slices.DeleteFunc(l.file.Proofs, func(p opsapi.Proof) bool { return p.Started.Before(oldest) })
	l.file.Proofs = l.file.Proofs[:min(len(l.file.Proofs), maxProofs)]
}

// Proofs are newest first.
func (l *Ledger) Proofs() []opsapi.Proof { return slices.Clone(l.file.Proofs) }

// Last is the proof of the restart that this process came from; nil: it is the machine's first.
func (l *Ledger) Last() *opsapi.Proof {
	if len(l.file.Proofs) == 0 || l.file.Proofs[0].NewProcess != l.file.Life.PID {
		return nil
	}
	return &l.file.Proofs[0]
}

// Totals are what a process has known since its start.
type Totals struct{ Rooms, Participants, Messages int }

// end writes down how this process ends.
func (l *Ledger) end(plan cluster.RestartPlan, t Totals, roomsEnded int, missing []string, bridges []opsapi.Proof) error {
	n := &l.file.Life
	n.Reason, n.Day, n.Began, n.Stopped = plan.Reason, plan.Day, plan.Notice, l.cfg.Now()
	n.Rooms, n.Participants, n.Messages, n.RoomsEnded = t.Rooms, t.Participants, t.Messages, roomsEnded
	n.Missing, n.Bridges = missing, bridges
	return l.save()
}

func (l *Ledger) save() error {
	data, err := json.MarshalIndent(l.file, "", " ")
	if err != nil {
		return fmt.Errorf("write the nights' ledger: %w", err)
	}
	if err := atomicfile.Write(l.path(), append(data, '\n'), 0o600); err != nil {
		return fmt.Errorf("the nights' ledger: %w; the disk may be full", err)
	}
	return nil
}
