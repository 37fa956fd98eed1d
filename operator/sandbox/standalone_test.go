package sandbox

import (
	"context"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hetznercloud/hcloud-go/v2/hcloud"

	"github.com/medienzentrenverbund/kreisraum/operator/sandbox/hcloudsim"
)

// runCloud starts a cloud that stands alone; the returned function ends it.
func runCloud(t *testing.T, c CloudConfig) (CloudAddress, func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ready, done := make(chan CloudAddress, 1), make(chan error, 1)
	go func() { done <- RunCloud(ctx, c, func(a CloudAddress) { ready <- a }) }()
	stop := func() {
		t.Helper()
		cancel()
		select {
		case err := <-done:
			if err != nil {
				t.Errorf("the cloud ended with %v", err)
			}
		case <-time.After(30 * time.Second):
			t.Error("the cloud does not end")
		}
	}
	select {
	case at := <-ready:
		return at, stop
	case err := <-done:
		cancel()
		t.Fatal(err)
	case <-time.After(30 * time.Second):
		cancel()
		t.Fatal("the cloud does not start")
	}
	return CloudAddress{}, nil
}

func TestCloudAlone(t *testing.T) {
	dir := t.TempDir()
	instant, err := hcloudsim.LoadProfile("instant")
	must(t, err)
	c := CloudConfig{
		TokenFile: filepath.Join(dir, "token"), StateFile: filepath.Join(dir, "cloud.json"), Profile: &instant, Limits: map[string]int{"servers": 2},
	}
	at, stop := runCloud(t, c)
	transport := &http.Transport{DisableKeepAlives: true}
	client := func(a CloudAddress) *hcloud.Client {
		return hcloud.NewClient(hcloud.WithEndpoint(a.Endpoint), hcloud.WithToken(a.Token), hcloud.WithHTTPClient(&http.Client{Transport: transport}),
			hcloud.WithPollOpts(hcloud.PollOpts{BackoffFunc: hcloud.ConstantBackoff(5 * time.Millisecond)}))
	}
	create := func(name string) error {
		made, _, err := client(at).Server.Create(t.Context(), hcloud.ServerCreateOpts{
			Name: name, ServerType: &hcloud.ServerType{Name: "cpx22"}, Image: &hcloud.Image{Name: "debian-12"},
		})
		if err != nil {
			return err
		}
		return client(at).Action.WaitFor(t.Context(), append(made.NextActions, made.Action)...)
	}
	must(t, create("a"))
	must(t, create("b"))
	if err := create("c"); !hcloud.IsError(err, hcloud.ErrorCodeResourceLimitExceeded) {
		t.Errorf("third server: got %v", err)
	}
	if err := RunCloud(t.Context(), c, nil); !errors.Is(err, ErrCloudRunning) {
		t.Errorf("second cloud on the same state: got %v", err)
	}
	for token, want := range map[string]int{at.Token: 200, "": 401, "guess": 401} {
		r, err := http.NewRequestWithContext(t.Context(), "GET", strings.TrimSuffix(at.Endpoint, "/v1")+"/sandbox/bill", nil)
		must(t, err)
		r.Header.Set("Authorization", "Bearer "+token)
		answer, err := transport.RoundTrip(r)
		must(t, err)
		must(t, answer.Body.Close())
		if answer.StatusCode != want {
			t.Errorf("bill: status %d, want %d", answer.StatusCode, want)
		}
	}
	stop()

	again, stop := runCloud(t, c)
	defer stop()
	if again.Token != at.Token {
		t.Error("the token of the file was not used")
	}
	at = again
	servers, err := client(at).Server.All(t.Context())
	if err != nil || len(servers) != 2 {
		t.Errorf("after a restart: %d servers, %v", len(servers), err)
	}
	if info, err := os.Stat(c.TokenFile); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("token file: %v %v", info, err)
	}
}

func TestCloudAloneRefuses(t *testing.T) {
	for name, c := range map[string]CloudConfig{
		"another computer's address": {Listen: "192.0.2.1:7780"},
		"every address":              {Listen: "0.0.0.0:0"},
		"no port":                    {Listen: "127.0.0.1"},
		"unknown limit":              {Limits: map[string]int{"moons": 1}},
		"no folder for the state":    {StateFile: "/nowhere/cloud.json"},
		"no folder for the token":    {TokenFile: "/nowhere/token"},
	} {
		if err := RunCloud(t.Context(), c, func(CloudAddress) { t.Errorf("%s: the cloud runs", name) }); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
