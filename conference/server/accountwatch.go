package server

import (
	"context"
	"log/slog"
	"slices"
	"time"

	"github.com/medienzentrenverbund/kreisraum/conference/cluster"
)

const (
	// watchEvery is how often the records are searched for organisers whose account has ended. An order may get lost, and who was
	// admitted just before comes in just after: this looks until nobody is left.
	watchEvery = time.Second
	// maxEndedInOrder bounds the account IDs in one order.
	maxEndedInOrder = 200
)

// accountWatch takes their place from organisers on other machines whose account is disabled or gone. A bridge is told only of
// accounts that it has said itself are inside.
type accountWatch struct {
	// own is this machine, whose bridge is told directly.
	own   string
	store cluster.Store
	// ended reports whether an account is disabled or gone.
	ended func(account string) bool
	log   *slog.Logger
}

// run looks until ctx ends.
func (w accountWatch) run(ctx context.Context) {
	ticker := time.NewTicker(watchEvery)
	defer ticker.Stop()
	for {
		w.look(ctx)
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
	}
}

// look orders once and returns how many organisers are to lose their place.
func (w accountWatch) look(ctx context.Context) int {
	found := 0
	for machine := range w.store.Leases() {
		if machine == w.own {
			continue
		}
		ended := endedOrganisers(w.store.RecordsOf(machine), w.ended)
		found += len(ended)
		for some := range slices.Chunk(ended, maxEndedInOrder) {
			w.order(ctx, machine, some)
		}
	}
	return found
}

func (w accountWatch) order(ctx context.Context, machine string, accounts []string) {
	ctx, cancel := context.WithTimeout(ctx, watchEvery)
	defer cancel()
	if err := w.store.Order(ctx, machine, cluster.Order{EndAccounts: accounts}); err != nil && ctx.Err() == nil {
		w.log.Warn("a bridge could not be told of ended accounts; it is told again", "machine", machine, "accounts", len(accounts), "error", err)
	}
}

// endedOrganisers are the accounts with an organiser in one of the rooms that have ended, each once, sorted.
func endedOrganisers(records map[cluster.RoomKey]cluster.Record, ended func(string) bool) []string {
	var out []string
	for _, r := range records {
		for _, account := range r.Organisers {
			if ended(account) {
				out = append(out, account)
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
