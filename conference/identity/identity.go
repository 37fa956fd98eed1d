// Package identity names who a certificate of the county CA stands for. The names are DNS names in the certificate (RFC 5280
// §4.2.1.6) and are never resolved: everybody dials addresses that the operator wrote down.
//
//	operator                 operator.kreisraum.internal                        calls the ops API
//	machine "portal"         portal.kreisraum.internal, ops.kreisraum.internal  serves the ops API; calls bridges and NATS
//	machine "bridge-3"       bridge-3.kreisraum.internal, ops.…                 serves the ops API and rooms; calls NATS
package identity

import (
	"crypto/x509"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

const domain = ".kreisraum.internal"

// Portal is the ID of the machine with the site. Bridges have those of Bridge.
const Portal = "portal"

// Operator is the name in the operator's client certificate.
const Operator = "operator" + domain

// MaxBridges is the highest number of a dedicated bridge. A Hetzner network takes 100 servers, the portal among them
// (https://docs.hetzner.com/cloud/networks/faq/).
const MaxBridges = 99

// Bridge is the ID of the n-th dedicated bridge, n from 1 to MaxBridges.
func Bridge(n int) string { return fmt.Sprintf("bridge-%d", n) }

// BridgeNumber is the number in a dedicated bridge's ID; false for any other text.
func BridgeNumber(id string) (n int, ok bool) {
	n, err := strconv.Atoi(strings.TrimPrefix(id, "bridge-"))
	return n, err == nil && 1 <= n && n <= MaxBridges && id == Bridge(n)
}

// IsMachine reports whether id is a machine's ID.
func IsMachine(id string) bool { return id == Portal || IsBridge(id) }

// IsBridge reports whether id is a dedicated bridge's ID.
func IsBridge(id string) bool {
	_, ok := BridgeNumber(id)
	return ok
}

// Name is a machine's name in its certificate.
func Name(id string) string { return id + domain }

// ErrStranger says that a certificate names nobody of the county.
var ErrStranger = errors.New("the certificate names neither the operator nor a machine")

// MachineOf returns the ID of the machine whose verified certificate this is. Returns ErrStranger.
func MachineOf(cert *x509.Certificate) (string, error) {
	for _, name := range cert.DNSNames {
		if id, ok := strings.CutSuffix(name, domain); ok && IsMachine(id) {
			return id, nil
		}
	}
	return "", ErrStranger
}

// IsOperator reports whether a verified certificate is the operator's.
func IsOperator(cert *x509.Certificate) bool {
	return len(cert.DNSNames) == 1 && cert.DNSNames[0] == Operator
}
