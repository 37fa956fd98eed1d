package client

import (
	"errors"
	"fmt"
	"net/http"
)

// Leg is the part of the way into a call.
type Leg string

// Legs, in the order they are walked.
const (
	LegTCP       Leg = "TCP"
	LegTLS       Leg = "TLS"
	LegWebSocket Leg = "WebSocket"
	LegDoor      Leg = "door"
	LegRelay     Leg = "relay over TLS"
	LegOffer     Leg = "media offer"
	LegICE       Leg = "ICE and DTLS"
	LegMedia     Leg = "media"
)

// Error says which leg failed and what to check next.
type Error struct {
	Leg   Leg
	Check string
	Err   error
}

func (e *Error) Error() string { return fmt.Sprintf("%s: %v; %s", e.Leg, e.Err, e.Check) }

// Unwrap returns what went wrong.
func (e *Error) Unwrap() error { return e.Err }

// What to check when a leg fails.
const (
	checkTCP   = "check that TCP 443 of the server is reachable: firewall, DNS record, running unit"
	checkTLS   = "check the certificate: 'doctor' shows its state, and the clock of this machine"
	checkWS    = "check the server's log; something between here and the server may not pass WebSockets"
	checkDoor  = "the server is reached but does not let the participant in; check the token's age and the clocks"
	checkRelay = "the site answers on TCP 443 but its relay does not; check the server's version and log"
	checkOffer = "the server could not answer the media offer; check its log"
	checkICE   = "check that UDP 10000 of the server is reachable: the county's firewall and the network here"
	checkMedia = "the connection stands but nothing is forwarded; check the server's load and log"
)

// errSite says that there is nothing to connect to.
var errSite = errors.New("not the address of a site")

// answered is an HTTP status in place of a WebSocket.
type answered int

func (a answered) Error() string {
	return fmt.Sprintf("the server answered %d %s", int(a), http.StatusText(int(a)))
}
