// Package endpoints says where the outside world is: cloud, certificate authority, name server, and the port people open.
package endpoints

// Endpoints says where the outside world is. The zero value is production: Hetzner's API, the ACME directory of the county's
// configuration, the system's resolver and port 443. The sandbox hands over its own; no code asks which of the two it got.
type Endpoints struct {
	// HCloudURL is the Hetzner Cloud API including its version, without a trailing slash. Empty: https://api.hetzner.cloud/v1.
	HCloudURL string
	// HCloudToken is the project's token.
	HCloudToken string
	// ACMEDirectory overrides the county's ACME directory.
	ACMEDirectory string
	// ACMERoots are PEM roots for the ACME server itself and for the certificates it issues. Empty: the system's roots.
	ACMERoots []byte
	// DNSServer is the host:port to ask for A and AAAA. Empty: the system's resolver.
	DNSServer string
	// SitePort is the port in the address people open. 0: 443.
	SitePort int
	// NoPrivateNetwork: machines cannot reach each other at private addresses, so that the portal is alone and no bridge can be made.
	NoPrivateNetwork bool
	// NetworkSeed tells worlds apart whose machines stand on one computer, so that counties of the same name get different private
	// networks. Empty for one that is alone.
	NetworkSeed string
}
