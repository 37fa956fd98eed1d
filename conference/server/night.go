package server

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/medienzentrenverbund/kreisraum/conference/cluster"
	"github.com/medienzentrenverbund/kreisraum/conference/config"
	"github.com/medienzentrenverbund/kreisraum/conference/night"
	"github.com/medienzentrenverbund/kreisraum/conference/opsapi"
)

// orderTimeout bounds one order to a bridge. The night gives it again.
const orderTimeout = 4 * time.Second

// openNight writes the proof of what the restart made this machine forget, before anybody is let in.
func (s *Server) openNight() error {
	schedule, err := scheduleOf(s.cfg.Restart)
	if err != nil {
		return err
	}
	zone := time.UTC
	if schedule != nil {
		zone = schedule.Zone
	}
	s.ledger, err = night.OpenLedger(night.LedgerConfig{
		State: s.cfg.Paths.State, Machine: s.cfg.MachineID(), Version: s.opt.Version, Zone: zone, Now: s.opt.Now,
		Inspect: night.Inspection{Store: s.messages(), Folders: s.knownFiles()},
	})
	if err != nil {
		s.opt.Log.Error("the proofs of restarts are not on disk; free some space, or look after the disk", "error", err)
	}
	c := night.Config{
		Schedule: schedule, Boot: s.boot, Rooms: nightRooms{s}, Ledger: s.ledger, Leads: s.cfg.HasPortal(), Zone: zone,
		Now: s.opt.Now, Log: s.opt.Log,
	}
	if c.Leads {
		c.Bridges, c.Order = s.otherBridges, s.orderRestart
	}
	s.night = night.New(c)
	return nil
}

// knownFiles are the names in the folders this server writes to. Each file that is replaced has a temporary one beside it for a moment.
func (s *Server) knownFiles() map[string][]string {
	p := s.cfg.Paths
	return map[string][]string{
		p.State: {
			"accounts.json", "accounts.json.damaged", ".accounts.json-*", myRoomsFile, myRoomsFile + ".damaged", "." + myRoomsFile + "-*", "machines.json", ".machines.json-*",
			night.LedgerFile, night.LedgerFile + ".damaged", "." + night.LedgerFile + "-*", "token.key", ".token.key-*", "ops.key", ".ops.key-*", "ops.csr", ".ops.csr-*", "acme",
		},
		p.Logs:    {"access-*.log"},
		p.Runtime: {"nats", handoverFile, "." + handoverFile + "-*"},
	}
}

// scheduleOf returns nil if there is no nightly restart.
func scheduleOf(r config.Restart) (*night.Schedule, error) {
	if r.At == "" {
		return nil, nil
	}
	r = r.WithDefaults()
	at, errAt := night.ParseClock(r.At)
	latest, errLatest := night.ParseClock(r.Latest)
	zone, errZone := time.LoadLocation(r.TimeZone)
	if err := errors.Join(errAt, errLatest, errZone); err != nil {
		return nil, fmt.Errorf("restart: %w", err)
	}
	return &night.Schedule{At: at, Latest: latest, Zone: zone}, nil
}

// otherBridges are the machines in the list that restart by themselves, as the leases show them now.
func (s *Server) otherBridges() []night.Bridge {
	var leases map[string]cluster.Lease
	if store := s.network.current(); store != nil {
		leases = store.Leases()
	}
	var out []night.Bridge
	for _, m := range s.site.machines.current().Machines {
		if m.ID == s.cfg.MachineID() {
			continue
		}
		lease, alive := leases[m.ID]
		if !alive && !m.Ready {
			continue // it is being set up, or was given up before it had a room
		}
		out = append(out, night.Bridge{ID: m.ID, Boot: lease.Boot, Alive: alive, Proof: lease.Proof})
	}
	return out
}

// orderRestart tells a bridge. The night does not wait for it, and repeats it as long as the bridge has not followed.
func (s *Server) orderRestart(machine string, plan cluster.RestartPlan) {
	store := s.network.current()
	if store == nil {
		return
	}
	s.errands.Go(func() {
		ctx, cancel := context.WithTimeout(context.Background(), orderTimeout)
		defer cancel()
		if err := store.Order(ctx, machine, cluster.Order{Restart: &plan}); err != nil {
			s.opt.Log.Warn("a bridge could not be told of the restart; it is told again", "machine", machine, "error", err)
		}
	})
}

// restartAsOrdered takes the portal's plan over.
func (s *Server) restartAsOrdered(plan cluster.RestartPlan) {
	ctx, cancel := context.WithTimeout(context.Background(), orderTimeout)
	defer cancel()
	if err := s.night.Adopt(ctx, plan); err != nil {
		s.opt.Log.Warn("order to restart not taken; the portal repeats it", "error", err)
	}
}

// orderNight restarts this machine, and if it is the portal the county, after the notice.
func (s *Server) orderNight(ctx context.Context, o opsapi.RestartOrder) (opsapi.Night, error) {
	status, err := s.night.Order(ctx, time.Duration(o.Notice)*time.Second)
	if errors.Is(err, night.ErrUnderWay) {
		return status, &opsapi.Error{Code: opsapi.CodeUnderWay, Message: err.Error()}
	}
	return status, err
}
