package hcloudsim

import (
	"errors"
	"net"
	"net/netip"
	"strings"
	"testing"

	"github.com/hetznercloud/hcloud-go/v2/hcloud"
)

func TestServerFromCreateToDelete(t *testing.T) {
	c := newCloud(t)
	key := must[*hcloud.SSHKey](t)(c.client.SSHKey.Create(c.ctx, hcloud.SSHKeyCreateOpts{Name: "operator", PublicKey: publicKey(t)}))
	opts := serverOpts("portal")
	opts.SSHKeys = []*hcloud.SSHKey{key}
	opts.UserData = "#cloud-config\n"
	opts.Labels = map[string]string{"role": "portal"}
	res := must[hcloud.ServerCreateResult](t)(c.client.Server.Create(c.ctx, opts))
	if res.Action.Command != "create_server" || res.Action.Status != hcloud.ActionStatusRunning || res.Server.Status != hcloud.ServerStatusInitializing {
		t.Errorf("create: got action %s %s, server %s", res.Action.Command, res.Action.Status, res.Server.Status)
	}
	if len(res.NextActions) != 1 || res.NextActions[0].Command != "start_server" {
		t.Errorf("next actions: got %+v, want start_server", res.NextActions)
	}
	if res.RootPassword != "" {
		t.Error("root password given although there is a key")
	}
	c.wait(append(res.NextActions, res.Action)...)

	s := c.server(res.Server.ID)
	if s.Status != hcloud.ServerStatusRunning || s.Locked {
		t.Errorf("server: got status %s locked %v, want running and free", s.Status, s.Locked)
	}
	if got := s.PublicNet.IPv4.IP.String(); got != "127.77.0.10" {
		t.Errorf("IPv4: got %s, want 127.77.0.10", got)
	}
	if got := s.PublicNet.IPv6.Network.String(); got != "fd77:6b72:0:1::/64" {
		t.Errorf("IPv6: got %s, want fd77:6b72:0:1::/64", got)
	}
	if s.ServerType.Name != "cpx22" || s.ServerType.Cores != 2 || s.Image.Name != "debian-12" || s.Location.Name != "fsn1" {
		t.Errorf("embedded objects: got %s %s %s", s.ServerType.Name, s.Image.Name, s.Location.Name)
	}
	m := c.machine(s.ID)
	if !m.on || m.Name != "portal" || m.IPv4 != netip.MustParseAddr("127.77.0.10") || m.IPv6 != netip.MustParsePrefix("fd77:6b72:0:1::/64") ||
		m.UserData != "#cloud-config\n" || len(m.AuthorizedKeys) != 1 || m.AuthorizedKeys[0] != key.PublicKey ||
		m.Image != "debian-12" || m.Cores != 2 || m.MemoryMiB != 4096 {
		t.Errorf("machine: got %+v", m)
	}

	deleted := must[*hcloud.ServerDeleteResult](t)(c.client.Server.DeleteWithResult(c.ctx, s))
	c.wait(deleted.Action)
	if _, ok := c.runtime.machine(s.ID); ok {
		t.Error("machine still exists after delete")
	}
	if gone := must[*hcloud.Server](t)(c.client.Server.GetByName(c.ctx, "portal")); gone != nil {
		t.Error("server still exists after delete")
	}
	if ips := must2(t)(c.client.PrimaryIP.All(c.ctx)); len(ips) != 0 {
		t.Errorf("primary IPs left: %d, want those created with the server to go with it", len(ips))
	}
	c.create(opts) // the name is free again
}

func must2(t testing.TB) func([]*hcloud.PrimaryIP, error) []*hcloud.PrimaryIP {
	return func(ips []*hcloud.PrimaryIP, err error) []*hcloud.PrimaryIP {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return ips
	}
}

func TestCreateRefusals(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(*hcloud.ServerCreateOpts)
		code   hcloud.ErrorCode
		field  string
	}{
		{"name", func(o *hcloud.ServerCreateOpts) { o.Name = "no_underscore" }, "invalid_input", "name"},
		{"type", func(o *hcloud.ServerCreateOpts) { o.ServerType.Name = "cpx99" }, "invalid_input", "server_type"},
		{"image", func(o *hcloud.ServerCreateOpts) { o.Image.Name = "beos-5" }, "invalid_input", "image"},
		{"image of the other architecture", func(o *hcloud.ServerCreateOpts) { o.Image = &hcloud.Image{ID: 1002} }, "invalid_input", "image"},
		{"location", func(o *hcloud.ServerCreateOpts) { o.Location.Name = "lun1" }, "invalid_input", "location"},
		{"withdrawn at the location", func(o *hcloud.ServerCreateOpts) { o.Location.Name = "sin" }, "invalid_input", ""},
		{"user data", func(o *hcloud.ServerCreateOpts) { o.UserData = strings.Repeat("a", 32<<10+1) }, "invalid_input", "user_data"},
		{"label", func(o *hcloud.ServerCreateOpts) { o.Labels = map[string]string{"a b": ""} }, "invalid_input", "labels"},
		{"reserved label", func(o *hcloud.ServerCreateOpts) { o.Labels = map[string]string{"hetzner.cloud/a": ""} }, "invalid_input", "labels"},
		{"no such key", func(o *hcloud.ServerCreateOpts) { o.SSHKeys = []*hcloud.SSHKey{{ID: 999}} }, "not_found", ""},
		{"no such firewall", func(o *hcloud.ServerCreateOpts) {
			o.Firewalls = []*hcloud.ServerCreateFirewall{{Firewall: hcloud.Firewall{ID: 999}}}
		}, "not_found", ""},
		{"sold out", func(o *hcloud.ServerCreateOpts) { o.ServerType.Name = "cpx32" }, "resource_unavailable", ""},
		{"dedicated cores", func(o *hcloud.ServerCreateOpts) { o.ServerType.Name = "ccx43" }, "resource_limit_exceeded", ""},
		{"no network at all", func(o *hcloud.ServerCreateOpts) {
			o.PublicNet = &hcloud.ServerCreatePublicNet{}
		}, "invalid_input", "networks"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := newCloud(t)
			if err := c.sim.SetStock("cpx32", "fsn1", false); err != nil {
				t.Fatal(err)
			}
			opts := serverOpts("portal")
			tt.change(&opts)
			_, _, err := c.client.Server.Create(c.ctx, opts)
			c.wantCode(err, tt.code)
			var e hcloud.Error
			if errors.As(err, &e) && tt.field != "" {
				details, _ := e.Details.(hcloud.ErrorDetailsInvalidInput)
				if len(details.Fields) != 1 || details.Fields[0].Name != tt.field {
					t.Errorf("fields: got %+v, want %s", details.Fields, tt.field)
				}
			}
			if n := c.runtime.creates; n != 0 {
				t.Errorf("machines created: %d, want none", n)
			}
			if servers, err := c.client.Server.All(c.ctx); err != nil || len(servers) != 0 {
				t.Errorf("servers: got %d %v, want none", len(servers), err)
			}
			if ips := must2(t)(c.client.PrimaryIP.All(c.ctx)); len(ips) != 0 {
				t.Errorf("primary IPs left: %d", len(ips))
			}
		})
	}
}

func TestUserDataMayFillTheLimit(t *testing.T) {
	c := newCloud(t)
	opts := serverOpts("portal")
	opts.UserData = strings.Repeat("a", 32<<10)
	c.create(opts)
}

func TestNameIsTaken(t *testing.T) {
	c := newCloud(t)
	c.create(serverOpts("portal"))
	_, res, err := c.client.Server.Create(c.ctx, serverOpts("portal"))
	c.wantCode(err, hcloud.ErrorCodeUniquenessError)
	if res.StatusCode != 409 {
		t.Errorf("status: got %d, want 409", res.StatusCode)
	}
}

func TestQuotaOfServers(t *testing.T) {
	c := newCloud(t, func(cfg *Config) { cfg.Quotas = Quotas{} })
	for _, name := range []string{"a", "b", "c", "d", "e"} {
		c.create(serverOpts(name))
	}
	_, res, err := c.client.Server.Create(c.ctx, serverOpts("f"))
	c.wantCode(err, hcloud.ErrorCodeResourceLimitExceeded)
	if res.StatusCode != 403 {
		t.Errorf("status: got %d, want 403", res.StatusCode)
	}
	_, _, body := c.raw("POST", "/v1/servers", testToken, `{"name":"g","server_type":"cpx22","image":"debian-12"}`)
	limits := body["error"].(map[string]any)["details"].(map[string]any)["limits"].([]any)
	if got := limits[0].(map[string]any)["name"]; got != "server_limit" {
		t.Errorf("limit: got %v, want server_limit", got)
	}
	c.sim.SetQuota(Quotas{Servers: 6, PrimaryIPs: 20})
	c.create(serverOpts("f"))
}

func TestCreateByNumbersAndStrings(t *testing.T) {
	for name, body := range map[string]string{
		"names":            `{"name":"s","server_type":"cpx22","image":"debian-12","location":"nbg1"}`,
		"numbers":          `{"name":"s","server_type":109,"image":1001,"location":"2"}`,
		"numbers as text":  `{"name":"s","server_type":"109","image":"1001","location":"2"}`,
		"without location": `{"name":"s","server_type":"cpx22","image":"debian-12"}`,
	} {
		t.Run(name, func(t *testing.T) {
			c := newCloud(t)
			if err := c.sim.SetStock("cpx22", "fsn1", false); err != nil {
				t.Fatal(err)
			}
			status, _, got := c.raw("POST", "/v1/servers", testToken, body)
			if status != 201 {
				t.Fatalf("status: got %d %v, want 201", status, got)
			}
			server := got["server"].(map[string]any)
			if loc := server["location"].(map[string]any)["name"]; loc != "nbg1" {
				t.Errorf("location: got %v, want nbg1", loc)
			}
			if pw, _ := got["root_password"].(string); pw == "" {
				t.Error("root password: got none, want one because there is no key")
			}
		})
	}
}

func TestPublicNetworkIsNullWhenDisabled(t *testing.T) {
	c := newCloud(t, func(cfg *Config) { cfg.IPv6Supported = false })
	_, _, got := c.raw("POST", "/v1/servers", testToken,
		`{"name":"s","server_type":"cpx22","image":"debian-12","public_net":{"enable_ipv4":true,"enable_ipv6":false}}`)
	net := got["server"].(map[string]any)["public_net"].(map[string]any)
	if v, has := net["ipv6"]; !has || v != nil {
		t.Errorf("ipv6: got %v %v, want null", v, has)
	}
	if net["ipv4"] == nil {
		t.Error("ipv4: got null")
	}
}

func TestHostWithoutIPv6(t *testing.T) {
	c := newCloud(t, func(cfg *Config) { cfg.IPv6Supported = false })
	_, res, err := c.client.Server.Create(c.ctx, serverOpts("portal"))
	c.wantCode(err, "unsupported_error")
	if res.StatusCode != 422 || !strings.Contains(err.Error(), "ipv6: false") {
		t.Errorf("got %d %v, want 422 with advice", res.StatusCode, err)
	}
	_, _, err = c.client.PrimaryIP.Create(c.ctx, hcloud.PrimaryIPCreateOpts{Name: "v6", Type: hcloud.PrimaryIPTypeIPv6, Location: "fsn1"})
	c.wantCode(err, "unsupported_error")
}

func TestPowerButton(t *testing.T) {
	c := newCloud(t)
	s := c.createStopped("portal")
	if s.Status != hcloud.ServerStatusOff || c.machine(s.ID).on {
		t.Fatalf("after create: got %s, want off", s.Status)
	}
	for _, tt := range []struct {
		name    string
		press   func() (*hcloud.Action, *hcloud.Response, error)
		command string
		want    hcloud.ServerStatus
	}{
		{"poweron", func() (*hcloud.Action, *hcloud.Response, error) { return c.client.Server.Poweron(c.ctx, s) }, "start_server", "running"},
		{"reboot", func() (*hcloud.Action, *hcloud.Response, error) { return c.client.Server.Reboot(c.ctx, s) }, "reboot_server", "running"},
		{"reset", func() (*hcloud.Action, *hcloud.Response, error) { return c.client.Server.Reset(c.ctx, s) }, "reset_server", "running"},
		{"poweroff", func() (*hcloud.Action, *hcloud.Response, error) { return c.client.Server.Poweroff(c.ctx, s) }, "stop_server", "off"},
		{"poweron again", func() (*hcloud.Action, *hcloud.Response, error) { return c.client.Server.Poweron(c.ctx, s) }, "start_server", "running"},
		{"shutdown", func() (*hcloud.Action, *hcloud.Response, error) { return c.client.Server.Shutdown(c.ctx, s) }, "shutdown_server", "off"},
	} {
		a := must[*hcloud.Action](t)(tt.press())
		if a.Command != tt.command {
			t.Errorf("%s: got command %s, want %s", tt.name, a.Command, tt.command)
		}
		c.wait(a)
		if got := c.server(s.ID).Status; got != tt.want {
			t.Errorf("%s: got status %s, want %s", tt.name, got, tt.want)
		}
		if on := c.machine(s.ID).on; on != (tt.want == "running") {
			t.Errorf("%s: machine on %v", tt.name, on)
		}
	}
}

func TestShutdownMayBeIgnored(t *testing.T) {
	c := newCloud(t)
	s := c.create(serverOpts("portal"))
	c.runtime.failWith("Shutdown", ErrShutdownIgnored)
	c.wait(must[*hcloud.Action](t)(c.client.Server.Shutdown(c.ctx, s)))
	if got := c.server(s.ID).Status; got != hcloud.ServerStatusRunning {
		t.Errorf("status: got %s, want running", got)
	}
}

func TestLockedWhileAnActionRuns(t *testing.T) {
	c := newCloud(t)
	s := c.create(serverOpts("portal"))
	release := c.runtime.holdPowerOff()
	defer release()
	off := must[*hcloud.Action](t)(c.client.Server.Poweroff(c.ctx, s))
	if !c.server(s.ID).Locked {
		t.Error("locked: got false while the action runs")
	}
	_, res, err := c.client.Server.DeleteWithResult(c.ctx, s)
	c.wantCode(err, hcloud.ErrorCodeLocked)
	if res.StatusCode != 423 {
		t.Errorf("status: got %d, want 423", res.StatusCode)
	}
	release()
	c.wait(off)
	c.wait(must[*hcloud.ServerDeleteResult](t)(c.client.Server.DeleteWithResult(c.ctx, s)).Action)
}

func TestMachineThatCannotBeCreated(t *testing.T) {
	c := newCloud(t)
	c.runtime.failWith("Create", errors.New("disk is full"))
	res := must[hcloud.ServerCreateResult](t)(c.client.Server.Create(c.ctx, serverOpts("portal")))
	err := c.client.Action.WaitFor(c.ctx, res.Action)
	var failed hcloud.ActionError
	if !errors.As(err, &failed) || failed.Code != "action_failed" {
		t.Fatalf("create_server: got %v, want an action error", err)
	}
	if err := c.client.Action.WaitFor(c.ctx, res.NextActions...); err == nil {
		t.Error("start_server succeeded without a machine")
	}
	if s := must[*hcloud.Server](t)(c.client.Server.GetByID(c.ctx, res.Server.ID)); s != nil {
		t.Error("server is still there, want it to vanish")
	}
	if ips := must2(t)(c.client.PrimaryIP.All(c.ctx)); len(ips) != 0 {
		t.Errorf("primary IPs left: %d", len(ips))
	}
	c.runtime.failWith("Create", nil)
	c.create(serverOpts("portal"))
}

func TestMachineThatDoesNotStart(t *testing.T) {
	c := newCloud(t)
	s := c.createStopped("portal")
	c.runtime.failWith("PowerOn", errors.New("no power"))
	a := must[*hcloud.Action](t)(c.client.Server.Poweron(c.ctx, s))
	if err := c.client.Action.WaitFor(c.ctx, a); err == nil {
		t.Error("start_server: got success")
	}
	if got := c.server(s.ID); got.Status != hcloud.ServerStatusOff || got.Locked {
		t.Errorf("server: got %s locked %v, want off and free", got.Status, got.Locked)
	}
}

func TestUpdateServer(t *testing.T) {
	c := newCloud(t)
	opts := serverOpts("portal")
	opts.Labels = map[string]string{"a": "1", "b": "2"}
	s := c.create(opts)
	c.create(serverOpts("other"))
	renamed := must[*hcloud.Server](t)(c.client.Server.Update(c.ctx, s, hcloud.ServerUpdateOpts{Name: "door"}))
	if renamed.Name != "door" || len(renamed.Labels) != 2 {
		t.Errorf("rename: got %s %v, want door and the labels kept", renamed.Name, renamed.Labels)
	}
	relabelled := must[*hcloud.Server](t)(c.client.Server.Update(c.ctx, s, hcloud.ServerUpdateOpts{Labels: map[string]string{"c": "3"}}))
	if len(relabelled.Labels) != 1 || relabelled.Labels["c"] != "3" {
		t.Errorf("labels: got %v, want the map replaced", relabelled.Labels)
	}
	_, _, err := c.client.Server.Update(c.ctx, s, hcloud.ServerUpdateOpts{Name: "other"})
	c.wantCode(err, hcloud.ErrorCodeUniquenessError)
}

func TestProtection(t *testing.T) {
	c := newCloud(t)
	s := c.create(serverOpts("portal"))
	on := hcloud.ServerChangeProtectionOpts{Delete: hcloud.Ptr(true), Rebuild: hcloud.Ptr(true)}
	c.wait(must[*hcloud.Action](t)(c.client.Server.ChangeProtection(c.ctx, s, on)))
	_, _, err := c.client.Server.DeleteWithResult(c.ctx, s)
	c.wantCode(err, hcloud.ErrorCodeProtected)
	_, _, err = c.client.Server.RebuildWithResult(c.ctx, s, hcloud.ServerRebuildOpts{Image: &hcloud.Image{Name: "debian-13"}})
	c.wantCode(err, hcloud.ErrorCodeProtected)
	_, _, err = c.client.Server.ChangeProtection(c.ctx, s, hcloud.ServerChangeProtectionOpts{Delete: hcloud.Ptr(false)})
	c.wantCode(err, hcloud.ErrorCodeInvalidInput)
}

func TestRebuildKeepsIDAndAddresses(t *testing.T) {
	c := newCloud(t)
	s := c.create(serverOpts("portal"))
	res := must[hcloud.ServerRebuildResult](t)(c.client.Server.RebuildWithResult(c.ctx, s, hcloud.ServerRebuildOpts{
		Image: &hcloud.Image{Name: "debian-13"}, UserData: hcloud.Ptr("#new\n"),
	}))
	c.wait(res.Action)
	after := c.server(s.ID)
	if after.Status != hcloud.ServerStatusRunning || after.Image.Name != "debian-13" || !after.PublicNet.IPv4.IP.Equal(s.PublicNet.IPv4.IP) {
		t.Errorf("server: got %s %s", after.Status, after.Image.Name)
	}
	if m := c.machine(s.ID); m.Image != "debian-13" || m.UserData != "#new\n" || !m.on || m.disks != 2 {
		t.Errorf("machine: got %+v", m)
	}
}

func TestChangeTypeNeedsAStoppedServer(t *testing.T) {
	c := newCloud(t)
	s := c.create(serverOpts("portal"))
	opts := hcloud.ServerChangeTypeOpts{ServerType: &hcloud.ServerType{Name: "cpx32"}}
	_, _, err := c.client.Server.ChangeType(c.ctx, s, opts)
	c.wantCode(err, hcloud.ErrorCodeServerNotStopped)
	c.wait(must[*hcloud.Action](t)(c.client.Server.Poweroff(c.ctx, s)))
	c.wait(must[*hcloud.Action](t)(c.client.Server.ChangeType(c.ctx, s, opts)))
	if got := c.server(s.ID); got.ServerType.Name != "cpx32" || got.PrimaryDiskSize != 80 {
		t.Errorf("got %s with %d GB, want cpx32 with the disk kept", got.ServerType.Name, got.PrimaryDiskSize)
	}
	if m := c.machine(s.ID); m.Cores != 4 {
		t.Errorf("machine: got %d cores, want 4", m.Cores)
	}
	opts.ServerType.Name = "cax31"
	_, _, err = c.client.Server.ChangeType(c.ctx, s, opts)
	c.wantCode(err, hcloud.ErrorCodeInvalidServerType)
}

func TestReverseNames(t *testing.T) {
	c := newCloud(t)
	s := c.create(serverOpts("portal"))
	if got := s.PublicNet.IPv4.DNSPtr; got != "static.10.0.77.127.clients.your-server.de" {
		t.Errorf("generic name: got %s", got)
	}
	if got := c.sim.ReverseNames(); len(got) != 0 {
		t.Errorf("names before any was set: %v", got)
	}
	c.wait(must[*hcloud.Action](t)(c.client.Server.ChangeDNSPtr(c.ctx, s, "127.77.0.10", hcloud.Ptr("Klasse.Kreis.Example."))))
	v6 := must[*hcloud.PrimaryIP](t)(c.client.PrimaryIP.GetByID(c.ctx, s.PublicNet.IPv6.ID))
	c.wait(must[*hcloud.Action](t)(c.client.PrimaryIP.ChangeDNSPtr(c.ctx, hcloud.PrimaryIPChangeDNSPtrOpts{
		ID: v6.ID, IP: "fd77:6b72:0:1::", DNSPtr: "klasse.kreis.example",
	})))
	want := []netip.Addr{netip.MustParseAddr("127.77.0.10"), netip.MustParseAddr("fd77:6b72:0:1::1")}
	if got := c.sim.ReverseNames()["klasse.kreis.example"]; len(got) != 2 || got[0] != want[0] || got[1] != want[1] {
		t.Errorf("names: got %v, want %v", got, want)
	}
	if got := c.server(s.ID).PublicNet.IPv4.DNSPtr; got != "klasse.kreis.example" {
		t.Errorf("server's reverse name: got %s", got)
	}
	_, _, err := c.client.Server.ChangeDNSPtr(c.ctx, s, "192.0.2.1", hcloud.Ptr("klasse.kreis.example"))
	c.wantCode(err, hcloud.ErrorCodeInvalidInput)
	_, _, err = c.client.RDNS.ChangeDNSPtr(c.ctx, s, net.ParseIP("127.77.0.10"), hcloud.Ptr("not a name"))
	c.wantCode(err, hcloud.ErrorCodeInvalidInput)
	c.wait(must[*hcloud.Action](t)(c.client.RDNS.ChangeDNSPtr(c.ctx, s, net.ParseIP("127.77.0.10"), nil)))
	c.wait(must[*hcloud.ServerDeleteResult](t)(c.client.Server.DeleteWithResult(c.ctx, s)).Action)
	if got := c.sim.ReverseNames(); len(got) != 0 {
		t.Errorf("names after the server went: %v", got)
	}
}
