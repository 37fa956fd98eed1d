package hetzner

import (
	"log/slog"
	"net/http"
	"time"

	"github.com/hetznercloud/hcloud-go/v2/hcloud"
)

// DefaultRequestTimeout bounds one HTTP request including reading the answer. POST /servers takes up to a few seconds and
// hcloud-go itself has no timeout at all.
const DefaultRequestTimeout = 30 * time.Second

// DefaultBackoff is the first pause before a request is repeated.
const DefaultBackoff = 250 * time.Millisecond

// Config says which project a Client talks to. Only Token is required.
type Config struct {
	// Token belongs to one Hetzner project; it must be allowed to read and write.
	Token string
	// URL is the API including its version, for example "https://api.hetzner.cloud/v1". Empty: that one.
	URL string
	// Log receives retries and waits; never the token. Nil: nothing is logged.
	Log *slog.Logger
	// RequestTimeout bounds one HTTP request. 0: DefaultRequestTimeout.
	RequestTimeout time.Duration
	// Backoff is the first pause before a request is repeated; later ones are longer, and polls and the wait for the budget keep
	// in step with it. 0: DefaultBackoff. Only tests want another.
	Backoff time.Duration
	// Version of the program, for the User-Agent.
	Version string
}

// Client talks to one Hetzner project. It is safe for concurrent use.
type Client struct {
	cloud *hcloud.Client
	url   string
	log   *slog.Logger
	// project is shared with the other Clients of the token.
	project *project
	// pace is how long everything takes, 1 at Hetzner.
	pace float64
	// again is the pause before Do repeats something.
	again hcloud.BackoffFunc
	// idle closes the connections that wait for another request.
	idle func()
}

// New makes a Client; it sends nothing yet.
func New(cfg Config) *Client {
	if cfg.URL == "" {
		cfg.URL = hcloud.Endpoint
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.RequestTimeout == 0 {
		cfg.RequestTimeout = DefaultRequestTimeout
	}
	if cfg.Backoff == 0 {
		cfg.Backoff = DefaultBackoff
	}
	pace := float64(cfg.Backoff) / float64(DefaultBackoff)
	shared := projectOf(cfg.URL, cfg.Token, pace)
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = 8
	client := &http.Client{
		Transport: budgeted{budget: shared.budget, next: timely{timeout: cfg.RequestTimeout, next: bounded{next: transport}}},
		// The API never redirects; following one would carry the token elsewhere.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return &Client{
		cloud: hcloud.NewClient(
			hcloud.WithToken(cfg.Token),
			hcloud.WithEndpoint(cfg.URL),
			hcloud.WithHTTPClient(client),
			hcloud.WithApplication("kreisraum", cfg.Version),
			hcloud.WithPollOpts(hcloud.PollOpts{BackoffFunc: backoff(cfg.Backoff, 10*time.Second)}),
			hcloud.WithRetryOpts(hcloud.RetryOpts{BackoffFunc: backoff(2*cfg.Backoff, 20*time.Second), MaxRetries: 5}),
		),
		url:     cfg.URL,
		log:     cfg.Log,
		project: shared,
		pace:    pace,
		again:   backoff(cfg.Backoff, 3*time.Second),
		idle:    transport.CloseIdleConnections,
	}
}

// Cloud is the hcloud-go client below, with this Client's timeouts and budget.
func (c *Client) Cloud() *hcloud.Client { return c.cloud }

// Close drops idle connections. The Client can still be used afterwards.
func (c *Client) Close() { c.idle() }

// backoff are growing pauses with jitter, from first to at most most.
func backoff(first, most time.Duration) hcloud.BackoffFunc {
	return hcloud.ExponentialBackoffWithOpts(hcloud.ExponentialBackoffOpts{
		Base: first, Multiplier: 1.6, Cap: max(first, min(most, 80*first)), Jitter: true,
	})
}
