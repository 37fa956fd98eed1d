package provider

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/hetznercloud/hcloud-go/v2/hcloud"
	"github.com/pulumi/pulumi-go-provider/infer"
)

// tripwire stands before the simulated cloud and lets one thing go wrong at the n-th request.
type tripwire struct {
	next http.Handler

	mu     sync.Mutex
	left   int // requests until it strikes; 0: never
	strike func(w http.ResponseWriter, r *http.Request, next http.Handler)
	struck bool
}

func (t *tripwire) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	t.mu.Lock()
	strike := t.strike
	if t.left--; t.left != 0 {
		strike = nil
	} else {
		t.struck = true
	}
	t.mu.Unlock()
	if strike == nil {
		t.next.ServeHTTP(w, r)
		return
	}
	strike(w, r, t.next)
}

// set arms it for the n-th request from now on.
func (t *tripwire) set(n int, strike func(http.ResponseWriter, *http.Request, http.Handler)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.left, t.strike, t.struck = n, strike, false
}

// disarm reports whether it has struck.
func (t *tripwire) disarm() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.left, t.strike = 0, nil
	return t.struck
}

// instead answers with an error; after lets the request take effect before. Without a status the connection is cut, without a code the
// answer is a proxy's page.
func instead(status int, code string, after bool) func(http.ResponseWriter, *http.Request, http.Handler) {
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		if after {
			next.ServeHTTP(httptest.NewRecorder(), r)
		}
		if status == 0 {
			panic(http.ErrAbortHandler)
		}
		if code == "" {
			w.Header().Set("Content-Type", "text/html")
			w.WriteHeader(status)
			_, _ = io.WriteString(w, "<html>a proxy</html>")
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		fmt.Fprintf(w, `{"error":{"code":%q,"message":"injected","details":null}}`, code)
	}
}

// cut sends half of the answer.
func cut(w http.ResponseWriter, r *http.Request, next http.Handler) {
	answer := httptest.NewRecorder()
	next.ServeHTTP(answer, r)
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", fmt.Sprint(answer.Body.Len()))
	w.WriteHeader(answer.Code)
	_, _ = w.Write(answer.Body.Bytes()[:answer.Body.Len()/2])
	panic(http.ErrAbortHandler)
}

// faults that a single request can meet. A kill ends the whole operation, as a killed process does.
var faults = map[string]func(kill func()) func(http.ResponseWriter, *http.Request, http.Handler){
	"cut before the effect": func(func()) func(http.ResponseWriter, *http.Request, http.Handler) { return instead(0, "", false) },
	"cut after the effect":  func(func()) func(http.ResponseWriter, *http.Request, http.Handler) { return instead(0, "", true) },
	"half an answer":        func(func()) func(http.ResponseWriter, *http.Request, http.Handler) { return cut },
	"500 before the effect": func(func()) func(http.ResponseWriter, *http.Request, http.Handler) {
		return instead(500, "server_error", false)
	},
	"500 after the effect": func(func()) func(http.ResponseWriter, *http.Request, http.Handler) {
		return instead(500, "server_error", true)
	},
	"504 after the effect": func(func()) func(http.ResponseWriter, *http.Request, http.Handler) {
		return instead(504, "timeout", true)
	},
	"a page after the effect": func(func()) func(http.ResponseWriter, *http.Request, http.Handler) {
		return instead(http.StatusBadGateway, "", true)
	},
	"locked": func(func()) func(http.ResponseWriter, *http.Request, http.Handler) {
		return instead(423, "locked", false)
	},
	"conflict": func(func()) func(http.ResponseWriter, *http.Request, http.Handler) {
		return instead(409, "conflict", false)
	},
	"rate limit": func(func()) func(http.ResponseWriter, *http.Request, http.Handler) {
		return instead(429, "rate_limit_exceeded", false)
	},
	"maintenance": func(func()) func(http.ResponseWriter, *http.Request, http.Handler) {
		return instead(503, "maintenance", false)
	},
	"refused": func(func()) func(http.ResponseWriter, *http.Request, http.Handler) {
		return instead(422, "invalid_input", false)
	},
	"killed before the effect": func(kill func()) func(http.ResponseWriter, *http.Request, http.Handler) {
		return func(http.ResponseWriter, *http.Request, http.Handler) {
			kill()
			panic(http.ErrAbortHandler)
		}
	},
	"killed after the effect": func(kill func()) func(http.ResponseWriter, *http.Request, http.Handler) {
		return func(_ http.ResponseWriter, r *http.Request, next http.Handler) {
			next.ServeHTTP(httptest.NewRecorder(), r)
			kill()
			panic(http.ErrAbortHandler)
		}
	},
}

// Every fault at every request of making, changing and deleting a server: the run may fail, but a further one finishes, and in the end there
// is exactly what was asked for, once.
func TestServerOutlivesEveryFaultAtEveryRequest(t *testing.T) {
	for name, fault := range faults {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := 1
			for makeChangeDelete(t, fmt.Sprintf("%s at request %d", name, n), n, fault) {
				n++
			}
			if n < 8 { // making a server takes as many requests at least
				t.Errorf("%d requests were struck", n-1)
			}
		})
	}
}

// makeChangeDelete takes a server through its life with a fault at the n-th request of each part, and reports whether that struck in any.
func makeChangeDelete(t *testing.T, name string, n int, fault func(func()) func(http.ResponseWriter, *http.Request, http.Handler)) (struck bool) {
	p := newProject(t)
	in := p.serverArgs()
	again := func(what string, act func(ctx context.Context) error) {
		t.Helper()
		ctx, kill := context.WithCancel(t.Context())
		defer kill()
		p.trip.set(n, fault(kill))
		err := act(ctx)
		hit := p.trip.disarm()
		struck = struck || hit
		if err != nil && !hit {
			t.Fatalf("%s: %s failed without a reason: %v", name, what, err)
		}
		if err == nil {
			return
		}
		if err := act(t.Context()); err != nil {
			t.Fatalf("%s: %s a second time: %v", name, what, err)
		}
	}
	r := Server{p.handle}
	id := ""
	again("make", func(ctx context.Context) error {
		resp, err := r.Create(ctx, infer.CreateRequest[ServerArgs]{Inputs: in})
		id = resp.ID
		return err
	})
	made := p.complete(in)
	if formatID(made.ID) != id {
		t.Fatalf("%s: made %d, the ID is %s", name, made.ID, id)
	}
	bigger := in
	bigger.ServerType = "cpx32"
	again("change", func(ctx context.Context) error {
		_, err := r.Update(ctx, infer.UpdateRequest[ServerArgs, ServerState]{ID: id, State: wantedServer(in), Inputs: bigger})
		return err
	})
	if changed := p.complete(bigger); changed.ServerType.Name != "cpx32" || changed.ID != made.ID {
		t.Fatalf("%s: changed into %s, server %d after %d", name, changed.ServerType.Name, changed.ID, made.ID)
	}
	again("delete", func(ctx context.Context) error {
		_, err := r.Delete(ctx, infer.DeleteRequest[ServerState]{ID: id, State: wantedServer(bigger)})
		return err
	})
	servers, err := p.cloud.Server.All(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	addresses, err := p.cloud.PrimaryIP.All(t.Context())
	if err != nil || len(servers) > 0 || len(addresses) != 2 {
		t.Fatalf("%s: %d servers and %d addresses are left, %v", name, len(servers), len(addresses), err)
	}
	return struck
}

// The same for what a server refers to, made and adopted.
func TestEveryKindIsMadeOnce(t *testing.T) {
	for name, fault := range faults {
		if name == "refused" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for n, struck := 1, true; struck; n++ {
				struck = false
				p := newProject(t)
				zone(p, "kmz.example")
				for what, create := range map[string]func(context.Context) error{
					"SSH key":         creation(SSHKey{p.handle}, SSHKeyArgs{Name: "kreisraum-demo", PublicKey: publicKey, Labels: labels("operator")}),
					"placement group": creation(PlacementGroup{p.handle}, PlacementGroupArgs{Name: "kreisraum-demo-1", Labels: labels("county")}),
					"network":         creation(Network{p.handle}, networkArgs()),
					"firewall":        creation(Firewall{p.handle}, firewallArgs()),
					"IPv4":            creation(PrimaryIP{p.handle}, addressArgs("ipv4")),
					"record":          creation(Record{p.handle}, recordArgs()),
				} {
					ctx, kill := context.WithCancel(t.Context())
					p.trip.set(n, fault(kill))
					err := create(ctx)
					hit := p.trip.disarm()
					struck = struck || hit
					kill()
					if err != nil && !hit {
						t.Fatalf("%s, %s at request %d: failed without a reason: %v", what, name, n, err)
					}
					if err := create(t.Context()); err != nil { // finishes, or finds what is there
						t.Fatalf("%s, %s at request %d, a second time: %v", what, name, n, err)
					}
				}
				found, err := p.handle.cloud.Leftovers(t.Context(), "demo")
				if err != nil || len(found) != 6 {
					t.Fatalf("%s at request %d: %d resources (%v): %v", name, n, len(found), err, found)
				}
				if err := Purge(t.Context(), Config{Cloud: p.handle.cloud}, found); err != nil {
					t.Fatal(err)
				}
				if left, err := p.handle.cloud.Leftovers(t.Context(), "demo"); err != nil || len(left) > 0 {
					t.Fatalf("%s at request %d: left %v, %v", name, n, left, err)
				}
			}
		})
	}
}

func creation[I, O any](r infer.CustomCreate[I, O], in I) func(context.Context) error {
	return func(ctx context.Context) error {
		_, err := r.Create(ctx, infer.CreateRequest[I]{Inputs: in})
		return err
	}
}

func recordArgs() RecordArgs {
	return RecordArgs{Zone: "kmz.example", Name: "jitsi", Type: "A", Values: []string{"192.0.2.1"}, TTL: 300, Labels: labels("portal")}
}

// zone makes a DNS zone.
func zone(p *project, name string) {
	p.t.Helper()
	made, _, err := p.cloud.Zone.Create(p.t.Context(), hcloud.ZoneCreateOpts{Name: name, Mode: hcloud.ZoneModePrimary})
	if err != nil {
		p.t.Fatal(err)
	}
	p.done(made.Action)
}
