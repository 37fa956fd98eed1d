package hcloudsim

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hetznercloud/hcloud-go/v2/hcloud"
)

// TestEveryRouteKnowsWhatIsMissing asks every route about a resource that does not exist.
func TestEveryRouteKnowsWhatIsMissing(t *testing.T) {
	c := newCloud(t)
	tried := 0
	for _, e := range endpoints() {
		path := "/v1/" + strings.NewReplacer("{id}", "999999", "{sub}", "999999", "{zone}", "999999", "{name}", "x", "{type}", "A").Replace(strings.Join(e.segments, "/"))
		if e.placeholders() == 0 || strings.Contains(path, "datacenters") {
			continue
		}
		for method := range e.methods {
			status, _, body := c.raw(method, path, testToken, "")
			if status != http.StatusNotFound || errorCode(body) != "not_found" {
				t.Errorf("%s %s: got %d %s, want 404 not_found", method, path, status, errorCode(body))
			}
			tried++
		}
	}
	if tried < 60 {
		t.Errorf("tried %d routes, want all of them", tried)
	}
}

// TestEveryListAndResourceAnswers reads everything there is to read in a cloud with one of everything, and holds it to the description.
func TestEveryListAndResourceAnswers(t *testing.T) {
	c := newCloud(t)
	furnish(t, c.sim)
	snap := c.snapshot(must[*hcloud.Server](t)(c.client.Server.GetByName(c.ctx, "s")), nil)
	ids := map[string]string{"images": itoa(int(snap.ID)), "zones": "kreis.example"}
	for _, kind := range []string{"ssh_keys", "firewalls", "networks", "placement_groups", "primary_ips", "servers", "locations", "server_types"} {
		_, _, body := c.raw("GET", "/v1/"+kind, testToken, "")
		ids[kind] = fmt.Sprint(body[kind].([]any)[0].(map[string]any)["id"])
	}
	zone := must[*hcloud.Zone](t)(c.client.Zone.GetByName(c.ctx, "kreis.example"))
	none := []string{"volumes", "floating_ips", "load_balancers", "certificates", "load_balancer_types", "isos", "storage_boxes", "datacenters"}
	for _, e := range endpoints() {
		kind := e.segments[0]
		if e.methods[http.MethodGet] == nil || slices.Contains(none, kind) || kind == "actions" {
			continue
		}
		for _, query := range []string{"?per_page=2&page=1", ""} {
			id, sub := ids[kind], ""
			for _, a := range c.sim.project.Actions { // nothing is running any more
				if a.concerns(strings.TrimSuffix(kind, "s"), 0) {
					sub = itoa(int(a.ID))
				}
			}
			if slices.Equal(e.segments[1:], []string{"actions", "{id}"}) {
				id = sub
			}
			if kind == "servers" && slices.Contains(e.segments, "metrics") {
				query = "?type=cpu&type=disk&type=network&start=2026-11-22T08:00:00Z&end=2026-11-22T09:00:00Z&step=60"
			}
			path := strings.NewReplacer("{id}", id, "{sub}", sub, "{zone}", id, "{name}", "@", "{type}", "NS").Replace(strings.Join(e.segments, "/"))
			if strings.HasSuffix(path, "/") || sub == "" && strings.Contains(strings.Join(e.segments, "/"), "actions/{") {
				continue // no action of this kind
			}
			if status, _, body := c.raw("GET", "/v1/"+path+query, testToken, ""); status != http.StatusOK {
				t.Errorf("GET /%s%s: got %d %v", path, query, status, body)
			}
		}
	}
	must[*hcloud.Zone](t)(c.client.Zone.Update(c.ctx, zone, hcloud.ZoneUpdateOpts{Labels: map[string]string{"a": "b"}}))
}

// FuzzRequests sends anything to any route of a cloud with one of everything: the answer is always in the API's own words.
func FuzzRequests(f *testing.F) {
	routes := endpoints()
	router, err := description()
	if err != nil {
		f.Fatal(err)
	}
	for i := range routes {
		f.Add(uint8(i), uint8(1), uint8(1), `{"name":"a"}`, "page=1")
	}
	for _, body := range []string{
		`{"name":"s","server_type":"cpx22","image":"debian-12","location":"1","public_net":{"enable_ipv4":true,"ipv4":6}}`,
		`{"network":4,"ip":"10.0.0.9","alias_ips":["10.0.0.8",null]}`, `{"network":4,"alias_ips":["10.0.0.7","10.0.0.7"]}`,
		`{"apply_to":[{"type":"server","server":{"id":7}},{"type":"label_selector","label_selector":{"selector":"a in (b)"}}]}`,
		`{"rules":[{"direction":"in","protocol":"tcp","port":"1-2","source_ips":["::/0","0.0.0.0/0"]}]}`,
		`{"name":"n","ip_range":"10.0.0.0/8","subnets":[{"type":"cloud","ip_range":"10.0.0.0/30","network_zone":"eu-central"}]}`,
		`{"ip":"127.77.0.10","dns_ptr":"a.example"}`, `{"ip":"::%eth0","dns_ptr":null}`, `{"ip_range":"::/0"}`, `[]`, `null`, `{"labels":null,"name":null}`,
		`{"name":"a","type":"A","ttl":60,"records":[{"value":"192.0.2.1","comment":"c"}]}`, `{"records":[{"value":"a.example."}]}`,
		`{"name":"kreis.example","mode":"primary","zonefile":"$TTL 60\n@ IN SOA a. b. 1 1 1 1 1\n@ IN NS a.\n"}`, `{"zonefile":"@ IN A (192.0.2.1\n)"}`,
		`{"type":"backup","description":null}`, `{"server_type":"cpx32","upgrade_disk":true}`,
		`{"destination":"::/0","gateway":"::1"}`, `{"type":"cloud","network_zone":"eu-central"}`,
	} {
		f.Add(uint8(0), uint8(2), uint8(4), body, "label_selector=a+in+(b)&sort=name:desc&per_page=2")
	}
	f.Fuzz(func(t *testing.T, route, method, id uint8, body, query string) {
		sim, err := New(Config{
			Token: testToken, Runtime: newMemoryRuntime(t), IPv6Supported: true, Latency: func(string) time.Duration { return 0 },
		})
		if err != nil {
			t.Fatal(err)
		}
		defer sim.Close()
		furnish(t, sim)
		e := routes[int(route)%len(routes)]
		path := "/v1/" + strings.NewReplacer("{id}", string('0'+rune(id%10)), "{sub}", "1", "{zone}", "kreis.example", "{name}", "@", "{type}", "NS").Replace(strings.Join(e.segments, "/"))
		req := httptest.NewRequest([]string{"GET", "PUT", "POST", "DELETE"}[method%4], path, strings.NewReader(body))
		req.URL.RawQuery = query
		req.Header.Set("Authorization", "Bearer "+testToken)
		rec := httptest.NewRecorder()
		seen := &recorder{ResponseWriter: rec, status: http.StatusOK}
		sim.ServeHTTP(seen, req)
		if err := breach(router, req, []byte(body), seen, false); err != nil {
			t.Fatalf("%s %s %q %q: %v", req.Method, path, query, body, err)
		}
		if rec.Code >= 500 || rec.Code < 200 {
			t.Fatalf("%s %s %q: got %d %s", req.Method, path, body, rec.Code, rec.Body)
		}
		if rec.Code >= 400 && !strings.Contains(rec.Body.String(), `"error":{"code":"`) {
			t.Fatalf("%s %s: got %d %s, want an error envelope", req.Method, path, rec.Code, rec.Body)
		}
	})
}

// furnish puts one of everything into the cloud, below ID 10; server 7 is off and in no network.
func furnish(t *testing.T, sim *Server) {
	t.Helper()
	for _, r := range [][2]string{
		{"/ssh_keys", `{"name":"k","public_key":"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBZgTSeWRmUl4N0zZbI1uXGhgcLMzEBpJhnMzWW9eGvG"}`},
		{"/firewalls", `{"name":"f","rules":[{"direction":"in","protocol":"tcp","port":"443","source_ips":["::/0"]}]}`},
		{"/networks", `{"name":"n","ip_range":"10.0.0.0/16","subnets":[{"type":"cloud","ip_range":"10.0.0.0/24","network_zone":"eu-central"}]}`},
		{"/placement_groups", `{"name":"g","type":"spread"}`},
		{"/primary_ips", `{"name":"p","type":"ipv4","location":"fsn1"}`},
		{"/servers", `{"name":"s","server_type":"cpx22","image":"debian-12","start_after_create":false,"location":"fsn1","public_net":{"enable_ipv6":false}}`},
		{"/zones", `{"name":"kreis.example","mode":"primary"}`},
	} {
		req := httptest.NewRequest("POST", "/v1"+r[0], strings.NewReader(r[1]))
		req.Header.Set("Authorization", "Bearer "+testToken)
		rec := httptest.NewRecorder()
		sim.ServeHTTP(rec, req)
		if rec.Code != http.StatusCreated {
			t.Fatalf("POST %s: got %d %s", r[0], rec.Code, rec.Body)
		}
	}
	deadline := time.Now().Add(30 * time.Second)
	for busy := true; busy; time.Sleep(10 * time.Microsecond) {
		sim.mu.Lock()
		busy = false
		for _, s := range sim.project.Servers {
			busy = busy || s.locked()
		}
		sim.mu.Unlock()
		if time.Now().After(deadline) {
			t.Fatal("still waiting for the server to be created")
		}
	}
}
