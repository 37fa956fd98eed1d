package county

import (
	"context"
	"crypto/x509"
	"errors"

	"github.com/medienzentrenverbund/kreisraum/conference/client"
)

// callThrough holds the probe's call with the headless participant.
func callThrough(ctx context.Context, t ProbeTarget) (ProbeReport, error) {
	target := client.Target{URL: t.URL, DialAddress: t.Address}
	if len(t.Roots) > 0 {
		target.Roots = x509.NewCertPool()
		if !target.Roots.AppendCertsFromPEM(t.Roots) {
			return ProbeReport{}, errors.New("the roots of the site's certificate are not PEM")
		}
	}
	r, err := client.Probe(ctx, target, client.Ticket{Room: t.Room, Token: t.Token, OverTLS: t.OverTLS}, t.Media)
	if err != nil {
		return ProbeReport{}, err
	}
	return ProbeReport{Join: r.Join, FirstMedia: r.FirstMedia, RoundTrip: r.RoundTrip, Loss: r.Loss, Received: r.Received, Path: r.Path}, nil
}
