package hcloudsim

import (
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hetznercloud/hcloud-go/v2/hcloud"
	"github.com/hetznercloud/hcloud-go/v2/hcloud/schema"
)

// ask sends a request without a network, for tests under a fake clock.
func ask[T any](t *testing.T, s *Server, method, path, body string) T {
	t.Helper()
	req := httptest.NewRequest(method, "/v1"+path, strings.NewReader(body))
	req.Header.Set("Authorization", "Bearer "+testToken)
	rec := httptest.NewRecorder()
	underContract(t, s).ServeHTTP(rec, req)
	if rec.Code >= 300 {
		t.Fatalf("%s %s: got %d %s", method, path, rec.Code, rec.Body)
	}
	var v T
	if err := json.Unmarshal(rec.Body.Bytes(), &v); err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	return v
}

func TestActionsTakeTheirTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, err := New(Config{Token: testToken, Runtime: newMemoryRuntime(t), IPv6Supported: true})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		made := ask[schema.ServerCreateResponse](t, s, "POST", "/servers", `{"name":"portal","server_type":"cpx22","image":"debian-12"}`)
		steps := []struct {
			after                time.Duration
			create, start        string
			createDone, progress int
			server               string
		}{
			{0, "running", "running", 0, 0, "initializing"},
			{600 * time.Millisecond, "running", "running", 50, 99, "initializing"},
			{601 * time.Millisecond, "success", "running", 100, 99, "starting"},
			{400 * time.Millisecond, "success", "success", 100, 100, "running"},
		}
		for _, want := range steps {
			time.Sleep(want.after) // the bubble's clock
			synctest.Wait()
			create := ask[schema.ActionGetResponse](t, s, "GET", fmt.Sprintf("/actions/%d", made.Action.ID), "").Action
			start := ask[schema.ActionGetResponse](t, s, "GET", fmt.Sprintf("/actions/%d", made.NextActions[0].ID), "").Action
			server := ask[schema.ServerGetResponse](t, s, "GET", fmt.Sprintf("/servers/%d", made.Server.ID), "").Server
			if create.Status != want.create || create.Progress != want.createDone || start.Status != want.start ||
				start.Progress != want.progress || server.Status != want.server {
				t.Errorf("%v later: got create %s %d, start %s %d, server %s", want.after,
					create.Status, create.Progress, start.Status, start.Progress, server.Status)
			}
			if (create.Finished != nil) != (want.create == "success") {
				t.Errorf("%v later: finished %v", want.after, create.Finished)
			}
		}
	})
}

func TestCloseDoesNotWaitForSlowActions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, err := New(Config{Token: testToken, Runtime: newMemoryRuntime(t), IPv6Supported: true,
			Latency: func(string) time.Duration { return time.Hour }})
		if err != nil {
			t.Fatal(err)
		}
		ask[schema.ServerCreateResponse](t, s, "POST", "/servers", `{"name":"portal","server_type":"cpx22","image":"debian-12"}`)
		begin := time.Now()
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if passed := time.Since(begin); passed > time.Second {
			t.Errorf("Close took %v", passed)
		}
		if err := s.Close(); err != nil {
			t.Errorf("second Close: %v", err)
		}
	})
}

func TestActionLists(t *testing.T) {
	c := newCloud(t)
	a := c.create(serverOpts("a"))
	b := c.create(serverOpts("b"))
	release := c.runtime.holdPowerOff()
	defer release()
	off := must[*hcloud.Action](t)(c.client.Server.Poweroff(c.ctx, b))

	ofB, err := c.client.Server.Action.All(c.ctx, hcloud.ActionListOpts{Sort: []string{"command:desc"}})
	if err != nil || len(ofB) != 5 || ofB[0].Command != "stop_server" {
		t.Errorf("actions of all servers: got %d %v, want five, stop_server first", len(ofB), err)
	}
	ofA, _, err := c.client.Firewall.Action.List(c.ctx, hcloud.ActionListOpts{})
	if err != nil || len(ofA) != 0 {
		t.Errorf("actions of firewalls: got %d %v", len(ofA), err)
	}
	_, _, body := c.raw("GET", fmt.Sprintf("/v1/servers/%d/actions?status=running", b.ID), testToken, "")
	if list := body["actions"].([]any); len(list) != 1 {
		t.Errorf("running actions of b: got %d, want 1", len(list))
	}
	_, _, body = c.raw("GET", fmt.Sprintf("/v1/servers/%d/actions", a.ID), testToken, "")
	if list := body["actions"].([]any); len(list) != 2 {
		t.Errorf("actions of a: got %d, want 2", len(list))
	}
	_, _, body = c.raw("GET", fmt.Sprintf("/v1/actions?id=%d&id=%d&id=999&sort=status&sort=id", off.ID, off.ID), testToken, "")
	if list := body["actions"].([]any); len(list) != 1 {
		t.Errorf("by ID, twice: got %d, want 1", len(list))
	}
	if status, _, _ := c.raw("GET", fmt.Sprintf("/v1/servers/%d/actions/%d", a.ID, off.ID), testToken, ""); status != 404 {
		t.Errorf("another server's action: got %d, want 404", status)
	}
	if status, _, _ := c.raw("GET", "/v1/servers/999/actions", testToken, ""); status != 404 {
		t.Errorf("actions of no server: got %d, want 404", status)
	}
	release()
	c.wait(off)
}

func TestWaitForMoreActionsThanAPage(t *testing.T) {
	c := newCloud(t)
	n := must[*hcloud.Network](t)(c.client.Network.Create(c.ctx, hcloud.NetworkCreateOpts{Name: "private", IPRange: cidr(t, "10.0.0.0/8")}))
	var actions []*hcloud.Action
	for range 60 {
		actions = append(actions, must[*hcloud.Action](t)(c.client.Network.AddSubnet(c.ctx, n, hcloud.NetworkAddSubnetOpts{
			Subnet: hcloud.NetworkSubnet{Type: "cloud", NetworkZone: "eu-central"},
		})))
	}
	c.wait(actions...)
}

func TestOldActionsAreForgotten(t *testing.T) {
	p := newProject()
	running := p.newAction(time.Unix(0, 0), "start_server", 0)
	for range keptActions + 10 {
		p.finish(p.newAction(time.Unix(1, 0), "stop_server", 0).ID, time.Unix(2, 0), nil)
	}
	if len(p.Actions) > keptActions || p.Actions[running.ID] == nil || p.Actions[p.LastID] == nil {
		t.Errorf("kept %d, running one %v, newest %v", len(p.Actions), p.Actions[running.ID] != nil, p.Actions[p.LastID] != nil)
	}
}
