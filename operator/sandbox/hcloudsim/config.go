package hcloudsim

import (
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"time"
)

// Config says how the simulated cloud behaves. Token and Runtime are required; every other zero value means the default.
type Config struct {
	// Token may read and write.
	Token string
	// ReadOnlyTokens may only read; a write with one of them is refused with 403.
	ReadOnlyTokens []string
	// Runtime makes the servers real.
	Runtime Runtime
	// Log gets one line per event worth acting on, never names, addresses or tokens. nil: nothing is logged.
	Log *slog.Logger
	// Clock is the time for everything that a client can see. nil: one that shows the computer's time.
	Clock *Clock
	// Profile says how long things take. nil: the profile "demo", see LoadProfile.
	Profile *Profile
	// Latency is how long an action of a command takes at least, for example "create_server"; it goes before Profile. May be nil.
	Latency func(command string) time.Duration
	// Seed decides what Profile draws.
	Seed uint64
	// IPv4Pool holds the public IPv4 addresses; the first one handed out is its tenth. Zero: 127.77.0.0/16.
	IPv4Pool netip.Prefix
	// IPv6Pool is divided into one /64 per primary IP; the first one handed out is its second. Zero: fd77:6b72::/48.
	IPv6Pool netip.Prefix
	// IPv6Supported says that machines of this host can have IPv6 addresses. If not, asking for one is refused.
	IPv6Supported bool
	// StateFile keeps the project over a restart; mode 0600, since user data may hold secrets. Empty: nothing is kept.
	StateFile string
	// Quotas of the account. Limits that are zero are those of DefaultQuotas; SetQuota can set a limit to zero.
	Quotas Quotas
	// RequestsPerHour is size and hourly refill of the rate limit's bucket. 0: 3600, Hetzner's.
	RequestsPerHour int
	// RestoreTimeout bounds how long New waits for the machines of the state file. 0: one minute.
	RestoreTimeout time.Duration
}

// DefaultLatency is the profile "demo": long enough that clients must wait for actions, and short enough for a demonstration.
func DefaultLatency(command string) time.Duration {
	demo, err := LoadProfile("demo")
	if err != nil {
		panic(err) // the embedded file is tested
	}
	return demo.action(command).at(0)
}

func (c Config) withDefaults() (Config, error) {
	var errs []error
	if c.Token == "" {
		errs = append(errs, errors.New("token is empty"))
	}
	if c.Runtime == nil {
		errs = append(errs, errors.New("runtime is missing"))
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Clock == nil {
		c.Clock = NewClock()
	}
	if c.Profile == nil {
		demo, err := LoadProfile("demo")
		errs = append(errs, err)
		c.Profile = &demo
	}
	if !c.IPv4Pool.IsValid() {
		c.IPv4Pool = netip.MustParsePrefix("127.77.0.0/16")
	}
	if !c.IPv6Pool.IsValid() {
		c.IPv6Pool = netip.MustParsePrefix("fd77:6b72::/48")
	}
	if !c.IPv4Pool.Addr().Is4() || c.IPv4Pool.Bits() > 24 {
		errs = append(errs, fmt.Errorf("IPv4 pool %s: need an IPv4 prefix of at most 24 bits", c.IPv4Pool))
	}
	if !c.IPv6Pool.Addr().Is6() || c.IPv6Pool.Bits() > 60 || c.IPv6Pool.Bits() < 16 {
		errs = append(errs, fmt.Errorf("IPv6 pool %s: need an IPv6 prefix of 16 to 60 bits", c.IPv6Pool))
	}
	c.IPv4Pool, c.IPv6Pool = c.IPv4Pool.Masked(), c.IPv6Pool.Masked()
	c.Quotas = c.Quotas.withDefaults()
	if c.RequestsPerHour == 0 {
		c.RequestsPerHour = 3600
	}
	if c.RestoreTimeout == 0 {
		c.RestoreTimeout = time.Minute
	}
	if err := errors.Join(errs...); err != nil {
		return c, fmt.Errorf("cloud simulator configuration: %w", err)
	}
	return c, nil
}
