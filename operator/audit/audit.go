// Package audit keeps a county's ledger: one JSON line for each decision, appended and synced, never rewritten.
//
// A line names clerks and accounts by random ID only; who they are is known elsewhere and can be forgotten there without
// touching the ledger.
package audit

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"syscall"
	"time"
)

// Action is what was done.
type Action string

// The actions that leave a line.
const (
	CountyUp         Action = "county-up"
	CountyDown       Action = "county-down"
	ServerDeployed   Action = "server-deployed"
	AccountsCreated  Action = "accounts-created"
	AccountDisabled  Action = "account-disabled"
	AccountReset     Action = "account-reset"
	RegisterDeleted  Action = "register-deleted"
	BridgesOrdered   Action = "bridges-ordered"
	BridgesDrained   Action = "bridges-drained"
	BridgesUndrained Action = "bridges-undrained"
	CapacityFrozen   Action = "capacity-frozen"
	CapacityThawed   Action = "capacity-thawed"
	CountyRestarted  Action = "county-restarted"
	CountyUpgraded   Action = "county-upgraded"
	CountyRolledBack Action = "county-rolled-back"
	ReleaseRefused   Action = "release-refused"
	MachineRebuilt   Action = "machine-rebuilt"
	MachineEntered   Action = "machine-entered"
	CountyAdopted    Action = "county-adopted"
	OrphansDeleted   Action = "orphans-deleted"
)

// Entry is one line of the ledger.
type Entry struct {
	Time   time.Time `json:"time"`
	Clerk  string    `json:"clerk"`
	County string    `json:"county"`
	Action Action    `json:"action"`
	// Accounts are random account IDs.
	Accounts []string `json:"accounts,omitempty"`
	// Detail is a number, version or digest that belongs to the action; never anything about a person.
	Detail string `json:"detail,omitempty"`
}

// Ledger appends entries to a file. Safe for use by several processes: each entry is one write under the file's lock.
type Ledger struct {
	path, clerk, county string
	now                 func() time.Time
}

// New returns the ledger in the file path, written by clerk.
func New(path, clerk, county string, now func() time.Time) *Ledger {
	return &Ledger{path: path, clerk: clerk, county: county, now: now}
}

// Write appends an entry and returns when it is on disk.
func (l *Ledger) Write(action Action, detail string, accounts ...string) error {
	line, err := json.Marshal(Entry{l.now().UTC().Truncate(time.Second), l.clerk, l.county, action, accounts, detail})
	if err != nil {
		return fmt.Errorf("write audit ledger: %w", err)
	}
	if err := appendLine(l.path, line); err != nil {
		return fmt.Errorf("write audit ledger %s: %w", l.path, err)
	}
	return nil
}

func appendLine(path string, line []byte) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	defer f.Close() // and with it goes the lock
	// Another process's line, half written, must not be taken for one that a crash cut short.
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); err != nil {
		return err
	}
	torn, err := endsTorn(f)
	if err != nil {
		return err
	}
	if torn { // a crash cut the last line short; it stays as it is, on a line of its own
		line = append([]byte{'\n'}, line...)
	}
	if _, err := f.Write(append(line, '\n')); err != nil {
		return err
	}
	return f.Sync()
}

// endsTorn reports whether the file's last byte is not a line break.
func endsTorn(f *os.File) (bool, error) {
	size, err := f.Seek(0, io.SeekEnd)
	if err != nil || size == 0 {
		return false, err
	}
	last := make([]byte, 1)
	if _, err := f.ReadAt(last, size-1); err != nil {
		return false, err
	}
	return last[0] != '\n', nil
}
