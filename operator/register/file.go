package register

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/medienzentrenverbund/kreisraum/conference/atomicfile"
)

// Load reads the register; a file that is not there is an empty one.
func Load(path string) (Register, error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return Register{}, nil
	}
	if err != nil {
		return Register{}, fmt.Errorf("read the account register: %w", err)
	}
	var r Register
	if err := json.Unmarshal(data, &r); err != nil {
		return Register{}, fmt.Errorf("read the account register %s: %w; put a backup in its place", path, err)
	}
	return r, nil
}

// Save replaces the register's file, readable by its owner only.
func (r Register) Save(path string) error {
	data, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return fmt.Errorf("save the account register: %w", err)
	}
	return atomicfile.Write(path, append(data, '\n'), 0o600)
}
