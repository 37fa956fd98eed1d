package county

import (
	"context"
	"fmt"
	"time"

	"github.com/medienzentrenverbund/kreisraum/conference/opsapi"
)

const (
	// ordering bounds the wait for a certificate: a rehearsal and an order. Let's Encrypt needs a few seconds for each; the server gives up by itself.
	ordering = 4 * time.Minute
	// certificatePoll is the pause between two questions; it doubles up to certificatePollMax.
	certificatePoll    = 50 * time.Millisecond
	certificatePollMax = 2 * time.Second
	// failingLong is how long renewals may fail before that is worth a word: a hiccup of the authority is over by then.
	failingLong = 24 * time.Hour
)

// certify lets the server order its certificate unless it has one. A renewal that fails is tried again now, because whoever runs `up` may just
// have mended the reason; if it still fails that is said, and no reason to stop as long as the old certificate is good.
func (u *up) certify(ctx context.Context, progress func(string)) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, ordering)
	defer cancel()
	state, err := u.portal().ops.Certificate(ctx)
	if err != nil {
		return "", err
	}
	if u.good(state) && state.FailingSince.IsZero() {
		return until(state), nil
	}
	before := state
	progress("ordering from the certificate authority")
	if state, err = u.portal().ops.OrderCertificate(ctx); err != nil {
		return "", err
	}
	for pause := certificatePoll; state.State == opsapi.CertificateOrdering || u.renewing(before, state); pause = min(2*pause, certificatePollMax) {
		select {
		case <-ctx.Done():
			if u.good(state) {
				return CertificateText(state, u.zone()), nil
			}
			return "", fmt.Errorf("the certificate authority has not issued within %s; run the command again later: %w", ordering, ctx.Err())
		case <-time.After(pause):
		}
		if state, err = u.portal().ops.Certificate(ctx); err != nil {
			return "", err
		}
	}
	if u.good(state) {
		return CertificateText(state, u.zone()), nil
	}
	if now := u.World.Now(); state.LimitedUntil.After(now) {
		return "", fmt.Errorf("the certificate authority takes no more orders for %s until %s: %s. The server orders by itself then; "+
			"to run the command again before has no effect", u.Config.Domain, moment(state.LimitedUntil, u.zone()), state.Detail)
	}
	return "", fmt.Errorf("the certificate authority did not issue a certificate: %s; port 443 of %s must be reachable from the "+
		"internet and the DNS must lead there. The server tries again by itself; run the command again when the reason is mended",
		orElse(state.Detail, state.State), u.Config.Domain)
}

// renewing says that the renewal that was just asked for has not ended: it ends with another certificate, or with another next try. One that
// the authority has forbidden is not even tried.
func (u *up) renewing(before, now opsapi.Certificate) bool {
	return u.good(now) && !before.FailingSince.IsZero() && now.NotAfter.Equal(before.NotAfter) && now.NextTry.Equal(before.NextTry) &&
		!now.LimitedUntil.After(u.World.Now())
}

func (u *up) good(c opsapi.Certificate) bool { return goodAt(c, u.World.Now()) }

func goodAt(c opsapi.Certificate, now time.Time) bool {
	return c.State == opsapi.CertificateReady && (c.NotAfter.IsZero() || c.NotAfter.After(now))
}

func until(c opsapi.Certificate) string { return "valid until " + c.NotAfter.Format(time.DateOnly) }

// CertificateText is one line on a certificate for people, in their time zone: until when it is good, and what is wrong with its renewal.
func CertificateText(c opsapi.Certificate, zone *time.Location) string {
	text := c.State
	if !c.NotAfter.IsZero() {
		text += " until " + c.NotAfter.In(zone).Format(time.DateOnly)
	}
	switch {
	case c.FailingSince.IsZero() && !c.RenewAt.IsZero():
		return text + ", renewed by itself on " + c.RenewAt.In(zone).Format(time.DateOnly)
	case c.FailingSince.IsZero():
		return text + suffix(": ", c.Detail)
	}
	what := "order"
	if c.State == opsapi.CertificateReady {
		what = "renewal"
	}
	text += fmt.Sprintf(", %s failing since %s: %s", what, moment(c.FailingSince, zone), c.Detail)
	if c.LimitedUntil.After(c.FailingSince) {
		return text + "; the authority takes no order before " + moment(c.LimitedUntil, zone)
	}
	return text + "; the server tries again at " + moment(c.NextTry, zone)
}

// certificateProblem says what an operator has to see to, "" if nothing.
func certificateProblem(c opsapi.Certificate, now time.Time, zone *time.Location) string {
	switch {
	case !goodAt(c, now):
		return "the site has no valid certificate (" + orElse(c.Detail, c.State) + "); `up` orders one"
	case !c.FailingSince.IsZero() && now.Sub(c.FailingSince) > failingLong:
		return "the site's certificate is " + CertificateText(c, zone) + "; mend that before it ends, and `up` tries at once"
	}
	return ""
}

// moment is a time to the minute.
func moment(t time.Time, zone *time.Location) string {
	return t.In(zone).Format("2006-01-02 15:04 MST")
}

// zone is the county's.
func (c *County) zone() *time.Location {
	if zone, err := time.LoadLocation(c.Config.Restart.TimeZone); err == nil {
		return zone
	}
	return time.UTC
}

func orElse(text, other string) string {
	if text == "" {
		return other
	}
	return text
}
