package provider

import (
	"fmt"
	"net"

	"github.com/hetznercloud/hcloud-go/v2/hcloud"
)

// refs are a server's references to other resources as numbers.
type refs struct {
	network, firewall, placementGroup int64
	ipv4, ipv6                        int64
	sshKeys                           []*hcloud.SSHKey
	privateIP                         net.IP
}

func parseRefs(in ServerArgs) (want refs, err error) {
	for _, ref := range []struct {
		kind, id string
		into     *int64
		optional bool
	}{
		{networkKind, in.Network, &want.network, false},
		{firewallKind, in.Firewall, &want.firewall, false},
		{placementGroupKind, in.PlacementGroup, &want.placementGroup, true},
		{primaryIPKind, in.PrimaryIPv4, &want.ipv4, false},
		{primaryIPKind, in.PrimaryIPv6, &want.ipv6, true},
	} {
		if ref.optional && ref.id == "" {
			continue
		}
		if *ref.into, err = parseID(ref.kind, ref.id); err != nil {
			return refs{}, fmt.Errorf("server %s: %w", in.Name, err)
		}
	}
	for _, key := range in.SSHKeys {
		id, err := parseID(sshKeyKind, key)
		if err != nil {
			return refs{}, fmt.Errorf("server %s: %w", in.Name, err)
		}
		want.sshKeys = append(want.sshKeys, &hcloud.SSHKey{ID: id})
	}
	if want.privateIP = net.ParseIP(in.PrivateIP).To4(); want.privateIP == nil {
		return refs{}, fmt.Errorf("server %s: %q is no private IPv4 address", in.Name, in.PrivateIP)
	}
	return want, nil
}
