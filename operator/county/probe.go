package county

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/medienzentrenverbund/kreisraum/infra"
)

// String is one line for people.
func (r ProbeReport) String() string {
	line := fmt.Sprintf("joined in %d ms, media after %d ms over %s, round trip %.1f ms, loss %.1f %%", r.Join.Milliseconds(),
		r.FirstMedia.Milliseconds(), r.Path, float64(r.RoundTrip.Microseconds())/1000, 100*r.Loss)
	if r.OverTLS != nil {
		line += "; " + r.OverTLS.String()
	}
	return line
}

// MarshalJSON adds the durations in milliseconds.
func (r ProbeReport) MarshalJSON() ([]byte, error) {
	type bare ProbeReport
	return json.Marshal(struct {
		Join       float64 `json:"join_ms"`
		FirstMedia float64 `json:"first_media_ms"`
		RoundTrip  float64 `json:"round_trip_ms"`
		bare
	}{milliseconds(r.Join), milliseconds(r.FirstMedia), milliseconds(r.RoundTrip), bare(r)})
}

// Probe holds a call of two synthetic participants through the running county.
func (c *County) Probe(ctx context.Context, media time.Duration) (report ProbeReport, err error) {
	_, machine, ops, err := c.live()
	if err != nil {
		return report, err
	}
	defer ops.Close()
	err = c.step(ctx, StepProbe, func(ctx context.Context, _ func(string)) (string, error) {
		report, err = c.hold(ctx, ops, machine, machine, media)
		return report.String(), err
	})
	return report, err
}

// overTLS bounds the second call of a probe: it is about the way, not about the load.
const overTLS = time.Second

// hold lets two participants hold a call through the portal front to the bridge on machine: straight to its media port, then over TLS alone.
func (c *County) hold(ctx context.Context, ops Ops, front, machine infra.Machine, media time.Duration) (ProbeReport, error) {
	report, err := c.call(ctx, ops, front, machine, ProbeTarget{Media: media})
	if err != nil {
		return report, fmt.Errorf("two synthetic participants could not hold a call: %w", err)
	}
	second, err := c.call(ctx, ops, front, machine, ProbeTarget{Media: min(media, overTLS), OverTLS: true})
	if err != nil {
		return report, fmt.Errorf("two synthetic participants could not hold a call over TLS alone, as in a network without UDP: %w", err)
	}
	report.OverTLS = &second
	return report, nil
}

// call gets a token, which lives for a minute, and holds a call with it.
func (c *County) call(ctx context.Context, ops Ops, front, machine infra.Machine, how ProbeTarget) (ProbeReport, error) {
	token, err := ops.ProbeToken(ctx, machineID(machine))
	if err != nil {
		return ProbeReport{}, err
	}
	how.URL, how.Address, how.Roots, how.Room, how.Token = c.URL(), siteAddress(front), c.Endpoints.ACMERoots, token.Room, token.Token
	return c.World.Probe(ctx, how)
}
