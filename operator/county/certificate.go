package county

import (
	"context"
	"fmt"
	"time"

	"github.com/medienzentrenverbund/kreisraum/conference/opsapi"
)

const (
	// ordering bounds the wait for a certificate. Let's Encrypt needs a few seconds; the server gives up by itself.
	ordering = 3 * time.Minute
	// certificatePoll is the pause between two questions; it doubles up to certificatePollMax.
	certificatePoll    = 50 * time.Millisecond
	certificatePollMax = 2 * time.Second
)

// certify lets the server order its certificate unless it has one.
func (u *up) certify(ctx context.Context, progress func(string)) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, ordering)
	defer cancel()
	state, err := u.portal().ops.Certificate(ctx)
	if err != nil {
		return "", err
	}
	if u.good(state) {
		return until(state), nil
	}
	progress("ordering from the certificate authority")
	if state, err = u.portal().ops.OrderCertificate(ctx); err != nil {
		return "", err
	}
	for pause := certificatePoll; state.State == opsapi.CertificateOrdering; pause = min(2*pause, certificatePollMax) {
		select {
		case <-ctx.Done():
			return "", fmt.Errorf("the certificate authority has not issued within %s; run the command again later: %w", ordering, ctx.Err())
		case <-time.After(pause):
		}
		if state, err = u.portal().ops.Certificate(ctx); err != nil {
			return "", err
		}
	}
	if !u.good(state) {
		return "", fmt.Errorf("the certificate authority did not issue a certificate: %s; port 443 of %s must be reachable from the "+
			"internet and the DNS must lead there. Run the command again when that is so", orElse(state.Detail, state.State), u.Config.Domain)
	}
	return until(state), nil
}

func (u *up) good(c opsapi.Certificate) bool {
	return c.State == opsapi.CertificateReady && (c.NotAfter.IsZero() || c.NotAfter.After(u.World.Now()))
}

func until(c opsapi.Certificate) string { return "valid until " + c.NotAfter.Format(time.DateOnly) }

func orElse(text, other string) string {
	if text == "" {
		return other
	}
	return text
}
