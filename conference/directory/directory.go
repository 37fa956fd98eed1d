package directory

import (
	"context"
	"crypto/tls"
	"log/slog"
	"net/http"
	"time"

	"github.com/medienzentrenverbund/kreisraum/conference/cluster"
	"github.com/medienzentrenverbund/kreisraum/conference/opsapi"
	"github.com/medienzentrenverbund/kreisraum/conference/token"
)

// Config is what a Directory needs.
type Config struct {
	Store cluster.Store
	// Key is the county's: rooms are known to the store by their keyed hashes only.
	Key token.Key
	// Local is the bridge in this process, the machine "portal"; nil: there is none.
	Local http.Handler
	// TLS is the client's side of the room port, asked for each time it dials: this machine's leaf, and the county CA as the only
	// root. The name to be expected is filled in.
	TLS func() (*tls.Config, error)
	// RoomsPort is the TCP port of other bridges' rooms.
	RoomsPort uint16
	// LeaseLife is the store's: how long a bridge may be silent after a call. 0: cluster.LeaseLife.
	LeaseLife time.Duration
	// Now is the clock of placements; nil: time.Now.
	Now func() time.Time
	Log *slog.Logger
}

// Directory implements cluster.Directory over a county's store. Safe for concurrent use.
type Directory struct {
	cfg   Config
	inbox chan message
	// lists has the latest list of machines that was not taken yet.
	lists chan opsapi.Machines
	// done ends with Run.
	done chan struct{}
}

var _ cluster.Directory = (*Directory)(nil)

// New returns a Directory that knows nothing before Run.
func New(cfg Config) *Directory {
	if cfg.LeaseLife == 0 {
		cfg.LeaseLife = cluster.LeaseLife
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	return &Directory{cfg: cfg, inbox: make(chan message), lists: make(chan opsapi.Machines, 1), done: make(chan struct{})}
}

// Run keeps the directory until ctx ends; then it cuts off all connections to other machines. It is called once.
func (d *Directory) Run(ctx context.Context) {
	defer close(d.done)
	newLoop(d.cfg).run(ctx, d.inbox, d.lists)
}

// SetMachines replaces the list of machines; nothing is placed before the first. Connections to machines that are not in it any more
// end. It does not block.
func (d *Directory) SetMachines(list opsapi.Machines) {
	for {
		select {
		case d.lists <- list:
			return
		default:
		}
		select {
		case <-d.lists:
		default:
		}
	}
}

// post hands a message to the loop; false: the context or Run has ended.
func (d *Directory) post(ctx context.Context, m message) bool {
	select {
	case d.inbox <- m:
		return true
	case <-ctx.Done():
	case <-d.done:
	}
	return false
}

// Locate implements cluster.Directory. It waits some seconds while bridges have not been heard yet or the store cannot be reached.
func (d *Directory) Locate(ctx context.Context, who cluster.Seeker) (cluster.Place, error) {
	waiting, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	a := &ask{ctx: waiting, room: who.Room, key: cluster.KeyOf(d.cfg.Key, who.Room), organiser: who.Organiser, answer: make(chan answer, 1)}
	if d.post(waiting, a) {
		select {
		case got := <-a.answer:
			return got.place, got.err
		case <-waiting.Done():
		case <-d.done:
		}
	}
	if err := ctx.Err(); err != nil {
		return cluster.Place{}, err
	}
	return cluster.Place{}, cluster.ErrNoBridge
}

// Queue implements cluster.Directory.
func (d *Directory) Queue(ctx context.Context, who cluster.Seeker, told func(place int)) error {
	if !who.Organiser {
		return nil // nobody else is held against capacity
	}
	w := newWaiter(cluster.KeyOf(d.cfg.Key, who.Room))
	if !d.post(ctx, enqueue{w}) {
		return d.ended(ctx)
	}
	for {
		select {
		case place := <-w.place:
			told(place)
		case err := <-w.end:
			return err
		case <-ctx.Done():
			d.post(context.WithoutCancel(ctx), dequeue{w})
			return ctx.Err()
		case <-d.done:
			return d.ended(ctx)
		}
	}
}

func (d *Directory) ended(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return cluster.ErrNoBridge
}

// Load is how busy the county is. Returns the context's error, or cluster.ErrNoBridge once Run has ended.
func (d *Directory) Load(ctx context.Context) (opsapi.Load, error) {
	q := loadQuestion{answer: make(chan opsapi.Load, 1)}
	if !d.post(ctx, q) {
		return opsapi.Load{}, d.ended(ctx)
	}
	select {
	case load := <-q.answer:
		return load, nil
	case <-d.done:
		return opsapi.Load{}, cluster.ErrNoBridge
	}
}
