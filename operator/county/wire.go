package county

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/medienzentrenverbund/kreisraum/conference/opsapi"
	"github.com/medienzentrenverbund/kreisraum/conference/passhash"
	"github.com/medienzentrenverbund/kreisraum/infra"
	"github.com/medienzentrenverbund/kreisraum/infra/hetzner"
	"github.com/medienzentrenverbund/kreisraum/operator/countyca"
	"github.com/medienzentrenverbund/kreisraum/operator/deploy"
	"github.com/medienzentrenverbund/kreisraum/operator/dnscheck"
	"github.com/medienzentrenverbund/kreisraum/operator/endpoints"
	"github.com/medienzentrenverbund/kreisraum/operator/stack"
)

// opsTimeout bounds one call of the ops API.
const opsTimeout = 15 * time.Second

// RealWorld wires the county to the world that e describes. The token may be empty for commands that do not ask the cloud.
func RealWorld(county, version string, e endpoints.Endpoints, log *slog.Logger) World {
	cloud := hetzner.New(hetzner.Config{Token: e.HCloudToken, URL: e.HCloudURL, Log: log, Version: version})
	return World{
		Cloud: cloud,
		OpenStack: func(ctx context.Context, dir, passphrase string) (Stack, error) {
			return openStack(ctx, county, dir, passphrase, cloud, log)
		},
		DialOps: func(address string, ca *countyca.CA) Ops {
			return opsapi.NewClient(opsapi.ClientConfig{Address: address, Certificate: ca.Client(), CA: ca.Pool(), Timeout: opsTimeout})
		},
		Deploy:   deploy.Run,
		Rollback: deploy.Rollback,
		Rebuild:  cloud.Rebuild,
		CheckDNS: func(ctx context.Context, w dnscheck.Wanted, wait time.Duration, progress func(string)) error {
			return dnscheck.Check(ctx, e.DNSServer, w, wait, progress)
		},
		Probe: callThrough,
		Purge: func(ctx context.Context, items []hetzner.Item) error { return purge(ctx, cloud, log, items) },
		Engine: func() error {
			_, err := stack.FindPulumi("")
			return err
		},
		Hash: passhash.Hash,
		Now:  time.Now,
	}
}

// pulumiStack adapts operator/stack.
type pulumiStack struct{ *stack.Stack }

func openStack(ctx context.Context, county, dir, passphrase string, cloud *hetzner.Client, log *slog.Logger) (Stack, error) {
	engine, err := stack.FindPulumi("")
	if err != nil {
		return nil, err
	}
	url, err := rememberedURL(dir)
	if err != nil {
		return nil, err
	}
	s, err := stack.Open(ctx, stack.Config{County: county, Home: dir, StateURL: url, PulumiPath: engine, Passphrase: passphrase, Cloud: cloud, Log: log})
	if err != nil {
		return nil, err
	}
	return pulumiStack{s}, nil
}

func (s pulumiStack) Up(ctx context.Context, spec infra.Spec, progress func(string)) (infra.Outputs, int, error) {
	result, err := s.Stack.Up(ctx, spec, lines(progress))
	changes := 0
	for op, n := range result.Changes {
		if op != "same" {
			changes += n
		}
	}
	return result.Outputs, changes, err
}

func (s pulumiStack) Preview(ctx context.Context, spec infra.Spec) ([]stack.Change, error) {
	result, err := s.Stack.Preview(ctx, spec, nil)
	return result.Details, err
}

func (s pulumiStack) Destroy(ctx context.Context, progress func(string)) error {
	return s.Stack.Destroy(ctx, lines(progress))
}

// lines tells of what has ended; what has only begun would double every line.
func lines(progress func(string)) func(stack.Event) {
	return func(e stack.Event) {
		if e.Phase == stack.Started {
			return
		}
		progress(fmt.Sprintf("%s %s: %s %s (%.1f s)", e.Type, e.Name, e.Op, e.Phase, e.Duration.Seconds()))
	}
}
