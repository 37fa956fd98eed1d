package certs

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/mholt/acmez/v3/acme"
)

func TestExplain(t *testing.T) {
	problem := func(kind string) error {
		return fmt.Errorf("obtain: %w", acme.Problem{Type: "urn:ietf:params:acme:error:" + kind, Detail: "detail of the CA"})
	}
	for _, tt := range []struct {
		name string
		err  error
		want []string
	}{
		{"no record", problem("dns"), []string{"A and AAAA", "detail of the CA"}},
		{"closed port", problem("connection"), []string{"TCP 443", "firewall", "detail of the CA"}},
		{"another machine", problem("unauthorized"), []string{"something else answers"}},
		{"other TLS server", problem("tls"), []string{"something else answers"}},
		{"CAA", problem("caa"), []string{"CAA record"}},
		{"rate limit", problem("rateLimited"), []string{"wait before ordering"}},
		{"unknown problem", problem("userActionRequired"), []string{"refused", "userActionRequired"}},
		{"timeout", context.DeadlineExceeded, []string{"did not answer in time"}},
		{"stopped", context.Canceled, []string{"order again"}},
		{"gateway of the CA", errors.New("attempt 3: https://ca.example/dir: HTTP 502: <html>"), []string{"out of order (HTTP 502)"}},
		{"damaged account", errors.New("getting ACME account: unexpected end of JSON input"), []string{"remove the folder acme/acme"}},
		{"other", errors.New("disk\nis full"), []string{"disk is full"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := explain(tt.err)
			for _, want := range tt.want {
				if !strings.Contains(got, want) {
					t.Errorf("got %q, want %q in it", got, want)
				}
			}
		})
	}
}

func TestExplainIsBounded(t *testing.T) {
	long := acme.Problem{Type: "urn:ietf:params:acme:error:dns", Detail: strings.Repeat("ä", 10000)}
	if got := explain(long); len(got) > 2*maxDetail {
		t.Errorf("%d bytes", len(got))
	}
}
