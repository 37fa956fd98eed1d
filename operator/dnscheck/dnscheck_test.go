package dnscheck

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/miekg/dns"
)

// serve runs a name server on a free port that answers with the records of a zone file.
func serve(t *testing.T, zone string, hook func(dns.ResponseWriter, *dns.Msg) bool) string {
	t.Helper()
	handler := dns.HandlerFunc(func(w dns.ResponseWriter, q *dns.Msg) {
		if hook != nil && hook(w, q) {
			return
		}
		answer := new(dns.Msg).SetReply(q)
		parser := dns.NewZoneParser(strings.NewReader(zone), ".", "")
		for record, ok := parser.Next(); ok; record, ok = parser.Next() {
			if kind := record.Header().Rrtype; kind == q.Question[0].Qtype || kind == dns.TypeCNAME {
				answer.Answer = append(answer.Answer, record)
			}
		}
		if zone == "" {
			answer.Rcode = dns.RcodeNameError
		}
		_ = w.WriteMsg(answer)
	})
	packet, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	stream, err := net.Listen("tcp", packet.LocalAddr().String())
	if err != nil {
		t.Fatal(err)
	}
	for _, server := range []*dns.Server{{PacketConn: packet, Handler: handler}, {Listener: stream, Handler: handler}} {
		started := make(chan struct{})
		server.NotifyStartedFunc = func() { close(started) }
		go func() { _ = server.ActivateAndServe() }()
		<-started
		t.Cleanup(func() { _ = server.Shutdown() })
	}
	return packet.LocalAddr().String()
}

func wanted() Wanted {
	return Wanted{Domain: "meet.musterkreis.example", IPv4: netip.MustParseAddr("192.0.2.10"), IPv6: netip.MustParseAddr("2001:db8::1")}
}

const (
	zoneA    = "meet.musterkreis.example. 60 IN A 192.0.2.10\n"
	zoneAAAA = "meet.musterkreis.example. 60 IN AAAA 2001:db8::1\n"
)

func TestCheck(t *testing.T) {
	onlyV4 := wanted()
	onlyV4.IPv6 = netip.Addr{}
	for _, tt := range []struct {
		name, zone string
		want       Wanted
		ok         bool
	}{
		{"both as wanted", zoneA + zoneAAAA, wanted(), true},
		{"by way of another name", "meet.musterkreis.example. 60 IN CNAME a.example.\na.example. 60 IN A 192.0.2.10\na.example. 60 IN AAAA 2001:db8::1\n", wanted(), true},
		{"IPv4 only as wanted", zoneA, onlyV4, true},
		{"no such name", "", wanted(), false},
		{"AAAA is missing", zoneA, wanted(), false},
		{"AAAA that must not be", zoneA + zoneAAAA, onlyV4, false},
		{"another address", "meet.musterkreis.example. 60 IN A 192.0.2.11\n" + zoneAAAA, wanted(), false},
		{"a second address", zoneA + "meet.musterkreis.example. 60 IN A 192.0.2.11\n" + zoneAAAA, wanted(), false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := Check(context.Background(), serve(t, tt.zone, nil), tt.want, 0)
			var mismatch *MismatchError
			if tt.ok != (err == nil) || err != nil && !errors.As(err, &mismatch) {
				t.Errorf("got %v, want success %t or a *MismatchError", err, tt.ok)
			}
		})
	}
}

func TestMismatchIsPutIntoWords(t *testing.T) {
	err := Check(context.Background(), serve(t, "meet.musterkreis.example. 60 IN A 192.0.2.99\n", nil), wanted(), 0)
	var mismatch *MismatchError
	if !errors.As(err, &mismatch) {
		t.Fatalf("got %v, want a *MismatchError", err)
	}
	want := "meet.musterkreis.example. 300 IN A 192.0.2.10\nmeet.musterkreis.example. 300 IN AAAA 2001:db8::1\n"
	if got := mismatch.Records(); got != want {
		t.Errorf("got records\n%swant\n%s", got, want)
	}
	for _, part := range []string{"A-Eintrag auf die Adresse 192.0.2.10", "AAAA-Eintrag auf die Adresse 2001:db8::1", "Bestehende andere Adresseinträge"} {
		if !strings.Contains(mismatch.Paragraph(), part) {
			t.Errorf("%q is missing in %q", part, mismatch.Paragraph())
		}
	}
	parser := dns.NewZoneParser(strings.NewReader(mismatch.Records()), ".", "")
	for _, ok := parser.Next(); ok; _, ok = parser.Next() {
	}
	if parser.Err() != nil {
		t.Errorf("the records are no zone file: %v", parser.Err())
	}
}

func TestTruncatedAnswerIsAskedForAgainOverTCP(t *testing.T) {
	server := serve(t, zoneA+zoneAAAA, func(w dns.ResponseWriter, q *dns.Msg) bool {
		if w.RemoteAddr().Network() != "udp" {
			return false
		}
		answer := new(dns.Msg).SetReply(q)
		answer.Truncated = true
		_ = w.WriteMsg(answer)
		return true
	})
	if err := Check(context.Background(), server, wanted(), 0); err != nil {
		t.Error(err)
	}
}

func TestCheckWaitsForTheRecords(t *testing.T) {
	var asked atomic.Int32
	server := serve(t, zoneA+zoneAAAA, func(w dns.ResponseWriter, q *dns.Msg) bool {
		if asked.Add(1) > 2 {
			return false
		}
		_ = w.WriteMsg(new(dns.Msg).SetRcode(q, dns.RcodeNameError))
		return true
	})
	if err := Check(context.Background(), server, wanted(), time.Minute); err != nil {
		t.Error(err)
	}
}

func TestServerThatFailsIsAnErrorAndNotAMismatch(t *testing.T) {
	server := serve(t, zoneA, func(w dns.ResponseWriter, q *dns.Msg) bool {
		_ = w.WriteMsg(new(dns.Msg).SetRcode(q, dns.RcodeServerFailure))
		return true
	})
	err := Check(context.Background(), server, wanted(), 0)
	var mismatch *MismatchError
	if err == nil || errors.As(err, &mismatch) || !strings.Contains(err.Error(), "SERVFAIL") {
		t.Errorf("got %v, want an error that names SERVFAIL", err)
	}
}

func TestWaitEndsWithTheContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	server := serve(t, "", func(dns.ResponseWriter, *dns.Msg) bool { cancel(); return false })
	if err := Check(ctx, server, wanted(), time.Hour); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
}
