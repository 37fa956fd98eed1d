package infra

import "context"

// Spec is everything the Pulumi program needs to know of a county. Specs that differ in nothing but Guard make equal plans.
type Spec struct {
	County string
	Domain string
	// ServerType and Location of the portal machine, for example "cpx22" and "fsn1". Each bridge names its own.
	ServerType, Location string
	// Zone is the DNS zone in the same Hetzner project that Domain lies in, for example "kmz-tuttlingen.example"; then the program
	// makes the A, AAAA and CAA records. Empty: the records are somebody else's.
	Zone string
	// CAA names the certificate authority that alone may issue for Domain (RFC 8659), for example "letsencrypt.org". Empty: no CAA record.
	CAA string
	// Bridges are the dedicated bridge machines beside the portal.
	Bridges []Bridge
	// NetworkSeed tells worlds apart that share a computer; empty in production. See PrivateNetwork.
	NetworkSeed string
	// Image is a Hetzner system image, for example "debian-12".
	Image string
	// IPv6 says whether the machines get an IPv6 primary IP.
	IPv6 bool
	// SSHPublicKey is the operator's key for root, OpenSSH format.
	SSHPublicKey string
	// UserData holds each machine's cloud-config by the machine's name (MachineNames). It is create-only and secret in the
	// state (it holds the injected host key).
	UserData map[string]string
	// Guard is asked before a machine that runs is switched off or deleted, with the machine's name; an error keeps it from that and ends
	// the run. It must be safe for concurrent use. Nil: nobody is asked. It is no part of the plan.
	Guard func(ctx context.Context, machine string) error `json:"-"`
}

// Machine names a server of the county, filled from the stack's outputs.
type Machine struct {
	Name string `json:"name"`
	Role string `json:"role"` // "portal" or "bridge"
	// Number of the bridge, 0 for the portal.
	Number     int    `json:"number"`
	ServerType string `json:"serverType"`
	Location   string `json:"location"`
	ServerID   int64  `json:"serverId"`
	IPv4       string `json:"ipv4"`
	// IPv6 is the address the machine uses (the ::1 of its /64), empty without IPv6.
	IPv6      string `json:"ipv6,omitempty"`
	PrivateIP string `json:"privateIp"`
}

// Outputs are the stack's outputs.
type Outputs struct {
	FirewallID int64 `json:"firewallId"`
	// Location of the portal.
	Location string    `json:"location"`
	Machines []Machine `json:"machines"`
	// Zone and CAA as in the Spec.
	Zone string `json:"zone,omitempty"`
	CAA  string `json:"caa,omitempty"`
}
