package hetzner_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/hetznercloud/hcloud-go/v2/hcloud"

	"github.com/medienzentrenverbund/kreisraum/infra/hetzner"
)

func TestLimitsAreExplained(t *testing.T) {
	for _, c := range []struct {
		name, body string
		says       []string
	}{
		{"dedicated vCPUs", `{"error":{"code":"resource_limit_exceeded","message":"dedicated core limit exceeded","details":{"limits":[{"name":"dedicated_core_limit"}]}}}`,
			[]string{"dedicated vCPUs", "cpx", "Limits", "1 to 3 working days", "month old"}},
		{"servers", `{"error":{"code":"resource_limit_exceeded","message":"server limit exceeded","details":{"limits":[{"name":"server_limit"}]}}}`,
			[]string{"number of servers (a new account: 5)", "bridges.max"}},
		{"primary IPs", `{"error":{"code":"resource_limit_exceeded","message":"Primary IP limit exceeded","details":{"limits":[{"name":"primary_ip_limit"}]}}}`,
			[]string{"primary IPs", "ipv6: false"}},
		{"two at once", `{"error":{"code":"resource_limit_exceeded","message":"limits exceeded","details":{"limits":[{"name":"primary_ip_limit"},{"name":"server_limit"}]}}}`,
			[]string{"primary IPs", " and servers"}},
		{"without details", `{"error":{"code":"resource_limit_exceeded","message":"server limit exceeded","details":null}}`, []string{"number of servers"}},
		{"never heard of", `{"error":{"code":"resource_limit_exceeded","message":"teapots exceeded","details":{"limits":[{"name":"teapot_limit"}]}}}`,
			[]string{"teapots exceeded", "Limits"}},
		{"details of another shape", `{"error":{"code":"resource_limit_exceeded","message":"too many","details":{"limits":"x"}}}`, []string{"too many", "Limits"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				w.WriteHeader(http.StatusForbidden)
				_, _ = w.Write([]byte(c.body))
			}))
			defer server.Close()
			client := clientOf(t, hetzner.Config{Token: token, URL: server.URL})
			_, err := client.Inventory(t.Context(), "demo")
			if hetzner.Classify(err) != hetzner.Quota {
				t.Fatalf("got %v (%s)", err, hetzner.Classify(err))
			}
			for _, want := range c.says {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q does not say %q", err, want)
				}
			}
		})
	}
}

func TestWithdrawnIsSoldOutForGood(t *testing.T) {
	for code, want := range map[hcloud.Error]bool{
		{Code: hcloud.ErrorCodeInvalidInput, Message: "unsupported location for server type"}: true,
		{Code: hcloud.ErrorCodeResourceUnavailable, Message: "error during placement"}:        false,
	} {
		_, client := newClient(t)
		err := client.Do(t.Context(), "create server x", func(context.Context) error { return code })
		if !errors.Is(err, hetzner.ErrSoldOut) || errors.Is(err, hetzner.ErrWithdrawn) != want {
			t.Errorf("%s: sold out %t, withdrawn %t", code.Message, errors.Is(err, hetzner.ErrSoldOut), errors.Is(err, hetzner.ErrWithdrawn))
		}
	}
}
