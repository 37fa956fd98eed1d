package hcloudsim

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// ErrShutdownIgnored is returned by Runtime.Shutdown when the machine did not stop: the action succeeds all the same (only the
// ACPI signal is promised) and the server stays running.
var ErrShutdownIgnored = errors.New("machine ignored the shutdown signal")

// apiError is an answer of the API that is not a success. Statuses and codes: Hetzner Cloud API, "Errors".
type apiError struct {
	status  int
	code    string
	message string
	details any
}

func (e *apiError) Error() string { return e.code + ": " + e.message }

type fieldError struct {
	Name     string   `json:"name"`
	Messages []string `json:"messages,omitempty"`
}

type fieldDetails struct {
	Fields []fieldError `json:"fields"`
}

type limitDetails struct {
	Limits []fieldError `json:"limits"`
}

// invalidInput collects what is wrong with a request's fields, so that one answer tells all.
type invalidInput struct{ fields []fieldError }

func (v *invalidInput) add(field, format string, args ...any) {
	v.fields = append(v.fields, fieldError{Name: field, Messages: []string{fmt.Sprintf(format, args...)}})
}

func (v *invalidInput) err() error {
	if len(v.fields) == 0 {
		return nil
	}
	names := make([]string, len(v.fields))
	for i, f := range v.fields {
		names[i] = "'" + f.Name + "'"
	}
	plural := ""
	if len(names) > 1 {
		plural = "s"
	}
	return &apiError{http.StatusUnprocessableEntity, "invalid_input",
		"invalid input in field" + plural + " " + strings.Join(names, ", "), fieldDetails{v.fields}}
}

func errInvalid(field, format string, args ...any) error {
	var v invalidInput
	v.add(field, format, args...)
	return v.err()
}

func errNotFound(kind string, id int64) error {
	return &apiError{http.StatusNotFound, "not_found", fmt.Sprintf("%s with ID '%d' not found", kind, id), nil}
}

func errUnique(message, field string) error {
	return &apiError{http.StatusConflict, "uniqueness_error", message, fieldDetails{[]fieldError{{Name: field}}}}
}

func errLimit(message, limit string) error {
	return &apiError{http.StatusForbidden, "resource_limit_exceeded", message, limitDetails{[]fieldError{{Name: limit}}}}
}

func errUnprocessable(code, format string, args ...any) error {
	return &apiError{http.StatusUnprocessableEntity, code, fmt.Sprintf(format, args...), nil}
}

func errConflict(code, format string, args ...any) error {
	return &apiError{http.StatusConflict, code, fmt.Sprintf(format, args...), nil}
}

func errPrecondition(code, format string, args ...any) error {
	return &apiError{http.StatusPreconditionFailed, code, fmt.Sprintf(format, args...), nil}
}

var (
	errRoute         = &apiError{http.StatusNotFound, "not_found", "api route not found", nil}
	errTokenMissing  = &apiError{http.StatusUnauthorized, "unauthorized", "token is required", nil}
	errTokenUnknown  = &apiError{http.StatusUnauthorized, "unauthorized", "the token you have provided is invalid", nil}
	errTokenReadOnly = &apiError{http.StatusForbidden, "forbidden", "the token is only allowed to perform GET requests", nil}
	errRateLimit     = &apiError{http.StatusTooManyRequests, "rate_limit_exceeded", "limit of requests per hour reached", nil}
	errMethod        = &apiError{http.StatusMethodNotAllowed, "method_not_allowed", "method not allowed", nil}
	errJSON          = &apiError{http.StatusBadRequest, "json_error", "the request body is not valid JSON", nil}
	errTooLarge      = &apiError{http.StatusRequestEntityTooLarge, "invalid_input", "the request body is larger than 1 MiB", nil}
	errLocked        = &apiError{http.StatusLocked, "locked", "server is locked", nil}
	errProtected     = &apiError{http.StatusLocked, "protected", "resource is protected against this operation", nil}
	errClosed        = &apiError{http.StatusServiceUnavailable, "unavailable", "the simulated cloud is shutting down", nil}
	errNotStopped    = &apiError{http.StatusUnprocessableEntity, "server_not_stopped", "server must be powered off", nil}
	errNoIPv6        = &apiError{http.StatusUnprocessableEntity, "unsupported_error",
		"this sandbox host has no IPv6; set `ipv6: false` in the county file", nil}
)
