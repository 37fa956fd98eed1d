package hetzner

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// bucket is Hetzner's side: a token bucket that refuses with 429 and says in headers what is left.
type bucket struct {
	mu      sync.Mutex
	limit   float64
	left    float64
	at      time.Time
	refused int
	served  int
}

func (b *bucket) RoundTrip(*http.Request) (*http.Response, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := time.Now()
	b.left = min(b.limit, b.left+now.Sub(b.at).Seconds()*b.limit/3600)
	b.at = now
	status := http.StatusOK
	if b.left < 1 {
		status = http.StatusTooManyRequests
		b.refused++
	} else {
		b.left--
		b.served++
	}
	header := http.Header{}
	header.Set("RateLimit-Limit", strconv.Itoa(int(b.limit)))
	header.Set("RateLimit-Remaining", strconv.Itoa(int(b.left)))
	return &http.Response{StatusCode: status, Header: header, Body: http.NoBody}, nil
}

func send(t testing.TB, ctx context.Context, transport http.RoundTripper) error {
	t.Helper()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://cloud.example/v1", nil)
	if err != nil {
		t.Fatal(err)
	}
	_, err = transport.RoundTrip(req)
	return err
}

// Whatever is sent, Hetzner never has to refuse, and a share is left for others; the burst itself goes out at once.
func TestBudgetIsNeverOverdrawn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		far := &bucket{limit: 3600, left: 3600, at: time.Now()}
		transport := budgeted{budget: newBudget(1), next: far}
		began := time.Now()
		var all sync.WaitGroup
		// As many at a time as fifty counties at once. What is under way when an answer comes may be counted twice, and is waited for.
		const atOnce, each = 50, 80
		for range atOnce {
			all.Go(func() {
				for range each {
					if err := send(t, t.Context(), transport); err != nil {
						t.Error(err)
					}
				}
			})
		}
		all.Wait()
		if far.refused > 0 || far.served != atOnce*each {
			t.Errorf("%d served, %d refused", far.served, far.refused)
		}
		least := (atOnce*each - 3600) * time.Second
		if took, most := time.Since(began), least+(reserveShare+atOnce+1)*time.Second; took < least || took > most {
			t.Errorf("%d requests took %s, the refill alone allows %s; more than %s is wasted", atOnce*each, took, least, most)
		}
	})
}

// Somebody else with the same token has used the bucket up: the first answer tells, and nothing is refused from then on.
func TestBudgetBelievesTheHeaders(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		far := &bucket{limit: 3600, left: 30, at: time.Now()}
		transport := budgeted{budget: newBudget(1), next: far}
		for range 50 {
			if err := send(t, t.Context(), transport); err != nil {
				t.Fatal(err)
			}
		}
		if far.refused > 0 || far.left < 30 {
			t.Errorf("%d refused, %v left for others", far.refused, far.left)
		}
	})
}

// A limit of another size, as of a project that Hetzner gave more or less.
func TestBudgetLearnsItsSize(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		far := &bucket{limit: 36000, left: 36000, at: time.Now()}
		transport := budgeted{budget: newBudget(1), next: far}
		began := time.Now()
		for range 20000 {
			if err := send(t, t.Context(), transport); err != nil {
				t.Fatal(err)
			}
		}
		if took := time.Since(began); took > 0 || far.refused > 0 {
			t.Errorf("took %s, %d refused", took, far.refused)
		}
	})
}

func TestBudgetIsSharedByAllClientsOfAToken(t *testing.T) {
	a, b := New(Config{Token: "one", URL: "http://cloud.example/v1"}), New(Config{Token: "one", URL: "http://cloud.example/v1"})
	other := New(Config{Token: "two", URL: "http://cloud.example/v1"})
	if a.project != b.project || a.project == other.project {
		t.Error("a budget belongs to a token, not to a client")
	}
}

func TestUsedUpBudgetIsToldAsSuch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		used := newBudget(1)
		used.left, used.at = 0, time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second/2)
		defer cancel()
		began := time.Now()
		err := send(t, ctx, budgeted{budget: used, next: &bucket{}})
		if Classify(err) != Retry || time.Since(began) > time.Second/2 {
			t.Errorf("got %v (%s) after %s", err, Classify(err), time.Since(began))
		}
		if told := New(Config{Token: "x"}).explain("read server 1", err).Error(); !strings.Contains(told, "budget of requests is used up; try again") {
			t.Errorf("told: %s", told)
		}
	})
}

func TestSlowAnswersAreGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		err := send(t, t.Context(), timely{timeout: 30 * time.Second, next: never{}})
		if err == nil || time.Since(began) != 30*time.Second {
			t.Errorf("got %v after %s", err, time.Since(began))
		}
	})
}

// never answers.
type never struct{}

func (never) RoundTrip(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, r.Context().Err()
}
