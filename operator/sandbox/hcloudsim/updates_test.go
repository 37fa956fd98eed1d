package hcloudsim

import (
	"fmt"
	"net"
	"strings"
	"testing"

	"github.com/hetznercloud/hcloud-go/v2/hcloud"
)

// TestUpdates renames and relabels one of everything: names stay unique, labels are replaced, and what is not given is kept.
func TestUpdates(t *testing.T) {
	for kind, create := range map[string]string{
		"firewalls":        `{"name":%q,"labels":{"a":"1"}}`,
		"networks":         `{"name":%q,"labels":{"a":"1"},"ip_range":"10.0.0.0/16"}`,
		"placement_groups": `{"name":%q,"labels":{"a":"1"},"type":"spread"}`,
		"primary_ips":      `{"name":%q,"labels":{"a":"1"},"type":"ipv4","location":"fsn1"}`,
		"servers":          `{"name":%q,"labels":{"a":"1"},"server_type":"cpx22","image":"debian-12"}`,
	} {
		t.Run(kind, func(t *testing.T) {
			c := newCloud(t)
			one := strings.TrimSuffix(kind, "s")
			id := 0
			for _, name := range []string{"other", "first"} {
				status, _, body := c.raw("POST", "/v1/"+kind, testToken, fmt.Sprintf(create, name))
				if status != 201 {
					t.Fatalf("create: got %d %v", status, body)
				}
				id = int(body[one].(map[string]any)["id"].(float64))
			}
			for _, tt := range []struct {
				body       string
				status     int
				name, a, b string
			}{
				{`{}`, 200, "first", "1", ""},
				{`{"name":""}`, 200, "first", "1", ""},
				{`{"name":"first"}`, 200, "first", "1", ""},
				{`{"name":"other"}`, 409, "first", "1", ""},
				{`{"name":" space "}`, 422, "first", "1", ""},
				{`{"name":"second","labels":{"no spaces":""}}`, 422, "first", "1", ""},
				{`{"name":"second"}`, 200, "second", "1", ""},
				{`{"labels":{"b":"2"}}`, 200, "second", "", "2"},
				{`{"labels":{}}`, 200, "second", "", ""},
			} {
				path := fmt.Sprintf("/v1/%s/%d", kind, id)
				if status, _, body := c.raw("PUT", path, testToken, tt.body); status != tt.status {
					t.Errorf("%s: got %d %v, want %d", tt.body, status, body, tt.status)
				}
				_, _, body := c.raw("GET", path, testToken, "")
				got := body[one].(map[string]any)
				labels := got["labels"].(map[string]any)
				a, _ := labels["a"].(string)
				b, _ := labels["b"].(string)
				if got["name"] != tt.name || a != tt.a || b != tt.b {
					t.Errorf("after %s: got %v %v", tt.body, got["name"], labels)
				}
			}
		})
	}
}

func TestOwnFieldsOfUpdates(t *testing.T) {
	c := newCloud(t)
	n := must[*hcloud.Network](t)(c.client.Network.Create(c.ctx, hcloud.NetworkCreateOpts{Name: "private", IPRange: cidr(t, "10.77.0.0/16")}))
	if n := must[*hcloud.Network](t)(c.client.Network.Update(c.ctx, n, hcloud.NetworkUpdateOpts{ExposeRoutesToVSwitch: hcloud.Ptr(true)})); !n.ExposeRoutesToVSwitch {
		t.Error("expose_routes_to_vswitch was not changed")
	}
	s := c.create(serverOpts("portal"))
	ip := must[*hcloud.PrimaryIP](t)(c.client.PrimaryIP.GetByID(c.ctx, s.PublicNet.IPv4.ID))
	if !ip.AutoDelete || ip.AssigneeID != s.ID || len(ip.Labels) != 0 {
		t.Errorf("address that came with the server: got %+v", ip)
	}
	must[*hcloud.PrimaryIP](t)(c.client.PrimaryIP.Update(c.ctx, ip, hcloud.PrimaryIPUpdateOpts{AutoDelete: hcloud.Ptr(false)}))
	c.wait(must[*hcloud.ServerDeleteResult](t)(c.client.Server.DeleteWithResult(c.ctx, s)).Action)
	if kept := must[*hcloud.PrimaryIP](t)(c.client.PrimaryIP.GetByID(c.ctx, ip.ID)); kept == nil || kept.AssigneeID != 0 {
		t.Errorf("address without auto_delete: got %+v, want it kept", kept)
	}
}

func TestAliasIPs(t *testing.T) {
	c := newCloud(t)
	n := must[*hcloud.Network](t)(c.client.Network.Create(c.ctx, hcloud.NetworkCreateOpts{
		Name: "private", IPRange: cidr(t, "10.77.0.0/16"),
		Subnets: []hcloud.NetworkSubnet{{Type: "cloud", NetworkZone: "eu-central", IPRange: cidr(t, "10.77.0.0/24")}},
	}))
	addrs := func(texts ...string) (out []net.IP) {
		for _, text := range texts {
			out = append(out, net.ParseIP(text))
		}
		return out
	}
	s := c.createStopped("portal")
	attach := hcloud.ServerAttachToNetworkOpts{Network: n, IP: net.ParseIP("10.77.0.5"), AliasIPs: addrs("10.77.0.5")}
	_, _, err := c.client.Server.AttachToNetwork(c.ctx, s, attach)
	c.wantCode(err, hcloud.ErrorCodeIPNotAvailable)
	attach.AliasIPs = addrs("10.77.0.6", "10.77.0.7")
	c.wait(must[*hcloud.Action](t)(c.client.Server.AttachToNetwork(c.ctx, s, attach)))
	if m := c.machine(s.ID); len(m.Private) != 3 {
		t.Errorf("machine: got %v, want the address and two aliases", m.Private)
	}
	change := func(texts ...string) error {
		a, _, err := c.client.Server.ChangeAliasIPs(c.ctx, s, hcloud.ServerChangeAliasIPsOpts{Network: n, AliasIPs: addrs(texts...)})
		if err == nil {
			c.wait(a)
		}
		return err
	}
	for _, tt := range []struct {
		alias []string
		code  hcloud.ErrorCode
	}{
		{[]string{"10.77.0.6", "10.77.0.8"}, ""},
		{[]string{"10.77.0.9", "10.77.0.6", "10.77.0.9"}, "ip_not_available"},
		{[]string{"10.77.0.5"}, "ip_not_available"},
		{[]string{"10.77.0.1"}, "invalid_input"},
		{[]string{"10.77.0.11", "10.77.0.12", "10.77.0.13", "10.77.0.14", "10.77.0.15", "10.77.0.16"}, "invalid_input"},
	} {
		if err := change(tt.alias...); tt.code == "" && err != nil || tt.code != "" && !hcloud.IsError(err, tt.code) {
			t.Errorf("%v: got %v, want %q", tt.alias, err, tt.code)
		}
		if got := c.server(s.ID).PrivateNet[0].Aliases; len(got) != 2 || got[0].String() != "10.77.0.6" || got[1].String() != "10.77.0.8" {
			t.Errorf("after %v: got %v", tt.alias, got)
		}
	}
	other := c.createStopped("bridge")
	_, _, err = c.client.Server.AttachToNetwork(c.ctx, other, hcloud.ServerAttachToNetworkOpts{Network: n, IP: net.ParseIP("10.77.0.8")})
	c.wantCode(err, hcloud.ErrorCodeIPNotAvailable)
}
