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
	"regexp"
	"strings"
)

const domain = ".kreisraum.internal"

// Portal is the ID of the machine with the site. Bridges have those of Bridge.
const Portal = "portal"

// Operator is the name in the operator's client certificate.
const Operator = "operator" + domain

// bridgeShape: infra numbers bridges from 1 to 99.
var bridgeShape = regexp.MustCompile(`^bridge-[1-9][0-9]?$`)

// Bridge is the ID of the n-th dedicated bridge, n from 1.
func Bridge(n int) string { return fmt.Sprintf("bridge-%d", n) }

// IsMachine reports whether id is a machine's ID.
func IsMachine(id string) bool { return id == Portal || bridgeShape.MatchString(id) }

// IsBridge reports whether id is a dedicated bridge's ID.
func IsBridge(id string) bool { return bridgeShape.MatchString(id) }

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
