package hcloudsim

import (
	"encoding/json"
	"net/http/httptest"
	"strings"
	"testing"
)

// answerOf asks without a network.
func answerOf(s *Server, method, path string) *httptest.ResponseRecorder {
	req := httptest.NewRequest(method, path, nil)
	req.Header.Set("Authorization", "Bearer "+testToken)
	rec := httptest.NewRecorder()
	s.ServeHTTP(rec, req)
	return rec
}

// control asks a control path and returns status and body.
func (c *cloud) control(method, path, body string) (int, string) {
	c.Helper()
	rec := httptest.NewRecorder()
	c.sim.Control().ServeHTTP(rec, httptest.NewRequest(method, path, strings.NewReader(body)))
	return rec.Code, rec.Body.String()
}

// controlJSON asks a control path and decodes the answer.
func controlJSON[T any](c *cloud, path string) (v T) {
	c.Helper()
	status, body := c.control("GET", path, "")
	if err := json.Unmarshal([]byte(body), &v); status != 200 || err != nil {
		c.Fatalf("GET %s: %d %s %v", path, status, body, err)
	}
	return v
}

func TestControlOfFaults(t *testing.T) {
	c := newCloud(t)
	for _, tt := range []struct {
		name, method, path, body string
		want                     int
	}{
		{"fault", "POST", "/sandbox/fault", `{"kind":"html","path":"/locations","times":2}`, 204},
		{"fault as it was", "POST", "/sandbox/fault", `{"path_prefix":"/pricing","times":1,"status":503,"code":"unavailable"}`, 204},
		{"bad fault", "POST", "/sandbox/fault", `{"kind":"earthquake","times":1}`, 400},
		{"large fault", "POST", "/sandbox/fault", `{"kind":"` + strings.Repeat("x", maxControl) + `"}`, 400},
		{"chaos", "PUT", "/sandbox/chaos", `{"seed":7,"rate":0,"kinds":["drop"]}`, 204},
		{"bad chaos", "PUT", "/sandbox/chaos", `{"rate":2}`, 400},
		{"stock", "PUT", "/sandbox/stock", `{"server_type":"ccx13","location":"fsn1","in_stock":false}`, 204},
		{"bad recent", "GET", "/sandbox/requests?recent=-1", "", 400},
		{"wrong method", "GET", "/sandbox/chaos", "", 405},
		{"nothing there", "GET", "/sandbox/", "", 404},
	} {
		if got, body := c.control(tt.method, tt.path, tt.body); got != tt.want {
			t.Errorf("%s: status %d, want %d: %s", tt.name, got, tt.want, body)
		}
	}
	if got := answerOf(c.sim, "GET", "/v1/locations").Code; got != 502 {
		t.Errorf("faulty request: %d", got)
	}
	r := controlJSON[FaultReport](c, "/sandbox/faults")
	if r.Struck[KindHTML] != 1 || r.Total != 1 || len(r.Pending) != 2 || r.Pending[0].Times != 1 || r.Chaos == nil || r.Chaos.Seed != 7 {
		t.Errorf("report: %+v", r)
	}
	if got, _ := c.control("DELETE", "/sandbox/chaos", ""); got != 204 || c.sim.Faults().Chaos != nil || c.sim.Faults().Total != 1 {
		t.Errorf("chaos off: %d %+v", got, c.sim.Faults())
	}
	if got, _ := c.control("DELETE", "/sandbox/faults", ""); got != 204 || len(c.sim.Faults().Pending) != 0 || c.sim.Faults().Total != 0 {
		t.Errorf("reset: %d %+v", got, c.sim.Faults())
	}
	requests := controlJSON[RequestReport](c, "/sandbox/requests?recent=5")
	if requests.Total != 1 || len(requests.Recent) != 1 || requests.Recent[0].Fault != KindHTML {
		t.Errorf("requests: %+v", requests)
	}
	if got, _ := c.control("DELETE", "/sandbox/requests", ""); got != 204 || c.sim.Requests(1).Total != 0 {
		t.Errorf("reset: %d", got)
	}
}
