package hetzner

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"

	"github.com/hetznercloud/hcloud-go/v2/hcloud"
)

// Error is a failed request in words for a person: what was tried, what happened, what to do next.
type Error struct {
	// What was tried, for example "create server kreisraum-demo-portal".
	What string
	// Class for decisions.
	Class Class
	// Cause is Hetzner's own sentence, or ours where there was no answer.
	Cause string
	// Next step for the operator.
	Next string
	err  error
}

func (e *Error) Error() string {
	if e.Next == "" {
		return e.What + ": " + e.Cause
	}
	return e.What + ": " + e.Cause + "; " + e.Next
}

// ErrSoldOut says that Hetzner has no such machine at that location now, or does not offer it there: the next server type or
// location may work. An account's limit and a placement group that cannot be spread are no lack of machines.
var ErrSoldOut = errors.New("sold out")

// ErrWithdrawn says, beside ErrSoldOut, that Hetzner does not offer that type at that location any more: waiting does not help.
var ErrWithdrawn = errors.New("withdrawn")

// Is lets errors.Is find ErrSoldOut and ErrWithdrawn.
func (e *Error) Is(target error) bool {
	switch target {
	case ErrSoldOut:
		return e.Class == Capacity
	case ErrWithdrawn:
		var api hcloud.Error
		return e.Class == Capacity && errors.As(e.err, &api) && withdrawn(api)
	}
	return false
}

// SoldOutError names the machine that could not be had; errors.Is finds ErrSoldOut in it.
type SoldOutError struct {
	// Machine is the server's name; ServerType and Location what was asked for.
	Machine, ServerType, Location string
	// Kept says that the machine exists as what it was before, and runs.
	Kept bool
	Err  error
}

func (e *SoldOutError) Error() string {
	return fmt.Sprintf("%s in %s: %v", e.ServerType, e.Location, e.Err)
}

// Unwrap gives the explained error.
func (e *SoldOutError) Unwrap() error { return e.Err }

// Unwrap gives the error of hcloud-go or of the network.
func (e *Error) Unwrap() error { return e.err }

// explain turns err into an *Error; what it already explained and cancelled contexts stay as they are.
func (c *Client) explain(what string, err error) error {
	var own *Error
	var foreign *ForeignError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &own), errors.As(err, &foreign):
		return err
	case errors.Is(err, context.Canceled):
		return fmt.Errorf("%s: %w", what, err)
	}
	class := Classify(err)
	return &Error{What: what, Class: class, Cause: c.cause(class, err), Next: next(class, err), err: err}
}

// cause is one sentence about what went wrong, without the token and without what the request contained.
func (c *Client) cause(class Class, err error) string {
	var api hcloud.Error
	var action hcloud.ActionError
	switch {
	case errors.As(err, &api):
		return fmt.Sprintf("Hetzner says %q (%s)%s", api.Message, api.Code, details(api))
	case errors.As(err, &action):
		return fmt.Sprintf("Hetzner began it, then it failed: %q (%s)", action.Message, action.Code)
	case errors.Is(err, errBudget):
		return errBudget.Error()
	case class == Unreachable:
		return fmt.Sprintf("the Hetzner Cloud API at %s cannot be reached (%s)", c.url, rootCause(err))
	case errors.Is(err, context.DeadlineExceeded):
		return "no result in time"
	}
	return err.Error()
}

// rootCause is the innermost text of a network error, for example "connection refused".
func rootCause(err error) string {
	var dns *net.DNSError
	if errors.As(err, &dns) {
		return "the name cannot be resolved"
	}
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return err.Error()
		}
		err = inner
	}
}

// details names the fields or limits that the API complained about.
func details(err hcloud.Error) string {
	switch d := err.Details.(type) {
	case hcloud.ErrorDetailsInvalidInput:
		var fields []string
		for _, f := range d.Fields {
			fields = append(fields, f.Name+": "+strings.Join(f.Messages, ", "))
		}
		if len(fields) > 0 {
			return " [" + strings.Join(fields, "; ") + "]"
		}
	}
	return ""
}

// next is what the operator does about an error of this class.
func next(class Class, err error) string {
	switch class {
	case Auth:
		if hcloud.IsError(err, hcloud.ErrorCodeForbidden) {
			return "make a token with the permission Read & Write in the Hetzner console (project, Security, API tokens) and set it as HCLOUD_TOKEN"
		}
		return "check HCLOUD_TOKEN: it must be a token of the county's own project in the Hetzner console (Security, API tokens)"
	case Capacity:
		var api hcloud.Error
		if errors.As(err, &api) && withdrawn(api) {
			return "Hetzner no longer offers this server type there: name another type or location in the county's file"
		}
		return "this server type is sold out there: try again later, or name further types or locations in the county's file"
	case Placement:
		return "try again in a few minutes; Hetzner has no further host on which the county's machines would be apart from each other"
	case Quota:
		return askForMore(err)
	case Unreachable:
		return "check the network of this computer and try again; what already exists is kept and found again"
	case Retry:
		return "try again in a few minutes; what already exists is kept and found again"
	case InUse:
		return "try again; if it stays, look in the Hetzner console which resource still uses it"
	case Invalid:
		if hcloud.IsError(err, hcloud.ErrorCodeProtected) {
			return "remove the protection in the Hetzner console first"
		}
		if about(err, "server_type") {
			return "correct server_types in the county's file; Hetzner's price list and Console name the types that there are"
		}
	}
	return ""
}

// about reports whether Hetzner found fault with a field of the request.
func about(err error, field string) bool {
	var api hcloud.Error
	if !errors.As(err, &api) {
		return false
	}
	d, ok := api.Details.(hcloud.ErrorDetailsInvalidInput)
	return ok && slices.ContainsFunc(d.Fields, func(f hcloud.ErrorDetailsInvalidInputField) bool { return f.Name == field })
}
