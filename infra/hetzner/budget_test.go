package hetzner

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// answering is a RoundTripper that answers at once.
type answering struct{}

func (answering) RoundTrip(*http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody}, nil
}

func TestBudgetHoldsRequestsBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		transport := newBudget(answering{})
		send := func() {
			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://cloud.example/v1", nil)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := transport.RoundTrip(req); err != nil {
				t.Fatal(err)
			}
		}
		began := time.Now()
		for range requestBurst {
			send()
		}
		if waited := time.Since(began); waited != 0 {
			t.Errorf("the burst waited %s", waited)
		}
		for range 10 {
			send()
		}
		if waited := time.Since(began); waited != 10*time.Second {
			t.Errorf("ten more requests took %s, want 10s", waited)
		}
	})
}

func TestUsedUpBudgetIsToldAsSuch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		transport := newBudget(answering{})
		if !transport.limiter.AllowN(time.Now(), requestBurst) {
			t.Fatal("the burst is not there")
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second/2)
		defer cancel()
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://cloud.example/v1", nil)
		if err != nil {
			t.Fatal(err)
		}
		_, err = (&http.Client{Transport: transport}).Do(req)
		if Classify(err) != Retry {
			t.Errorf("got %v (%s)", err, Classify(err))
		}
		if told := New(Config{Token: "x"}).explain("read server 1", err).Error(); !strings.Contains(told, "budget of requests is used up; try again") {
			t.Errorf("told: %s", told)
		}
	})
}

func TestPollBackoffStaysWithinTheBudget(t *testing.T) {
	if first := pollBackoff(0); first > 250*time.Millisecond {
		t.Errorf("first poll after %s", first)
	}
	requests := 0
	for elapsed := time.Duration(0); elapsed < time.Hour; requests++ {
		elapsed += pollBackoff(requests)
	}
	if requests > 3600*2/3 {
		t.Errorf("an hour of polling takes %d of 3600 requests", requests)
	}
}
