package hcloudsim

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hetznercloud/hcloud-go/v2/hcloud"
	"github.com/hetznercloud/hcloud-go/v2/hcloud/schema"
)

// zone makes a zone and waits for it.
func (c *cloud) zone(opts hcloud.ZoneCreateOpts) *hcloud.Zone {
	c.Helper()
	opts.Mode = hcloud.ZoneModePrimary
	res := must[hcloud.ZoneCreateResult](c)(c.client.Zone.Create(c.ctx, opts))
	c.wait(res.Action)
	return res.Zone
}

func records(values ...string) (out []hcloud.ZoneRRSetRecord) {
	for _, v := range values {
		out = append(out, hcloud.ZoneRRSetRecord{Value: v})
	}
	return out
}

// served are the records of a type that the name servers have for a name.
func (c *cloud) served(zone, name, kind string) (values []string) {
	for _, rr := range c.sim.ServedRecords()[zone] {
		fields := strings.Fields(rr.String())
		if fields[0] == name && fields[3] == kind {
			values = append(values, strings.Join(fields[4:], " "))
		}
	}
	return values
}

func wantServed(t *testing.T, c *cloud, zone, name, kind string, want ...string) {
	t.Helper()
	if got := c.served(zone, name, kind); !slices.Equal(got, want) {
		t.Errorf("served %s %s: got %q, want %q", name, kind, got, want)
	}
}

func TestZoneHasItsOwnRecords(t *testing.T) {
	c := newCloud(t, at("2026-11-22T08:00:00Z"))
	c.zone(hcloud.ZoneCreateOpts{Name: "kreis.example", Labels: map[string]string{"a": "b"}})
	z := must[*hcloud.Zone](t)(c.client.Zone.GetByName(c.ctx, "kreis.example"))
	if z.Status != hcloud.ZoneStatusOk || z.RecordCount != 4 || z.TTL != 3600 || len(z.AuthoritativeNameservers.Assigned) != 3 || z.Labels["a"] != "b" {
		t.Errorf("zone: got %+v", z)
	}
	wantServed(t, c, "kreis.example", "kreis.example.", "NS", "hydrogen.ns.hetzner.com.", "oxygen.ns.hetzner.com.", "helium.ns.hetzner.de.")
	wantServed(t, c, "kreis.example", "kreis.example.", "SOA", "hydrogen.ns.hetzner.com. dns.hetzner.com. 2026112200 86400 10800 3600000 3600")
	if byID := must[*hcloud.Zone](t)(c.client.Zone.GetByID(c.ctx, z.ID)); byID == nil || byID.Name != z.Name {
		t.Errorf("by ID: got %v", byID)
	}
	if none := must[*hcloud.Zone](t)(c.client.Zone.GetByName(c.ctx, "other.example")); none != nil {
		t.Errorf("another zone: got %v", none)
	}
	_, _, err := c.client.Zone.Create(c.ctx, hcloud.ZoneCreateOpts{Name: "kreis.example", Mode: hcloud.ZoneModePrimary})
	c.wantCode(err, hcloud.ErrorCodeUniquenessError)
	res := must[hcloud.ZoneDeleteResult](t)(c.client.Zone.Delete(c.ctx, z))
	c.wait(res.Action)
	if _, there := c.sim.ServedRecords()["kreis.example"]; there {
		t.Error("the deleted zone is still served")
	}
}

func TestRRSets(t *testing.T) {
	c := newCloud(t)
	z := c.zone(hcloud.ZoneCreateOpts{Name: "kreis.example"})
	made := must[hcloud.ZoneRRSetCreateResult](t)(c.client.Zone.CreateRRSet(c.ctx, z, hcloud.ZoneRRSetCreateOpts{
		Name: "jitsi", Type: hcloud.ZoneRRSetTypeA, TTL: hcloud.Ptr(60), Records: records("192.0.2.1"), Labels: map[string]string{"county": "x"},
	}))
	if made.Action.Status != hcloud.ActionStatusRunning || made.Action.Command != "create_rrset" {
		t.Errorf("action: got %+v, want it running", made.Action)
	}
	c.wait(made.Action)
	wantServed(t, c, "kreis.example", "jitsi.kreis.example.", "A", "192.0.2.1")
	set := must[*hcloud.ZoneRRSet](t)(c.client.Zone.GetRRSetByNameAndType(c.ctx, z, "jitsi", hcloud.ZoneRRSetTypeA))
	if set.ID != "jitsi/A" || *set.TTL != 60 || set.Records[0].Value != "192.0.2.1" || set.Labels["county"] != "x" || set.Zone.ID != z.ID {
		t.Errorf("RRSet: got %+v", set)
	}
	set.Zone = z // hcloud-go addresses by name or ID

	c.wait(must[*hcloud.Action](t)(c.client.Zone.SetRRSetRecords(c.ctx, set, hcloud.ZoneRRSetSetRecordsOpts{Records: records("192.0.2.2", "192.0.2.3")})))
	wantServed(t, c, "kreis.example", "jitsi.kreis.example.", "A", "192.0.2.2", "192.0.2.3")
	c.wait(must[*hcloud.Action](t)(c.client.Zone.AddRRSetRecords(c.ctx, set, hcloud.ZoneRRSetAddRecordsOpts{Records: records("192.0.2.4")})))
	c.wait(must[*hcloud.Action](t)(c.client.Zone.RemoveRRSetRecords(c.ctx, set, hcloud.ZoneRRSetRemoveRecordsOpts{Records: records("192.0.2.3")})))
	wantServed(t, c, "kreis.example", "jitsi.kreis.example.", "A", "192.0.2.2", "192.0.2.4")
	caa := &hcloud.ZoneRRSet{Zone: z, Name: "@", Type: hcloud.ZoneRRSetTypeCAA}
	c.wait(must[*hcloud.Action](t)(c.client.Zone.AddRRSetRecords(c.ctx, caa, hcloud.ZoneRRSetAddRecordsOpts{Records: records(`0 issue "letsencrypt.org"`), TTL: hcloud.Ptr(120)})))
	wantServed(t, c, "kreis.example", "kreis.example.", "CAA", `0 issue "letsencrypt.org"`)
	c.wait(must[*hcloud.Action](t)(c.client.Zone.ChangeRRSetTTL(c.ctx, caa, hcloud.ZoneRRSetChangeTTLOpts{TTL: nil})))
	if got := must[*hcloud.ZoneRRSet](t)(c.client.Zone.GetRRSetByNameAndType(c.ctx, z, "@", "CAA")); got.TTL != nil {
		t.Errorf("time to live: got %d, want the zone's", *got.TTL)
	}
	c.wait(must[*hcloud.Action](t)(c.client.Zone.UpdateRRSetRecords(c.ctx, set, hcloud.ZoneRRSetUpdateRecordsOpts{
		Records: []hcloud.ZoneRRSetRecord{{Value: "192.0.2.2", Comment: "portal"}},
	})))
	updated := must[*hcloud.ZoneRRSet](t)(c.client.Zone.UpdateRRSet(c.ctx, set, hcloud.ZoneRRSetUpdateOpts{Labels: map[string]string{"county": "y"}}))
	if updated.Records[0].Comment != "portal" || updated.Labels["county"] != "y" {
		t.Errorf("after updates: got %+v", updated)
	}
	all, err := c.client.Zone.AllRRSetsWithOpts(c.ctx, z, hcloud.ZoneRRSetListOpts{Type: []hcloud.ZoneRRSetType{"A", "CAA"}})
	if err != nil || len(all) != 2 || all[0].ID != "@/CAA" || all[1].ID != "jitsi/A" {
		t.Errorf("list: got %v %v", all, err)
	}
	c.wait(must[*hcloud.Action](t)(c.client.Zone.RemoveRRSetRecords(c.ctx, set, hcloud.ZoneRRSetRemoveRecordsOpts{Records: records("192.0.2.2", "192.0.2.4")})))
	if got := must[*hcloud.ZoneRRSet](t)(c.client.Zone.GetRRSetByNameAndType(c.ctx, z, "jitsi", "A")); got != nil {
		t.Errorf("RRSet without records: got %+v, want none", got)
	}
	wantServed(t, c, "kreis.example", "jitsi.kreis.example.", "A")
	_, _, err = c.client.Zone.SetRRSetRecords(c.ctx, set, hcloud.ZoneRRSetSetRecordsOpts{Records: records("192.0.2.1")})
	c.wantCode(err, hcloud.ErrorCodeNotFound)
	res := must[hcloud.ZoneRRSetDeleteResult](t)(c.client.Zone.DeleteRRSet(c.ctx, caa))
	c.wait(res.Action)
	wantServed(t, c, "kreis.example", "kreis.example.", "CAA")
	if soa := c.served("kreis.example", "kreis.example.", "SOA"); len(soa) != 1 || !strings.HasSuffix(strings.Fields(soa[0])[2], "08") {
		t.Errorf("SOA: got %q, want a serial that counted every change", soa)
	}
}

func TestBadZonesAndRecords(t *testing.T) {
	c := newCloud(t)
	for _, tt := range []struct{ name, method, path, body, code string }{
		{"subdomain", "POST", "/zones", `{"name":"www.kreis.de","mode":"primary"}`, "invalid_input"},
		{"public suffix", "POST", "/zones", `{"name":"co.uk","mode":"primary"}`, "invalid_input"},
		{"one label", "POST", "/zones", `{"name":"localhost","mode":"primary"}`, "invalid_input"},
		{"upper case", "POST", "/zones", `{"name":"Kreis.example","mode":"primary"}`, "invalid_input"},
		{"final dot", "POST", "/zones", `{"name":"kreis.example.","mode":"primary"}`, "invalid_input"},
		{"no mode", "POST", "/zones", `{"name":"kreis.example"}`, "invalid_input"},
		{"secondary", "POST", "/zones", `{"name":"kreis.example","mode":"secondary"}`, "invalid_input"},
		{"time to live", "POST", "/zones", `{"name":"kreis.example","mode":"primary","ttl":59}`, "invalid_input"},
		{"zone file without SOA", "POST", "/zones", `{"name":"kreis.example","mode":"primary","zonefile":"@ IN A 192.0.2.1"}`, "invalid_input"},
		{"no such zone", "GET", "/zones/other.example/rrsets", ``, "not_found"},
		{"no such RRSet", "GET", "/zones/kreis.example/rrsets/www/A", ``, "not_found"},
		{"bad address", "POST", "/zones/kreis.example/rrsets", `{"name":"a","type":"A","records":[{"value":"2001:db8::1"}]}`, "invalid_input"},
		{"address with more", "POST", "/zones/kreis.example/rrsets", `{"name":"a","type":"A","records":[{"value":"192.0.2.1 ; x"}]}`, "invalid_input"},
		{"another record in it", "POST", "/zones/kreis.example/rrsets", `{"name":"a","type":"A","records":[{"value":"192.0.2.1\n@ IN A 192.0.2.2"}]}`, "invalid_input"},
		{"no records", "POST", "/zones/kreis.example/rrsets", `{"name":"a","type":"A","records":[]}`, "invalid_input"},
		{"twice", "POST", "/zones/kreis.example/rrsets", `{"name":"a","type":"A","records":[{"value":"192.0.2.1"},{"value":"192.0.2.1"}]}`, "invalid_input"},
		{"text without quotes", "POST", "/zones/kreis.example/rrsets", `{"name":"a","type":"TXT","records":[{"value":"hello"}]}`, "invalid_input"},
		{"unknown type", "POST", "/zones/kreis.example/rrsets", `{"name":"a","type":"X","records":[{"value":"1"}]}`, "invalid_input"},
		{"SOA", "POST", "/zones/kreis.example/rrsets", `{"name":"a","type":"SOA","records":[{"value":"a. b. 1 1 1 1 1"}]}`, "invalid_input"},
		{"full name", "POST", "/zones/kreis.example/rrsets", `{"name":"a.kreis.example.","type":"A","records":[{"value":"192.0.2.1"}]}`, "invalid_input"},
		{"upper case name", "POST", "/zones/kreis.example/rrsets", `{"name":"A","type":"A","records":[{"value":"192.0.2.1"}]}`, "invalid_input"},
		{"CNAME at the apex", "POST", "/zones/kreis.example/rrsets", `{"name":"@","type":"CNAME","records":[{"value":"a"}]}`, "invalid_input"},
		{"exists", "POST", "/zones/kreis.example/rrsets", `{"name":"@","type":"NS","records":[{"value":"a.example."}]}`, "uniqueness_error"},
		{"delete the SOA", "DELETE", "/zones/kreis.example/rrsets/@/SOA", ``, "invalid_input"},
		{"remove what is not there", "POST", "/zones/kreis.example/rrsets/@/NS/actions/remove_records", `{"records":[{"value":"a.example."}]}`, "invalid_input"},
		{"add what is there", "POST", "/zones/kreis.example/rrsets/@/NS/actions/add_records", `{"records":[{"value":"oxygen.ns.hetzner.com."}]}`, "uniqueness_error"},
		{"primary name servers", "POST", "/zones/kreis.example/actions/change_primary_nameservers", `{"primary_nameservers":[]}`, "incorrect_zone_mode"},
	} {
		if tt.path == "/zones/kreis.example/rrsets" && len(c.sim.ServedRecords()) == 0 {
			c.zone(hcloud.ZoneCreateOpts{Name: "kreis.example"})
		}
		if _, _, body := c.raw(tt.method, "/v1"+tt.path, testToken, tt.body); errorCode(body) != tt.code {
			t.Errorf("%s: got %v, want %s", tt.name, body, tt.code)
		}
	}
	if n := len(c.sim.ServedRecords()["kreis.example"]); n != 4 {
		t.Errorf("served: got %d records, want the zone's own four", n)
	}
}

func TestProtectedZone(t *testing.T) {
	c := newCloud(t)
	z := c.zone(hcloud.ZoneCreateOpts{Name: "kreis.example"})
	c.wait(must[*hcloud.Action](t)(c.client.Zone.ChangeProtection(c.ctx, z, hcloud.ZoneChangeProtectionOpts{Delete: hcloud.Ptr(true)})))
	_, _, err := c.client.Zone.Delete(c.ctx, z)
	c.wantCode(err, hcloud.ErrorCodeProtected)
	ns := &hcloud.ZoneRRSet{Zone: z, Name: "@", Type: "NS"}
	c.wait(must[*hcloud.Action](t)(c.client.Zone.ChangeRRSetProtection(c.ctx, ns, hcloud.ZoneRRSetChangeProtectionOpts{Change: hcloud.Ptr(true)})))
	_, _, err = c.client.Zone.DeleteRRSet(c.ctx, ns)
	c.wantCode(err, hcloud.ErrorCodeProtected)
	_, _, err = c.client.Zone.ImportZonefile(c.ctx, z, hcloud.ZoneImportZonefileOpts{Zonefile: "x"})
	c.wantCode(err, hcloud.ErrorCodeProtected)
}

func TestZonefileComesBack(t *testing.T) {
	c := newCloud(t)
	z := c.zone(hcloud.ZoneCreateOpts{Name: "kreis.example", RRSets: []hcloud.ZoneCreateOptsRRSet{
		{Name: "www", Type: "A", TTL: hcloud.Ptr(300), Records: []hcloud.ZoneRRSetRecord{{Value: "192.0.2.1", Comment: "site"}}},
		{Name: "@", Type: "TXT", Records: records(`"v=spf1 -all"`)},
	}})
	before := must[hcloud.ZoneExportZonefileResult](t)(c.client.Zone.ExportZonefile(c.ctx, z)).Zonefile
	c.wait(must[*hcloud.Action](t)(c.client.Zone.ImportZonefile(c.ctx, z, hcloud.ZoneImportZonefileOpts{Zonefile: before + "mail 60 IN A 192.0.2.9\n"})))
	wantServed(t, c, "kreis.example", "www.kreis.example.", "A", "192.0.2.1")
	wantServed(t, c, "kreis.example", "kreis.example.", "TXT", `"v=spf1 -all"`)
	wantServed(t, c, "kreis.example", "mail.kreis.example.", "A", "192.0.2.9")
	set := must[*hcloud.ZoneRRSet](t)(c.client.Zone.GetRRSetByNameAndType(c.ctx, z, "www", "A"))
	if set.Records[0].Comment != "site" || *set.TTL != 300 {
		t.Errorf("record: got %+v", set)
	}
	c.wait(must[*hcloud.Action](t)(c.client.Zone.ImportZonefile(c.ctx, z, hcloud.ZoneImportZonefileOpts{Zonefile: before})))
	wantServed(t, c, "kreis.example", "mail.kreis.example.", "A")
	c.wait(must[*hcloud.Action](t)(c.client.Zone.ChangeTTL(c.ctx, z, hcloud.ZoneChangeTTLOpts{TTL: 90})))
	for _, rr := range c.sim.ServedRecords()["kreis.example"] {
		if rr.Header().Name == "kreis.example." && rr.Header().Rrtype == 6 && rr.Header().Ttl != 90 {
			t.Errorf("time to live: got %d, want the zone's new one", rr.Header().Ttl)
		}
	}
}

// TestRecordsAreServedWhenTheActionHasSucceeded looks at the name servers while the action runs.
func TestRecordsAreServedWhenTheActionHasSucceeded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, err := New(Config{Token: testToken, Runtime: newMemoryRuntime(t), Latency: func(string) time.Duration { return 10 * time.Second }})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		made := ask[schema.ZoneCreateResponse](t, s, "POST", "/zones", `{"name":"kreis.example","mode":"primary"}`)
		if made.Zone.Status != "updating" || made.Action.Status != "running" || len(s.ServedRecords()) != 0 {
			t.Errorf("new zone: got %s, served %v, want nothing yet", made.Zone.Status, s.ServedRecords())
		}
		time.Sleep(5 * time.Second)
		synctest.Wait()
		ask[schema.ZoneRRSetCreateResponse](t, s, "POST", "/zones/kreis.example/rrsets", `{"name":"a","type":"A","records":[{"value":"192.0.2.1"}]}`)
		for _, step := range []struct {
			after time.Duration
			want  int
		}{{4 * time.Second, 0}, {2 * time.Second, 5}, {5 * time.Second, 5}} {
			time.Sleep(step.after)
			synctest.Wait()
			if got := len(s.ServedRecords()["kreis.example"]); got != step.want {
				t.Errorf("after %v more: served %d records, want %d", step.after, got, step.want)
			}
		}
		c := &cloud{T: t, sim: s}
		wantServed(t, c, "kreis.example", "a.kreis.example.", "A", "192.0.2.1")
	})
}

func TestZonesSurviveARestart(t *testing.T) {
	var cfg Config
	c := newCloud(t, func(base *Config) {
		base.StateFile = filepath.Join(t.TempDir(), "cloud.json")
		cfg = *base
	})
	z := c.zone(hcloud.ZoneCreateOpts{Name: "kreis.example"})
	c.sim.cfg.Latency = func(string) time.Duration { return time.Hour }
	must[hcloud.ZoneRRSetCreateResult](t)(c.client.Zone.CreateRRSet(c.ctx, z, hcloud.ZoneRRSetCreateOpts{
		Name: "a", Type: "A", Records: records("192.0.2.1"),
	}))
	wantServed(t, c, "kreis.example", "a.kreis.example.", "A")
	c.restart(cfg)
	wantServed(t, c, "kreis.example", "a.kreis.example.", "A", "192.0.2.1")
	if got := must[*hcloud.Zone](t)(c.client.Zone.GetByID(c.ctx, z.ID)); got.RecordCount != 5 || got.Status != hcloud.ZoneStatusOk {
		t.Errorf("zone: got %+v", got)
	}
}

// at starts a cloud whose clock stands still.
func at(text string) func(*Config) {
	return func(cfg *Config) {
		now, err := time.Parse(time.RFC3339, text)
		if err != nil {
			panic(err)
		}
		cfg.Clock = NewStoppedClock(now)
	}
}
