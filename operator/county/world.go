package county

import (
	"context"
	"net/netip"
	"time"

	"github.com/medienzentrenverbund/kreisraum/conference/opsapi"
	"github.com/medienzentrenverbund/kreisraum/infra"
	"github.com/medienzentrenverbund/kreisraum/infra/hetzner"
	"github.com/medienzentrenverbund/kreisraum/operator/countyca"
	"github.com/medienzentrenverbund/kreisraum/operator/deploy"
	"github.com/medienzentrenverbund/kreisraum/operator/dnscheck"
	"github.com/medienzentrenverbund/kreisraum/operator/stack"
)

// World is everything outside this process that a county's life touches.
type World struct {
	Cloud Cloud
	// OpenStack opens the county's Pulumi stack with its state in dir.
	OpenStack func(ctx context.Context, dir, passphrase string) (Stack, error)
	// DialOps returns a caller of the ops API at address, host:port. It sends nothing yet.
	DialOps func(address string, ca *countyca.CA) Ops
	// Deploy is deploy.Run.
	Deploy func(context.Context, deploy.Job) (deploy.Result, error)
	// Rebuild makes a server at Hetzner anew from an image, see hetzner.Client.
	Rebuild func(ctx context.Context, serverID int64, image, userData string) error
	// Rollback is deploy.Rollback.
	Rollback func(context.Context, deploy.Job) (to string, err error)
	// CheckDNS asks the zone's own name servers, waits for the records at most as long as it is told, and says what it waits for.
	CheckDNS func(ctx context.Context, w dnscheck.Wanted, wait time.Duration, progress func(string)) error
	// Probe holds a call of two synthetic participants.
	Probe func(ctx context.Context, t ProbeTarget) (ProbeReport, error)
	// Purge deletes items at Hetzner whatever the state says of them.
	Purge func(ctx context.Context, items []hetzner.Item) error
	// Engine says what is wrong with the program that changes the infrastructure; may be nil.
	Engine func() error
	// Hash is a password's argon2id hash.
	Hash func(password string) (string, error)
	Now  func() time.Time
}

// Cloud is the county's project at Hetzner.
type Cloud interface {
	CheckToken(ctx context.Context) error
	OpenSSH(ctx context.Context, firewallID int64, sources []netip.Prefix) (func(context.Context) error, error)
	CloseSSH(ctx context.Context, firewallID int64) (closed bool, err error)
	Leftovers(ctx context.Context, county string) ([]hetzner.Resource, error)
	// Servers lists the county's servers, Machines its primary IPs too.
	Servers(ctx context.Context, county string) ([]hetzner.Resource, error)
	Machines(ctx context.Context, county string) ([]hetzner.Resource, error)
	// ZoneFor finds the DNS zone of the project that a domain lies in.
	ZoneFor(ctx context.Context, domain string) (name string, found bool, err error)
	Hourly(ctx context.Context, machines []hetzner.MachineKind) (hetzner.Price, error)
	Looker
}

// Looker sees the whole Hetzner project that a token belongs to.
type Looker interface {
	// Project lists what matches the label selector, everything if it is empty.
	Project(ctx context.Context, selector string) (hetzner.Project, error)
	Prices(ctx context.Context) (hetzner.PriceList, error)
}

// Stack is the county's infrastructure. progress is told one line for each resource that was changed.
type Stack interface {
	// Up makes what is missing; changes is how many resources were created, changed or deleted.
	Up(ctx context.Context, spec infra.Spec, progress func(string)) (out infra.Outputs, changes int, err error)
	// DesiredBridges are the bridges that the county shall have. set is false if nobody has said so yet, or the state is lost; then they are
	// those that exist.
	DesiredBridges(ctx context.Context) (bridges []infra.Bridge, set bool, err error)
	// SetDesiredBridges writes them; the next Up with them makes it so.
	SetDesiredBridges(ctx context.Context, bridges []infra.Bridge) error
	// Unrecorded are bridges that exist and of which neither the state nor the desired bridges have heard.
	Unrecorded(ctx context.Context) ([]infra.Bridge, error)
	// Preview says what Up would change, and changes nothing.
	Preview(ctx context.Context, spec infra.Spec) ([]stack.Change, error)
	Destroy(ctx context.Context, progress func(string)) error
	// Remove deletes the state of a destroyed stack.
	Remove(ctx context.Context) error
}

// Ops is a server's ops API.
type Ops interface {
	Info(ctx context.Context) (opsapi.Info, error)
	OrderCertificate(ctx context.Context) (opsapi.Certificate, error)
	Certificate(ctx context.Context) (opsapi.Certificate, error)
	PutAccounts(ctx context.Context, list opsapi.Accounts) (opsapi.AccountsResult, error)
	// ProbeToken is for the bridge on that machine.
	ProbeToken(ctx context.Context, machine string) (opsapi.ProbeToken, error)
	PutMachines(ctx context.Context, list opsapi.Machines) (opsapi.MachinesResult, error)
	Load(ctx context.Context) (opsapi.Load, error)
	Night(ctx context.Context) (opsapi.Night, error)
	Restart(ctx context.Context, order opsapi.RestartOrder) (opsapi.Night, error)
	Close()
}

// ProbeTarget says where and how long to hold a synthetic call.
type ProbeTarget struct {
	// URL of the site as people open it; Address is the machine's host:port to dial instead of asking the DNS.
	URL, Address string
	// Roots are PEM roots of the site's certificate; empty: the system's.
	Roots       []byte
	Room, Token string
	// Media is how long media flows once both are connected.
	Media time.Duration
	// OverTLS sends media through the relay on the site's port, as in a network that lets no UDP through.
	OverTLS bool
}

// ProbeReport is what the synthetic participants saw.
type ProbeReport struct {
	// Join is from connecting until media could flow, FirstMedia until the first packet of the other participant was there.
	Join       time.Duration `json:"-"`
	FirstMedia time.Duration `json:"-"`
	// RoundTrip between participant and server.
	RoundTrip time.Duration `json:"-"`
	// Loss is the share of packets that did not arrive, 0 to 1.
	Loss float64 `json:"loss"`
	// Received is the number of packets of both participants.
	Received int `json:"received"`
	// Path of the media: "udp", or "tls" through the relay.
	Path string `json:"path"`
	// OverTLS is of a second call, over TLS alone; nil: there was none.
	OverTLS *ProbeReport `json:"over_tls,omitempty"`
}
