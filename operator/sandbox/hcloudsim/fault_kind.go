package hcloudsim

import (
	"net/http"
	"strings"
)

// Kind names a way in which a request can go wrong.
type Kind string

// The kinds of faults. Those with After let the request take effect and lose only the answer. Statuses and codes: Hetzner Cloud API,
// "Errors"; which of them clients retry: hcloud-go, client_handler_retry.go.
const (
	// KindError answers with Fault.Status and Fault.Code.
	KindError Kind = "error"
	// KindServerError is 500 server_error.
	KindServerError Kind = "server_error"
	// KindUnavailable is 503 unavailable.
	KindUnavailable Kind = "unavailable"
	// KindMaintenance is 403 maintenance.
	KindMaintenance Kind = "maintenance"
	// KindConflict is 409 conflict.
	KindConflict Kind = "conflict"
	// KindLocked is 423 locked.
	KindLocked Kind = "locked"
	// KindRateLimit is 429 rate_limit_exceeded, with headers that tell an empty bucket.
	KindRateLimit Kind = "rate_limit"
	// KindGatewayTimeout is 504 timeout.
	KindGatewayTimeout      Kind = "gateway_timeout"
	KindGatewayTimeoutAfter Kind = "gateway_timeout_after"
	// KindHTML is a proxy's 502 page.
	KindHTML      Kind = "html"
	KindHTMLAfter Kind = "html_after"
	// KindDrop cuts the connection without an answer.
	KindDrop      Kind = "drop"
	KindDropAfter Kind = "drop_after"
	// KindTimeout holds the answer until the client gives up, at most Fault.Lasts.
	KindTimeout      Kind = "timeout"
	KindTimeoutAfter Kind = "timeout_after"
	// KindCut sends the first half of the answer's body and cuts the connection.
	KindCut Kind = "cut"
	// KindContentType sends the answer as text/plain.
	KindContentType Kind = "content_type"
	// KindSoldOut is 412 resource_unavailable: no capacity at the location now.
	KindSoldOut Kind = "sold_out"
	// KindUnsupported is 422 invalid_input: the type is withdrawn from the location.
	KindUnsupported Kind = "unsupported_location"
	// KindServerLimit is 403 resource_limit_exceeded: the account's server limit.
	KindServerLimit Kind = "server_limit"
	// KindActionFails lets the request's first action end in an error and have no effect; a server that was to be created vanishes.
	KindActionFails Kind = "action_fails"
	// KindActionStuck lets the request's first action run for Fault.Lasts, one hour if that is zero.
	KindActionStuck Kind = "action_stuck"
)

// traits are what a kind does and where chaos may use it.
type traits struct {
	status  int // of the answer; 0: none
	code    string
	message string
	details any
	after   bool // the request takes effect
	fits    func(method, route string) bool
}

var kindTraits = map[Kind]traits{
	KindError:               {fits: nowhere},
	KindServerError:         {status: http.StatusInternalServerError, code: "server_error", message: "internal server error", fits: anywhere},
	KindUnavailable:         {status: http.StatusServiceUnavailable, code: "unavailable", message: "service is unavailable", fits: anywhere},
	KindMaintenance:         {status: http.StatusForbidden, code: "maintenance", message: "the service is under maintenance", fits: anywhere},
	KindConflict:            {status: http.StatusConflict, code: "conflict", message: "resource has changed during request, try again", fits: writes},
	KindLocked:              {status: http.StatusLocked, code: "locked", message: "server is locked", fits: lockable},
	KindRateLimit:           {status: http.StatusTooManyRequests, code: "rate_limit_exceeded", message: errRateLimit.message, fits: anywhere},
	KindGatewayTimeout:      {status: http.StatusGatewayTimeout, code: "timeout", message: "timed out", fits: anywhere},
	KindGatewayTimeoutAfter: {status: http.StatusGatewayTimeout, code: "timeout", message: "timed out", after: true, fits: writes},
	KindHTML:                {status: http.StatusBadGateway, fits: anywhere},
	KindHTMLAfter:           {status: http.StatusBadGateway, after: true, fits: writes},
	KindDrop:                {fits: anywhere},
	KindDropAfter:           {after: true, fits: writes},
	KindTimeout:             {fits: anywhere},
	KindTimeoutAfter:        {after: true, fits: writes},
	KindCut:                 {after: true, fits: anywhere},
	KindContentType:         {after: true, fits: anywhere},
	KindSoldOut:             {status: http.StatusPreconditionFailed, code: "resource_unavailable", message: "error during placement", fits: placements},
	KindUnsupported:         {status: http.StatusUnprocessableEntity, code: "invalid_input", message: "unsupported location for server type", fits: creations},
	KindServerLimit: {status: http.StatusForbidden, code: "resource_limit_exceeded", message: "server limit exceeded",
		details: limitDetails{[]fieldError{{Name: "server_limit"}}}, fits: creations},
	KindActionFails: {after: true, fits: lockable},
	KindActionStuck: {after: true, fits: lockable},
}

// Kinds are all kinds in the order in which chaos numbers them.
func Kinds() []Kind {
	return []Kind{
		KindError, KindServerError, KindUnavailable, KindMaintenance, KindConflict, KindLocked, KindRateLimit, KindGatewayTimeout,
		KindGatewayTimeoutAfter, KindHTML, KindHTMLAfter, KindDrop, KindDropAfter, KindTimeout, KindTimeoutAfter, KindCut, KindContentType,
		KindSoldOut, KindUnsupported, KindServerLimit, KindActionFails, KindActionStuck,
	}
}

// onAction says whether the kind is about the request's action and not about its answer.
func (k Kind) onAction() bool { return k == KindActionFails || k == KindActionStuck }

func nowhere(string, string) bool     { return false }
func anywhere(string, string) bool    { return true }
func writes(method, _ string) bool    { return method != http.MethodGet }
func creations(method, r string) bool { return method == http.MethodPost && r == "/servers" }
func placements(method, r string) bool {
	return creations(method, r) || r == "/servers/{id}/actions/change_type"
}
func lockable(method, r string) bool { return writes(method, r) && strings.HasPrefix(r, "/servers") }
