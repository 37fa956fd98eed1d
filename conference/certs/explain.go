package certs

import (
	"context"
	"crypto/x509"
	"errors"
	"net"
	"strings"

	"github.com/mholt/acmez/v3/acme"
)

// maxDetail bounds the CA's own words in a detail, in bytes.
const maxDetail = 400

// explain says what went wrong with an order and what to do next. The problem types are RFC 8555 §6.7.
func explain(err error) string {
	var p acme.Problem
	if errors.As(err, &p) {
		return advice(p.Type) + " (the CA says: " + clip(problemText(p)) + ")"
	}
	var unknownCA x509.UnknownAuthorityError
	var op *net.OpError
	switch {
	case errors.As(err, &unknownCA):
		return "the ACME server's own certificate is not trusted; check acme.roots_file"
	case errors.Is(err, context.DeadlineExceeded):
		return "the ACME server did not answer in time; check that the machine reaches it by HTTPS"
	case errors.Is(err, context.Canceled):
		return "the order was broken off because the server stopped; order again"
	case errors.As(err, &op):
		return "the ACME server cannot be reached; check acme.directory and the machine's way out (" + clip(err.Error()) + ")"
	default:
		return "the order went wrong: " + clip(err.Error())
	}
}

func advice(problemType string) string {
	switch problemType {
	case acme.ProblemTypeDNS:
		return "the CA finds no address for the domain; check its A and AAAA records"
	case acme.ProblemTypeConnection:
		return "the CA cannot reach the domain on TCP 443; check the A and AAAA records and the firewall"
	case acme.ProblemTypeTLS, acme.ProblemTypeUnauthorized, acme.ProblemTypeIncorrectResponse:
		return "something else answers on the domain's port 443; check that A and AAAA point to this machine"
	case acme.ProblemTypeCAA:
		return "a CAA record of the domain forbids this CA; have the IT department allow it"
	case acme.ProblemTypeRateLimited:
		return "the CA's rate limit is reached; wait before ordering again"
	case acme.ProblemTypeRejectedIdentifier:
		return "the CA does not issue for this domain; check its spelling"
	default:
		return "the CA refused the order"
	}
}

func problemText(p acme.Problem) string {
	text := p.Type + ": " + p.Detail
	for _, sub := range p.Subproblems {
		text += "; " + sub.Detail
	}
	return text
}

func clip(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	if len(s) > maxDetail {
		return strings.ToValidUTF8(s[:maxDetail], "") + "…"
	}
	return s
}

// class is what the log says of an error: the CA's problem type or a word, never the texts, which may hold addresses.
func class(err error) string {
	var p acme.Problem
	switch {
	case errors.As(err, &p):
		return p.Type
	case errors.Is(err, context.DeadlineExceeded):
		return "timeout"
	case errors.Is(err, context.Canceled):
		return "stopped"
	default:
		return "other"
	}
}
