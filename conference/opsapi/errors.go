package opsapi

import "net/http"

// Codes of Error.
const (
	CodeNotFound         = "not-found"
	CodeMethodNotAllowed = "method-not-allowed"
	CodeBadRequest       = "bad-request"
	CodeTooLarge         = "too-large"
	CodeInvalidAccounts  = "invalid-accounts"
	CodeInvalidMachines  = "invalid-machines"
	CodeUnknownMachine   = "unknown-machine" // no such machine in the list; put it first
	CodeNotPortal        = "not-a-portal"    // a bridge was asked what only the portal knows
	CodeNotReady         = "not-ready"       // the server cannot say yet; ask again in a second
	CodeUnderWay         = "under-way"       // a restart is under way already and ends no later
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
	case CodeInvalidAccounts, CodeInvalidMachines, CodeUnknownMachine:
		return http.StatusUnprocessableEntity
	case CodeNotPortal, CodeUnderWay:
		return http.StatusConflict
	case CodeNotReady:
		return http.StatusServiceUnavailable
	default:
		return http.StatusInternalServerError
	}
}
