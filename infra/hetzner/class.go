package hetzner

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/hetznercloud/hcloud-go/v2/hcloud"
)

// Class says what to do about an error of the API.
type Class int

const (
	// Unknown: no error of the API, or one that nobody has classified. Stop and show it.
	Unknown Class = iota
	// Retry: the same request works in a while (locked, concurrent change, rate limit, a failing backend).
	Retry
	// Capacity: sold out here and now; another server type or location may work. See ErrSoldOut.
	Capacity
	// Placement: the servers of a placement group cannot be spread; another machine of that type may well be had.
	Placement
	// Quota: the account's limit is reached; only Hetzner raises it.
	Quota
	// Auth: the token is wrong or may not do this.
	Auth
	// Conflict: the name or key is taken, perhaps by our own earlier request. Look it up and adopt it.
	Conflict
	// Gone: no such resource.
	Gone
	// InUse: something else still holds the resource; release that first.
	InUse
	// Invalid: the request itself is refused; repeating it is useless.
	Invalid
	// Unreachable: no answer at all.
	Unreachable
)

var classNames = [...]string{"unknown", "retry", "capacity", "placement", "quota", "auth", "conflict", "gone", "in-use", "invalid", "unreachable"}

func (c Class) String() string { return classNames[c] }

// codeClasses are the API's error codes (Hetzner Cloud API, "Errors", and each resource's own codes).
var codeClasses = map[hcloud.ErrorCode]Class{
	hcloud.ErrorCodeLocked:            Retry,
	hcloud.ErrorCodeConflict:          Retry,
	hcloud.ErrorCodeRateLimitExceeded: Retry,
	hcloud.ErrorCodeMaintenance:       Retry,
	hcloud.ErrorCodeServerError:       Retry,
	hcloud.ErrorCodeServiceError:      Retry,
	hcloud.ErrorCodeBadGateway:        Retry,
	hcloud.ErrorCodeTimeout:           Retry,
	"unavailable":                     Retry,

	hcloud.ErrorCodeResourceUnavailable: Capacity,
	hcloud.ErrorCodePlacementError:      Placement,

	hcloud.ErrorCodeResourceLimitExceeded: Quota,

	hcloud.ErrorCodeUnauthorized: Auth,
	hcloud.ErrorCodeForbidden:    Auth,
	"token_readonly":             Auth,

	hcloud.ErrorCodeUniquenessError: Conflict,

	hcloud.ErrorCodeNotFound:                 Gone,
	hcloud.ErrorCodeFirewallResourceNotFound: Gone,

	hcloud.ErrorCodeResourceInUse:            InUse,
	"must_be_unassigned":                     InUse,
	hcloud.ErrorCodePrimaryIPAssigned:        InUse,
	hcloud.ErrorCodePrimaryIPAlreadyAssigned: InUse,
	hcloud.ErrorCodeServerNotStopped:         InUse,
	hcloud.ErrorCodeIPNotAvailable:           InUse,

	hcloud.ErrorCodeInvalidInput:             Invalid,
	hcloud.ErrorCodeJSONError:                Invalid,
	hcloud.ErrorCodeProtected:                Invalid,
	hcloud.ErrorCodeInvalidServerType:        Invalid,
	hcloud.ErrorUnsupportedError:             Invalid,
	hcloud.ErrorDeprecatedAPIEndpoint:        Invalid,
	hcloud.ErrorCodePrimaryIPVersionMismatch: Invalid,
}

// Classify says what to do about err, whether it came from a request or from an action that failed later on.
func Classify(err error) Class {
	var own *Error
	var foreign *ForeignError
	var api hcloud.Error
	var action hcloud.ActionError
	var request *url.Error
	switch {
	case err == nil, errors.Is(err, context.Canceled):
		return Unknown
	case errors.As(err, &own):
		return own.Class
	case errors.As(err, &foreign):
		return Invalid
	case errors.As(err, &api):
		return classifyAPI(api)
	case errors.As(err, &action):
		return codeClasses[hcloud.ErrorCode(action.Code)]
	case errors.Is(err, hcloud.ErrStatusCode):
		return Retry // no JSON error: a gateway in between answered
	case errors.Is(err, errBudget):
		return Retry
	case errors.As(err, &request):
		return Unreachable
	case errors.Is(err, context.DeadlineExceeded):
		return Retry // Hetzner answered all the time, but what we wait for did not come
	}
	return Unknown
}

// classifyAPI refines what the code alone does not say.
func classifyAPI(err hcloud.Error) Class {
	if withdrawn(err) {
		return Capacity
	}
	if class, known := codeClasses[err.Code]; known {
		return class
	}
	if resp := err.Response(); resp != nil && resp.Response != nil && resp.StatusCode >= http.StatusInternalServerError {
		return Retry
	}
	return Invalid
}

// withdrawn recognizes a type that a location no longer offers, which is answered with 422 invalid_input and this text; for the choice of
// the next pair it is a lack of capacity. The API has no code of its own for it.
func withdrawn(err hcloud.Error) bool {
	return err.Code == hcloud.ErrorCodeInvalidInput && strings.Contains(err.Message, "unsupported location")
}
