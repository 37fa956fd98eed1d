package server

import (
	"context"
	"net/http"
	"runtime"
	"time"

	"github.com/medienzentrenverbund/kreisraum/conference/bridge"
	"github.com/medienzentrenverbund/kreisraum/conference/config"
	"github.com/medienzentrenverbund/kreisraum/conference/night"
	"github.com/medienzentrenverbund/kreisraum/conference/room"
	"github.com/medienzentrenverbund/kreisraum/conference/sfu"
	"github.com/medienzentrenverbund/kreisraum/conference/signaling"
	"github.com/medienzentrenverbund/kreisraum/conference/stress"
	"github.com/medienzentrenverbund/kreisraum/conference/turn"
)

// rooms is the bridge as ops API, night and shutdown need it.
type rooms interface {
	// EndAccounts ends the connections of accounts for which ended is true and returns how many.
	EndAccounts(ended func(accountID string) bool) int
	Counts() (rooms, participants int)
	// RoomsInUse counts rooms too whose people are expected back.
	RoomsInUse() int
	Totals() bridge.Totals
	Notice(at time.Time)
	DrainNew(on bool)
	// Alive returns an error if most rooms do not answer before ctx ends.
	Alive(ctx context.Context) error
	// Close tells everybody that the server restarts, and waits until they are gone or ctx ends.
	Close(ctx context.Context) error
}

// noRooms is a portal's without a bridge.
type noRooms struct{}

func (noRooms) EndAccounts(func(string) bool) int { return 0 }
func (noRooms) Counts() (rooms, participants int) { return 0, 0 }
func (noRooms) RoomsInUse() int                   { return 0 }
func (noRooms) Totals() bridge.Totals             { return bridge.Totals{} }
func (noRooms) Notice(time.Time)                  {}
func (noRooms) DrainNew(bool)                     {}
func (noRooms) Alive(context.Context) error       { return nil }
func (noRooms) Close(context.Context) error       { return nil }

// media is what a bridge has and a portal without one has not.
type media struct {
	engine *sfu.Engine
	bridge *bridge.Bridge
	meter  *stress.Meter
	// trialICE returns credentials for the relay that lead here, for a network test.
	trialICE func(host string) *signaling.ICE
}

var (
	_ rooms        = (*bridge.Bridge)(nil)
	_ http.Handler = (*bridge.Bridge)(nil)
)

// openMedia opens the media port and starts the bridge over it. The bridge is closed before the engine, by shutdown, or has no
// connection yet.
func (s *Server) openMedia() error {
	s.rooms = noRooms{}
	if !s.cfg.HasBridge() {
		return nil
	}
	addrs, err := addresses(s.cfg.Listen.Addresses)
	if err != nil {
		return err
	}
	engine, err := sfu.NewEngine(sfu.Config{Addresses: addrs, Port: s.cfg.Listen.MediaPort, Log: s.opt.Log})
	if err != nil {
		return err
	}
	s.cleanup(func() { engine.Close() })
	b := bridge.New(bridge.Config{
		Key: s.key, Rooms: rulesOf(s.cfg.Rooms), Announce: &s.network.announcer, Log: s.opt.Log, Now: s.opt.Now,
		ICE: s.ice(turn.NewCredential, addrs, engine.Port()),
	}, bridge.SFU(engine))
	meter := stress.NewMeter(stress.MeterConfig{
		Capacity: stress.CapacityOf(s.cfg.Capacity, runtime.GOMAXPROCS(0)), Counters: engine.Counters, Census: b.Counts, Log: s.opt.Log,
	})
	s.cleanup(meter.Close)
	s.rooms = b
	s.media = &media{engine: engine, bridge: b, meter: meter, trialICE: s.ice(turn.NewTrial, addrs, engine.Port())}
	return nil
}

// rulesOf are the county's rules as rooms know them.
func rulesOf(r config.Rooms) room.Rules {
	return room.Rules{
		MaxParticipants: r.MaxParticipants, CodeRequired: r.CodeRequired, ScreenShare: r.ScreenShare,
		Lobby: r.Lobby, Cameras: r.Cameras, OrganiserGrace: r.OrganiserGrace,
	}
}

// nightRooms are this machine's rooms as the night needs them.
type nightRooms struct{ s *Server }

var _ night.Rooms = nightRooms{}

// InUse implements night.Rooms.
func (n nightRooms) InUse() int { return n.s.rooms.RoomsInUse() }

// Notice implements night.Rooms.
func (n nightRooms) Notice(at time.Time) { n.s.rooms.Notice(at) }

// NoNewRooms implements night.Rooms: neither here nor, once the lease says it, by the portal.
func (n nightRooms) NoNewRooms() {
	n.s.rooms.DrainNew(true)
	n.s.network.announcer.setClosing()
}

// EndRooms implements night.Rooms.
func (n nightRooms) EndRooms() { n.s.closeRooms() }

// Totals implements night.Rooms.
func (n nightRooms) Totals() night.Totals { return night.Totals(n.s.rooms.Totals()) }
