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
	return fmt.Sprintf("joined in %d ms, media after %d ms over %s, round trip %.1f ms, loss %.1f %%", r.Join.Milliseconds(),
		r.FirstMedia.Milliseconds(), r.Path, float64(r.RoundTrip.Microseconds())/1000, 100*r.Loss)
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

// hold gets a token, which lives for a minute, and lets two participants in with it: through the portal front to the bridge on machine.
func (c *County) hold(ctx context.Context, ops Ops, front, machine infra.Machine, media time.Duration) (ProbeReport, error) {
	token, err := ops.ProbeToken(ctx, machineID(machine))
	if err != nil {
		return ProbeReport{}, err
	}
	report, err := c.World.Probe(ctx, ProbeTarget{
		URL: c.URL(), Address: siteAddress(front), Roots: c.Endpoints.ACMERoots, Room: token.Room, Token: token.Token, Media: media,
	})
	if err != nil {
		return report, fmt.Errorf("two synthetic participants could not hold a call: %w", err)
	}
	return report, nil
}
