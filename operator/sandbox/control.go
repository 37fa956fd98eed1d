package sandbox

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/medienzentrenverbund/kreisraum/operator/sandbox/hcloudsim"
	"github.com/medienzentrenverbund/kreisraum/operator/sandbox/machine"
)

// The sandbox's own paths beside the simulated cloud's, on the same listener and with the same token. They let a test do what no cloud offers.
//
//	GET  /sandbox/machines   []machine.Status: which process is which machine's server
//
// All other paths are those of hcloudsim.Server.Control: stock, faults, chaos, clock, requests, quotas, bill.
const (
	controlPrefix = "/sandbox/"
	maxControl    = 64 << 10 // bytes of an answer
	// busyMachine bounds the wait for machines that are just stopping.
	busyMachine = 2 * time.Second
)

// Stock says whether a server type can be created at a location, see hcloudsim.Stock.
type Stock = hcloudsim.Stock

// Fault makes requests to the cloud go wrong, see hcloudsim.Fault.
type Fault = hcloudsim.Fault

// withControl serves the sandbox's own paths and leaves all others to the cloud.
func withControl(cloud *hcloudsim.Server, machines runtime, token string) http.Handler {
	control := http.NewServeMux()
	control.HandleFunc("GET /sandbox/machines", func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), busyMachine)
		defer cancel()
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(machines.Machines(ctx)) // a caller that is gone reads no answer
	})
	control.Handle(controlPrefix, cloud.Control())
	return guarded(cloud, control, token)
}

// guarded serves the control paths to whoever has the token and leaves all others to the cloud.
func guarded(cloud, control http.Handler, token string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case !strings.HasPrefix(r.URL.Path, controlPrefix):
			cloud.ServeHTTP(w, r)
		case !bearer(r, token):
			http.Error(w, "the sandbox's token is required; it is in the manifest", http.StatusUnauthorized)
		default:
			control.ServeHTTP(w, r)
		}
	})
}

// bearer compares the token in constant time.
func bearer(r *http.Request, token string) bool {
	got, want := sha256.Sum256([]byte(r.Header.Get("Authorization"))), sha256.Sum256([]byte("Bearer "+token))
	return subtle.ConstantTimeCompare(got[:], want[:]) == 1
}

// Machines asks a running sandbox for its machines.
func (m Manifest) Machines(ctx context.Context) ([]machine.Status, error) {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimSuffix(m.HCloudURL, "/v1")+"/sandbox/machines", nil)
	if err != nil {
		return nil, fmt.Errorf("ask the sandbox for its machines: %w", err)
	}
	r.Header.Set("Authorization", "Bearer "+m.HCloudToken)
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	answer, err := client.Do(r)
	if err != nil {
		return nil, fmt.Errorf("ask the sandbox for its machines: %w", err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("ask the sandbox for its machines: HTTP status %d; is it of another version? `kreisraum sandbox stop` ends it", answer.StatusCode)
	}
	var all []machine.Status
	if err := json.NewDecoder(io.LimitReader(answer.Body, maxControl)).Decode(&all); err != nil {
		return nil, fmt.Errorf("ask the sandbox for its machines: %w", err)
	}
	return all, nil
}
