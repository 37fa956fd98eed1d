package infra

// Spec is everything the Pulumi program needs to know of a county. Equal Specs make equal plans.
type Spec struct {
	County string
	Domain string
	// Locations in order of preference, for example "fsn1", "nbg1". The portal is in the first; each bridge names its own.
	Locations []string
	// ServerType of the portal machine, for example "cpx22".
	ServerType string
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
}
