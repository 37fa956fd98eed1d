package dnscheck

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// Report is what one look has found.
type Report struct {
	Wanted Wanted
	// Zone that the name lies in, without a trailing dot; empty if it was not found.
	Zone string
	// Answers of the zone's servers, one for each address of each.
	Answers []Answer
	// Broken says why resolvers refuse what the servers say, whatever it is; empty if they do not.
	Broken string
	// Remarks are worth knowing and no reason to stop.
	Remarks []string
	// Forbidden is the CAA record that keeps the authority from issuing, nil if none does.
	Forbidden *CAA
}

// Answer is what one server says.
type Answer struct {
	// Server is the name server's name without a trailing dot; Address is where it was asked.
	Server  string
	Address netip.AddrPort
	Found   Found
	// Alias is where a CNAME at the name leads, empty without one.
	Alias string
	// Problem says why the server gave no answer; then Found means nothing.
	Problem string
}

// CAA is a record that forbids the authority to issue.
type CAA struct {
	// Owner is the name that carries it, without a trailing dot, Record its text as in a zone file.
	Owner, Record string
}

// Good reports whether at least one of the zone's servers answered, all that did say what is wanted, and the authority may issue.
func (r Report) Good() bool {
	answered := 0
	for _, a := range r.Answers {
		if a.Problem != "" {
			continue
		}
		if !r.Wanted.Matches(a.Found) {
			return false
		}
		answered++
	}
	return answered > 0 && r.Forbidden == nil && r.Broken == ""
}

// Lines says, one line each, what the servers answer and what else was found. Servers that say the same share a line.
func (r Report) Lines() []string {
	var lines []string
	var order []string
	servers := map[string][]string{}
	for _, a := range r.Answers {
		text := r.Wanted.differences(a)
		if servers[text] == nil {
			order = append(order, text)
		}
		if !slices.Contains(servers[text], a.Server) {
			servers[text] = append(servers[text], a.Server)
		}
	}
	for _, text := range order {
		lines = append(lines, strings.Join(servers[text], ", ")+": "+text)
	}
	if r.Broken != "" {
		lines = append(lines, r.Broken)
	}
	if f := r.Forbidden; f != nil {
		lines = append(lines, fmt.Sprintf("the record %q at %s forbids %s to issue certificates", f.Record, f.Owner, r.Wanted.CA))
	}
	return append(lines, r.Remarks...)
}

// differences compares an answer with what is wanted.
func (w Wanted) differences(a Answer) string {
	if a.Problem != "" {
		return a.Problem
	}
	text := difference("A", a.Found.A, w.a()) + "; " + difference("AAAA", a.Found.AAAA, w.aaaa())
	if a.Alias != "" {
		text = "leads on to " + a.Alias + " (CNAME), where " + text
	}
	return text
}

func difference(kind string, found, wanted []netip.Addr) string {
	switch {
	case slices.Equal(found, wanted) && len(wanted) == 0:
		return kind + " is not there, which is right"
	case slices.Equal(found, wanted):
		return kind + " is right"
	case len(found) == 0:
		return kind + " is missing"
	case len(wanted) == 0:
		return fmt.Sprintf("%s is %s and must not be there", kind, words(found))
	}
	return fmt.Sprintf("%s is %s instead of %s", kind, words(found), words(wanted))
}

func words(addresses []netip.Addr) string {
	if len(addresses) == 0 {
		return "none"
	}
	out := make([]string, len(addresses))
	for i, a := range addresses {
		out[i] = a.String()
	}
	return strings.Join(out, " ")
}
