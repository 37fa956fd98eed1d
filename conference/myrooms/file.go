package myrooms

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"time"

	"github.com/medienzentrenverbund/kreisraum/conference/atomicfile"
)

// file is the form of rooms.json. Unknown fields are ignored, so that an older program keeps the rooms that a newer one made.
type file struct {
	Rooms []Room `json:"rooms"`
}

// keepDamaged is how long a damaged file is kept for whoever may repair it: the titles in it must not stay when their accounts go.
const keepDamaged = 7 * 24 * time.Hour

// errDamaged says that the file was read but is not a list of rooms.
var errDamaged = errors.New("file of teachers' rooms is damaged")

// Rooms' and accounts' IDs, see package account.
var idPattern = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

func read(path string) ([]Room, error) {
	data, err := atomicfile.Read(path, maxFile)
	if errors.Is(err, atomicfile.ErrTooLarge) {
		return nil, errDamaged
	}
	if err != nil {
		return nil, err
	}
	return decode(data)
}

// decode reads rooms.json. Addresses may have become paths of the site since; everything else holds as when it was written.
func decode(data []byte) ([]Room, error) {
	var list file
	if json.Unmarshal(data, &list) != nil || len(list.Rooms) > maxRooms {
		return nil, errDamaged
	}
	ids, addresses := make(map[string]bool, len(list.Rooms)), make(map[string]bool, len(list.Rooms))
	for _, r := range list.Rooms {
		title, ok := cleanTitle(r.Title)
		name, valid := canonical(r.Address)
		if !ok || title != r.Title || !idPattern.MatchString(r.ID) || !idPattern.MatchString(r.Account) || ids[r.ID] || valid && addresses[name] {
			return nil, errDamaged
		}
		ids[r.ID], addresses[name] = true, valid
	}
	return list.Rooms, nil
}

// write puts the rooms on disk and then into use; after a crash the old ones or the new ones are there. The caller holds s.writing.
func (s *Store) write(rooms []Room) error {
	data, err := json.Marshal(file{Rooms: rooms})
	if err != nil {
		return fmt.Errorf("encode teachers' rooms: %w", err)
	}
	if len(data) > maxFile { // titles of the longest; what is written must be read again
		return ErrTooMany
	}
	if err := atomicfile.Write(s.path, data, 0o600); err != nil {
		return fmt.Errorf("teachers' rooms: %w; check the disk's free space", err)
	}
	s.current.Store(newSnapshot(rooms))
	return nil
}

func damaged(path string) string { return path + ".damaged" }

// setAside keeps the file for keepDamaged from now on.
func setAside(path string, now time.Time) error {
	return errors.Join(os.Rename(path, damaged(path)), os.Chtimes(damaged(path), now, now))
}

func forgetDamaged(path string, now time.Time) error {
	info, err := os.Stat(damaged(path))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil || now.Sub(info.ModTime()) < keepDamaged {
		return err
	}
	return os.Remove(damaged(path))
}
