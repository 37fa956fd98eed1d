package serve

import (
	"context"
	"time"

	"github.com/medienzentrenverbund/kreisraum/conference/opsapi"
	"github.com/medienzentrenverbund/kreisraum/infra/hetzner"
	"github.com/medienzentrenverbund/kreisraum/operator/config"
	"github.com/medienzentrenverbund/kreisraum/operator/county"
	"github.com/medienzentrenverbund/kreisraum/operator/home"
)

// Errors that a County's methods wrap.
var (
	// ErrSoldOut: there are no such machines at present.
	ErrSoldOut = hetzner.ErrSoldOut
	// ErrBusy: a command of another process is at work on the county.
	ErrBusy = home.ErrBusy
	// ErrNotUp: the county has no machine.
	ErrNotUp = county.ErrNotUp
)

// Kind is what a machine is rented as.
type Kind = config.Kind

// Bridge is one dedicated bridge that the county's stack has, made or still to be made.
type Bridge struct {
	Number int
	Kind   Kind
	// Ready: a media probe went through it.
	Ready    bool
	Draining bool
	// ByHand: an operator drained it.
	ByHand bool
	// Renewing: it gets no new rooms for a while, because it is about to run another release. Capacity is planned as if it did.
	Renewing bool
	// Created is when Hetzner began to bill it; zero: not made yet.
	Created time.Time
}

// Survey is what exists of a county, and how its server is.
type Survey struct {
	// Servers are the names of the machines that carry the county's label at Hetzner; Wanted are those that ought to be there.
	Servers, Wanted []string
	// Answers says that the portal answered; the rest means nothing otherwise.
	Answers bool
	// NotAfter is when the site's certificate ends; zero: it has none.
	NotAfter time.Time
	Night    opsapi.Night
}

// County is one county as the daemon needs it. Methods that change something take the county's lock themselves and can be repeated
// after they were killed at any point. Safe for concurrent use.
type County interface {
	// Load asks the portal. Returns ErrNotUp.
	Load(ctx context.Context) (opsapi.Load, error)
	// Bridges are the county's dedicated bridges by number, from the operator's own state.
	Bridges(ctx context.Context) ([]Bridge, error)
	// AddBridges makes further machines and returns the numbers of those that take rooms now. Without kinds it finishes what an earlier
	// call began. Returns ErrSoldOut; then what could not be made is wanted no more. progress is told one line for each step.
	AddBridges(ctx context.Context, kinds []Kind, progress func(string)) ([]int, error)
	// Drain without numbers only tells the portal of its machines again.
	Drain(ctx context.Context, numbers []int, on, byHand bool) error
	// RemoveBridges deletes machines. It refuses those with rooms.
	RemoveBridges(ctx context.Context, numbers []int, progress func(string)) error
	// PricePerHour of a machine with its address, in cents, rounded up.
	PricePerHour(ctx context.Context, kind Kind) (cents int, err error)
	// Survey reads Hetzner's list and asks the portal. It changes nothing.
	Survey(ctx context.Context) (Survey, error)
	// Close drops kept connections. The county can still be used afterwards.
	Close()
}
