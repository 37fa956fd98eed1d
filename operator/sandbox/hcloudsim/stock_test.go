package hcloudsim

import (
	"strings"
	"testing"
	"time"

	"github.com/hetznercloud/hcloud-go/v2/hcloud"
)

func TestWithdrawnType(t *testing.T) {
	c := newCloud(t)
	order := func(body string) {
		t.Helper()
		if status, text := c.control("PUT", "/sandbox/stock", body); status != 204 {
			t.Fatalf("%s: %d %s", body, status, text)
		}
	}
	order(`{"server_type":"cpx22","location":"fsn1","in_stock":false}`)
	_, _, err := c.client.Server.Create(c.ctx, serverOpts("a"))
	c.wantCode(err, hcloud.ErrorCodeResourceUnavailable)
	order(`{"server_type":"cpx22","location":"fsn1","withdrawn":true}`)
	_, _, err = c.client.Server.Create(c.ctx, serverOpts("a"))
	c.wantCode(err, hcloud.ErrorCodeInvalidInput)
	if !strings.Contains(err.Error(), "unsupported location") {
		t.Errorf("got %v", err)
	}
	order(`{"server_type":"cpx22","location":"fsn1","in_stock":true}`)
	c.create(serverOpts("a"))
}

func TestStockFlips(t *testing.T) {
	start := time.Date(2026, 11, 22, 7, 30, 0, 0, time.UTC)
	c := newCloud(t, func(cfg *Config) { cfg.Clock = NewStoppedClock(start) })
	for _, bad := range []string{`{"every":"1ms","share":0.5}`, `{"every":"1m","share":2}`, `{"share":0.5}`} {
		if status, _ := c.control("PUT", "/sandbox/stock/flips", bad); status != 400 {
			t.Errorf("%s: status %d", bad, status)
		}
	}
	if status, text := c.control("PUT", "/sandbox/stock/flips", `{"seed":3,"every":"10m","share":0.4}`); status != 204 {
		t.Fatalf("flips: %d %s", status, text)
	}
	opts := serverOpts("a")
	opts.StartAfterCreate = hcloud.Ptr(false)
	lies, soldOut := 0, 0
	before := false
	for period := range 60 {
		typ := must[*hcloud.ServerType](t)(c.client.ServerType.GetByID(c.ctx, 109))
		shown := typ.Locations[0].Available
		made, _, err := c.client.Server.Create(c.ctx, opts)
		had := err == nil
		if !had {
			c.wantCode(err, hcloud.ErrorCodeResourceUnavailable)
			soldOut++
		} else {
			c.wait(append(made.NextActions, made.Action)...)
			c.wait(must[*hcloud.ServerDeleteResult](t)(c.client.Server.DeleteWithResult(c.ctx, made.Server)).Action)
		}
		if shown != had {
			lies++
		}
		if period > 0 && shown != before {
			t.Errorf("period %d: shown %v, want what was true a period before", period, shown)
		}
		before = had
		c.sim.Clock().Advance(10 * time.Minute)
	}
	if soldOut < 12 || soldOut > 36 || lies < 10 {
		t.Errorf("sold out in %d of 60 periods, the flag lied in %d", soldOut, lies)
	}
	if status, _ := c.control("DELETE", "/sandbox/stock/flips", ""); status != 204 {
		t.Errorf("no more flips: status %d", status)
	}
	c.create(serverOpts("after"))
}

func FuzzStock(f *testing.F) {
	f.Add([]byte(`{"server_type":"ccx13","location":"fsn1","in_stock":false}`))
	f.Add([]byte(`{"server_type":"ccx13","location":"fsn1","withdrawn":true}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		w, err := parseOrder[Stock](strings.NewReader(string(data)))
		if err != nil {
			return
		}
		cat, err := loadCatalog()
		if err != nil {
			t.Fatal(err)
		}
		s := &Server{catalog: cat}
		pairs := len(cat.stock.priced)
		if err := s.changeStock(w); err != nil && len(cat.stock.withdrawn) != 0 || len(cat.stock.priced) != pairs {
			t.Fatalf("%s changed what is offered", data)
		}
	})
}
