package server

import (
	"github.com/medienzentrenverbund/kreisraum/conference/bridge"
	"github.com/medienzentrenverbund/kreisraum/conference/room"
)

// openRooms starts the bridge over the media engine. It is closed before the engine, by shutdown, or has no connection yet.
func (s *Server) openRooms() error {
	s.rooms = bridge.New(bridge.Config{Key: s.key, Rooms: room.Rules(s.cfg.Rooms), Log: s.opt.Log, Now: s.opt.Now}, bridge.SFU(s.engine))
	return nil
}
