package provider

import (
	"fmt"
	"log/slog"

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
)

// Config is what the resources need.
type Config struct {
	Cloud *hetzner.Client
	// Log receives one line per change at Hetzner. Nil: nothing is logged.
	Log *slog.Logger
	// OnError is told each failed operation with its typed error, which the engine would reduce to text. It must be safe for
	// concurrent use. Nil: nobody is told.
	OnError func(error)
}

// New makes the provider.
func New(cfg Config) p.Provider {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.OnError == nil {
		cfg.OnError = func(error) {}
	}
	h := handle{cloud: cfg.Cloud, log: cfg.Log, onError: cfg.OnError}
	return infer.Provider(infer.Options{
		Resources: []infer.InferredResource{
			infer.Resource(Server{h}),
			infer.Resource(Firewall{h}),
			infer.Resource(SSHKey{h}),
			infer.Resource(Network{h}),
			infer.Resource(PrimaryIP{h}),
			infer.Resource(PlacementGroup{h}),
		},
		ModuleMap: map[tokens.ModuleName]tokens.ModuleName{"provider": "index"},
	})
}

// handle is what every resource holds.
type handle struct {
	cloud   *hetzner.Client
	log     *slog.Logger
	onError func(error)
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
