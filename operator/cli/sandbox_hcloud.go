package cli

import (
	"fmt"

	"github.com/medienzentrenverbund/kreisraum/operator/sandbox"
	"github.com/medienzentrenverbund/kreisraum/operator/sandbox/hcloudsim"
	"github.com/spf13/cobra"
)

// cloudFlags describe a simulated cloud that stands alone.
type cloudFlags struct {
	listen, tokenFile, state, profile, limits string
	scale                                     float64
	seed                                      uint64
}

func (a *app) sandboxHCloud() *cobra.Command {
	var f cloudFlags
	cmd := &cobra.Command{
		Use: "hcloud", Short: "Run the simulated Hetzner Cloud API alone, without machines",
		Long: `hcloud serves the simulated Hetzner Cloud API on this computer until Ctrl-C, for any client that takes an endpoint and a token. Servers are
records: nothing boots. The two lines printed are what the client's environment needs, for example that of Hetzner's own hcloud command.

Beside the API, below /sandbox/ and with the same token, is what no cloud offers: faults, chaos, clock, stock, quotas, requests, bill:
  curl -H "Authorization: Bearer $HCLOUD_TOKEN" -X PUT -d '{"seed":7,"rate":0.1}' http://127.0.0.1:7780/sandbox/chaos`,
		Example: `  kreisraum sandbox hcloud --listen 127.0.0.1:7780
  kreisraum sandbox hcloud --profile hetzner --scale 0.1 --limits servers=5 --state cloud.json`,
		Args: exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			config, err := f.config()
			if err != nil {
				return &usageError{cmd.CommandPath(), err}
			}
			config.Log = a.log(nil)
			return sandbox.RunCloud(cmd.Context(), config, func(at sandbox.CloudAddress) {
				_ = a.print(at, fmt.Sprintf("HCLOUD_ENDPOINT=%s\nHCLOUD_TOKEN=%s\n", at.Endpoint, at.Token))
			})
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.listen, "listen", "127.0.0.1:0", "loopback address to listen on; port 0 is any free one")
	flags.StringVar(&f.tokenFile, "token-file", "", "file with the API token, written when it is missing (default: a new token each time)")
	flags.StringVar(&f.state, "state", "", "file that keeps the cloud over a restart (default: nothing is kept)")
	flags.StringVar(&f.profile, "profile", "instant", "how long things take: instant, demo or hetzner")
	flags.Float64Var(&f.scale, "scale", 1, "multiply the profile's times, for example 0.1")
	flags.StringVar(&f.limits, "limits", "", "limits of the account that differ from a new one's, for example servers=20,networks=5")
	flags.Uint64Var(&f.seed, "seed", 0, "decides what is drawn from the profile")
	return cmd
}

func (f *cloudFlags) config() (sandbox.CloudConfig, error) {
	c := sandbox.CloudConfig{Listen: f.listen, TokenFile: f.tokenFile, StateFile: f.state, Seed: f.seed}
	profile, err := hcloudsim.LoadProfile(f.profile)
	if err != nil {
		return c, fmt.Errorf("--profile: %w", err)
	}
	if !(f.scale >= 0 && f.scale <= 1000) {
		return c, fmt.Errorf("--scale: %v is out of range, need 0 to 1000", f.scale)
	}
	scaled := profile.Scaled(f.scale)
	c.Profile = &scaled
	if c.Limits, err = hcloudsim.ParseLimits(f.limits); err != nil {
		return c, fmt.Errorf("--limits: %w", err)
	}
	if _, err := hcloudsim.DefaultQuotas().With(c.Limits); err != nil {
		return c, fmt.Errorf("--limits: %w", err)
	}
	return c, nil
}
