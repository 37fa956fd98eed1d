package hcloudsim

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/hetznercloud/hcloud-go/v2/hcloud"
)

func TestCostOfACharge(t *testing.T) {
	from := time.Date(2026, 11, 30, 22, 30, 0, 0, time.UTC)
	for _, tt := range []struct {
		name  string
		lasts time.Duration
		hours int64
		net   string
	}{
		{"not a moment", 0, 1, "0.1000"},
		{"five minutes", 5 * time.Minute, 1, "0.1000"},
		{"one hour", time.Hour, 1, "0.1000"},
		{"one hour and a bit", time.Hour + time.Second, 2, "0.2000"},
		{"over the end of the month: 2 hours there, 8 here", 10 * time.Hour, 10, "1.0000"},
		{"capped in the second month: 2 hours there", 2*time.Hour + 31*24*time.Hour, 746, "10.2000"},
		{"capped twice", 2*time.Hour + 62*24*time.Hour, 1490, "20.2000"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			until := from.Add(tt.lasts)
			c := charge{From: from, Until: &until, Hour: "0.1", Month: "10"}
			hours, net := c.cost(until.Add(1000 * time.Hour))
			if hours != tt.hours || money(net) != tt.net {
				t.Errorf("got %d hours, %s; want %d, %s", hours, money(net), tt.hours, tt.net)
			}
			c.Until = nil
			if again, same := c.cost(until); again != hours || same.Cmp(net) != 0 {
				t.Errorf("not ended yet: got %d hours, %s", again, money(same))
			}
		})
	}
}

// TestBillOfAnHourOfBridges is what a lesson's extra bridges cost.
func TestBillOfAnHourOfBridges(t *testing.T) {
	start := time.Date(2026, 11, 22, 7, 30, 0, 0, time.UTC)
	c := newCloud(t, func(cfg *Config) {
		cfg.Clock, cfg.StateFile = NewStoppedClock(start), filepath.Join(t.TempDir(), "cloud.json")
	})
	bill := func() Bill { return controlJSON[Bill](c, "/sandbox/bill") }
	if b := bill(); b.Net != "0.0000" || len(b.Lines) != 0 || b.Currency != "EUR" {
		t.Errorf("nothing yet: %+v", b)
	}
	portal := c.createStopped("portal") // cpx22: 0.0312, IPv4: 0.0008
	if b := bill(); b.Net != "0.0320" || b.PerHour != "0.0320" || len(b.Lines) != 2 {
		t.Errorf("a server that is off: %+v", b)
	}
	bridge := serverOpts("bridge-1")
	bridge.ServerType = &hcloud.ServerType{Name: "ccx13"} // 0.0689
	one := c.create(bridge)
	bridge.Name = "bridge-2"
	two := c.create(bridge)
	c.sim.Clock().Advance(50 * time.Minute)
	c.wait(must[*hcloud.ServerDeleteResult](t)(c.client.Server.DeleteWithResult(c.ctx, one)).Action)
	c.sim.Clock().Advance(20 * time.Minute) // the second bridge begins its second hour
	c.wait(must[*hcloud.ServerDeleteResult](t)(c.client.Server.DeleteWithResult(c.ctx, two)).Action)
	want := "0.2731" // portal 2 × 0.0320, bridges 3 × (0.0689 + 0.0008)
	if b := bill(); b.Net != want || b.PerHour != "0.0320" || len(b.Lines) != 6 {
		t.Errorf("got %s, want %s: %+v", b.Net, want, b)
	}
	c.sim.Clock().Advance(10 * time.Minute)
	c.wait(must[*hcloud.Action](t)(c.client.Server.ChangeType(c.ctx, portal, hcloud.ServerChangeTypeOpts{ServerType: &hcloud.ServerType{Name: "cpx32"}})))
	if b := bill(); b.PerHour != "0.0577" || len(b.Lines) != 7 || b.Lines[1].Until == nil || b.Lines[1].Net != "0.0624" {
		t.Errorf("after the change of type: %+v", b)
	}
	c.sim.Clock().Advance(24 * 365 * time.Hour)
	if b := bill(); b.Lines[6].Type != "cpx32" || b.Lines[6].Hours != 8760 {
		t.Errorf("a year later: %+v", b.Lines[6])
	}
	p, err := loadProject(c.sim.cfg.StateFile)
	if err != nil || len(p.Charges) != 7 {
		t.Errorf("saved: %d charges, %v", len(p.Charges), err)
	}
}

func TestOldChargesAreCarried(t *testing.T) {
	var l ledger
	now := time.Date(2026, 11, 22, 7, 30, 0, 0, time.UTC)
	cat, err := loadCatalog()
	if err != nil {
		t.Fatal(err)
	}
	p := newProject()
	total := func() string {
		sum := amount(l.Carried)
		for _, c := range p.Charges {
			_, net := c.cost(now)
			sum.Add(sum, net)
		}
		return money(sum)
	}
	for id := range int64(2*keptCharges + 1) {
		p.PrimaryIPs[id+1] = &primaryIP{meta: meta{ID: id + 1, Created: now}, Type: "ipv4"}
	}
	l.keep(now, p, cat)
	before := total()
	for id := range p.PrimaryIPs {
		if id != 1 {
			delete(p.PrimaryIPs, id)
		}
	}
	l.keep(now, p, cat)
	if len(p.Charges) != keptCharges || p.Charges[1].ID != 1 || total() != before || before != "16.0008" {
		t.Errorf("kept %d, sum %s, before %s", len(p.Charges), total(), before)
	}
}

func TestBackupsAndSnapshotsCost(t *testing.T) {
	c := newCloud(t, func(cfg *Config) { cfg.Clock = NewStoppedClock(time.Date(2026, 11, 22, 7, 30, 0, 0, time.UTC)) })
	s := c.createStopped("portal")
	c.sim.Clock().Advance(90 * time.Minute)
	c.wait(must[*hcloud.Action](t)(c.client.Server.EnableBackup(c.ctx, s, "")))
	made := must[hcloud.ServerCreateImageResult](t)(c.client.Server.CreateImage(c.ctx, s, &hcloud.ServerCreateImageOpts{Type: hcloud.ImageTypeSnapshot}))
	c.wait(made.Action)
	c.wait(must[hcloud.ServerCreateImageResult](t)(c.client.Server.CreateImage(c.ctx, s, &hcloud.ServerCreateImageOpts{Type: hcloud.ImageTypeBackup})).Action)
	c.sim.Clock().Advance(50 * time.Minute)
	lines := map[string]BillLine{}
	for _, l := range c.sim.Bill().Lines {
		lines[l.Kind] = l
	}
	if len(lines) != 4 || lines["server"].Hours != 3 || lines["backup"].Hours != 1 || lines["backup"].Net != "0.0062" || lines["snapshot"].Hours != 1 {
		t.Errorf("got %+v", lines)
	}
	if _, err := c.client.Image.Delete(c.ctx, made.Image); err != nil {
		t.Fatal(err)
	}
	c.sim.Clock().Advance(40 * 24 * time.Hour)
	for _, l := range c.sim.Bill().Lines {
		if l.Kind == "snapshot" && (l.Until == nil || l.Hours != 1) {
			t.Errorf("deleted snapshot: %+v", l)
		}
	}
}
