// Package dns is the sandbox's name server. It plays the IT department that puts a county's name into the zone: a name exists as soon as an
// address at the simulated cloud carries it as its reverse name.
package dns

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/miekg/dns"
)

// ttl is that of answers and of the denial of a name, in seconds: short, the sandbox's names come and go within seconds.
const ttl = 1

// Names are the addresses of each name; names are in lower case and without a final dot. Called for each query.
type Names func() map[string][]netip.Addr

// Server answers A and AAAA over UDP and TCP, and SOA and NS, so that it can be found as the authority that it is.
type Server struct {
	names   Names
	zones   atomic.Pointer[Zones]
	udp     *dns.Server
	tcp     *dns.Server
	address string
	self    netip.Addr // where it listens
	wg      sync.WaitGroup
}

// Start listens on a host:port, UDP and TCP; port 0 takes any that is free for both.
func Start(listen string, names Names, log *slog.Logger) (*Server, error) {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	pc, l, err := bind(listen)
	if err != nil {
		return nil, fmt.Errorf("name server: %w", err)
	}
	s := &Server{names: names, address: l.Addr().String(), self: l.Addr().(*net.TCPAddr).AddrPort().Addr().Unmap()}
	s.udp = &dns.Server{PacketConn: pc, Handler: s, ReadTimeout: 5 * time.Second, WriteTimeout: 5 * time.Second}
	s.tcp = &dns.Server{Listener: l, Handler: s, ReadTimeout: 5 * time.Second, WriteTimeout: 5 * time.Second, MaxTCPQueries: 64}
	for _, server := range []*dns.Server{s.udp, s.tcp} {
		started := make(chan struct{})
		server.NotifyStartedFunc = func() { close(started) }
		failed := make(chan error, 1)
		s.wg.Go(func() {
			err := server.ActivateAndServe()
			failed <- err
			if err != nil && !errors.Is(err, net.ErrClosed) {
				log.Error("the name server has stopped", "error", err)
			}
		})
		select {
		case <-started:
		case err := <-failed:
			_ = pc.Close()
			_ = l.Close()
			return nil, fmt.Errorf("name server: %w", err)
		}
	}
	return s, nil
}

// bind finds one port for both protocols.
func bind(listen string) (net.PacketConn, net.Listener, error) {
	const tries = 20 // with port 0, the port that TCP got may be taken in UDP
	var last error
	for range tries {
		l, err := net.Listen("tcp", listen)
		if err != nil {
			return nil, nil, err
		}
		pc, err := net.ListenPacket("udp", l.Addr().String())
		if err == nil {
			return pc, l, nil
		}
		last = err
		_ = l.Close()
		if !strings.HasSuffix(listen, ":0") {
			break
		}
	}
	return nil, nil, last
}

// Address is the host:port that is listened on.
func (s *Server) Address() string { return s.address }

// Close ends serving.
func (s *Server) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	err := errors.Join(s.udp.ShutdownContext(ctx), s.tcp.ShutdownContext(ctx))
	s.wg.Wait()
	return err
}

// ServeDNS implements dns.Handler.
func (s *Server) ServeDNS(w dns.ResponseWriter, query *dns.Msg) {
	m := s.fromZones(query)
	if m == nil {
		m = answer(query, s.names(), s.self)
	}
	_ = w.WriteMsg(m)
}

// nameServer is what the server calls itself in NS and SOA records.
const nameServer = "ns.sandbox.example."

// answer decides what a query is told: the addresses of a known name, the authority for a zone, an empty answer for other types of either, and
// NXDOMAIN for the rest. Every top-level domain is a zone of its own, kept here; self is where this server listens.
func answer(query *dns.Msg, names map[string][]netip.Addr, self netip.Addr) *dns.Msg {
	m := new(dns.Msg)
	m.SetReply(query)
	m.Authoritative = true
	m.Compress = true
	if query.Opcode != dns.OpcodeQuery || len(query.Question) != 1 || query.Question[0].Qclass != dns.ClassINET {
		m.Rcode = dns.RcodeRefused
		return m
	}
	q := query.Question[0]
	name, zone := dns.CanonicalName(q.Name), zoneOf(q.Name)
	addresses, known := names[strings.TrimSuffix(name, ".")]
	if name == nameServer {
		addresses, known = []netip.Addr{self}, true
	}
	switch {
	case name == zone && zone != ".":
		m.Answer = authority(q, zone)
	case !known:
		m.Rcode = dns.RcodeNameError
	}
	for _, a := range addresses {
		header := dns.RR_Header{Name: q.Name, Class: dns.ClassINET, Ttl: ttl}
		switch {
		case q.Qtype == dns.TypeA && a.Is4():
			header.Rrtype = dns.TypeA
			m.Answer = append(m.Answer, &dns.A{Hdr: header, A: a.AsSlice()})
		case q.Qtype == dns.TypeAAAA && a.Is6():
			header.Rrtype = dns.TypeAAAA
			m.Answer = append(m.Answer, &dns.AAAA{Hdr: header, AAAA: a.AsSlice()})
		}
	}
	if len(m.Answer) == 0 {
		m.Ns = []dns.RR{start(zone)}
	}
	return m
}

// zoneOf is the last label of a name.
func zoneOf(name string) string {
	labels := dns.SplitDomainName(dns.CanonicalName(name))
	if len(labels) == 0 {
		return "."
	}
	return labels[len(labels)-1] + "."
}

// authority is what a zone says of itself.
func authority(q dns.Question, zone string) []dns.RR {
	switch q.Qtype {
	case dns.TypeSOA:
		return []dns.RR{start(zone)}
	case dns.TypeNS:
		return []dns.RR{&dns.NS{Hdr: dns.RR_Header{Name: zone, Rrtype: dns.TypeNS, Class: dns.ClassINET, Ttl: ttl}, Ns: nameServer}}
	}
	return nil
}

// start is a zone's SOA record. In a denial it says how long that holds, RFC 2308 §3.
func start(zone string) dns.RR {
	return &dns.SOA{
		Hdr: dns.RR_Header{Name: zone, Rrtype: dns.TypeSOA, Class: dns.ClassINET, Ttl: ttl},
		Ns:  nameServer, Mbox: "hostmaster.sandbox.example.", Serial: 1, Refresh: 60, Retry: 60, Expire: 60, Minttl: ttl,
	}
}
