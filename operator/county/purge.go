package county

import (
	"context"
	"log/slog"
	"slices"

	"github.com/medienzentrenverbund/kreisraum/infra/hetzner"
	"github.com/medienzentrenverbund/kreisraum/infra/provider"
)

// providerKinds are those that the provider deletes, in the order in which they let go of each other.
var providerKinds = []string{"server", "primary_ip", "firewall", "network", "placement_group", "ssh_key"}

// purge deletes items whatever the state says: first what is of use to a machine only, then machines and all around them.
func purge(ctx context.Context, cloud *hetzner.Client, log *slog.Logger, items []hetzner.Item) error {
	var machines []hetzner.Resource
	for _, i := range items {
		if slices.Contains(providerKinds, i.Kind) {
			machines = append(machines, hetzner.Resource{Kind: i.Kind, ID: i.ID, Name: i.Name})
			continue
		}
		if err := cloud.Remove(ctx, i); err != nil {
			return err
		}
	}
	return provider.Purge(ctx, provider.Config{Cloud: cloud, Log: log}, machines)
}

// OpenCloud reaches a Hetzner project without a county.
func OpenCloud(url, token, version string, log *slog.Logger) Looker {
	return hetzner.New(hetzner.Config{Token: token, URL: url, Log: log, Version: version})
}
