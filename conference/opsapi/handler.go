package opsapi

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
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
	ProbeToken(ctx context.Context) (ProbeToken, error)
}

// NewHandler serves the ops API. Whoever reaches it has shown a client certificate of the county CA in the TLS handshake; the
// handler itself knows no callers.
func NewHandler(b Backend, log *slog.Logger) http.Handler {
	h := &handler{backend: b, log: log}
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+PathInfo, answer(h, http.StatusOK, func(r *http.Request) (Info, error) { return b.Info(r.Context()) }))
	mux.HandleFunc("GET "+PathCertificate, answer(h, http.StatusOK, func(r *http.Request) (Certificate, error) { return b.Certificate(r.Context()) }))
	mux.HandleFunc("POST "+PathCertificate, answer(h, http.StatusAccepted, func(r *http.Request) (Certificate, error) { return b.OrderCertificate(r.Context()) }))
	mux.HandleFunc("PUT "+PathAccounts, answer(h, http.StatusOK, h.putAccounts))
	mux.HandleFunc("POST "+PathProbeToken, answer(h, http.StatusOK, func(r *http.Request) (ProbeToken, error) { return b.ProbeToken(r.Context()) }))
	for _, path := range []string{PathInfo, PathCertificate, PathAccounts, PathProbeToken} {
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
	data, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, MaxAccountsBody))
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return AccountsResult{}, &Error{Code: CodeTooLarge, Message: "list of accounts is larger than 8 MiB"}
	}
	if err != nil {
		return AccountsResult{}, &Error{Code: CodeBadRequest, Message: "body ended early"}
	}
	list, err := decodeAccounts(data)
	if err != nil {
		return AccountsResult{}, err
	}
	return h.backend.PutAccounts(r.Context(), list)
}

// decodeAccounts reads exactly one Accounts object. Its errors repeat nothing of the body, which holds hashes.
func decodeAccounts(data []byte) (Accounts, error) {
	var list Accounts
	if err := json.Unmarshal(data, &list); err != nil {
		return Accounts{}, &Error{Code: CodeBadRequest, Message: "body is not a JSON list of accounts"}
	}
	if len(list.Accounts) > MaxAccounts {
		return Accounts{}, &Error{Code: CodeTooLarge, Message: "more than 20000 accounts"}
	}
	return list, nil
}
