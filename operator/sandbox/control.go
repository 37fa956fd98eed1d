package sandbox

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"errors"
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
//	PUT  /sandbox/stock      Stock: a server type is sold out at a location, or can be had again; forgotten when the sandbox stops
//	POST /sandbox/fault      Fault: requests to the cloud go wrong
const (
	controlPrefix = "/sandbox/"
	maxControl    = 64 << 10 // bytes of a request or an answer
	// busyMachine bounds the wait for machines that are just stopping.
	busyMachine = 2 * time.Second
)

// Stock says whether a server type can be created at a location.
type Stock struct {
	ServerType string `json:"server_type"`
	Location   string `json:"location"`
	InStock    bool   `json:"in_stock"`
}

// Fault makes requests to the cloud go wrong, see hcloudsim.Fault.
type Fault struct {
	Method      string `json:"method,omitempty"`
	PathPrefix  string `json:"path_prefix,omitempty"`
	Times       int    `json:"times"`
	Status      int    `json:"status,omitempty"`
	Code        string `json:"code,omitempty"`
	AfterCommit bool   `json:"after_commit,omitempty"`
}

// withControl serves the sandbox's own paths and leaves all others to the cloud.
func withControl(cloud *hcloudsim.Server, machines *machine.Process, token string) http.Handler {
	control := http.NewServeMux()
	control.HandleFunc("GET /sandbox/machines", func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), busyMachine)
		defer cancel()
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(machines.Machines(ctx)) // a caller that is gone reads no answer
	})
	control.HandleFunc("PUT /sandbox/stock", order(func(s Stock) error { return cloud.SetStock(s.ServerType, s.Location, s.InStock) }))
	control.HandleFunc("POST /sandbox/fault", order(func(f Fault) error { cloud.InjectFault(hcloudsim.Fault(f)); return nil }))
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

// order takes a JSON object strictly and does what it says.
func order[T any](do func(T) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var v T
		decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxControl))
		decoder.DisallowUnknownFields()
		err := decoder.Decode(&v)
		if _, more := decoder.Token(); err == nil && !errors.Is(more, io.EOF) {
			err = errors.New("one JSON object was expected")
		}
		if err == nil {
			err = do(v)
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		w.WriteHeader(http.StatusNoContent)
	}
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
