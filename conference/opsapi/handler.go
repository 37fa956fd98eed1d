package opsapi

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"

	"github.com/medienzentrenverbund/kreisraum/conference/identity"
)

// Backend is what the handler opens to the operator. Its methods are called concurrently. An *Error goes to the operator as it
// is; any other error is logged and answered as CodeInternal with its text, which therefore must hold no personal data.
type Backend interface {
	Info(ctx context.Context) (Info, error)
	// Certificate is the state of the site's certificate.
	Certificate(ctx context.Context) (Certificate, error)
	// OrderCertificate begins an ACME order unless one is under way or a valid certificate is there, and returns at once.
	OrderCertificate(ctx context.Context) (Certificate, error)
	// PutAccounts replaces all accounts and ends the connections of those that are now disabled or gone.
	PutAccounts(ctx context.Context, list Accounts) (AccountsResult, error)
	// ProbeToken admits to a room on that machine, ready or not; on any ready one if machine is empty.
	ProbeToken(ctx context.Context, machine string) (ProbeToken, error)
	// PutMachines replaces the list of machines, which is valid. CodeNotPortal on a bridge.
	PutMachines(ctx context.Context, list Machines) (MachinesResult, error)
	// Load is how busy the county's bridges are. CodeNotPortal on a bridge.
	Load(ctx context.Context) (Load, error)
	// Night is what there is to say about restarts.
	Night(ctx context.Context) (Night, error)
	// Restart begins a restart, on the portal of the whole county, and returns at once.
	Restart(ctx context.Context, order RestartOrder) (Night, error)
}

// machineKey is the query's key at PathProbeToken.
const machineKey = "machine"

// NewHandler serves the ops API. Whoever reaches it has shown the operator's certificate in the TLS handshake; the handler itself
// knows no callers.
func NewHandler(b Backend, log *slog.Logger) http.Handler {
	h := &handler{backend: b, log: log}
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+PathInfo, answer(h, http.StatusOK, func(r *http.Request) (Info, error) { return b.Info(r.Context()) }))
	mux.HandleFunc("GET "+PathCertificate, answer(h, http.StatusOK, func(r *http.Request) (Certificate, error) { return b.Certificate(r.Context()) }))
	mux.HandleFunc("POST "+PathCertificate, answer(h, http.StatusAccepted, func(r *http.Request) (Certificate, error) { return b.OrderCertificate(r.Context()) }))
	mux.HandleFunc("PUT "+PathAccounts, answer(h, http.StatusOK, h.putAccounts))
	mux.HandleFunc("POST "+PathProbeToken, answer(h, http.StatusOK, h.probeToken))
	mux.HandleFunc("PUT "+PathMachines, answer(h, http.StatusOK, h.putMachines))
	mux.HandleFunc("GET "+PathLoad, answer(h, http.StatusOK, func(r *http.Request) (Load, error) { return b.Load(r.Context()) }))
	mux.HandleFunc("GET "+PathNight, answer(h, http.StatusOK, func(r *http.Request) (Night, error) { return b.Night(r.Context()) }))
	mux.HandleFunc("POST "+PathRestart, answer(h, http.StatusAccepted, h.restart))
	for _, path := range []string{PathInfo, PathCertificate, PathAccounts, PathProbeToken, PathMachines, PathLoad, PathNight, PathRestart} {
		mux.HandleFunc(path, answer(h, 0, func(*http.Request) (any, error) {
			return nil, &Error{Code: CodeMethodNotAllowed, Message: "this path knows other methods"}
		}))
	}
	mux.HandleFunc("/", answer(h, 0, func(*http.Request) (any, error) {
		return nil, &Error{Code: CodeNotFound, Message: "no such path; operator and server are of different versions"}
	}))
	return mux
}

type handler struct {
	backend Backend
	log     *slog.Logger
}

// answer writes what f returns as JSON.
func answer[T any](h *handler, status int, f func(*http.Request) (T, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		v, err := f(r)
		if err != nil {
			h.refuse(w, err)
			return
		}
		writeJSON(w, status, v)
	}
}

func (h *handler) refuse(w http.ResponseWriter, err error) {
	var e *Error
	if !errors.As(err, &e) {
		h.log.Error("ops API call went wrong", "error", err)
		e = &Error{Code: CodeInternal, Message: err.Error()}
	}
	writeJSON(w, e.status(), e)
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // a caller that is gone reads no answer
}

func (h *handler) putAccounts(r *http.Request) (AccountsResult, error) {
	list, err := body(r, MaxAccountsBody, decodeAccounts)
	if err != nil {
		return AccountsResult{}, err
	}
	return h.backend.PutAccounts(r.Context(), list)
}

func (h *handler) putMachines(r *http.Request) (MachinesResult, error) {
	list, err := body(r, MaxMachinesBody, DecodeMachines)
	if err != nil {
		return MachinesResult{}, err
	}
	return h.backend.PutMachines(r.Context(), list)
}

func (h *handler) restart(r *http.Request) (Night, error) {
	order, err := body(r, maxRestartBody, decodeRestart)
	if err != nil {
		return Night{}, err
	}
	return h.backend.Restart(r.Context(), order)
}

// probeToken takes the machine from the query; without one the portal chooses a bridge.
func (h *handler) probeToken(r *http.Request) (ProbeToken, error) {
	machine := r.URL.Query().Get(machineKey)
	if machine != "" && !identity.IsMachine(machine) {
		return ProbeToken{}, invalid(CodeUnknownMachine, "machine is neither portal nor bridge-1 to bridge-99")
	}
	return h.backend.ProbeToken(r.Context(), machine)
}

// body reads and decodes what the operator sent.
func body[T any](r *http.Request, limit int64, decode func([]byte) (T, error)) (T, error) {
	data, err := readBody(r, limit)
	if err != nil {
		var zero T
		return zero, err
	}
	return decode(data)
}
