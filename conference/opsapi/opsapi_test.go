package opsapi

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fakeBackend answers what its fields say.
type fakeBackend struct {
	accounts func(Accounts) (AccountsResult, error)
	machines []Machines
	restarts []RestartOrder
	probes   []string
	ordered  int
}

func (f *fakeBackend) Info(context.Context) (Info, error) {
	return Info{Version: "1.2.3", Deployment: "sha256:abc", Rooms: 2, Participants: 31, Certificate: Certificate{State: CertificateNone}}, nil
}

func (f *fakeBackend) Certificate(context.Context) (Certificate, error) {
	return Certificate{State: CertificateReady, Issuer: "CA", NotAfter: time.Unix(1800000000, 0).UTC()}, nil
}

func (f *fakeBackend) OrderCertificate(context.Context) (Certificate, error) {
	f.ordered++
	return Certificate{State: CertificateOrdering}, nil
}

func (f *fakeBackend) PutAccounts(_ context.Context, list Accounts) (AccountsResult, error) {
	return f.accounts(list)
}

func (f *fakeBackend) ProbeToken(_ context.Context, machine string) (ProbeToken, error) {
	f.probes = append(f.probes, machine)
	if machine == "" {
		return ProbeToken{}, errors.New("no randomness today")
	}
	return ProbeToken{Room: "r", Token: "t"}, nil
}

func (f *fakeBackend) PutMachines(_ context.Context, list Machines) (MachinesResult, error) {
	f.machines = append(f.machines, list)
	return MachinesResult{Revision: list.Revision, Machines: len(list.Machines)}, nil
}

func (f *fakeBackend) Load(context.Context) (Load, error) {
	return Load{Settled: true, WaitingRooms: 2, Bridges: []BridgeLoad{{ID: "bridge-3", Alive: true, Known: true, Stress: 0.5}}}, nil
}

func (f *fakeBackend) Night(context.Context) (Night, error) {
	return Night{Phase: PhaseDay, Proofs: []Proof{{Machine: "portal", Checks: []Check{{Name: CheckNoSwap, OK: true}}}}}, nil
}

func (f *fakeBackend) Restart(_ context.Context, order RestartOrder) (Night, error) {
	f.restarts = append(f.restarts, order)
	return Night{Phase: PhaseNotice}, nil
}

// serve runs the handler under TLS with the ops API's protocol and returns a Client for it.
func serve(t *testing.T, h http.Handler) *Client {
	t.Helper()
	s := httptest.NewUnstartedServer(h)
	s.TLS = &tls.Config{NextProtos: []string{ALPN}}
	s.Config.TLSNextProto = map[string]func(*http.Server, *tls.Conn, http.Handler){ALPN: overTLS}
	s.StartTLS()
	t.Cleanup(s.Close)
	return clientOf(t, s)
}

// overTLS serves one connection as demux does: net/http closes TLS connections with protocols it does not know.
func overTLS(s *http.Server, conn *tls.Conn, h http.Handler) {
	l := &oneConn{conn: conn, done: make(chan struct{})}
	(&http.Server{Handler: s.Handler, ConnState: func(_ net.Conn, state http.ConnState) {
		if state == http.StateClosed {
			close(l.done)
		}
	}}).Serve(l)
	_ = h
}

// oneConn is a listener with one connection, hidden from net/http's knowledge of TLS.
type oneConn struct {
	conn net.Conn
	done chan struct{}
	used bool
}

func (l *oneConn) Accept() (net.Conn, error) {
	if l.used {
		<-l.done
		return nil, net.ErrClosed
	}
	l.used = true
	return struct{ net.Conn }{l.conn}, nil
}
func (l *oneConn) Close() error   { return nil }
func (l *oneConn) Addr() net.Addr { return l.conn.LocalAddr() }

// clientOf returns a Client that trusts s as the ops server. httptest's certificate is for example.com, so the test's pool
// check is by a client with that name.
func clientOf(t *testing.T, s *httptest.Server) *Client {
	t.Helper()
	pool := x509.NewCertPool()
	pool.AddCert(s.Certificate())
	c := NewClient(ClientConfig{Address: s.Listener.Addr().String(), CA: pool, Timeout: 5 * time.Second})
	c.transport.DialTLSContext = dialALPN(&tls.Dialer{Config: &tls.Config{RootCAs: pool, ServerName: "example.com", NextProtos: []string{ALPN}}}, s.Listener.Addr().String())
	t.Cleanup(c.Close)
	return c
}

func newHandler(b Backend) http.Handler { return NewHandler(b, slog.New(slog.DiscardHandler)) }

func TestCallsOverTLS(t *testing.T) {
	b := &fakeBackend{accounts: func(l Accounts) (AccountsResult, error) {
		return AccountsResult{Revision: l.Revision, Accounts: len(l.Accounts), Ended: 3}, nil
	}}
	c := serve(t, newHandler(b))
	info, err := c.Info(t.Context())
	if err != nil || info.Participants != 31 || info.Version != "1.2.3" {
		t.Errorf("info: %+v, %v", info, err)
	}
	if cert, err := c.OrderCertificate(t.Context()); err != nil || cert.State != CertificateOrdering || b.ordered != 1 {
		t.Errorf("order: %+v, %v, %d orders", cert, err, b.ordered)
	}
	if cert, err := c.Certificate(t.Context()); err != nil || !cert.NotAfter.Equal(time.Unix(1800000000, 0)) {
		t.Errorf("certificate: %+v, %v", cert, err)
	}
	list := Accounts{Revision: "r7", Accounts: []Account{{ID: "a", Name: "ahorn", Hash: "h"}, {ID: "b", Name: "birke", Hash: "h", Disabled: true}}}
	if res, err := c.PutAccounts(t.Context(), list); err != nil || res != (AccountsResult{"r7", 2, 3}) {
		t.Errorf("accounts: %+v, %v", res, err)
	}
	_, err = c.ProbeToken(t.Context(), "")
	var e *Error
	if !errors.As(err, &e) || e.Code != CodeInternal || !strings.Contains(err.Error(), "no randomness today") {
		t.Errorf("error of the backend: %v", err)
	}
}

func TestFleetCallsOverTLS(t *testing.T) {
	b := &fakeBackend{}
	c := serve(t, newHandler(b))
	list := Machines{Revision: "m1", Machines: []Machine{
		{ID: "portal", Private: netip.MustParseAddr("10.64.1.10"), Ready: true},
		{ID: "bridge-3", Private: netip.MustParseAddr("10.64.1.13"), Draining: true},
	}}
	if res, err := c.PutMachines(t.Context(), list); err != nil || res != (MachinesResult{"m1", 2}) || !reflect.DeepEqual(b.machines, []Machines{list}) {
		t.Errorf("machines: %+v, %v, backend has %+v", res, err, b.machines)
	}
	if load, err := c.Load(t.Context()); err != nil || !load.Settled || load.WaitingRooms != 2 || len(load.Bridges) != 1 || load.Bridges[0].Stress != 0.5 {
		t.Errorf("load: %+v, %v", load, err)
	}
	if night, err := c.Night(t.Context()); err != nil || night.Phase != PhaseDay || len(night.Proofs) != 1 || !night.Proofs[0].Good() {
		t.Errorf("night: %+v, %v", night, err)
	}
	if night, err := c.Restart(t.Context(), RestartOrder{Notice: 300}); err != nil || night.Phase != PhaseNotice || len(b.restarts) != 1 || b.restarts[0].Notice != 300 {
		t.Errorf("restart: %+v, %v, %+v", night, err, b.restarts)
	}
	if ticket, err := c.ProbeToken(t.Context(), "bridge-3"); err != nil || ticket.Token != "t" || b.probes[0] != "bridge-3" {
		t.Errorf("probe: %+v, %v, %v", ticket, err, b.probes)
	}
	var e *Error
	if _, err := c.ProbeToken(t.Context(), "bridge-3&x=y"); !errors.As(err, &e) || e.Code != CodeUnknownMachine || len(b.probes) != 1 {
		t.Errorf("probe of no machine: %v, %v", err, b.probes)
	}
}

func TestMachinesRefuses(t *testing.T) {
	many := make([]string, MaxMachines+1)
	for i := range many {
		many[i] = `{"id":"portal"}`
	}
	for _, tt := range []struct{ name, body, code, says string }{
		{"nothing", ``, CodeBadRequest, ""},
		{"null", `null`, CodeBadRequest, ""},
		{"a list", `[]`, CodeBadRequest, ""},
		{"two lists", `{"machines":[]}{}`, CodeBadRequest, ""},
		{"unknown field", `{"machines":[{"id":"bridge-1","private":"10.64.1.11","colour":"blue"}]}`, CodeBadRequest, "versions"},
		{"stranger", `{"machines":[{"id":"bridge-100","private":"10.64.1.11"}]}`, CodeInvalidMachines, "machines[0].id"},
		{"no address", `{"machines":[{"id":"bridge-1"}]}`, CodeInvalidMachines, "machines[0].private"},
		{"any address", `{"machines":[{"id":"bridge-1","private":"0.0.0.0"}]}`, CodeInvalidMachines, "machines[0].private"},
		{"address with zone", `{"machines":[{"id":"bridge-1","private":"fe80::1%eth0"}]}`, CodeInvalidMachines, "machines[0].private"},
		{"a name", `{"machines":[{"id":"bridge-1","private":"example.org"}]}`, CodeBadRequest, ""},
		{"machine twice", `{"machines":[{"id":"bridge-1","private":"10.64.1.11"},{"id":"bridge-1","private":"10.64.1.12"}]}`, CodeInvalidMachines, "machines[1].id"},
		{"address twice", `{"machines":[{"id":"bridge-1","private":"10.64.1.11"},{"id":"bridge-2","private":"10.64.1.11"}]}`, CodeInvalidMachines, "machines[1].private"},
		{"too many", `{"machines":[` + strings.Join(many, ",") + `]}`, CodeInvalidMachines, "100"},
		{"long revision", `{"revision":"` + strings.Repeat("r", maxRevision+1) + `"}`, CodeInvalidMachines, "revision"},
		{"too large", strings.Repeat(" ", MaxMachinesBody+1), CodeTooLarge, "64 KiB"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := &fakeBackend{}
			e := refusal(t, newHandler(b), http.MethodPut, PathMachines, tt.body)
			if e.Code != tt.code || !strings.Contains(e.Message, tt.says) || len(b.machines) != 0 {
				t.Errorf("got %+v, backend has %v", e, b.machines)
			}
		})
	}
}

func TestRestartRefuses(t *testing.T) {
	for _, body := range []string{``, `{"notice":-1}`, `{"notice":3601}`, `{"notice":1.5}`, `{"notice":5,"force":true}`, `{"notice":5} `[:11] + `]`} {
		b := &fakeBackend{}
		if e := refusal(t, newHandler(b), http.MethodPost, PathRestart, body); e.Code != CodeBadRequest || len(b.restarts) != 0 {
			t.Errorf("%q: got %+v", body, e)
		}
	}
}

// refusal makes a call that is to be refused.
func refusal(t *testing.T, h http.Handler, method, path, body string) Error {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(method, path, strings.NewReader(body)))
	var e Error
	if err := json.Unmarshal(w.Body.Bytes(), &e); err != nil || w.Code < 400 || w.Code != e.status() || e.Message == "" {
		t.Fatalf("got %d %s, %v", w.Code, w.Body, err)
	}
	return e
}

func TestBackendErrorReachesTheCaller(t *testing.T) {
	c := serve(t, newHandler(&fakeBackend{accounts: func(Accounts) (AccountsResult, error) {
		return AccountsResult{}, &Error{Code: CodeInvalidAccounts, Message: "accounts[3].name: is there twice"}
	}}))
	_, err := c.PutAccounts(t.Context(), Accounts{})
	var e *Error
	if !errors.As(err, &e) || e.Code != CodeInvalidAccounts || !strings.Contains(e.Message, "accounts[3]") {
		t.Errorf("got %v", err)
	}
}

func TestHandlerRefuses(t *testing.T) {
	accepted := 0
	h := newHandler(&fakeBackend{accounts: func(Accounts) (AccountsResult, error) { accepted++; return AccountsResult{}, nil }})
	tooMany, _ := json.Marshal(Accounts{Accounts: make([]Account, MaxAccounts+1)})
	for _, tt := range []struct {
		name, method, path string
		body               io.Reader
		status             int
		code               string
	}{
		{"unknown path", "GET", "/v2/info", nil, 404, CodeNotFound},
		{"root", "GET", "/", nil, 404, CodeNotFound},
		{"wrong method", "DELETE", PathAccounts, nil, 405, CodeMethodNotAllowed},
		{"POST of info", "POST", PathInfo, nil, 405, CodeMethodNotAllowed},
		{"GET of a restart", "GET", PathRestart, nil, 405, CodeMethodNotAllowed},
		{"POST of machines", "POST", PathMachines, nil, 405, CodeMethodNotAllowed},
		{"PUT of the load", "PUT", PathLoad, nil, 405, CodeMethodNotAllowed},
		{"DELETE of a night", "DELETE", PathNight, nil, 405, CodeMethodNotAllowed},
		{"probe of a stranger", "POST", PathProbeToken + "?machine=bridge-0", nil, 422, CodeUnknownMachine},
		{"empty body", "PUT", PathAccounts, strings.NewReader(""), 400, CodeBadRequest},
		{"not JSON", "PUT", PathAccounts, strings.NewReader("{"), 400, CodeBadRequest},
		{"JSON of another type", "PUT", PathAccounts, strings.NewReader(`[1,2]`), 400, CodeBadRequest},
		{"two objects", "PUT", PathAccounts, strings.NewReader(`{}{}`), 400, CodeBadRequest},
		{"too large", "PUT", PathAccounts, io.LimitReader(neverEnding(' '), MaxAccountsBody+1), 413, CodeTooLarge},
		{"too many", "PUT", PathAccounts, bytes.NewReader(tooMany), 413, CodeTooLarge},
		{"body breaks off", "PUT", PathAccounts, iotestError{}, 400, CodeBadRequest},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := httptest.NewRecorder()
			h.ServeHTTP(w, httptest.NewRequest(tt.method, tt.path, tt.body))
			var e Error
			if err := json.Unmarshal(w.Body.Bytes(), &e); err != nil {
				t.Fatalf("%v: %s", err, w.Body)
			}
			if w.Code != tt.status || e.Code != tt.code || e.Message == "" {
				t.Errorf("got %d %+v", w.Code, e)
			}
		})
	}
	if accepted != 0 {
		t.Errorf("%d lists reached the backend", accepted)
	}
}

func TestErrorsRepeatNothingOfTheBody(t *testing.T) {
	_, err := decodeAccounts([]byte(`{"revision":"r","accounts":[{"hash":"$argon2id$canary"},{"name":7}]}`))
	if err == nil || strings.Contains(err.Error(), "canary") {
		t.Errorf("got %v", err)
	}
}

func TestClientOnStrangeServers(t *testing.T) {
	c := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case PathInfo:
			io.WriteString(w, "<html>")
		case PathCertificate:
			http.Redirect(w, r, "https://elsewhere.example/", http.StatusFound)
		case PathProbeToken:
			w.WriteHeader(http.StatusBadGateway)
		default:
			io.Copy(w, io.LimitReader(neverEnding('['), 10*maxAnswer))
		}
	}))
	for name, f := range map[string]func() error{
		"not JSON":       func() error { _, err := c.Info(t.Context()); return err },
		"redirect":       func() error { _, err := c.Certificate(t.Context()); return err },
		"bare status":    func() error { _, err := c.ProbeToken(t.Context(), ""); return err },
		"endless answer": func() error { _, err := c.PutAccounts(t.Context(), Accounts{}); return err },
	} {
		if err := f(); err == nil || !strings.Contains(err.Error(), "ops API") {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestClientInsistsOnTheProtocol(t *testing.T) {
	s := httptest.NewTLSServer(http.NotFoundHandler()) // some other web server on the machine's port
	defer s.Close()
	c := clientOf(t, s)
	if _, err := c.Info(t.Context()); err == nil || strings.Contains(err.Error(), "404") {
		t.Errorf("got %v", err)
	}
}

func TestClientTimesOut(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close() // accepts in the kernel and says nothing
	c := NewClient(ClientConfig{Address: l.Addr().String(), CA: x509.NewCertPool(), Timeout: 100 * time.Millisecond})
	defer c.Close()
	start := time.Now()
	if _, err := c.Info(t.Context()); err == nil {
		t.Error("answered")
	}
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("took %s", took)
	}
}

// FuzzDecodeAccounts: whatever comes, the answer is a list within the bounds or an *Error.
func FuzzDecodeAccounts(f *testing.F) {
	f.Add([]byte(`{"revision":"r","accounts":[{"id":"a","name":"n","hash":"h","disabled":true}]}`))
	f.Add([]byte(`null`))
	f.Fuzz(func(t *testing.T, data []byte) {
		list, err := decodeAccounts(data)
		var e *Error
		if err != nil && !errors.As(err, &e) {
			t.Errorf("error of type %T", err)
		}
		if len(list.Accounts) > MaxAccounts {
			t.Error("too many accepted")
		}
	})
}

// FuzzDecodeMachines: whatever is accepted is valid, and writing it and reading it again changes nothing.
func FuzzDecodeMachines(f *testing.F) {
	f.Add([]byte(`{"revision":"r","machines":[{"id":"bridge-1","private":"10.64.1.11","ready":true,"draining":true},{"id":"portal","private":"","ready":false}]}`))
	f.Add([]byte(`{"machines":null}`))
	f.Add([]byte(`{"Machines":[{"ID":"bridge-1","private":"::ffff:10.64.1.11"}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		list, err := DecodeMachines(data)
		var e *Error
		if err != nil {
			if !errors.As(err, &e) {
				t.Errorf("error of type %T", err)
			}
			return
		}
		out, err := json.Marshal(list)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := DecodeMachines(out); err != nil || !reflect.DeepEqual(list, again) {
			t.Errorf("changed by writing: %+v, then %+v, %v", list, again, err)
		}
	})
}

// FuzzDecodeRestart: whatever is accepted is within the bounds.
func FuzzDecodeRestart(f *testing.F) {
	f.Add([]byte(`{"notice":300}`))
	f.Add([]byte(`{"notice":-1}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		order, err := decodeRestart(data)
		var e *Error
		if err != nil && !errors.As(err, &e) {
			t.Errorf("error of type %T", err)
		}
		if order.Notice < 0 || order.Notice > MaxNotice {
			t.Errorf("notice of %d s", order.Notice)
		}
	})
}

// FuzzAnswers: whatever a server answers, the client returns a value or an error.
func FuzzAnswers(f *testing.F) {
	f.Add(http.StatusOK, []byte(`{"settled":true,"bridges":[{"id":"bridge-1","stress":1e300}]}`))
	f.Add(http.StatusConflict, []byte(`{"code":"not-a-portal","message":"m"}`))
	f.Fuzz(func(t *testing.T, status int, data []byte) {
		if status < 100 || status > 999 {
			return
		}
		c := &Client{http: &http.Client{Transport: answering{status, data}}}
		load, err := c.Load(t.Context())
		if err != nil && !reflect.DeepEqual(load, Load{}) {
			t.Errorf("%v beside an error", load)
		}
	})
}

type answering struct {
	status int
	data   []byte
}

func (a answering) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: a.status, Body: io.NopCloser(bytes.NewReader(a.data)), Request: r, Header: http.Header{}}, nil
}

type neverEnding byte

func (b neverEnding) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(b)
	}
	return len(p), nil
}

type iotestError struct{}

func (iotestError) Read([]byte) (int, error) { return 0, fmt.Errorf("connection lost") }
