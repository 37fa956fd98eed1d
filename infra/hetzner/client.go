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
	// Version of the program, for the User-Agent.
	Version string
}

// Client talks to one Hetzner project. It is safe for concurrent use.
type Client struct {
	cloud *hcloud.Client
	url   string
	log   *slog.Logger
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
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = 8
	client := &http.Client{
		Transport: bounded{next: newBudget(transport)},
		Timeout:   cfg.RequestTimeout,
		// The API never redirects; following one would carry the token elsewhere.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return &Client{
		cloud: hcloud.NewClient(
			hcloud.WithToken(cfg.Token),
			hcloud.WithEndpoint(cfg.URL),
			hcloud.WithHTTPClient(client),
			hcloud.WithApplication("kreisraum", cfg.Version),
			hcloud.WithPollOpts(hcloud.PollOpts{BackoffFunc: pollBackoff}),
			hcloud.WithRetryOpts(hcloud.RetryOpts{BackoffFunc: retryBackoff, MaxRetries: 5}),
		),
		url:  cfg.URL,
		log:  cfg.Log,
		idle: transport.CloseIdleConnections,
	}
}

// Cloud is the hcloud-go client below, with this Client's timeouts and budget.
func (c *Client) Cloud() *hcloud.Client { return c.cloud }

// Close drops idle connections. The Client can still be used afterwards.
func (c *Client) Close() { c.idle() }

// pollBackoff is the wait before asking once more for running actions: quick while most actions are about to finish, then
// slow, because the default of 500 ms for ever would alone be twice the budget of 3600 requests an hour.
var pollBackoff = hcloud.ExponentialBackoffWithOpts(hcloud.ExponentialBackoffOpts{
	Base: 200 * time.Millisecond, Multiplier: 1.3, Cap: 2 * time.Second,
})

// retryBackoff is the wait before hcloud-go resends what answered conflict, rate limit or a gateway's error.
var retryBackoff = hcloud.ExponentialBackoffWithOpts(hcloud.ExponentialBackoffOpts{
	Base: 500 * time.Millisecond, Multiplier: 2, Cap: 20 * time.Second, Jitter: true,
})
