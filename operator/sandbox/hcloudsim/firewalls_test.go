package hcloudsim

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/hetznercloud/hcloud-go/v2/hcloud"
)

func tcpRule(t *testing.T, port string, sources ...string) hcloud.FirewallRule {
	t.Helper()
	rule := hcloud.FirewallRule{Direction: hcloud.FirewallRuleDirectionIn, Protocol: hcloud.FirewallRuleProtocolTCP, Port: &port}
	for _, s := range sources {
		rule.SourceIPs = append(rule.SourceIPs, *cidr(t, s))
	}
	return rule
}

func onServer(s *hcloud.Server) hcloud.FirewallResource {
	return hcloud.FirewallResource{Type: hcloud.FirewallResourceTypeServer, Server: &hcloud.FirewallResourceServer{ID: s.ID}}
}

func onLabel(selector string) hcloud.FirewallResource {
	return hcloud.FirewallResource{
		Type: hcloud.FirewallResourceTypeLabelSelector, LabelSelector: &hcloud.FirewallResourceLabelSelector{Selector: selector},
	}
}

// ports are the machine's inbound rules as text.
func (c *cloud) ports(id int64) string {
	c.Helper()
	m := c.machine(id)
	if !m.filtered {
		return "open"
	}
	var out []string
	for _, r := range m.rules {
		out = append(out, fmt.Sprintf("%s/%s from %v", r.Protocol, r.Port, r.Sources))
	}
	return strings.Join(out, ", ")
}

func TestFirewallFromCreateToDelete(t *testing.T) {
	c := newCloud(t)
	s := c.create(serverOpts("portal"))
	if got := c.ports(s.ID); got != "open" {
		t.Errorf("without a firewall: got %s, want open", got)
	}
	made := must[hcloud.FirewallCreateResult](t)(c.client.Firewall.Create(c.ctx, hcloud.FirewallCreateOpts{
		Name: "county", Rules: []hcloud.FirewallRule{tcpRule(t, "443", "0.0.0.0/0", "::/0")}, ApplyTo: []hcloud.FirewallResource{onServer(s)},
	}))
	c.wait(made.Actions...)
	fw := made.Firewall
	if got := c.ports(s.ID); got != "tcp/443 from [0.0.0.0/0 ::/0]" {
		t.Errorf("applied: got %s", got)
	}
	if got := c.server(s.ID).PublicNet.Firewalls; len(got) != 1 || got[0].Firewall.ID != fw.ID || got[0].Status != hcloud.FirewallStatusApplied {
		t.Errorf("server's firewalls: got %+v", got)
	}

	udp := hcloud.FirewallRule{
		Direction: hcloud.FirewallRuleDirectionIn, Protocol: hcloud.FirewallRuleProtocolUDP, Port: hcloud.Ptr("10000-20000"),
		SourceIPs: tcpRule(t, "1", "0.0.0.0/0").SourceIPs, Description: hcloud.Ptr("media"),
	}
	c.wait(must[[]*hcloud.Action](t)(c.client.Firewall.SetRules(c.ctx, fw, hcloud.FirewallSetRulesOpts{
		Rules: []hcloud.FirewallRule{tcpRule(t, "22", "192.0.2.7/32"), udp},
	}))...)
	if got := c.ports(s.ID); got != "tcp/22 from [192.0.2.7/32], udp/10000-20000 from [0.0.0.0/0]" {
		t.Errorf("after set_rules: got %s", got)
	}
	c.wait(must[[]*hcloud.Action](t)(c.client.Firewall.SetRules(c.ctx, fw, hcloud.FirewallSetRulesOpts{Rules: []hcloud.FirewallRule{}}))...)
	if got := c.ports(s.ID); got != "" {
		t.Errorf("without rules: got %s, want everything closed", got)
	}

	_, _, err := c.client.Firewall.ApplyResources(c.ctx, fw, []hcloud.FirewallResource{onServer(s)})
	c.wantCode(err, hcloud.ErrorCodeFirewallAlreadyApplied)
	_, err = c.client.Firewall.Delete(c.ctx, fw)
	c.wantCode(err, hcloud.ErrorCodeResourceInUse)
	c.wait(must[[]*hcloud.Action](t)(c.client.Firewall.RemoveResources(c.ctx, fw, []hcloud.FirewallResource{onServer(s)}))...)
	if got := c.ports(s.ID); got != "open" {
		t.Errorf("removed: got %s, want open", got)
	}
	_, _, err = c.client.Firewall.RemoveResources(c.ctx, fw, []hcloud.FirewallResource{onServer(s)})
	c.wantCode(err, hcloud.ErrorCodeFirewallResourceNotFound)
	_, _, err = c.client.Firewall.ApplyResources(c.ctx, fw, []hcloud.FirewallResource{{Type: "server", Server: &hcloud.FirewallResourceServer{ID: 999}}})
	c.wantCode(err, hcloud.ErrorCodeFirewallResourceNotFound)
	if _, err := c.client.Firewall.Delete(c.ctx, fw); err != nil {
		t.Error(err)
	}
}

func TestFirewallIsUpBeforeTheFirstBoot(t *testing.T) {
	c := newCloud(t)
	made := must[hcloud.FirewallCreateResult](t)(c.client.Firewall.Create(c.ctx, hcloud.FirewallCreateOpts{
		Name: "county", Rules: []hcloud.FirewallRule{tcpRule(t, "443", "0.0.0.0/0")},
	}))
	c.runtime.failWith("PowerOn", fmt.Errorf("no power"))
	opts := serverOpts("portal")
	opts.Firewalls = []*hcloud.ServerCreateFirewall{{Firewall: *made.Firewall}}
	res := must[hcloud.ServerCreateResult](t)(c.client.Server.Create(c.ctx, opts))
	commands := []string{}
	for _, a := range res.NextActions {
		commands = append(commands, a.Command)
	}
	if !slices.Equal(commands, []string{"apply_firewall", "start_server"}) {
		t.Errorf("next actions: got %v", commands)
	}
	if err := c.client.Action.WaitFor(c.ctx, append(res.NextActions, res.Action)...); err == nil {
		t.Error("start_server: got success")
	}
	if got := c.ports(res.Server.ID); got != "tcp/443 from [0.0.0.0/0]" {
		t.Errorf("before the first boot: got %s", got)
	}
}

func TestFirewallThatCannotBeSetKeepsTheMachineOff(t *testing.T) {
	var cfg Config
	c := newCloud(t, func(base *Config) {
		base.StateFile = filepath.Join(t.TempDir(), "cloud.json")
		cfg = *base
	})
	s := c.create(serverOpts("portal"))
	c.wait(must[hcloud.FirewallCreateResult](t)(c.client.Firewall.Create(c.ctx, hcloud.FirewallCreateOpts{
		Name: "county", Rules: []hcloud.FirewallRule{tcpRule(t, "443", "0.0.0.0/0")}, ApplyTo: []hcloud.FirewallResource{onServer(s)},
	})).Actions...)
	if err := c.sim.Close(); err != nil {
		t.Fatal(err)
	}
	c.runtime = newMemoryRuntime(t)
	c.runtime.failWith("SetFirewall", errors.New("no nftables"))
	cfg.Runtime = c.runtime
	c.serve(cfg)
	for range 2 {
		if m := c.machine(s.ID); m.on || c.server(s.ID).Status != hcloud.ServerStatusOff {
			t.Fatal("machine is on without its firewall")
		}
		if err := c.client.Action.WaitFor(c.ctx, must[*hcloud.Action](t)(c.client.Server.Poweron(c.ctx, s))); err == nil {
			t.Fatal("start_server: got success without a firewall")
		}
	}
	c.runtime.failWith("SetFirewall", nil)
	c.wait(must[*hcloud.Action](t)(c.client.Server.Poweron(c.ctx, s)))
	if m := c.machine(s.ID); !m.on || c.ports(s.ID) != "tcp/443 from [0.0.0.0/0]" {
		t.Errorf("machine: got on %v, %s", m.on, c.ports(s.ID))
	}
}

func TestFirewallFollowsLabels(t *testing.T) {
	c := newCloud(t)
	made := must[hcloud.FirewallCreateResult](t)(c.client.Firewall.Create(c.ctx, hcloud.FirewallCreateOpts{
		Name: "media", Rules: []hcloud.FirewallRule{tcpRule(t, "443", "0.0.0.0/0")},
		ApplyTo: []hcloud.FirewallResource{onLabel("role=media")},
	}))
	c.wait(made.Actions...)
	opts := serverOpts("bridge")
	opts.Labels = map[string]string{"role": "media"}
	s := c.create(opts)
	if got := c.ports(s.ID); got != "tcp/443 from [0.0.0.0/0]" {
		t.Errorf("new server with the label: got %s", got)
	}
	fw := must[*hcloud.Firewall](t)(c.client.Firewall.GetByID(c.ctx, made.Firewall.ID))
	if len(fw.AppliedTo) != 1 || len(fw.AppliedTo[0].AppliedToResources) != 1 || fw.AppliedTo[0].AppliedToResources[0].Server.ID != s.ID {
		t.Errorf("applied to: got %+v", fw.AppliedTo)
	}
	_, _, err := c.client.Firewall.RemoveResources(c.ctx, fw, []hcloud.FirewallResource{onServer(s)})
	c.wantCode(err, hcloud.ErrorCodeFirewallManagedByLabelSelector)

	must[*hcloud.Server](t)(c.client.Server.Update(c.ctx, s, hcloud.ServerUpdateOpts{Labels: map[string]string{"role": "portal"}}))
	c.eventually("the firewall to leave with the label", func() bool { return c.ports(s.ID) == "open" })
	must[*hcloud.Server](t)(c.client.Server.Update(c.ctx, s, hcloud.ServerUpdateOpts{Labels: map[string]string{"role": "media"}}))
	c.eventually("the firewall to come with the label", func() bool { return c.ports(s.ID) == "tcp/443 from [0.0.0.0/0]" })
	c.eventually("the firewall to be shown as applied", func() bool {
		got := c.server(s.ID).PublicNet.Firewalls
		return len(got) == 1 && got[0].Status == hcloud.FirewallStatusApplied
	})
	c.wait(must[[]*hcloud.Action](t)(c.client.Firewall.RemoveResources(c.ctx, fw, []hcloud.FirewallResource{onLabel("role=media")}))...)
	if got := c.ports(s.ID); got != "open" {
		t.Errorf("selector removed: got %s", got)
	}
}

func TestSeveralFirewallsAddUp(t *testing.T) {
	c := newCloud(t)
	s := c.create(serverOpts("portal"))
	for i := range maxFirewalls {
		made := must[hcloud.FirewallCreateResult](t)(c.client.Firewall.Create(c.ctx, hcloud.FirewallCreateOpts{
			Name: fmt.Sprintf("fw-%d", i), Rules: []hcloud.FirewallRule{tcpRule(t, fmt.Sprint(8000+i), "0.0.0.0/0")},
			ApplyTo: []hcloud.FirewallResource{onServer(s)},
		}))
		c.wait(made.Actions...)
	}
	if got := len(c.machine(s.ID).rules); got != maxFirewalls {
		t.Errorf("rules: got %d, want %d", got, maxFirewalls)
	}
	_, _, err := c.client.Firewall.Create(c.ctx, hcloud.FirewallCreateOpts{Name: "sixth", ApplyTo: []hcloud.FirewallResource{onServer(s)}})
	c.wantCode(err, hcloud.ErrorCodeResourceLimitExceeded)
	c.wait(must[*hcloud.ServerDeleteResult](t)(c.client.Server.DeleteWithResult(c.ctx, s)).Action)
	firewalls, err := c.client.Firewall.All(c.ctx)
	if err != nil || len(firewalls) != maxFirewalls {
		t.Fatalf("firewalls: got %d %v", len(firewalls), err)
	}
	for _, fw := range firewalls {
		if len(fw.AppliedTo) != 0 {
			t.Errorf("%s is still applied to the deleted server", fw.Name)
		}
	}
}

func TestFirewallRules(t *testing.T) {
	many := func(n int, text string) string { return strings.TrimSuffix(strings.Repeat(text+",", n), ",") }
	rule := func(body string) string { return `{"rules":[` + body + `]}` }
	tcp := func(port, sources string) string {
		return `{"direction":"in","protocol":"tcp","port":"` + port + `","source_ips":[` + sources + `]}`
	}
	for name, tt := range map[string]struct {
		body  string
		field string // empty: accepted
	}{
		"port":                   {rule(tcp("443", `"0.0.0.0/0"`)), ""},
		"range":                  {rule(tcp("1-65535", `"0.0.0.0/0"`)), ""},
		"any":                    {rule(tcp("any", `"0.0.0.0/0"`)), ""},
		"icmp":                   {rule(`{"direction":"in","protocol":"icmp","source_ips":["::/0"]}`), ""},
		"out":                    {rule(`{"direction":"out","protocol":"udp","port":"53","destination_ips":["::/0"]}`), ""},
		"host":                   {rule(tcp("22", `"192.0.2.1/32","2001:db8::1/128"`)), ""},
		"100 networks":           {rule(tcp("22", many(100, `"192.0.2.1/32"`))), ""},
		"50 rules":               {rule(many(50, tcp("22", `"192.0.2.1/32"`))), ""},
		"500 effective rules":    {rule(many(5, tcp("22", many(100, `"192.0.2.1/32"`)))), ""},
		"no port":                {rule(`{"direction":"in","protocol":"tcp","source_ips":["::/0"]}`), "rules.0.port"},
		"port zero":              {rule(tcp("0", `"::/0"`)), "rules.0.port"},
		"port too large":         {rule(tcp("65536", `"::/0"`)), "rules.0.port"},
		"range backwards":        {rule(tcp("443-80", `"::/0"`)), "rules.0.port"},
		"signed port":            {rule(tcp("+443", `"::/0"`)), "rules.0.port"},
		"port with icmp":         {rule(`{"direction":"in","protocol":"icmp","port":"1","source_ips":["::/0"]}`), "rules.0.port"},
		"host bits":              {rule(tcp("22", `"10.0.0.1/8"`)), "rules.0.source_ips.0"},
		"address without a mask": {rule(tcp("22", `"192.0.2.1"`)), "rules.0.source_ips.0"},
		"no sources":             {rule(tcp("22", ``)), "rules.0.source_ips"},
		"101 networks":           {rule(tcp("22", many(101, `"192.0.2.1/32"`))), "rules.0.source_ips"},
		"51 rules":               {rule(many(51, tcp("22", `"192.0.2.1/32"`))), "rules"},
		"501 effective rules":    {rule(many(5, tcp("22", many(100, `"192.0.2.1/32"`))) + "," + tcp("22", `"::/0"`)), "rules"},
		"protocol":               {rule(`{"direction":"in","protocol":"sctp","source_ips":["::/0"]}`), "rules.0.protocol"},
		"direction":              {rule(`{"direction":"up","protocol":"gre","source_ips":["::/0"]}`), "rules.0.direction"},
		"destination inbound":    {rule(`{"direction":"in","protocol":"gre","source_ips":["::/0"],"destination_ips":["::/0"]}`), "rules.0.destination_ips"},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCloud(t)
			made := must[hcloud.FirewallCreateResult](t)(c.client.Firewall.Create(c.ctx, hcloud.FirewallCreateOpts{Name: "fw"}))
			status, _, body := c.raw("POST", fmt.Sprintf("/v1/firewalls/%d/actions/set_rules", made.Firewall.ID), testToken, tt.body)
			if tt.field == "" {
				if status != 201 {
					t.Errorf("got %d %v, want 201", status, body)
				}
				return
			}
			if status != 422 || errorCode(body) != "invalid_input" {
				t.Fatalf("got %d %s, want 422 invalid_input", status, errorCode(body))
			}
			fields := body["error"].(map[string]any)["details"].(map[string]any)["fields"].([]any)
			if got := fields[0].(map[string]any)["name"]; got != tt.field {
				t.Errorf("field: got %v, want %s", got, tt.field)
			}
		})
	}
}

func FuzzPortRange(f *testing.F) {
	for _, seed := range []string{"443", "1-2", "-", "0", "65535-65536", "080"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if !isPortRange(text) {
			return
		}
		var a, b int
		if n, _ := fmt.Sscanf(text, "%d-%d", &a, &b); n == 1 {
			b = a
		}
		if a < 1 || b > 65535 || a > b {
			t.Fatalf("accepted %q", text)
		}
	})
}
