// Package home lays out the operator's folder: what belongs to a county's machines, what outlives them, and the locks.
//
//	<home>/clerks/<uid>            random ID that the ledger writes for a person at this computer
//	<home>/counties/<county>/      keys, certificates, Pulumi state: gone after `down`
//	<home>/registers/<county>.json accounts and who they were made for
//	<home>/audit/<county>.jsonl    ledger, kept after `down`
//	<home>/locks/<county>.lock     one command at a time
//	<home>/locks/serve             one daemon at a time
//	<home>/serve.sock              where the daemon takes commands
//	<home>/sandbox/                the simulated world and, below operator/, a home of its own
//
// Everything is for the owner only (0700 and 0600).
package home

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/medienzentrenverbund/kreisraum/conference/atomicfile"
)

// Home is the operator's folder.
type Home struct{ dir string }

// Default returns the folder to use when none is given: KREISRAUM_HOME, else XDG_STATE_HOME/kreisraum, else
// ~/.local/state/kreisraum (XDG Base Directory Specification).
func Default(getenv func(string) string) (string, error) {
	if dir := getenv("KREISRAUM_HOME"); dir != "" {
		return dir, nil
	}
	if dir := getenv("XDG_STATE_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "kreisraum"), nil
	}
	if dir := getenv("HOME"); dir != "" {
		return filepath.Join(dir, ".local", "state", "kreisraum"), nil
	}
	return "", errors.New("where to keep keys and state: neither KREISRAUM_HOME nor HOME is set; name a folder with --home")
}

// Open makes the folder if it is missing and sees to it that nobody else can read it.
func Open(dir string) (Home, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return Home{}, fmt.Errorf("open home: %w", err)
	}
	h := Home{dir: dir}
	if err := h.ours(); err != nil {
		return Home{}, err
	}
	for _, d := range append([]string{dir}, h.folders()...) {
		if err := private(d); err != nil {
			return Home{}, err
		}
	}
	return h, nil
}

func (h Home) folders() []string {
	return []string{h.path("clerks"), h.path("counties"), h.path("registers"), h.path("audit"), h.path("locks")}
}

// ours refuses a folder that others use as well, such as /tmp or somebody's home: its rights are not ours to take away.
func (h Home) ours() error {
	info, err := os.Stat(h.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("open home: %w", err)
	}
	if info.Mode().Perm()&0o077 == 0 {
		return nil
	}
	for _, d := range h.folders() {
		if _, err := os.Stat(d); err == nil {
			return nil
		}
	}
	entries, err := os.ReadDir(h.dir)
	if err == nil && (len(entries) > 0 || info.Mode()&fs.ModeSticky != 0) {
		err = fmt.Errorf("%s is a folder that others use as well, and this program keeps others out of its own; name another one with --home, or, "+
			"if it is for this program alone, run `chmod 700 %s`", h.dir, h.dir)
	}
	if err != nil {
		return fmt.Errorf("open home: %w", err)
	}
	return nil
}

// private makes dir with mode 0700, or takes the rights of others away.
func private(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("open home: %w", err)
	}
	if err := os.Chmod(dir, 0o700); err != nil {
		return fmt.Errorf("open home: keep others out of %s: %w", dir, err)
	}
	return nil
}

func (h Home) path(elements ...string) string {
	return filepath.Join(append([]string{h.dir}, elements...)...)
}

// Dir is the folder itself.
func (h Home) Dir() string { return h.dir }

// SandboxDir is the folder of the simulated world.
func SandboxDir(dir string) string { return filepath.Join(dir, "sandbox") }

// InSandbox is the operator's home for counties of the simulated world.
func InSandbox(dir string) string { return filepath.Join(SandboxDir(dir), "operator") }

// Counties are the names of the counties that have keys and state here, sorted.
func (h Home) Counties() ([]string, error) {
	entries, err := os.ReadDir(h.path("counties"))
	if err != nil {
		return nil, fmt.Errorf("list the counties: %w", err)
	}
	var names []string
	for _, e := range entries {
		if e.IsDir() {
			names = append(names, e.Name())
		}
	}
	return names, nil
}

// Has reports whether the home in dir has keys and state of the county. Unlike Open it makes nothing.
func Has(dir, county string) bool { return Home{dir: dir}.County(county).Exists() }

// Clerk returns the random ID of this computer's current user, made on first use. It says nothing about the person.
func (h Home) Clerk() (string, error) {
	path := h.path("clerks", strconv.Itoa(os.Getuid()))
	data, err := os.ReadFile(path)
	if err == nil && len(strings.TrimSpace(string(data))) > 0 {
		return strings.TrimSpace(string(data)), nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("read clerk ID: %w", err)
	}
	id := make([]byte, 6)
	_, _ = rand.Read(id) // never fails, see crypto/rand
	clerk := "clerk-" + hex.EncodeToString(id)
	return clerk, atomicfile.Write(path, []byte(clerk+"\n"), 0o600)
}

// County returns the places of a county. Nothing is made yet.
func (h Home) County(name string) County { return County{Name: name, home: h} }

// County knows where a county's files are.
type County struct {
	Name string
	home Home
}

// Dir holds what goes away with the county's machines.
func (c County) Dir() string { return c.home.path("counties", c.Name) }

// File is a file below Dir.
func (c County) File(name string) string { return filepath.Join(c.Dir(), name) }

// Register is the file of the county's accounts.
func (c County) Register() string { return c.home.path("registers", c.Name+".json") }

// Ledger is the county's audit ledger.
func (c County) Ledger() string { return c.home.path("audit", c.Name+".jsonl") }

// Make creates Dir.
func (c County) Make() error { return private(c.Dir()) }

// Exists reports whether Dir is there.
func (c County) Exists() bool {
	info, err := os.Stat(c.Dir())
	return err == nil && info.IsDir()
}

// Remove deletes Dir with everything in it. The register and the ledger stay.
func (c County) Remove() error {
	if err := os.RemoveAll(c.Dir()); err != nil {
		return fmt.Errorf("remove keys and state of %s: %w", c.Name, err)
	}
	return nil
}
