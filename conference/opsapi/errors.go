package opsapi

import "net/http"

// Codes of Error.
const (
	CodeNotFound         = "not-found"
	CodeMethodNotAllowed = "method-not-allowed"
	CodeBadRequest       = "bad-request"
	CodeTooLarge         = "too-large"
	CodeInvalidAccounts  = "invalid-accounts"
	CodeInternal         = "internal"
)

// Error makes an answer of the server usable as an error; callers match it with errors.As and decide by Code.
func (e *Error) Error() string { return "server answers " + e.Code + ": " + e.Message }

// status is the HTTP status that goes with a code.
func (e *Error) status() int {
	switch e.Code {
	case CodeNotFound:
		return http.StatusNotFound
	case CodeMethodNotAllowed:
		return http.StatusMethodNotAllowed
	case CodeBadRequest:
		return http.StatusBadRequest
	case CodeTooLarge:
		return http.StatusRequestEntityTooLarge
	case CodeInvalidAccounts:
		return http.StatusUnprocessableEntity
	default:
		return http.StatusInternalServerError
	}
}
