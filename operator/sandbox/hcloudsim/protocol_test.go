package hcloudsim

import (
	"fmt"
	"net/http/httptest"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/hetznercloud/hcloud-go/v2/hcloud"
)

func TestDoors(t *testing.T) {
	c := newCloud(t)
	for _, tt := range []struct {
		name, method, path, token, body string
		status                          int
		code, message                   string
	}{
		{"unknown route comes before the token", "GET", "/v1/limits", "", "", 404, "not_found", "api route not found"},
		{"outside of the prefix", "GET", "/servers", testToken, "", 404, "not_found", "api route not found"},
		{"no token", "GET", "/v1/servers", "", "", 401, "unauthorized", "token is required"},
		{"wrong token", "GET", "/v1/servers", "guess", "", 401, "unauthorized", "the token you have provided is invalid"},
		{"beginning of the token", "GET", "/v1/servers", testToken[:5], "", 401, "unauthorized", "the token you have provided is invalid"},
		{"wrong method without a token", "PATCH", "/v1/servers", "", "", 401, "unauthorized", "token is required"},
		{"wrong method", "PATCH", "/v1/servers", testToken, "", 405, "method_not_allowed", ""},
		{"read with the read-only token", "GET", "/v1/servers", readOnlyToken, "", 200, "", ""},
		{"write with the read-only token", "POST", "/v1/servers", readOnlyToken, "{}", 403, "forbidden", ""},
		{"not JSON", "POST", "/v1/servers", testToken, "{", 400, "json_error", ""},
		{"wrong JSON type", "POST", "/v1/ssh_keys", testToken, `{"name":7}`, 422, "invalid_input", ""},
		{"large body", "POST", "/v1/servers", testToken, `{"name":"` + strings.Repeat("a", maxBody) + `"}`, 413, "invalid_input", ""},
		{"no such server", "GET", "/v1/servers/999", testToken, "", 404, "not_found", "server with ID '999' not found"},
		{"an ID that is none", "GET", "/v1/servers/portal", testToken, "", 404, "not_found", ""},
		{"datacenters", "GET", "/v1/datacenters", testToken, "", 410, "deprecated_api_endpoint", ""},
		{"all actions", "GET", "/v1/actions", testToken, "", 410, "deprecated_api_endpoint", ""},
		{"page zero", "GET", "/v1/servers?page=0", testToken, "", 422, "invalid_input", ""},
		{"sort by an unknown field", "GET", "/v1/servers?sort=price", testToken, "", 422, "invalid_input", ""},
		{"bad selector", "GET", "/v1/servers?label_selector=a+in+(b", testToken, "", 422, "invalid_input", ""},
		{"volume", "POST", "/v1/volumes", testToken, "{}", 422, "unsupported_error", ""},
		{"rescue system", "POST", "/v1/servers/999/actions/enable_rescue", testToken, "", 404, "not_found", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			status, header, body := c.raw(tt.method, tt.path, tt.token, tt.body)
			if status != tt.status || errorCode(body) != tt.code {
				t.Errorf("got %d %s, want %d %s", status, errorCode(body), tt.status, tt.code)
			}
			if e, _ := body["error"].(map[string]any); tt.message != "" && e["message"] != tt.message {
				t.Errorf("message: got %q, want %q", e["message"], tt.message)
			} else if _, has := e["details"]; tt.code != "" && !has {
				t.Error("details are missing, want an object or null")
			}
			if !strings.HasPrefix(header.Get("Content-Type"), "application/json") {
				t.Errorf("content type: got %q", header.Get("Content-Type"))
			}
			if id := header.Get("X-Correlation-Id"); !regexp.MustCompile(`^[0-9a-f]{16}$`).MatchString(id) {
				t.Errorf("correlation ID: got %q", id)
			}
		})
	}
}

func TestEmptyListsAnswer(t *testing.T) {
	c := newCloud(t)
	for _, path := range []string{
		"servers", "firewalls", "networks", "ssh_keys", "primary_ips", "placement_groups", "volumes", "floating_ips", "load_balancers",
		"load_balancer_types", "certificates", "isos", "zones", "storage_boxes",
	} {
		status, _, body := c.raw("GET", "/v1/"+path+"?per_page=50&sort=id:asc", testToken, "")
		list, ok := body[path].([]any)
		if status != 200 || !ok || len(list) != 0 || body["meta"] == nil {
			t.Errorf("%s: got %d %v, want an empty list with meta", path, status, body)
		}
	}
}

func TestPagesOverFiftyOneKeys(t *testing.T) {
	c := newCloud(t)
	for i := range 51 {
		must[*hcloud.SSHKey](t)(c.client.SSHKey.Create(c.ctx, hcloud.SSHKeyCreateOpts{Name: fmt.Sprintf("key-%02d", i), PublicKey: publicKey(t)}))
	}
	all, err := c.client.SSHKey.All(c.ctx)
	if err != nil || len(all) != 51 {
		t.Fatalf("all: got %d %v, want 51", len(all), err)
	}
	for _, tt := range []struct {
		query                       string
		entries                     int
		page, perPage, last         float64
		previous, next              any
		firstName, link, notInLinks string
	}{
		{"", 25, 1, 25, 3, nil, 2.0, "key-00", "rel=next", "rel=prev"},
		{"?per_page=50", 50, 1, 50, 2, nil, 2.0, "key-00", "page=2&per_page=50>; rel=next", "rel=prev"},
		{"?per_page=50&page=2", 1, 2, 50, 2, 1.0, nil, "key-50", "rel=prev", "rel=next"},
		{"?per_page=500", 50, 1, 50, 2, nil, 2.0, "key-00", "rel=next", "rel=prev"},
		{"?page=9", 0, 9, 25, 3, 3.0, nil, "", "rel=prev", "rel=next"},
		{"?sort=name:desc&per_page=3", 3, 1, 3, 17, nil, 2.0, "key-50", "rel=last", "rel=prev"},
		{"?name=key-07", 1, 1, 25, 1, nil, nil, "key-07", "rel=last", "rel=next"},
		{"?name=nope", 0, 1, 25, 1, nil, nil, "", "rel=last", "rel=next"},
	} {
		_, header, body := c.raw("GET", "/v1/ssh_keys"+tt.query, testToken, "")
		keys := body["ssh_keys"].([]any)
		p := body["meta"].(map[string]any)["pagination"].(map[string]any)
		if len(keys) != tt.entries || p["page"] != tt.page || p["per_page"] != tt.perPage || p["last_page"] != tt.last ||
			p["previous_page"] != tt.previous || p["next_page"] != tt.next {
			t.Errorf("%q: got %d entries, %v", tt.query, len(keys), p)
		}
		if len(keys) > 0 && keys[0].(map[string]any)["name"] != tt.firstName {
			t.Errorf("%q: first is %v, want %s", tt.query, keys[0].(map[string]any)["name"], tt.firstName)
		}
		if link := header.Get("Link"); !strings.Contains(link, tt.link) || strings.Contains(link, tt.notInLinks) {
			t.Errorf("%q: link %q", tt.query, link)
		}
	}
}

func TestClientHidesTwoBadGateways(t *testing.T) {
	c := newCloud(t)
	c.sim.InjectFault(Fault{Method: "POST", PathPrefix: "/servers", Times: 2, Status: 502})
	c.create(serverOpts("portal"))
}

func TestRetriedFaults(t *testing.T) {
	for _, tt := range []struct {
		fault   Fault
		success bool
	}{
		{Fault{Times: 5, Status: 502}, true},
		{Fault{Times: 6, Status: 502}, false},
		{Fault{Times: 2, Status: 409, Code: "conflict"}, true},
		{Fault{Times: 2, Status: 504, Code: "timeout"}, true},
		{Fault{Times: 2, Status: 429, Code: "rate_limit_exceeded"}, true},
		{Fault{Times: 1, Status: 423, Code: "locked"}, false},
		{Fault{Times: 1, Status: 503, Code: "maintenance"}, false},
	} {
		t.Run(fmt.Sprintf("%d times %d %s", tt.fault.Times, tt.fault.Status, tt.fault.Code), func(t *testing.T) {
			c := newCloud(t)
			c.sim.InjectFault(tt.fault)
			_, err := c.client.Location.All(c.ctx)
			if (err == nil) != tt.success {
				t.Errorf("got %v, want success %v", err, tt.success)
			}
		})
	}
}

func TestFaultsHitOnlyTheirRequests(t *testing.T) {
	c := newCloud(t)
	c.sim.InjectFault(Fault{Method: "POST", PathPrefix: "/servers", Times: 1, Status: 423, Code: "locked"})
	if _, err := c.client.Server.All(c.ctx); err != nil {
		t.Errorf("another method: %v", err)
	}
	_, _, err := c.client.Server.Create(c.ctx, serverOpts("portal"))
	c.wantCode(err, hcloud.ErrorCodeLocked)
	c.create(serverOpts("portal"))
}

func TestAmbiguousCreateMakesOneServer(t *testing.T) {
	c := newCloud(t)
	c.sim.InjectFault(Fault{Method: "POST", PathPrefix: "/servers", Times: 1, Status: 504, AfterCommit: true})
	_, _, err := c.client.Server.Create(c.ctx, serverOpts("portal"))
	c.wantCode(err, hcloud.ErrorCodeUniquenessError) // the client's own second try
	servers, err := c.client.Server.AllWithOpts(c.ctx, hcloud.ServerListOpts{Name: "portal"})
	if err != nil || len(servers) != 1 {
		t.Fatalf("servers: got %d %v, want exactly one", len(servers), err)
	}
	actions, _, err := c.client.Server.Action.List(c.ctx, hcloud.ActionListOpts{})
	if err != nil {
		t.Fatal(err)
	}
	c.wait(actions...)
	if got := c.server(servers[0].ID).Status; got != hcloud.ServerStatusRunning {
		t.Errorf("status: got %s, want running", got)
	}
}

func TestConnectionCutAfterCreate(t *testing.T) {
	c := newCloud(t)
	c.sim.InjectFault(Fault{Method: "POST", PathPrefix: "/servers", Times: 1, AfterCommit: true})
	if _, _, err := c.client.Server.Create(c.ctx, serverOpts("portal")); err == nil {
		t.Error("create: got an answer")
	}
	servers, err := c.client.Server.All(c.ctx)
	if err != nil || len(servers) != 1 {
		t.Errorf("servers: got %d %v, want exactly one", len(servers), err)
	}
}

func TestRateLimit(t *testing.T) {
	now := time.Date(2026, 11, 21, 8, 0, 0, 0, time.UTC)
	l := newLimiter(3600, now)
	take := func() (bool, int, int) {
		rec := httptest.NewRecorder()
		ok := l.take(now, rec.Header())
		remaining, _ := strconv.Atoi(rec.Header().Get("RateLimit-Remaining"))
		reset, _ := strconv.Atoi(rec.Header().Get("RateLimit-Reset"))
		return ok, remaining, reset - int(now.Unix())
	}
	for i := range 3600 {
		ok, remaining, reset := take()
		if !ok || remaining != 3599-i || reset != i+1 {
			t.Fatalf("request %d: got %v, %d left, full in %d s", i, ok, remaining, reset)
		}
	}
	if ok, _, _ := take(); ok {
		t.Error("request 3601: allowed")
	}
	now = now.Add(2 * time.Second)
	for i, want := range []bool{true, true, false} {
		if ok, _, _ := take(); ok != want {
			t.Errorf("two seconds later, request %d: got %v, want %v", i+1, ok, want)
		}
	}
}

func TestRateLimitOverHTTP(t *testing.T) {
	c := newCloud(t, func(cfg *Config) {
		cfg.RequestsPerHour = 3
		cfg.Clock = NewStoppedClock(time.Unix(1795248000, 0))
	})
	for range 3 {
		c.raw("GET", "/v1/servers", testToken, "")
	}
	status, header, body := c.raw("GET", "/v1/servers", testToken, "")
	if status != 429 || errorCode(body) != "rate_limit_exceeded" || header.Get("RateLimit-Limit") != "3" || header.Get("RateLimit-Remaining") != "0" {
		t.Errorf("got %d %s %v", status, errorCode(body), header)
	}
}

func TestClosedCloudRefuses(t *testing.T) {
	c := newCloud(t)
	if err := c.sim.Close(); err != nil {
		t.Fatal(err)
	}
	if status, _, body := c.raw("GET", "/v1/servers", testToken, ""); status != 503 || errorCode(body) != "unavailable" {
		t.Errorf("got %d %s, want 503", status, errorCode(body))
	}
}

func TestConfigTellsEverythingWrong(t *testing.T) {
	_, err := New(Config{IPv4Pool: mustPrefix("10.0.0.0/30"), IPv6Pool: mustPrefix("10.0.0.0/8")})
	for _, want := range []string{"token is empty", "runtime is missing", "IPv4 pool", "IPv6 pool"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want it to tell %q", err, want)
		}
	}
}
