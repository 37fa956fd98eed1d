package hcloudsim

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/hetznercloud/hcloud-go/v2/hcloud"
)

// TestEveryLimitIsTold reaches each limit and looks at what a client is told.
func TestEveryLimitIsTold(t *testing.T) {
	for _, tt := range []struct {
		quota, limit string
		create       func(c *cloud) error
	}{
		{"servers", "server_limit", func(c *cloud) error {
			_, _, err := c.client.Server.Create(c.ctx, serverOpts("a"))
			return err
		}},
		{"dedicated_cores", "dedicated_core_limit", func(c *cloud) error {
			opts := serverOpts("a")
			opts.ServerType = &hcloud.ServerType{Name: "ccx13"}
			_, _, err := c.client.Server.Create(c.ctx, opts)
			return err
		}},
		{"primary_ips", "primary_ip_limit", func(c *cloud) error {
			_, _, err := c.client.Server.Create(c.ctx, serverOpts("a"))
			return err
		}},
		{"firewalls", "firewall_limit", func(c *cloud) error {
			_, _, err := c.client.Firewall.Create(c.ctx, hcloud.FirewallCreateOpts{Name: "a"})
			return err
		}},
		{"networks", "network_limit", func(c *cloud) error {
			_, _, err := c.client.Network.Create(c.ctx, hcloud.NetworkCreateOpts{Name: "a", IPRange: cidr(c.T, "10.0.0.0/16")})
			return err
		}},
		{"placement_groups", "placement_group_limit", func(c *cloud) error {
			_, _, err := c.client.PlacementGroup.Create(c.ctx, hcloud.PlacementGroupCreateOpts{Name: "a", Type: hcloud.PlacementGroupTypeSpread})
			return err
		}},
	} {
		t.Run(tt.quota, func(t *testing.T) {
			c := newCloud(t)
			if status, body := c.control("PUT", "/sandbox/quotas", `{"`+tt.quota+`":0}`); status != 204 {
				t.Fatalf("quotas: %d %s", status, body)
			}
			err := tt.create(c)
			c.wantCode(err, hcloud.ErrorCodeResourceLimitExceeded)
			if limit := limitName(c, err); limit != tt.limit {
				t.Errorf("details.limits: got %q, want %q", limit, tt.limit)
			}
			if status, _ := c.control("PUT", "/sandbox/quotas", `{"`+tt.quota+`":10}`); status != 204 {
				t.Fatalf("quotas: %d", status)
			}
			if err := tt.create(c); err != nil {
				t.Errorf("after the limit was raised: %v", err)
			}
		})
	}
}

// limitName is details.limits[0].name of an error. hcloud-go does not decode it but keeps the body.
func limitName(c *cloud, err error) string {
	c.Helper()
	var e hcloud.Error
	if !errors.As(err, &e) {
		return ""
	}
	var body struct {
		Error struct {
			Details limitDetails `json:"details"`
		} `json:"error"`
	}
	if err := json.NewDecoder(e.Response().Body).Decode(&body); err != nil || len(body.Error.Details.Limits) != 1 {
		c.Fatalf("details: got %+v %v", body, err)
	}
	return body.Error.Details.Limits[0].Name
}

func TestQuotasByName(t *testing.T) {
	base := DefaultQuotas()
	limits, err := ParseLimits("servers=20, networks=3,")
	if err != nil {
		t.Fatal(err)
	}
	q, err := base.With(limits)
	if err != nil || q.Servers != 20 || q.Networks != 3 || q.PrimaryIPs != 40 || q.Snapshots != base.Snapshots {
		t.Errorf("got %+v %v", q, err)
	}
	if q, err := base.With(map[string]int{"servers": 1, "primary_ips": 7}); err != nil || q.PrimaryIPs != 7 {
		t.Errorf("given primary IPs: got %+v %v", q, err)
	}
	if q := (Quotas{Servers: 7}).withDefaults(); q.Servers != 7 || q.Zones != base.Zones {
		t.Errorf("defaults: %+v", q)
	}
	for _, bad := range []map[string]int{{"moons": 1}, {"servers": -1}, {"servers": maxQuota + 1}} {
		if _, err := base.With(bad); err == nil {
			t.Errorf("%v was taken", bad)
		}
	}
	for _, bad := range []string{"servers", "servers=", "servers=x", "=,x"} {
		if _, err := ParseLimits(bad); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
	c := newCloud(t)
	for _, bad := range []string{`{"moons":1}`, `{"servers":"5"}`, `[]`} {
		if status, _ := c.control("PUT", "/sandbox/quotas", bad); status != 400 {
			t.Errorf("%s: status %d", bad, status)
		}
	}
	if got := controlJSON[Quotas](c, "/sandbox/quotas"); got != c.sim.Quotas() || got.Servers != 20 {
		t.Errorf("told: %+v", got)
	}
}

func FuzzParseLimits(f *testing.F) {
	f.Add("servers=5,primary_ips=10")
	f.Add(",=,servers=1=2")
	f.Fuzz(func(t *testing.T, text string) {
		limits, err := ParseLimits(text)
		if err != nil {
			return
		}
		if len(limits) > strings.Count(text, ",")+1 {
			t.Fatalf("%q gave %d limits", text, len(limits))
		}
		if q, err := DefaultQuotas().With(limits); err == nil {
			for name, limit := range q.byName() {
				if *limit < 0 {
					t.Fatalf("%q set %s to %d", text, name, *limit)
				}
			}
		}
	})
}
