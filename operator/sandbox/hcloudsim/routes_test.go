package hcloudsim

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
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

// FuzzRequests sends anything to any route of a cloud with one of everything: the answer is always in the API's own words.
func FuzzRequests(f *testing.F) {
	routes := endpoints()
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
		sim.ServeHTTP(rec, req)
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
