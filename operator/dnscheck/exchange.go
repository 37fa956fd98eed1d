package dnscheck

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/miekg/dns"
)

// queryTimeout bounds one query to one server over one protocol; a second try over UDP follows, for a packet that was lost.
const queryTimeout = 2 * time.Second

// payload is the size of UDP answers, in bytes, that no path breaks into fragments (DNS flag day 2020).
const payload = 1232

// noAnswer is in the words for a server that says nothing at all.
const noAnswer = "does not answer"

func question(name string, kind uint16) *dns.Msg {
	q := new(dns.Msg).SetQuestion(name, kind)
	q.RecursionDesired = false
	q.SetEdns0(payload, false)
	return q
}

// resolve asks the resolver for whatever it knows or can find out. SERVFAIL is an answer.
func (l *looker) resolve(ctx context.Context, name string, kind uint16) (*dns.Msg, error) {
	q := question(name, kind)
	q.RecursionDesired = true
	return l.put(ctx, q)
}

// unchecked is resolve without a look at signatures.
func (l *looker) unchecked(ctx context.Context, name string, kind uint16) (*dns.Msg, error) {
	q := question(name, kind)
	q.RecursionDesired, q.CheckingDisabled = true, true
	return l.put(ctx, q)
}

// put asks the resolvers in order; the next one only when one does not answer.
func (l *looker) put(ctx context.Context, q *dns.Msg) (m *dns.Msg, err error) {
	for _, r := range l.resolvers {
		if m, err = exchange(ctx, r, q); err == nil && m.Rcode == dns.RcodeRefused {
			err = errors.New("refuses to answer")
		}
		if err == nil {
			return m, nil
		}
		err = fmt.Errorf("this computer's name server %s %w; check this computer's network and name server, then run the command again", r, err)
	}
	return nil, err
}

// exchange asks one server: over UDP, once more if that brings nothing, and over TCP if the answer is too long for UDP (RFC 7766 §5).
func exchange(ctx context.Context, server string, q *dns.Msg) (*dns.Msg, error) {
	var m *dns.Msg
	var err error
	for _, network := range []string{"udp", "udp", "tcp"} {
		client := &dns.Client{Net: network, Timeout: queryTimeout, UDPSize: payload}
		q.Id = dns.Id()
		m, _, err = client.ExchangeContext(ctx, q, server)
		switch {
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case err == nil && m.Truncated && network == "udp":
			continue
		case err == nil && len(m.Question) == 1 && sameQuestion(m.Question[0], q.Question[0]):
			return m, nil
		case err == nil:
			err = errors.New("answers another question")
		}
	}
	if m != nil && err != nil {
		return nil, err
	}
	return nil, errors.New(noAnswer)
}

func sameQuestion(a, b dns.Question) bool {
	return a.Qtype == b.Qtype && a.Qclass == b.Qclass && dns.CanonicalName(a.Name) == dns.CanonicalName(b.Name)
}
