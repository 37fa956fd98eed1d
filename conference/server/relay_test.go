package server

import (
	"context"
	"testing"
	"time"

	"github.com/medienzentrenverbund/kreisraum/conference/client"
	"github.com/medienzentrenverbund/kreisraum/conference/eventually"
)

// TestProbeOverTLS holds a call in which everything goes through the site's port.
func TestProbeOverTLS(t *testing.T) {
	t.Parallel()
	c := newCounty(t)
	ops := c.ready(t)
	ticket, err := ops.ProbeToken(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	target := client.Target{URL: "https://" + domain, DialAddress: c.server.TLSAddr().String(), Roots: c.acme.Roots}
	most := c.watchRelay(t)
	report, err := client.Probe(t.Context(), target, client.Ticket{Room: ticket.Room, Token: ticket.Token, OverTLS: true}, 2*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%+v", report)
	if report.Received == 0 || report.Loss > 0.02 || report.Path != "tls" {
		t.Errorf("media: %+v", report)
	}
	if n := most(); n != 2 {
		t.Errorf("%d relays were in use, want those of two participants", n)
	}
	eventually.True(t, "the relays are given back", func() bool { return c.server.relay.Allocations() == 0 })
}

// watchRelay counts allocations until most is called, which says how many there were at a time.
func (c *county) watchRelay(t *testing.T) (most func() int) {
	ctx, cancel := context.WithCancel(t.Context())
	top := make(chan int, 1)
	go func() {
		n := 0
		for ctx.Err() == nil {
			n = max(n, c.server.relay.Allocations())
			time.Sleep(5 * time.Millisecond)
		}
		top <- n
	}()
	return func() int { cancel(); return <-top }
}
