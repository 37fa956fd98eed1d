package server

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/medienzentrenverbund/kreisraum/conference/atomicfile"
	"github.com/medienzentrenverbund/kreisraum/conference/cluster"
)

// handoverFile is what a portal leaves for the process that is started in its place: the records of the lessons on its own bridge, which
// would be gone with its NATS. It lies in the runtime folder, so in memory, and is read once. The night leaves none.
const handoverFile = "lessons.json"

const (
	// handoverLife is how old it may be: participants wait no longer for a server that is away.
	handoverLife = time.Minute
	// maxHandover bounds it in bytes: what NATS would keep of records.
	maxHandover = 16 << 20
)

// handover has no name of a person or a room in it, see cluster.Record.
type handover struct {
	At    time.Time                          `json:"at"`
	Rooms map[cluster.RoomKey]cluster.Record `json:"rooms"`
}

func (s *Server) handoverPath() string { return filepath.Join(s.cfg.Paths.Runtime, handoverFile) }

// handOver writes the records down for the next process, those of lessons alone.
func (s *Server) handOver(rooms map[cluster.RoomKey]cluster.Record) {
	left := handover{At: s.opt.Now(), Rooms: map[cluster.RoomKey]cluster.Record{}}
	for key, r := range rooms {
		if r.Epoch != "" {
			left.Rooms[key] = r
		}
	}
	if s.site == nil || len(left.Rooms) == 0 { // a bridge's records are with its portal
		return
	}
	data, err := json.Marshal(left)
	if err == nil {
		err = atomicfile.Write(s.handoverPath(), data, 0o600)
	}
	if err != nil {
		s.opt.Log.Warn("lessons do not come back by themselves after this restart", "rooms", len(left.Rooms), "error", err)
		return
	}
	s.opt.Log.Info("lessons are handed to the next process", "rooms", len(left.Rooms))
}

// openHandover takes what the process before this one has left. Whatever is wrong with it, the server starts.
func (s *Server) openHandover() error {
	left, err := readHandover(s.handoverPath())
	if gone := os.Remove(s.handoverPath()); gone != nil && !errors.Is(gone, fs.ErrNotExist) {
		err = errors.Join(err, gone)
	}
	if err != nil {
		s.opt.Log.Warn("lessons of the process before this one cannot be taken over", "error", err)
		return nil
	}
	if age := s.opt.Now().Sub(left.At); s.cfg.HasPortal() && age >= 0 && age < handoverLife {
		s.inherited = left.Rooms
	}
	return nil
}

// readHandover returns nothing if there is no such file.
func readHandover(path string) (left handover, err error) {
	data, err := atomicfile.Read(path, maxHandover)
	if errors.Is(err, fs.ErrNotExist) {
		return handover{}, nil
	}
	if err != nil {
		return handover{}, err
	}
	if err := json.Unmarshal(data, &left); err != nil {
		return handover{}, fmt.Errorf("%s: %w", path, err)
	}
	return left, nil
}
