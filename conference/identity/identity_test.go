package identity

import (
	"crypto/x509"
	"errors"
	"testing"
)

func TestMachineOf(t *testing.T) {
	tests := []struct {
		names []string
		want  string
		err   error
	}{
		{[]string{"ops.kreisraum.internal", "portal.kreisraum.internal"}, "portal", nil},
		{[]string{Name(Bridge(12))}, "bridge-12", nil},
		{[]string{"ops.kreisraum.internal"}, "", ErrStranger},
		{[]string{Operator}, "", ErrStranger},
		{[]string{"bridge-0.kreisraum.internal"}, "", ErrStranger},
		{[]string{"bridge-1.portal.kreisraum.internal"}, "", ErrStranger},
		{[]string{"bridge-1.example.org"}, "", ErrStranger},
		{nil, "", ErrStranger},
	}
	for _, tt := range tests {
		got, err := MachineOf(&x509.Certificate{DNSNames: tt.names})
		if got != tt.want || !errors.Is(err, tt.err) {
			t.Errorf("MachineOf(%v) = %q, %v; want %q, %v", tt.names, got, err, tt.want, tt.err)
		}
	}
}

func TestOnlyTheOperatorsOwnCertificateIsTheOperators(t *testing.T) {
	for _, names := range [][]string{nil, {Name(Portal)}, {Operator, Name(Portal)}, {"operator.example.org"}} {
		if IsOperator(&x509.Certificate{DNSNames: names}) {
			t.Errorf("%v passes for the operator", names)
		}
	}
	if !IsOperator(&x509.Certificate{DNSNames: []string{Operator}}) {
		t.Error("the operator is not known")
	}
}

func TestBridgeNumber(t *testing.T) {
	for _, n := range []int{1, 9, 10, MaxBridges} {
		if got, ok := BridgeNumber(Bridge(n)); got != n || !ok || !IsMachine(Bridge(n)) {
			t.Errorf("%s: %d, %t", Bridge(n), got, ok)
		}
	}
	for _, id := range []string{"", "3", Portal, "bridge-", "bridge-0", "bridge-03", "bridge-+3", "bridge--3", "bridge-100", "bridge-3 ", "Bridge-3", "bridge-bridge-3"} {
		if n, ok := BridgeNumber(id); ok || IsBridge(id) {
			t.Errorf("%q is bridge %d", id, n)
		}
	}
}
