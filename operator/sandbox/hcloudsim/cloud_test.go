package hcloudsim

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/hetznercloud/hcloud-go/v2/hcloud"
	"go.uber.org/goleak"
	"golang.org/x/crypto/ssh"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	testToken     = "test-token-read-write"
	readOnlyToken = "test-token-read-only"
)

// cloud is a simulator with a real client.
type cloud struct {
	*testing.T
	sim     *Server
	runtime *memoryRuntime
	client  *hcloud.Client
	url     string
	http    *http.Client
	ctx     context.Context
	log     *bytes.Buffer
}

// newCloud starts a simulator whose actions take no longer than their work, and a client that retries and polls quickly.
func newCloud(t *testing.T, change ...func(*Config)) *cloud {
	t.Helper()
	c := &cloud{T: t, runtime: newMemoryRuntime(t), log: &bytes.Buffer{}}
	cfg := Config{
		Token: testToken, ReadOnlyTokens: []string{readOnlyToken}, Runtime: c.runtime, IPv6Supported: true,
		Latency: func(string) time.Duration { return 0 }, Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
		Quotas: Quotas{Servers: 20, DedicatedCores: 8, PrimaryIPs: 40, Firewalls: 50, PlacementGroups: 50},
	}
	for _, f := range change {
		f(&cfg)
	}
	c.serve(cfg)
	return c
}

func (c *cloud) serve(cfg Config) {
	c.Helper()
	sim, err := New(cfg)
	if err != nil {
		c.Fatalf("New: %v", err)
	}
	web := httptest.NewServer(underContract(c, sim))
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	c.Cleanup(func() {
		cancel()
		web.CloseClientConnections()
		web.Close()
		web.Client().CloseIdleConnections()
		if err := sim.Close(); err != nil {
			c.Errorf("Close: %v", err)
		}
	})
	c.sim, c.url, c.http, c.ctx = sim, web.URL+"/v1", web.Client(), ctx
	c.client = c.clientWith(testToken)
}

func (c *cloud) clientWith(token string) *hcloud.Client {
	return hcloud.NewClient(
		hcloud.WithEndpoint(c.url), hcloud.WithToken(token), hcloud.WithHTTPClient(c.http),
		hcloud.WithPollOpts(hcloud.PollOpts{BackoffFunc: hcloud.ConstantBackoff(2 * time.Millisecond)}),
		hcloud.WithRetryOpts(hcloud.RetryOpts{BackoffFunc: hcloud.ConstantBackoff(time.Millisecond), MaxRetries: 5}),
	)
}

// must fails the test on an error of the API.
func must[T any](t testing.TB) func(v T, _ *hcloud.Response, err error) T {
	return func(v T, _ *hcloud.Response, err error) T {
		t.Helper()
		if err != nil {
			t.Fatalf("API: %v", err)
		}
		return v
	}
}

// wait waits for actions to succeed.
func (c *cloud) wait(actions ...*hcloud.Action) {
	c.Helper()
	if err := c.client.Action.WaitFor(c.ctx, actions...); err != nil {
		c.Fatalf("action: %v", err)
	}
}

// eventually polls a condition; what says what is waited for.
func (c *cloud) eventually(what string, condition func() bool) {
	c.Helper()
	deadline := time.Now().Add(30 * time.Second)
	for !condition() {
		if time.Now().After(deadline) {
			c.Fatalf("still waiting for: %s", what)
		}
		time.Sleep(time.Millisecond)
	}
}

// wantCode fails unless err is an API error of the code.
func (c *cloud) wantCode(err error, code hcloud.ErrorCode) {
	c.Helper()
	if !hcloud.IsError(err, code) {
		c.Fatalf("error: got %v, want code %s", err, code)
	}
}

// raw sends a request without hcloud-go and returns status, headers and the decoded body.
func (c *cloud) raw(method, path, token, body string) (int, http.Header, map[string]any) {
	c.Helper()
	req, err := http.NewRequestWithContext(c.ctx, method, strings.TrimSuffix(c.url, "/v1")+path, strings.NewReader(body))
	if err != nil {
		c.Fatal(err)
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	res, err := c.http.Do(req)
	if err != nil {
		c.Fatal(err)
	}
	defer res.Body.Close()
	var decoded map[string]any
	if err := json.NewDecoder(res.Body).Decode(&decoded); err != nil && err != io.EOF {
		c.Fatalf("%s %s: body: %v", method, path, err)
	}
	return res.StatusCode, res.Header, decoded
}

// errorCode is the code in a raw answer.
func errorCode(body map[string]any) string {
	e, _ := body["error"].(map[string]any)
	code, _ := e["code"].(string)
	return code
}

// publicKey is a key of which nobody has the private half.
func publicKey(t testing.TB) string {
	t.Helper()
	pub, _, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	key, err := ssh.NewPublicKey(pub)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(ssh.MarshalAuthorizedKey(key))) + " operator@kreisraum.example"
}

// serverOpts is a create request that succeeds.
func serverOpts(name string) hcloud.ServerCreateOpts {
	return hcloud.ServerCreateOpts{
		Name: name, ServerType: &hcloud.ServerType{Name: "cpx22"}, Image: &hcloud.Image{Name: "debian-12"},
		Location: &hcloud.Location{Name: "fsn1"},
	}
}

// create makes a server and waits until it is as asked for.
func (c *cloud) create(opts hcloud.ServerCreateOpts) *hcloud.Server {
	c.Helper()
	res := must[hcloud.ServerCreateResult](c)(c.client.Server.Create(c.ctx, opts))
	c.wait(append(res.NextActions, res.Action)...)
	return c.server(res.Server.ID)
}

func (c *cloud) createStopped(name string) *hcloud.Server {
	c.Helper()
	opts := serverOpts(name)
	opts.StartAfterCreate = hcloud.Ptr(false)
	return c.create(opts)
}

func (c *cloud) server(id int64) *hcloud.Server {
	c.Helper()
	s := must[*hcloud.Server](c)(c.client.Server.GetByID(c.ctx, id))
	if s == nil {
		c.Fatalf("server %d: not found", id)
	}
	return s
}

func (c *cloud) machine(id int64) memoryMachine {
	c.Helper()
	m, ok := c.runtime.machine(id)
	if !ok {
		c.Fatalf("machine %d: not created", id)
	}
	return m
}
