package portal

import (
	"encoding/json"
	"math"
	"net/http"
	"strconv"
	"time"
)

// Codes of error answers; the page has the words.
const (
	codeLoginWrong      = "login-wrong"
	codeAccountDisabled = "account-disabled"
	codeTooManyAttempts = "too-many-attempts"
	codeBusy            = "busy"
	codeBadMessage      = "bad-message"
	codeRoomInvalid     = "room-invalid"
	codeWrongOrigin     = "wrong-origin"
	codeNotFound        = "not-found"
)

func statusOf(code string) int {
	switch code {
	case codeLoginWrong:
		return http.StatusUnauthorized
	case codeAccountDisabled, codeWrongOrigin:
		return http.StatusForbidden
	case codeTooManyAttempts:
		return http.StatusTooManyRequests
	case codeBusy:
		return http.StatusServiceUnavailable
	case codeNotFound:
		return http.StatusNotFound
	default:
		return http.StatusBadRequest
	}
}

// refuse answers with a code and, if retry is positive, with Retry-After in whole seconds, rounded up.
func refuse(w http.ResponseWriter, code string, retry time.Duration) {
	if retry > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(retry.Seconds()))))
	}
	var body struct {
		Error struct {
			Code string `json:"code"`
		} `json:"error"`
	}
	body.Error.Code = code
	writeJSON(w, statusOf(code), body)
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // a client that is gone reads no answer
}
