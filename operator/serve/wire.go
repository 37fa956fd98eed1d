package serve

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/medienzentrenverbund/kreisraum/conference/opsapi"
	"github.com/medienzentrenverbund/kreisraum/infra"
	"github.com/medienzentrenverbund/kreisraum/operator/config"
	"github.com/medienzentrenverbund/kreisraum/operator/county"
)

// Wire adapts a county.
func Wire(c *county.County) County {
	w := &wired{c: c}
	c.Events = w.event
	return w
}

type wired struct {
	c *county.County
	// progress is told how the change goes on that is under way; a county changes one thing at a time.
	progress atomic.Pointer[func(string)]
}

// event passes on what steps did. What they are about to do would double every line.
func (w *wired) event(e county.Event) {
	if to := w.progress.Load(); to != nil && e.Kind == county.Done {
		(*to)(fmt.Sprintf("%-8s %5.1f s  %s", e.Step, e.Elapsed.Seconds(), e.Text))
	}
}

// tell lets progress hear of a change until the returned function is called.
func (w *wired) tell(progress func(string)) (stop func()) {
	w.progress.Store(&progress)
	return func() { w.progress.Store(nil) }
}

func (w *wired) Load(ctx context.Context) (opsapi.Load, error) { return w.c.Load(ctx) }

func (w *wired) Bridges(ctx context.Context) ([]Bridge, error) {
	states, err := w.c.Bridges(ctx)
	all := make([]Bridge, len(states))
	for i, s := range states {
		all[i] = Bridge{
			Number: s.Number, Kind: Kind{ServerType: s.ServerType, Location: s.Location}, Ready: s.Ready, Draining: s.Draining, ByHand: s.ByHand, Renewing: s.Renewing, Created: s.Created,
		}
	}
	return all, err
}

func (w *wired) AddBridges(ctx context.Context, kinds []Kind, progress func(string)) ([]int, error) {
	defer w.tell(progress)()
	machines := make([]infra.Bridge, len(kinds))
	for i, k := range kinds {
		machines[i] = rented(k)
	}
	return w.c.AddBridges(ctx, machines)
}

func rented(k Kind) infra.Bridge {
	return infra.Bridge{ServerType: k.ServerType, Location: k.Location}
}

func (w *wired) Drain(ctx context.Context, numbers []int, on, byHand bool) error {
	return w.c.Drain(ctx, numbers, on, byHand)
}

func (w *wired) RemoveBridges(ctx context.Context, numbers []int, progress func(string)) error {
	defer w.tell(progress)()
	return w.c.RemoveBridges(ctx, numbers)
}

func (w *wired) PricePerHour(ctx context.Context, kind Kind) (int, error) {
	cents, _, err := w.c.PricePerHour(ctx, rented(kind))
	return cents, err
}

func (w *wired) Survey(ctx context.Context) (Survey, error) {
	bridges, err := w.c.Bridges(ctx)
	if err != nil {
		return Survey{}, err
	}
	found, err := w.c.World.Cloud.Servers(ctx, w.c.Home.Name)
	if err != nil {
		return Survey{}, err
	}
	s := Survey{Wanted: []string{infra.PortalName(w.c.Home.Name)}}
	for _, b := range bridges {
		s.Wanted = append(s.Wanted, infra.BridgeName(w.c.Home.Name, b.Number))
	}
	for _, r := range found {
		if r.Kind == "server" {
			s.Servers = append(s.Servers, r.Name)
		}
	}
	info, err := w.c.Info(ctx)
	if err != nil {
		return s, nil // silence is something to tell, not a survey that went wrong
	}
	s.NotAfter = info.Certificate.NotAfter
	s.Night, err = w.c.Night(ctx)
	s.Answers = err == nil
	return s, nil
}

func (w *wired) Close() { w.c.Close() }

// SettingsOf are those of a county's file. dir is the county's folder in the home, project stands for the Hetzner project without naming it.
func SettingsOf(c config.Config, dir, token string) (Settings, error) {
	at, latest, err := c.Restart.Times()
	if err != nil {
		return Settings{}, fmt.Errorf("restart: %w", err)
	}
	zone, err := time.LoadLocation(c.Restart.TimeZone)
	if err != nil {
		return Settings{}, fmt.Errorf("restart.time_zone: %w", err)
	}
	return Settings{
		Dir: dir, Policy: c.Policy(), Kinds: c.BridgeKinds(), Nightly: Nightly{At: at, Latest: latest, Zone: zone},
		Project: digest(token), Fingerprint: digest(fmt.Sprintf("%+v %s", c, token)),
	}, nil
}

func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:8])
}
