package hetzner_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/hetznercloud/hcloud-go/v2/hcloud"

	"github.com/medienzentrenverbund/kreisraum/infra/hetzner"
	"github.com/medienzentrenverbund/kreisraum/operator/sandbox/hcloudsim"
)

func lockedOn(method, prefix string, times int) hcloudsim.Fault {
	return hcloudsim.Fault{Method: method, PathPrefix: prefix, Times: times, Status: http.StatusLocked, Code: "locked"}
}

func TestClassify(t *testing.T) {
	api := func(code hcloud.ErrorCode) error { return hcloud.Error{Code: code, Message: "text"} }
	cases := []struct {
		name string
		err  error
		want hetzner.Class
	}{
		{"none", nil, hetzner.Unknown},
		{"cancelled", fmt.Errorf("wait: %w", context.Canceled), hetzner.Unknown},
		{"locked", api(hcloud.ErrorCodeLocked), hetzner.Retry},
		{"conflict", api(hcloud.ErrorCodeConflict), hetzner.Retry},
		{"rate limit", api(hcloud.ErrorCodeRateLimitExceeded), hetzner.Retry},
		{"service off", api("unavailable"), hetzner.Retry},
		{"sold out", api(hcloud.ErrorCodeResourceUnavailable), hetzner.Capacity},
		{"placement", api(hcloud.ErrorCodePlacementError), hetzner.Placement},
		{"withdrawn", hcloud.Error{Code: hcloud.ErrorCodeInvalidInput, Message: "unsupported location for server type"}, hetzner.Capacity},
		{"limit", api(hcloud.ErrorCodeResourceLimitExceeded), hetzner.Quota},
		{"token", api(hcloud.ErrorCodeUnauthorized), hetzner.Auth},
		{"read only", api(hcloud.ErrorCodeForbidden), hetzner.Auth},
		{"name taken", api(hcloud.ErrorCodeUniquenessError), hetzner.Conflict},
		{"gone", api(hcloud.ErrorCodeNotFound), hetzner.Gone},
		{"in use", api(hcloud.ErrorCodeResourceInUse), hetzner.InUse},
		{"assigned", api("must_be_unassigned"), hetzner.InUse},
		{"invalid", api(hcloud.ErrorCodeInvalidInput), hetzner.Invalid},
		{"never heard of", api("brand_new_code"), hetzner.Invalid},
		{"action sold out", hcloud.ActionError{Code: "resource_unavailable"}, hetzner.Capacity},
		{"wrapped", fmt.Errorf("create: %w", api(hcloud.ErrorCodeLocked)), hetzner.Retry},
		{"foreign", &hetzner.ForeignError{}, hetzner.Invalid},
		{"explained", &hetzner.Error{Class: hetzner.Quota}, hetzner.Quota},
		{"no answer", &url.Error{Op: "Get", Err: context.DeadlineExceeded}, hetzner.Unreachable},
		{"no result", fmt.Errorf("wait: %w", context.DeadlineExceeded), hetzner.Retry},
		{"something else", errors.New("boom"), hetzner.Unknown},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if got := hetzner.Classify(c.err); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

func TestCheckToken(t *testing.T) {
	sim, url := newCloud(t)
	_ = sim
	cases := []struct {
		name, token string
		class       hetzner.Class
		says        string
	}{
		{"good", token, hetzner.Unknown, ""},
		{"wrong", "another-token", hetzner.Auth, "check HCLOUD_TOKEN"},
		{"empty", "", hetzner.Auth, "check HCLOUD_TOKEN"},
		{"read only", readOnlyToken, hetzner.Auth, "Read & Write"},
		{"with a line break", "abc\ndef", hetzner.Auth, "copy it once more"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			err := clientOf(t, hetzner.Config{Token: c.token, URL: url}).CheckToken(t.Context())
			if hetzner.Classify(err) != c.class || (err == nil) != (c.says == "") {
				t.Fatalf("got %v", err)
			}
			if err != nil && !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %q, want it to say %q", err, c.says)
			}
			if err != nil && len(c.token) > 3 && strings.Contains(err.Error(), c.token) {
				t.Errorf("the error shows the token: %v", err)
			}
		})
	}
	keys, err := clientOf(t, hetzner.Config{Token: token, URL: url}).Cloud().SSHKey.All(t.Context())
	if err != nil || len(keys) > 0 {
		t.Errorf("checking left %d keys behind, err %v", len(keys), err)
	}
}

func TestUnreachable(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	url := server.URL + "/v1"
	server.Close()
	err := clientOf(t, hetzner.Config{Token: token, URL: url}).CheckToken(t.Context())
	if hetzner.Classify(err) != hetzner.Unreachable || !strings.Contains(err.Error(), url) || !strings.Contains(err.Error(), "check the network") {
		t.Errorf("got %v", err)
	}
}

func TestSilentServerTimesOut(t *testing.T) {
	over := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-over }))
	t.Cleanup(server.Close)
	t.Cleanup(func() { close(over) })
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	err := clientOf(t, hetzner.Config{Token: token, URL: server.URL, RequestTimeout: 50 * time.Millisecond}).CheckToken(ctx)
	if hetzner.Classify(err) != hetzner.Unreachable {
		t.Errorf("got %v (%s)", err, hetzner.Classify(err))
	}
}

func TestHugeAnswerIsRefused(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		block := []byte(strings.Repeat(" ", 1<<20))
		for range 20 {
			if _, err := w.Write(block); err != nil {
				return
			}
		}
	}))
	t.Cleanup(server.Close)
	_, err := clientOf(t, hetzner.Config{Token: token, URL: server.URL}).Inventory(t.Context(), "demo")
	if err == nil || !strings.Contains(err.Error(), "too large") {
		t.Errorf("got %v", err)
	}
}

func TestDoRepeatsWhatPasses(t *testing.T) {
	sim, c := newClient(t)
	sim.InjectFault(lockedOn("GET", "/servers", 3))
	sim.InjectFault(hcloudsim.Fault{Method: "GET", PathPrefix: "/networks", Times: 1, Status: http.StatusBadGateway})
	if _, err := c.Inventory(t.Context(), "demo"); err != nil {
		t.Fatal(err)
	}
}

func TestDoStopsAtWhatDoesNotPass(t *testing.T) {
	calls := 0
	_, c := newClient(t)
	err := c.Do(t.Context(), "try", func(context.Context) error {
		calls++
		return hcloud.Error{Code: hcloud.ErrorCodeInvalidInput, Message: "no"}
	})
	if calls != 1 || hetzner.Classify(err) != hetzner.Invalid {
		t.Errorf("%d calls, %v", calls, err)
	}
}

func TestDoRepeatsFurtherClassesOnRequest(t *testing.T) {
	calls := 0
	_, c := newClient(t)
	err := c.Do(t.Context(), "delete", func(context.Context) error {
		if calls++; calls < 3 {
			return hcloud.Error{Code: hcloud.ErrorCodeResourceInUse}
		}
		return nil
	}, hetzner.InUse)
	if calls != 3 || err != nil {
		t.Errorf("%d calls, %v", calls, err)
	}
}

func TestDoEndsWithItsContext(t *testing.T) {
	_, c := newClient(t)
	ctx, cancel := context.WithCancel(t.Context())
	err := c.Do(ctx, "try", func(context.Context) error {
		cancel()
		return hcloud.Error{Code: hcloud.ErrorCodeLocked}
	})
	if err == nil {
		t.Error("an ended context counts as success")
	}
}
