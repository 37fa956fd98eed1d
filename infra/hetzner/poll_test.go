package hetzner_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hetznercloud/hcloud-go/v2/hcloud"
	"github.com/hetznercloud/hcloud-go/v2/hcloud/schema"

	"github.com/medienzentrenverbund/kreisraum/infra/hetzner"
)

// clockwork answers GET /actions: each action ends when its time has come.
type clockwork struct {
	mu       sync.Mutex
	ends     map[int64]time.Time
	failing  map[int64]string
	requests int
	most     int
}

func (c *clockwork) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.requests++
	var list schema.ActionListResponse
	ids := r.URL.Query()["id"]
	c.most = max(c.most, len(ids))
	for _, text := range ids {
		var id int64
		fmt.Sscan(text, &id)
		end, known := c.ends[id]
		if !known {
			continue
		}
		a := schema.Action{ID: id, Status: "running"}
		if !time.Now().Before(end) {
			a.Status = "success"
			if code := c.failing[id]; code != "" {
				a.Status, a.Error = "error", &schema.ActionError{Code: code, Message: "it failed"}
			}
		}
		list.Actions = append(list.Actions, a)
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(list)
}

func newClockwork(t *testing.T) (*clockwork, func() *hetzner.Client) {
	c := &clockwork{ends: map[int64]time.Time{}, failing: map[int64]string{}}
	server := httptest.NewServer(c)
	t.Cleanup(server.Close)
	return c, func() *hetzner.Client { return clientOf(t, hetzner.Config{Token: token, URL: server.URL + "/v1"}) }
}

// Sixty actions of six clients cost no more than two requests a poll: all that wait are asked for together.
func TestActionsOfAllClientsArePolledTogether(t *testing.T) {
	far, client := newClockwork(t)
	var all sync.WaitGroup
	end := time.Now().Add(time.Second)
	for i := range 6 {
		c := client()
		for j := range 10 {
			id := int64(1 + 10*i + j)
			far.mu.Lock()
			far.ends[id] = end
			far.mu.Unlock()
			all.Go(func() {
				if err := c.Wait(t.Context(), "wait", &hcloud.Action{ID: id, Status: hcloud.ActionStatusRunning}); err != nil {
					t.Error(err)
				}
				if time.Now().Before(end) {
					t.Error("it did not wait")
				}
			})
		}
	}
	all.Wait()
	far.mu.Lock()
	defer far.mu.Unlock()
	if far.requests > 60 || far.most < 30 { // alone each would have asked six times: 360
		t.Errorf("%d requests, at most %d actions in one", far.requests, far.most)
	}
}

func TestWaitTellsWhatFailed(t *testing.T) {
	far, client := newClockwork(t)
	now := time.Now()
	far.ends[1], far.ends[2] = now, now
	far.failing[2] = "resource_unavailable"
	running := func(id int64) *hcloud.Action { return &hcloud.Action{ID: id, Status: hcloud.ActionStatusRunning} }
	err := client().Wait(t.Context(), "create server x", running(1), nil, running(2))
	if hetzner.Classify(err) != hetzner.Capacity || !strings.Contains(err.Error(), "it failed") {
		t.Errorf("got %v (%s)", err, hetzner.Classify(err))
	}
	if err := client().Wait(t.Context(), "create server x", running(3)); err == nil || !strings.Contains(err.Error(), "unknown to Hetzner") {
		t.Errorf("an action that is not there: %v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	far.mu.Lock()
	far.ends[4] = now.Add(time.Hour)
	far.mu.Unlock()
	if err := client().Wait(ctx, "create server x", running(4)); hetzner.Classify(err) != hetzner.Retry {
		t.Errorf("an action without an end: %v", err)
	}
}

// A poll that is answered with an error is repeated, and nobody who waits hears of it.
func TestPollsOutlastErrors(t *testing.T) {
	far, _ := newClockwork(t)
	var mu sync.Mutex
	left := 2
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		if left--; left >= 0 {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		far.ServeHTTP(w, r)
	}))
	defer server.Close()
	far.ends[1] = time.Now()
	c := clientOf(t, hetzner.Config{Token: token, URL: server.URL + "/v1", Backoff: time.Millisecond})
	if err := c.Wait(t.Context(), "wait", &hcloud.Action{ID: 1, Status: hcloud.ActionStatusRunning}); err != nil {
		t.Error(err)
	}
}
