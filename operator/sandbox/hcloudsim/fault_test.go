package hcloudsim

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/hetznercloud/hcloud-go/v2/hcloud"
)

// inject adds a fault that must be valid.
func (c *cloud) inject(f Fault) {
	c.Helper()
	if err := c.sim.InjectFault(f); err != nil {
		c.Fatal(err)
	}
}

// impatient is a client that gives up on an answer soon and does not try again.
func (c *cloud) impatient() *hcloud.Client {
	return hcloud.NewClient(
		hcloud.WithEndpoint(c.url), hcloud.WithToken(testToken),
		hcloud.WithHTTPClient(&http.Client{Transport: c.http.Transport, Timeout: 200 * time.Millisecond}),
		hcloud.WithRetryOpts(hcloud.RetryOpts{MaxRetries: 0, BackoffFunc: hcloud.ConstantBackoff(0)}),
	)
}

// TestWhatAClientSees sends a create through every kind of fault and looks at what the client is told, and at what came of it.
func TestWhatAClientSees(t *testing.T) {
	apiError := func(status int, code hcloud.ErrorCode) func(error) bool {
		return func(err error) bool {
			var e hcloud.Error
			return errors.As(err, &e) && e.Code == code && e.Response().StatusCode == status
		}
	}
	noAPIError := func(err error) bool {
		var e hcloud.Error
		return err != nil && !errors.As(err, &e)
	}
	for _, tt := range []struct {
		kind   Kind
		sees   func(error) bool
		effect bool
	}{
		{KindServerError, apiError(500, "server_error"), false},
		{KindUnavailable, apiError(503, "unavailable"), false},
		{KindMaintenance, apiError(403, hcloud.ErrorCodeMaintenance), false},
		{KindConflict, apiError(409, hcloud.ErrorCodeConflict), false},
		{KindLocked, apiError(423, hcloud.ErrorCodeLocked), false},
		{KindRateLimit, apiError(429, hcloud.ErrorCodeRateLimitExceeded), false},
		{KindGatewayTimeout, apiError(504, hcloud.ErrorCodeTimeout), false},
		{KindGatewayTimeoutAfter, apiError(504, hcloud.ErrorCodeTimeout), true},
		{KindHTML, func(err error) bool { return noAPIError(err) && strings.Contains(err.Error(), "502") }, false},
		{KindHTMLAfter, func(err error) bool { return noAPIError(err) && strings.Contains(err.Error(), "502") }, true},
		{KindDrop, func(err error) bool { return errors.Is(err, io.EOF) }, false},
		{KindDropAfter, func(err error) bool { return errors.Is(err, io.EOF) }, true},
		{KindTimeout, func(err error) bool { return errors.Is(err, context.DeadlineExceeded) }, false},
		{KindTimeoutAfter, func(err error) bool { return errors.Is(err, context.DeadlineExceeded) }, true},
		{KindCut, func(err error) bool { return errors.Is(err, io.ErrUnexpectedEOF) }, true},
		{KindContentType, func(err error) bool { return err == nil }, true}, // hcloud-go reads the body of a success whatever it is called
		{KindSoldOut, apiError(412, hcloud.ErrorCodeResourceUnavailable), false},
		{KindUnsupported, apiError(422, hcloud.ErrorCodeInvalidInput), false},
		{KindServerLimit, apiError(403, hcloud.ErrorCodeResourceLimitExceeded), false},
	} {
		t.Run(string(tt.kind), func(t *testing.T) {
			c := newCloud(t)
			c.inject(Fault{Kind: tt.kind, Method: "POST", Path: "/servers", Times: 1})
			_, _, err := c.impatient().Server.Create(c.ctx, serverOpts("portal"))
			if !tt.sees(err) {
				t.Errorf("the client sees %v", err)
			}
			c.eventually("exactly the expected effect", func() bool {
				servers, err := c.client.Server.AllWithOpts(c.ctx, hcloud.ServerListOpts{Name: "portal"})
				return err == nil && (len(servers) == 1) == tt.effect
			})
			if r := c.sim.Faults(); r.Struck[tt.kind] != 1 || r.Total != 1 || len(r.Pending) != 0 {
				t.Errorf("report: %+v", r)
			}
		})
	}
}

func TestServerLimitTellsWhichLimit(t *testing.T) {
	c := newCloud(t)
	c.inject(Fault{Kind: KindServerLimit, Times: 1})
	_, _, body := c.raw("POST", "/v1/servers", testToken, "{}")
	if text := fmt.Sprint(body); !strings.Contains(text, "limits:[map[name:server_limit]]") {
		t.Errorf("got %s", text)
	}
}

func TestWrongContentTypeHidesAnErrorsCode(t *testing.T) {
	c := newCloud(t)
	c.inject(Fault{Kind: KindContentType, Method: "GET", PathPrefix: "/servers/", Times: 1})
	_, _, err := c.impatient().Server.GetByID(c.ctx, 999)
	var e hcloud.Error
	if err == nil || errors.As(err, &e) {
		t.Errorf("got %v, want an error without a code", err)
	}
}

func TestRateLimitFaultHasHeaders(t *testing.T) {
	c := newCloud(t)
	c.inject(Fault{Kind: KindRateLimit, Times: 1, Lasts: Duration(90 * time.Second)})
	before := time.Now()
	_, header, _ := c.raw("GET", "/v1/servers", testToken, "")
	var reset int64
	if _, err := fmt.Sscan(header.Get("RateLimit-Reset"), &reset); err != nil {
		t.Fatal(err)
	}
	wait := time.Unix(reset, 0).Sub(before)
	if header.Get("RateLimit-Remaining") != "0" || header.Get("RateLimit-Limit") == "" || wait < 80*time.Second || wait > 2*time.Minute {
		t.Errorf("headers: %v, full in %v", header, wait)
	}
}

// TestActionFails lets each kind of work fail after the request was answered with success.
func TestActionFails(t *testing.T) {
	c := newCloud(t)
	c.inject(Fault{Kind: KindActionFails, Method: "POST", Path: "/servers", Times: 1, Code: "resource_unavailable", Message: "error during placement"})
	made := must[hcloud.ServerCreateResult](t)(c.client.Server.Create(c.ctx, serverOpts("portal")))
	if made.Server.Status != hcloud.ServerStatusInitializing {
		t.Errorf("status: got %s, want it visible for a moment", made.Server.Status)
	}
	err := c.client.Action.WaitFor(c.ctx, append(made.NextActions, made.Action)...)
	var failed hcloud.ActionError
	if !errors.As(err, &failed) || failed.Code != "resource_unavailable" {
		t.Errorf("action: got %v", err)
	}
	c.eventually("the server to vanish", func() bool {
		s := must[*hcloud.Server](t)(c.client.Server.GetByID(c.ctx, made.Server.ID))
		_, machine := c.runtime.machine(made.Server.ID)
		return s == nil && !machine
	})
	if ips, err := c.client.PrimaryIP.All(c.ctx); err != nil || len(ips) != 0 {
		t.Errorf("addresses: %d left, %v", len(ips), err)
	}

	s := c.create(serverOpts("portal"))
	c.inject(Fault{Kind: KindActionFails, Path: "/servers/{id}/actions/poweroff", Times: 1})
	off := must[*hcloud.Action](t)(c.client.Server.Poweroff(c.ctx, s))
	if err := c.client.Action.WaitFor(c.ctx, off); !errors.As(err, &failed) || failed.Code != "action_failed" {
		t.Errorf("power off: got %v", err)
	}
	if got := c.server(s.ID); got.Status != hcloud.ServerStatusRunning || got.Locked || !c.machine(s.ID).on {
		t.Errorf("server: %s, locked %v", got.Status, got.Locked)
	}
	c.inject(Fault{Kind: KindActionFails, Method: "DELETE", Times: 1})
	del := must[*hcloud.ServerDeleteResult](t)(c.client.Server.DeleteWithResult(c.ctx, s))
	if err := c.client.Action.WaitFor(c.ctx, del.Action); err == nil {
		t.Error("delete: succeeded")
	}
	c.server(s.ID) // still there
	c.wait(must[*hcloud.ServerDeleteResult](t)(c.client.Server.DeleteWithResult(c.ctx, s)).Action)
}

func TestActionStuck(t *testing.T) {
	c := newCloud(t)
	s := c.create(serverOpts("portal"))
	c.inject(Fault{Kind: KindActionStuck, Path: "/servers/{id}/actions/poweroff", Times: 1, Lasts: Duration(24 * time.Hour)})
	off := must[*hcloud.Action](t)(c.client.Server.Poweroff(c.ctx, s))
	_, _, err := c.client.Server.Poweron(c.ctx, s)
	c.wantCode(err, hcloud.ErrorCodeLocked)
	if a := must[*hcloud.Action](t)(c.client.Action.GetByID(c.ctx, off.ID)); a.Status != hcloud.ActionStatusRunning {
		t.Errorf("action: %s", a.Status)
	}
}

// TestActionFaultWaitsForAnAction leaves requests without an action alone.
func TestActionFaultWaitsForAnAction(t *testing.T) {
	c := newCloud(t)
	c.inject(Fault{Kind: KindActionFails, Times: 1})
	if _, err := c.client.Server.All(c.ctx); err != nil {
		t.Fatal(err)
	}
	if r := c.sim.Faults(); r.Total != 0 || len(r.Pending) != 1 || r.Pending[0].Times != 1 {
		t.Errorf("report: %+v", r)
	}
	made := must[hcloud.ServerCreateResult](t)(c.client.Server.Create(c.ctx, serverOpts("portal")))
	if err := c.client.Action.WaitFor(c.ctx, made.Action); err == nil {
		t.Error("create succeeded")
	}
	if r := c.sim.Faults(); r.Total != 1 || len(r.Pending) != 0 {
		t.Errorf("report: %+v", r)
	}
}

func TestFaultsMatch(t *testing.T) {
	get := func(path string) [2]string { return [2]string{"GET", path} }
	for _, tt := range []struct {
		name     string
		fault    Fault
		requests [][2]string
		hits     string // one digit per request
	}{
		{"prefix", Fault{PathPrefix: "/servers", Times: 9}, [][2]string{get("/servers"), get("/servers/7"), get("/firewalls")}, "110"},
		{"path", Fault{Path: "/servers/{id}", Times: 9}, [][2]string{get("/servers"), get("/servers/7"), get("/servers/7/actions")}, "010"},
		{"one ID", Fault{Path: "/servers/7", Times: 9}, [][2]string{get("/servers/8"), get("/servers/7")}, "01"},
		{"star", Fault{Path: "/*/7", Times: 9}, [][2]string{get("/servers/8"), get("/networks/7")}, "01"},
		{"method", Fault{Method: "POST", Times: 9}, [][2]string{get("/servers"), {"POST", "/servers"}}, "01"},
		{"times", Fault{Times: 2}, [][2]string{get("/a"), get("/b"), get("/c")}, "110"},
		{"second and third", Fault{Path: "/servers", Skip: 1, Times: 2},
			[][2]string{get("/servers"), get("/x"), get("/servers"), get("/servers"), get("/servers")}, "00110"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var f faults
			valid, err := tt.fault.validate()
			if err != nil {
				t.Fatal(err)
			}
			if err := f.add(valid, time.Unix(0, 0)); err != nil {
				t.Fatal(err)
			}
			got := ""
			for _, r := range tt.requests {
				hit := "0"
				if f.next(time.Unix(0, 0), r[0], r[1], r[1]) != nil {
					hit = "1"
				}
				got += hit
			}
			if got != tt.hits {
				t.Errorf("got %s, want %s", got, tt.hits)
			}
		})
	}
}

func TestFaultInForceForAWhile(t *testing.T) {
	var f faults
	start := time.Date(2026, 11, 22, 7, 30, 0, 0, time.UTC)
	valid, err := Fault{Kind: KindMaintenance, For: Duration(time.Minute)}.validate()
	if err != nil {
		t.Fatal(err)
	}
	if err := f.add(valid, start); err != nil {
		t.Fatal(err)
	}
	for at, want := range map[time.Duration]bool{0: true, 59 * time.Second: true} {
		if got := f.next(start.Add(at), "GET", "/servers", "/servers") != nil; got != want {
			t.Errorf("after %v: hit %v", at, got)
		}
	}
	if f.next(start.Add(time.Minute), "GET", "/servers", "/servers") != nil || len(f.report(start).Pending) != 0 {
		t.Error("still in force after a minute")
	}
}

func TestFaultProbabilityIsDrawnFromTheSeed(t *testing.T) {
	hits := func(seed uint64) string {
		var f faults
		valid, err := Fault{Times: 1000, Probability: 0.3, Seed: seed}.validate()
		if err != nil {
			t.Fatal(err)
		}
		if err := f.add(valid, time.Unix(0, 0)); err != nil {
			t.Fatal(err)
		}
		var b strings.Builder
		for range 1000 {
			if f.next(time.Unix(0, 0), "GET", "/servers", "/servers") != nil {
				b.WriteByte('!')
			} else {
				b.WriteByte('.')
			}
		}
		return b.String()
	}
	if first := hits(1); first != hits(1) || first == hits(2) {
		t.Error("the same seed must draw the same, another one something else")
	}
	if n := strings.Count(hits(7), "!"); n < 240 || n > 360 {
		t.Errorf("hit %d of 1000 with probability 0.3", n)
	}
}

func TestInvalidFaultsAreRefused(t *testing.T) {
	for text, want := range map[string]string{
		`{"kind":"earthquake","times":1}`:                    "earthquake",
		`{"kind":"error","times":1,"status":500}`:            "code",
		`{"kind":"drop"}`:                                    "times",
		`{"kind":"drop","times":-1}`:                         "times",
		`{"kind":"drop","times":1,"probability":1.5}`:        "probability",
		`{"kind":"drop","times":1,"skip":-1}`:                "skip",
		`{"kind":"drop","times":1,"for":"-1s"}`:              "out of range",
		`{"kind":"drop","times":1,"lasts":5}`:                "duration",
		`{"kind":"html","times":1,"status":99}`:              "status 99",
		`{"kind":"drop","times":1,"unknown":1}`:              "unknown",
		`{"kind":"drop","times":1}{"kind":"drop","times":1}`: "behind",
		`[]`: "object",
		``:   "object",
	} {
		f, err := parseOrder[Fault](strings.NewReader(text))
		if err == nil {
			_, err = f.validate()
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want an error that tells %q", text, err, want)
		}
	}
}

func TestFaultsAreBounded(t *testing.T) {
	c := newCloud(t)
	for range maxFaults {
		c.inject(Fault{Path: "/nowhere", Times: 1})
	}
	if err := c.sim.InjectFault(Fault{Path: "/nowhere", Times: 1}); !errors.Is(err, errTooManyFaults) {
		t.Errorf("got %v", err)
	}
	c.sim.ResetFaults()
	c.inject(Fault{Path: "/nowhere", Times: 1})
}

func FuzzFault(f *testing.F) {
	f.Add([]byte(`{"kind":"drop","method":"POST","path":"/servers/{id}","times":2,"skip":1,"for":"1m","probability":0.5,"seed":7}`))
	f.Add([]byte(`{"status":502,"times":1,"after_commit":true}`))
	f.Add([]byte(`{"path":"//{}/*","path_prefix":"/","times":9999999999}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		fault, err := parseOrder[Fault](strings.NewReader(string(data)))
		if err != nil {
			return
		}
		valid, err := fault.validate()
		if err != nil {
			return
		}
		var all faults
		if err := all.add(valid, time.Unix(0, 0)); err != nil {
			t.Fatal(err)
		}
		for range 3 {
			all.next(time.Unix(1, 0), "POST", "/servers/7", "/servers/{id}")
		}
		if _, err := json.Marshal(all.report(time.Unix(2, 0))); err != nil {
			t.Fatalf("%s: its report is no JSON: %v", data, err)
		}
	})
}
