package client

import (
	"context"
	"errors"
	"net"
	"net/url"
	"time"

	"github.com/pion/webrtc/v4"

	"github.com/medienzentrenverbund/kreisraum/conference/signaling"
)

// Relay is a TURN server on the site's TLS port.
type Relay struct {
	// ICE is what the server handed out.
	ICE signaling.ICE
	// Target is the site; connections to the relay are made to it as those to the site are.
	Target Target
}

// relayTimeout bounds the way to a relay: a TLS handshake and four messages.
const relayTimeout = 20 * time.Second

var errNoRelay = errors.New("the server's relay gives no address")

// configuration makes the relay the only way. The zero configuration is for none.
func (r *Relay) configuration() webrtc.Configuration {
	if r == nil {
		return webrtc.Configuration{}
	}
	urls := r.ICE.URLs
	if at := r.Target.DialAddress; at != "" { // pion looks the name up even though it does not dial it
		urls = []string{"turns:" + at + "?transport=tcp"}
	}
	return webrtc.Configuration{
		ICEServers:         []webrtc.ICEServer{{URLs: urls, Username: string(r.ICE.Username), Credential: string(r.ICE.Credential)}},
		ICETransportPolicy: webrtc.ICETransportPolicyRelay,
	}
}

// relayDialer dials the relay with TLS itself, since pion knows no roots but the system's.
type relayDialer struct{ target Target }

// Dial implements proxy.Dialer.
func (d relayDialer) Dial(network, address string) (net.Conn, error) {
	site, err := url.Parse(d.target.URL)
	if err != nil {
		return nil, errSite
	}
	if d.target.DialAddress != "" {
		address = d.target.DialAddress
	}
	ctx, cancel := context.WithTimeout(context.Background(), dialTimeout)
	defer cancel()
	return dialTLS(ctx, network, address, site.Hostname(), d.target.Roots)
}
