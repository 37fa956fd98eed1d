package portal

import (
	"encoding/json"
	"io"
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
	codeLoginRequired   = "login-required"
	codeTitleInvalid    = "title-invalid"
	codeAddressTaken    = "address-taken"
	codeTooManyRooms    = "too-many-rooms"
	codeHandoverInvalid = "handover-invalid"
)

func statusOf(code string) int {
	switch code {
	case codeLoginWrong, codeLoginRequired:
		return http.StatusUnauthorized
	case codeAccountDisabled, codeWrongOrigin:
		return http.StatusForbidden
	case codeTooManyAttempts:
		return http.StatusTooManyRequests
	case codeBusy:
		return http.StatusServiceUnavailable
	case codeNotFound:
		return http.StatusNotFound
	case codeAddressTaken, codeTooManyRooms:
		return http.StatusConflict
	case codeHandoverInvalid:
		return http.StatusGone
	default:
		return http.StatusBadRequest
	}
}

// errorBody is what an error answer says.
type errorBody struct {
	Code string `json:"code"`
	// Suggestion is an address that is free, with codeAddressTaken.
	Suggestion string `json:"suggestion,omitempty"`
}

// refuse answers with a code and, if retry is positive, with Retry-After in whole seconds, rounded up.
func refuse(w http.ResponseWriter, code string, retry time.Duration) {
	refuseWith(w, errorBody{Code: code}, retry)
}

func refuseWith(w http.ResponseWriter, body errorBody, retry time.Duration) {
	if retry > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(retry.Seconds()))))
	}
	writeJSON(w, statusOf(body.Code), struct {
		Error errorBody `json:"error"`
	}{body})
}

// readJSON reads the body, which guard has bounded, or refuses the request.
func readJSON(w http.ResponseWriter, r *http.Request, into any) bool {
	body, err := io.ReadAll(r.Body)
	if err != nil || json.Unmarshal(body, into) != nil {
		refuse(w, codeBadMessage, 0)
		return false
	}
	return true
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // a client that is gone reads no answer
}
