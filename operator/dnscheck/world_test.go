package dnscheck

import (
	"errors"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/miekg/dns"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// world is a resolver and name servers on addresses of their own, all at one port, as they are everywhere.
type world struct {
	t        testing.TB
	port     uint16
	resolver string

	mu    sync.Mutex
	zones map[string]*keeper // by zone name
	stub  bool               // the resolver leaves out what was not asked for
}

// keeper are a zone's servers and what they say.
type keeper struct {
	servers []netip.Addr
	text    string
	// hook answers instead of the zone, if it wants to; the server is which of the zone's was asked.
	hook func(server netip.Addr, w dns.ResponseWriter, q *dns.Msg) bool
	// broken: the resolver finds the signatures wrong.
	broken bool
}

const resolverHost = "127.0.0.1"

// newWorld serves the zones. Each zone's servers are "ns1.<zone>", "ns2.<zone>" and so on.
func newWorld(t testing.TB, zones map[string]*keeper) *world {
	t.Helper()
	w := &world{t: t, zones: map[string]*keeper{}}
	hosts := []string{resolverHost}
	for name, k := range zones {
		w.zones[dns.Fqdn(name)] = k
		for _, a := range k.servers {
			if !slices.Contains(hosts, a.String()) {
				hosts = append(hosts, a.String())
			}
		}
	}
	w.listen(hosts)
	w.resolver = netip.AddrPortFrom(netip.MustParseAddr(resolverHost), w.port).String()
	return w
}

// listen finds a port that is free on all hosts, for both protocols.
func (w *world) listen(hosts []string) {
	w.t.Helper()
	for range 100 {
		var packets []net.PacketConn
		var streams []net.Listener
		port := "0"
		var err error
		for _, host := range hosts {
			var p net.PacketConn
			if p, err = net.ListenPacket("udp", net.JoinHostPort(host, port)); err != nil {
				break
			}
			packets = append(packets, p)
			w.port = p.LocalAddr().(*net.UDPAddr).AddrPort().Port()
			_, port, _ = net.SplitHostPort(p.LocalAddr().String())
			var l net.Listener
			if l, err = net.Listen("tcp", p.LocalAddr().String()); err != nil {
				break
			}
			streams = append(streams, l)
		}
		if err == nil {
			for i, host := range hosts {
				w.serve(netip.MustParseAddr(host), packets[i], streams[i])
			}
			return
		}
		for _, p := range packets {
			p.Close()
		}
		for _, l := range streams {
			l.Close()
		}
	}
	w.t.Fatal("no port is free on all addresses")
}

func (w *world) serve(host netip.Addr, p net.PacketConn, l net.Listener) {
	handler := dns.HandlerFunc(func(rw dns.ResponseWriter, q *dns.Msg) {
		if host.String() == resolverHost {
			w.resolve(rw, q)
			return
		}
		w.answer(host, rw, q)
	})
	for _, s := range []*dns.Server{{PacketConn: p, Handler: handler}, {Listener: l, Handler: handler}} {
		started := make(chan struct{})
		s.NotifyStartedFunc = func() { close(started) }
		done := make(chan struct{})
		go func() { defer close(done); _ = s.ActivateAndServe() }()
		<-started
		w.t.Cleanup(func() { _ = s.Shutdown(); <-done })
	}
}

// set changes what a zone says.
func (w *world) set(zone string, change func(*keeper)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	change(w.zones[dns.Fqdn(zone)])
}

// zoneFor is the longest zone that a name lies in.
func (w *world) zoneFor(name string) (string, keeper) {
	w.mu.Lock()
	defer w.mu.Unlock()
	best := ""
	for z := range w.zones {
		if dns.IsSubDomain(z, name) && len(z) > len(best) {
			best = z
		}
	}
	if best == "" {
		return "", keeper{}
	}
	return best, *w.zones[best]
}

// resolve plays a resolver: it knows all zones, and follows a CNAME over the border of one.
func (w *world) resolve(rw dns.ResponseWriter, q *dns.Msg) {
	m := new(dns.Msg).SetReply(q)
	m.RecursionAvailable = true
	name := q.Question[0].Name
	for range 10 {
		zone, k := w.zoneFor(name)
		if zone == "" {
			m.Rcode = dns.RcodeNameError
			break
		}
		if k.broken && !q.CheckingDisabled {
			m.Answer, m.Rcode = nil, dns.RcodeServerFailure
			break
		}
		part := k.say(zone, name, q.Question[0].Qtype)
		m.Answer, m.Ns, m.Rcode = append(m.Answer, part.Answer...), part.Ns, part.Rcode
		last := len(m.Answer) - 1
		c, alias := (*dns.CNAME)(nil), false
		if last >= 0 {
			c, alias = m.Answer[last].(*dns.CNAME)
		}
		if !alias || q.Question[0].Qtype == dns.TypeCNAME {
			break
		}
		name = c.Target
	}
	w.mu.Lock()
	if w.stub {
		m.Ns = nil
	}
	w.mu.Unlock()
	_ = rw.WriteMsg(m)
}

// answer plays one of a zone's servers.
func (w *world) answer(host netip.Addr, rw dns.ResponseWriter, q *dns.Msg) {
	zone, k := w.zoneFor(q.Question[0].Name)
	if k.hook != nil && k.hook(host, rw, q) {
		return
	}
	if !slices.Contains(k.servers, host) {
		_ = rw.WriteMsg(new(dns.Msg).SetRcode(q, dns.RcodeRefused))
		return
	}
	m := k.say(zone, q.Question[0].Name, q.Question[0].Qtype)
	m.SetReply(q)
	_ = rw.WriteMsg(m)
}

// say is the zone's own word on a name.
func (k keeper) say(zone, name string, kind uint16) *dns.Msg {
	m := &dns.Msg{}
	m.Authoritative = true
	records := []dns.RR{mustRR(zone + " 60 IN SOA ns1." + zone + " hostmaster." + zone + " 1 60 60 60 60")}
	for i, s := range k.servers {
		ns := "ns" + string(rune('1'+i)) + "." + zone
		records = append(records, mustRR(zone+" 60 IN NS "+ns), mustRR(ns+" 60 IN A "+s.String()))
	}
	parser := dns.NewZoneParser(strings.NewReader(k.text), zone, "")
	for r, ok := parser.Next(); ok; r, ok = parser.Next() {
		records = append(records, r)
	}
	if err := parser.Err(); err != nil {
		panic(err)
	}
	known := false
	at := dns.CanonicalName(name)
	for range 10 {
		next := ""
		for _, r := range records {
			if dns.CanonicalName(r.Header().Name) != at {
				continue
			}
			known = true
			if c, ok := r.(*dns.CNAME); ok && kind != dns.TypeCNAME {
				m.Answer, next = append(m.Answer, r), dns.CanonicalName(c.Target)
			}
			if r.Header().Rrtype == kind {
				m.Answer = append(m.Answer, r)
			}
		}
		if next == "" || !dns.IsSubDomain(zone, next) {
			break
		}
		at = next
	}
	if !known {
		m.Rcode = dns.RcodeNameError
	}
	if len(m.Answer) == 0 {
		m.Ns = records[:1]
	}
	return m
}

func mustRR(text string) dns.RR {
	r, err := dns.NewRR(text)
	if err != nil {
		panic(err)
	}
	return r
}

func addrs(texts ...string) []netip.Addr {
	out := make([]netip.Addr, len(texts))
	for i, t := range texts {
		out[i] = netip.MustParseAddr(t)
	}
	return out
}

func mismatch(t *testing.T, err error) *MismatchError {
	t.Helper()
	var m *MismatchError
	if !errors.As(err, &m) {
		t.Fatalf("got %v, want a *MismatchError", err)
	}
	return m
}
