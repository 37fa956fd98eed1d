package certs

import (
	"context"
	"crypto/x509"
	"errors"
	"net"
	"regexp"
	"strings"

	"github.com/mholt/acmez/v3/acme"
)

// maxDetail bounds the CA's own words in a detail, in bytes.
const maxDetail = 400

// outOfOrder are the ACME library's words for an answer that is no ACME; what the authority sent with it is nobody's business.
var outOfOrder = regexp.MustCompile(`\bHTTP 5\d\d\b`)

// explain says what went wrong with an order and what to do next. The problem types are RFC 8555 §6.7.
func explain(err error) string {
	var rehearsal rehearsalError
	if errors.As(err, &rehearsal) {
		return "the rehearsal at the authority's staging directory went wrong, nothing was ordered from the real one: " + explain(rehearsal.error) +
			"; if staging itself is out of order, set acme.staging to the same as acme.directory"
	}
	var p acme.Problem
	if errors.As(err, &p) {
		return advice(p.Type) + " (the CA says: " + clip(problemText(p)) + ")"
	}
	var unknownCA x509.UnknownAuthorityError
	switch {
	case errors.As(err, &unknownCA):
		return "the ACME server's own certificate is not trusted; check acme.roots_file"
	case errors.Is(err, context.DeadlineExceeded):
		return "the ACME server did not answer in time; check that the machine reaches it by HTTPS"
	case errors.Is(err, context.Canceled):
		return "the order was broken off because the server stopped; order again"
	case outOfOrder.MatchString(err.Error()):
		return "the ACME server is out of order (" + outOfOrder.FindString(err.Error()) + "); the server tries again by itself"
	case strings.Contains(err.Error(), "getting ACME account:"): // certmagic's words
		return "the stored account at the authority cannot be read; remove the folder acme/acme of the server's state, the next try makes another (" +
			clip(err.Error()) + ")"
	case unreachable(err):
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
		return "the CA's rate limit is reached; wait before ordering again, the server does so by itself"
	case acme.ProblemTypeServerInternal:
		return "the CA is out of order; the server tries again by itself"
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
	case unreachable(err):
		return "unreachable"
	case errors.Is(err, context.Canceled):
		return "stopped"
	default:
		return "other"
	}
}

// unreachable says that there was no connection.
func unreachable(err error) bool {
	var op *net.OpError
	return errors.As(err, &op)
}
