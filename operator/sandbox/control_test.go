package sandbox

import (
	"context"
	"net/http"
	"strings"
	"testing"
)

func TestControl(t *testing.T) {
	c := testConfig(t)
	ctx, cancel := context.WithCancel(t.Context())
	ready, done := make(chan Manifest, 1), make(chan error, 1)
	go func() { done <- Run(ctx, c, func(m Manifest) { ready <- m }) }()
	var m Manifest
	select {
	case m = <-ready:
	case err := <-done:
		t.Fatal(err)
	}
	defer func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}()
	base := strings.TrimSuffix(m.HCloudURL, "/v1")
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	ask := func(method, path, token, body string) int {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), method, base+path, strings.NewReader(body))
		must(t, err)
		r.Header.Set("Authorization", "Bearer "+token)
		answer, err := client.Do(r)
		must(t, err)
		must(t, answer.Body.Close())
		return answer.StatusCode
	}
	const soldOut = `{"server_type":"ccx13","location":"fsn1","in_stock":false}`
	for _, tt := range []struct {
		name, method, path, token, body string
		want                            int
	}{
		{"machines", "GET", "/sandbox/machines", m.HCloudToken, "", 200},
		{"without the token", "GET", "/sandbox/machines", "", "", 401},
		{"with another token", "PUT", "/sandbox/stock", m.HCloudToken + "x", soldOut, 401},
		{"sold out", "PUT", "/sandbox/stock", m.HCloudToken, soldOut, 204},
		{"unknown pair", "PUT", "/sandbox/stock", m.HCloudToken, `{"server_type":"ccx13","location":"moon"}`, 400},
		{"unknown key", "PUT", "/sandbox/stock", m.HCloudToken, `{"type":"ccx13"}`, 400},
		{"two objects", "PUT", "/sandbox/stock", m.HCloudToken, soldOut + soldOut, 400},
		{"too large", "PUT", "/sandbox/stock", m.HCloudToken, `{"server_type":"` + strings.Repeat("x", maxControl) + `"}`, 400},
		{"fault", "POST", "/sandbox/fault", m.HCloudToken, `{"path_prefix":"/locations","times":1,"status":503,"code":"unavailable"}`, 204},
		{"the fault", "GET", "/v1/locations", m.HCloudToken, "", 503},
		{"and once only", "GET", "/v1/locations", m.HCloudToken, "", 200},
		{"nothing there", "GET", "/sandbox/", m.HCloudToken, "", 404},
	} {
		if got := ask(tt.method, tt.path, tt.token, tt.body); got != tt.want {
			t.Errorf("%s: status %d, want %d", tt.name, got, tt.want)
		}
	}
	if all, err := m.Machines(t.Context()); err != nil || len(all) != 0 {
		t.Errorf("machines of an empty sandbox: %v, %v", all, err)
	}
}
