package provider

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi-go-provider/infer"
	"github.com/pulumi/pulumi/sdk/v3/go/common/tokens"

	"github.com/medienzentrenverbund/kreisraum/infra/hetzner"
)

// Name of the Pulumi package and Version of its resources' shapes.
const (
	Name    = "kreisraum"
	Version = "1.0.0"
)

// Type tokens of the resources.
const (
	ServerToken         = Name + ":index:Server"
	FirewallToken       = Name + ":index:Firewall"
	SSHKeyToken         = Name + ":index:SSHKey"
	NetworkToken        = Name + ":index:Network"
	PrimaryIPToken      = Name + ":index:PrimaryIP"
	PlacementGroupToken = Name + ":index:PlacementGroup"
	RecordToken         = Name + ":index:Record"
)

// Config is what the resources need.
type Config struct {
	Cloud *hetzner.Client
	// Log receives one line per change at Hetzner. Nil: nothing is logged.
	Log *slog.Logger
	// OnError is told each failed operation with its typed error, which the engine would reduce to text. It must be safe for
	// concurrent use. Nil: nobody is told.
	OnError func(error)
	// Fresh says that nothing of the county is known to exist, so that asking for a resource comes before looking for it, which saves a
	// request each. What exists all the same is found when its name turns out to be taken.
	Fresh bool
	// Guard is asked before a machine that runs is switched off or deleted; an error keeps it from that. It must be safe for concurrent
	// use. Nil: nobody is asked.
	Guard func(ctx context.Context, machine string) error
}

// New makes the provider.
func New(cfg Config) p.Provider {
	h := newHandle(cfg)
	return infer.Provider(infer.Options{
		Resources: []infer.InferredResource{
			infer.Resource(Server{h}),
			infer.Resource(Firewall{h}),
			infer.Resource(SSHKey{h}),
			infer.Resource(Network{h}),
			infer.Resource(PrimaryIP{h}),
			infer.Resource(PlacementGroup{h}),
			infer.Resource(Record{h}),
		},
		ModuleMap: map[tokens.ModuleName]tokens.ModuleName{"provider": "index"},
	})
}

// newHandle fills in what cfg leaves out.
func newHandle(cfg Config) handle {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.OnError == nil {
		cfg.OnError = func(error) {}
	}
	if cfg.Guard == nil {
		cfg.Guard = func(context.Context, string) error { return nil }
	}
	return handle{cloud: cfg.Cloud, log: cfg.Log, onError: cfg.OnError, fresh: cfg.Fresh, guard: cfg.Guard, stuck: stuckAfter}
}

// handle is what every resource holds.
type handle struct {
	cloud   *hetzner.Client
	log     *slog.Logger
	onError func(error)
	fresh   bool
	guard   func(ctx context.Context, machine string) error
	// stuck is after how long a server that is still being made is given up and made anew.
	stuck time.Duration
}

// report hands a failed operation to the listener; deferred with the address of the named result.
func (h handle) report(err *error) {
	if *err != nil {
		h.onError(*err)
	}
}

// done logs one change at Hetzner.
func (h handle) done(what, kind string, id int64) {
	h.log.Info(what, slog.String("kind", kind), slog.Int64("id", id))
}

// what names an operation for errors, for example "create network kreisraum-demo".
func what(verb, kind, name string) string { return fmt.Sprintf("%s %s %s", verb, kind, name) }
