package metadata

import (
	"net/netip"

	"github.com/medienzentrenverbund/kreisraum/operator/sandbox/hcloudsim"
)

// summary is the answer at /hetzner/v1/metadata. cloud-init demands instance-id, hostname and network-config.
type summary struct {
	AvailabilityZone string           `yaml:"availability-zone"`
	Hostname         string           `yaml:"hostname"`
	InstanceID       int64            `yaml:"instance-id"`
	LocalIPv4        string           `yaml:"local-ipv4"`
	NetworkConfig    networkConfig    `yaml:"network-config"`
	PrivateNetworks  []privateNetwork `yaml:"private-networks"`
	PublicIPv4       string           `yaml:"public-ipv4"`
	PublicKeys       []string         `yaml:"public-keys"`
	Region           string           `yaml:"region"`
	VendorData       string           `yaml:"vendor_data"`
}

type privateNetwork struct {
	IP           netip.Addr   `yaml:"ip"`
	AliasIPs     []netip.Addr `yaml:"alias_ips"`
	InterfaceNum int          `yaml:"interface_num"`
	MACAddress   string       `yaml:"mac_address"`
	NetworkID    int64        `yaml:"network_id"`
	NetworkName  string       `yaml:"network_name"`
	Network      netip.Prefix `yaml:"network"`
	Subnet       netip.Prefix `yaml:"subnet"`
	Gateway      netip.Addr   `yaml:"gateway"`
}

// networkConfig is cloud-init's "Networking config Version 1" of the public interface. Private ones are the image's business.
type networkConfig struct {
	Version int      `yaml:"version"`
	Config  []device `yaml:"config"`
}

type device struct {
	Type       string     `yaml:"type"`
	Name       string     `yaml:"name"`
	MACAddress string     `yaml:"mac_address"`
	Subnets    []subnetV1 `yaml:"subnets"`
}

type subnetV1 struct {
	Type    string `yaml:"type"`
	IPv4    bool   `yaml:"ipv4,omitempty"`
	IPv6    bool   `yaml:"ipv6,omitempty"`
	Address string `yaml:"address,omitempty"`
	Gateway string `yaml:"gateway,omitempty"`
}

// datacenters are the availability zones, which the metadata service still names.
var datacenters = map[string]string{
	"fsn1": "fsn1-dc14", "nbg1": "nbg1-dc3", "hel1": "hel1-dc2", "ash": "ash-dc1", "hil": "hil-dc1", "sin": "sin-dc1",
}

func describe(m hcloudsim.Machine) summary {
	s := summary{
		AvailabilityZone: datacenters[m.Location], Hostname: m.Name, InstanceID: m.ID, NetworkConfig: publicInterface(m),
		PrivateNetworks: []privateNetwork{}, PublicKeys: append([]string{}, m.AuthorizedKeys...), Region: m.Region,
	}
	if m.IPv4.IsValid() {
		s.PublicIPv4 = m.IPv4.String()
	}
	for i, n := range m.Networks {
		s.PrivateNetworks = append(s.PrivateNetworks, privateNetwork{
			IP: n.IP, AliasIPs: append([]netip.Addr{}, n.Alias...), InterfaceNum: i + 1, MACAddress: n.MAC,
			NetworkID: n.ID, NetworkName: n.Name, Network: n.Range, Subnet: n.Subnet, Gateway: n.Gateway,
		})
	}
	return s
}

func publicInterface(m hcloudsim.Machine) networkConfig {
	eth0 := device{Type: "physical", Name: "eth0", MACAddress: m.PublicMAC(), Subnets: []subnetV1{}}
	if m.IPv4.IsValid() {
		eth0.Subnets = append(eth0.Subnets, subnetV1{Type: "dhcp", IPv4: true})
	}
	if m.IPv6.IsValid() {
		address := netip.PrefixFrom(m.IPv6.Masked().Addr().Next(), m.IPv6.Bits())
		eth0.Subnets = append(eth0.Subnets, subnetV1{Type: "static", IPv6: true, Address: address.String(), Gateway: "fe80::1"})
	}
	return networkConfig{Version: 1, Config: []device{eth0}}
}
