package dnscheck

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/miekg/dns"
)

const (
	name     = "meet.musterkreis.example"
	recordA  = "meet 60 IN A 192.0.2.10\n"
	recordV6 = "meet 60 IN AAAA 2001:db8::1\n"
)

func wanted() Wanted {
	return Wanted{Domain: name, IPv4: netip.MustParseAddr("192.0.2.10"), IPv6: netip.MustParseAddr("2001:db8::1"), CA: "letsencrypt.org"}
}

// musterkreis is a zone below "example" with two servers.
func musterkreis(text string) map[string]*keeper {
	return map[string]*keeper{
		"example":             {servers: addrs("127.0.0.4")},
		"musterkreis.example": {servers: addrs("127.0.0.2", "127.0.0.3"), text: text},
	}
}

func checkOnce(t *testing.T, w *world, want Wanted) (remarks []string, err error) {
	t.Helper()
	err = Check(t.Context(), w.resolver, want, 0, func(line string) { remarks = append(remarks, line) })
	return remarks, err
}

func TestCheck(t *testing.T) {
	onlyV4 := wanted()
	onlyV4.IPv6 = netip.Addr{}
	for _, tt := range []struct {
		name, zone string
		want       Wanted
		wrong      string // in a line of the report; empty: all is well
	}{
		{"both as wanted", recordA + recordV6, wanted(), ""},
		{"IPv4 only as wanted", recordA, onlyV4, ""},
		{"no such name", "", wanted(), "ns1.musterkreis.example, ns2.musterkreis.example: A is missing; AAAA is missing"},
		{"AAAA is missing", recordA, wanted(), "A is right; AAAA is missing"},
		{"AAAA that must not be", recordA + recordV6, onlyV4, "AAAA is 2001:db8::1 and must not be there"},
		{"another address", "meet 60 IN A 192.0.2.9\n" + recordV6, wanted(), "A is 192.0.2.9 instead of 192.0.2.10; AAAA is right"},
		{"a second address", recordA + "meet 60 IN A 192.0.2.11\n" + recordV6, wanted(), "A is 192.0.2.10 192.0.2.11 instead of 192.0.2.10"},
		{"CAA of the name allows", recordA + recordV6 + "meet 60 IN CAA 0 issue \"letsencrypt.org\"\n@ 60 IN CAA 0 issue \"ca.example\"\n", wanted(), ""},
		{"CAA of the zone forbids", recordA + recordV6 + "@ 60 IN CAA 0 issue \"ca.example\"\n", wanted(),
			`the record "CAA 0 issue \"ca.example\"" at musterkreis.example forbids letsencrypt.org`},
		{"CAA forbids everybody", recordA + recordV6 + "meet 60 IN CAA 0 issue \";\"\n", wanted(), `at meet.musterkreis.example forbids`},
		{"CAA allows another challenge only", recordA + recordV6 + "@ 60 IN CAA 0 issue \"letsencrypt.org; validationmethods=dns-01\"\n", wanted(), "forbids letsencrypt.org"},
		{"CAA allows our challenge", recordA + recordV6 + "@ 60 IN CAA 0 issue \"LetsEncrypt.org; accounturi=x; validationmethods=dns-01,tls-alpn-01\"\n", wanted(), ""},
		{"CAA says only whom to tell", recordA + recordV6 + "@ 60 IN CAA 0 iodef \"mailto:it@musterkreis.example\"\n", wanted(), ""},
		{"CAA has what nobody knows", recordA + recordV6 + "@ 60 IN CAA 128 tbs \"x\"\n@ 60 IN CAA 0 issue \"letsencrypt.org\"\n", wanted(), `"CAA 128 tbs`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := checkOnce(t, newWorld(t, musterkreis(tt.zone)), tt.want)
			if tt.wrong == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if lines := mismatch(t, err).Report.Lines(); !slices.ContainsFunc(lines, func(l string) bool { return strings.Contains(l, tt.wrong) }) {
				t.Errorf("got lines %q, want %q in one", lines, tt.wrong)
			}
		})
	}
}

// TestCAAAboveTheZone: the Landratsamt's own zone says who may issue for all below it.
func TestCAAAboveTheZone(t *testing.T) {
	zones := musterkreis(recordA + recordV6)
	zones["example"].text = "@ 60 IN CAA 0 issue \"ca.example\"\n"
	_, err := checkOnce(t, newWorld(t, zones), wanted())
	m := mismatch(t, err)
	if m.Report.Forbidden == nil || m.Report.Forbidden.Owner != "example" {
		t.Errorf("got %+v", m.Report.Forbidden)
	}
	if want := name + ". 300 IN CAA 0 issue \"letsencrypt.org\"\n"; !strings.Contains(m.Records(), want) {
		t.Errorf("records lack the way out:\n%s", m.Records())
	}
	if !strings.Contains(m.Letter(), "CAA-Eintrag ist nötig, weil der vorhandene bei example") {
		t.Errorf("letter: %s", m.Letter())
	}
}

func TestCNAME(t *testing.T) {
	for _, tt := range []struct {
		name, zone, other string
		wrong, remark     string
	}{
		{"within the zone", "meet 60 IN CNAME host\nhost 60 IN A 192.0.2.10\nhost 60 IN AAAA 2001:db8::1\n", "", "", "is a CNAME to host.musterkreis.example"},
		{"into another zone", "meet 60 IN CNAME host.anders.example.\n", "host 60 IN A 192.0.2.10\nhost 60 IN AAAA 2001:db8::1\n", "", "is a CNAME to host.anders.example"},
		{"to the wrong address", "meet 60 IN CNAME host.anders.example.\n", "host 60 IN A 192.0.2.9\n", "leads on to host.anders.example (CNAME), where A is 192.0.2.9 instead of", ""},
		{"to nowhere", "meet 60 IN CNAME host.anders.example.\n", "", "where A is missing", ""},
		{"in a circle", "meet 60 IN CNAME host.anders.example.\n", "host 60 IN CNAME meet.musterkreis.example.\n", "in a circle", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			zones := musterkreis(tt.zone)
			zones["anders.example"] = &keeper{servers: addrs("127.0.0.5"), text: tt.other}
			remarks, err := checkOnce(t, newWorld(t, zones), wanted())
			if tt.wrong != "" {
				if lines := strings.Join(mismatch(t, err).Report.Lines(), "\n"); !strings.Contains(lines, tt.wrong) {
					t.Errorf("got %q, want %q in it", lines, tt.wrong)
				}
				return
			}
			if err != nil || !strings.Contains(strings.Join(remarks, "\n"), tt.remark) {
				t.Errorf("got %v and remarks %q, want %q", err, remarks, tt.remark)
			}
		})
	}
}

// TestServersThatDiffer: one server has the new record, the other still the old one. A resolver may ask either.
func TestServersThatDiffer(t *testing.T) {
	zones := musterkreis(recordA + recordV6)
	zones["musterkreis.example"].hook = func(server netip.Addr, w dns.ResponseWriter, q *dns.Msg) bool {
		if server.String() != "127.0.0.3" || q.Question[0].Qtype != dns.TypeA {
			return false
		}
		m := new(dns.Msg).SetReply(q)
		m.Authoritative = true
		m.Answer = []dns.RR{mustRR(name + ". 60 IN A 192.0.2.9")}
		_ = w.WriteMsg(m)
		return true
	}
	_, err := checkOnce(t, newWorld(t, zones), wanted())
	lines := mismatch(t, err).Report.Lines()
	want := []string{"ns1.musterkreis.example: A is right; AAAA is right", "ns2.musterkreis.example: A is 192.0.2.9 instead of 192.0.2.10; AAAA is right"}
	if !slices.Equal(lines, want) {
		t.Errorf("got %q, want %q", lines, want)
	}
}

// TestServersThatFail: what one of two servers does not say keeps nobody from going on; what none says does.
func TestServersThatFail(t *testing.T) {
	rcode := func(code int) func(dns.ResponseWriter, *dns.Msg) {
		return func(w dns.ResponseWriter, q *dns.Msg) { _ = w.WriteMsg(new(dns.Msg).SetRcode(q, code)) }
	}
	for _, tt := range []struct {
		name string
		act  func(dns.ResponseWriter, *dns.Msg)
		want string
	}{
		{"SERVFAIL", rcode(dns.RcodeServerFailure), "SERVFAIL"},
		{"REFUSED", rcode(dns.RcodeRefused), "refuses to answer"},
		{"NOTIMP", rcode(dns.RcodeNotImplemented), "NOTIMP"},
		{"lame", func(w dns.ResponseWriter, q *dns.Msg) { _ = w.WriteMsg(new(dns.Msg).SetReply(q)) }, "lame"},
		{"another question's answer", func(w dns.ResponseWriter, q *dns.Msg) {
			m := new(dns.Msg).SetReply(q)
			m.Question[0].Name = "other.example."
			_ = w.WriteMsg(m)
		}, "another question"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			zones := musterkreis(recordA + recordV6)
			var both atomic.Bool
			zones["musterkreis.example"].hook = func(server netip.Addr, w dns.ResponseWriter, q *dns.Msg) bool {
				if !both.Load() && server.String() != "127.0.0.3" {
					return false
				}
				tt.act(w, q)
				return true
			}
			w := newWorld(t, zones)
			if _, err := checkOnce(t, w, wanted()); err != nil {
				t.Errorf("with one good server: %v", err)
			}
			both.Store(true)
			_, err := checkOnce(t, w, wanted())
			if lines := strings.Join(mismatch(t, err).Report.Lines(), "\n"); !strings.Contains(lines, tt.want) {
				t.Errorf("with none: got %q, want %q in it", lines, tt.want)
			}
		})
	}
}

// TestNetworkThatLetsNobodyAsk: behind a firewall the resolver has to do, and it is said.
func TestNetworkThatLetsNobodyAsk(t *testing.T) {
	zones := musterkreis(recordA + recordV6)
	zones["musterkreis.example"].hook = func(netip.Addr, dns.ResponseWriter, *dns.Msg) bool { return true } // silence
	zones["example"].hook = zones["musterkreis.example"].hook
	remarks, err := checkOnce(t, newWorld(t, zones), wanted())
	if err != nil || !strings.Contains(strings.Join(remarks, "\n"), "none of the zone's name servers can be asked from here") {
		t.Errorf("got %v, remarks %q", err, remarks)
	}
}

func TestBrokenSignatures(t *testing.T) {
	zones := musterkreis(recordA + recordV6)
	zones["musterkreis.example"].broken = true
	_, err := checkOnce(t, newWorld(t, zones), wanted())
	if lines := mismatch(t, err).Report.Lines(); len(lines) != 2 || !strings.Contains(lines[1], "DNSSEC signatures do not hold") {
		t.Errorf("got %q", lines)
	}
}

func TestZoneThatDoesNotExist(t *testing.T) {
	w := newWorld(t, map[string]*keeper{"musterkreis.example": {servers: addrs("127.0.0.2")}})
	want := wanted()
	want.Domain = "meet.musterkries.example"
	_, err := checkOnce(t, w, want)
	var m *MismatchError
	if err == nil || errors.As(err, &m) || !strings.Contains(err.Error(), "is the domain registered") {
		t.Errorf("got %v", err)
	}
}

// TestResolverWithoutAuthority: the stub resolver of some systems leaves the SOA out of denials.
func TestResolverWithoutAuthority(t *testing.T) {
	zones := musterkreis(recordA + recordV6)
	w := newWorld(t, zones)
	w.mu.Lock()
	w.stub = true
	w.mu.Unlock()
	l, err := newLooker(w.resolver)
	if err != nil {
		t.Fatal(err)
	}
	z, err := l.zoneOf(t.Context(), "a.b.c.musterkreis.example.")
	if err != nil || z.name != "musterkreis.example." || len(z.servers) != 2 {
		t.Errorf("got %+v, %v", z, err)
	}
}

func TestTruncatedAnswerIsAskedForAgainOverTCP(t *testing.T) {
	zones := musterkreis(recordA + recordV6)
	zones["musterkreis.example"].hook = func(_ netip.Addr, w dns.ResponseWriter, q *dns.Msg) bool {
		if w.RemoteAddr().Network() != "udp" {
			return false
		}
		m := new(dns.Msg).SetReply(q)
		m.Truncated, m.Authoritative = true, true
		_ = w.WriteMsg(m)
		return true
	}
	if _, err := checkOnce(t, newWorld(t, zones), wanted()); err != nil {
		t.Error(err)
	}
}

func TestInternationalName(t *testing.T) {
	want := wanted()
	want.Domain = "treff.münsterkreis.example"
	zones := map[string]*keeper{
		"example":                     {servers: addrs("127.0.0.4")},
		"xn--mnsterkreis-thb.example": {servers: addrs("127.0.0.2"), text: "treff 60 IN A 192.0.2.9\n"},
	}
	_, err := checkOnce(t, newWorld(t, zones), want)
	m := mismatch(t, err)
	if !strings.HasPrefix(m.Records(), "treff.xn--mnsterkreis-thb.example. 300 IN A 192.0.2.10\n") {
		t.Errorf("records:\n%s", m.Records())
	}
	if !strings.Contains(m.Letter(), "treff.münsterkreis.example (treff.xn--mnsterkreis-thb.example)") {
		t.Errorf("letter:\n%s", m.Letter())
	}
}

func TestMismatchIsPutIntoWords(t *testing.T) {
	_, err := checkOnce(t, newWorld(t, musterkreis("meet 60 IN A 192.0.2.99\n")), wanted())
	m := mismatch(t, err)
	want := name + ". 300 IN A 192.0.2.10\n" + name + ". 300 IN AAAA 2001:db8::1\n"
	if got := m.Records(); got != want {
		t.Errorf("got records\n%swant\n%s", got, want)
	}
	for _, part := range []string{want, "in der Zone musterkreis.example", "A-Eintrag auf die Adresse 192.0.2.10", "AAAA-Eintrag auf die Adresse 2001:db8::1", "Bestehende andere Adresseinträge"} {
		if !strings.Contains(m.Letter(), part) {
			t.Errorf("%q is missing in %q", part, m.Letter())
		}
	}
	parser := dns.NewZoneParser(strings.NewReader(m.Records()), ".", "")
	for _, ok := parser.Next(); ok; _, ok = parser.Next() {
	}
	if parser.Err() != nil {
		t.Errorf("the records are no zone file: %v", parser.Err())
	}
	for _, part := range []string{"does not yet lead", "192.0.2.99 instead of", want, "Guten Tag", "--wait-dns"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%q is missing in %q", part, err.Error())
		}
	}
}

// TestWaitShowsEveryChange: what is said once is said again only when it changes, and success ends the wait.
func TestWaitShowsEveryChange(t *testing.T) {
	w := newWorld(t, musterkreis(""))
	var lines []string
	err := Check(t.Context(), w.resolver, wanted(), time.Minute, func(line string) {
		lines = append(lines, line)
		switch {
		case strings.Contains(line, "A is missing; AAAA is missing"):
			w.set("musterkreis.example", func(k *keeper) { k.text = recordA })
		case strings.Contains(line, "A is right; AAAA is missing"):
			w.set("musterkreis.example", func(k *keeper) { k.text = recordA + recordV6 })
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	said := strings.Join(lines, "\n")
	for _, want := range []string{"A is missing; AAAA is missing", "A is right; AAAA is missing", "next look in"} {
		if !strings.Contains(said, want) {
			t.Errorf("%q was not said: %q", want, said)
		}
	}
	if len(lines) != 4 {
		t.Errorf("%d lines, want two for each of two changes: %q", len(lines), said)
	}
}

// TestWaitIsPatient: hours of waiting cost a look each half minute, one line, and end when they are over.
func TestWaitIsPatient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		looks, lines := 0, 0
		start := time.Now()
		err := check(t.Context(), func(_ context.Context, w Wanted) (Report, error) {
			looks++
			return Report{Wanted: w, Answers: []Answer{{Server: "ns1.example"}}}, nil
		}, wanted(), 2*time.Hour, func(string) { lines++ })
		mismatch(t, err)
		if took := time.Since(start); took != 2*time.Hour || looks < 230 || looks > 250 || lines != 2 {
			t.Errorf("took %s, %d looks, %d lines", took, looks, lines)
		}
	})
}

func TestWaitEndsWithTheContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	w := newWorld(t, musterkreis(""))
	if err := Check(ctx, w.resolver, wanted(), time.Hour, func(string) { cancel() }); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
}

func TestResolverThatFails(t *testing.T) {
	w := newWorld(t, musterkreis(recordA))
	_, port, _ := strings.Cut(w.resolver, ":")
	err := Check(t.Context(), "127.0.0.9:"+port, wanted(), 0, func(string) {})
	var m *MismatchError
	if err == nil || errors.As(err, &m) || !strings.Contains(err.Error(), "check this computer's network") {
		t.Errorf("got %v", err)
	}
}

// FuzzAnswers: whatever a server sends, it is read without harm.
func FuzzAnswers(f *testing.F) {
	for _, zone := range []string{recordA + recordV6, "meet 60 IN CNAME meet\n", "@ 60 IN CAA 128 x \"\"\n"} {
		m := keeper{servers: addrs("127.0.0.2"), text: zone}.say("musterkreis.example.", name+".", dns.TypeA)
		m.SetQuestion(name+".", dns.TypeA)
		data, err := m.Pack()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		m := new(dns.Msg)
		if m.Unpack(data) != nil {
			return
		}
		addressesIn(m, name+".")
		owner(m, name+".")
		forbids(caaRecords(m), "letsencrypt.org")
		_ = authoritative(m)
	})
}
