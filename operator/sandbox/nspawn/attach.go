package nspawn

import (
	"fmt"
	"reflect"
	"slices"

	"github.com/medienzentrenverbund/kreisraum/operator/sandbox/hcloudsim"
)

// port is a machine's place in the fabric: its namespace, its public link, and a link per private network. Owned by the machine's loop. The
// namespace outlives the machine's boots, so addresses and firewall stay put.
type port struct {
	fabric  *fabric
	machine hcloudsim.Machine // as attached
	private map[int]hcloudsim.PrivateNetwork
}

// maxNetworks is how many private networks a server can be in, Hetzner Cloud API: three.
const maxNetworks = 3

// attach gives a machine its namespace with its links.
func (f *fabric) attach(m hcloudsim.Machine) (*port, error) {
	p := &port{fabric: f, machine: m, private: make(map[int]hcloudsim.PrivateNetwork)}
	if err := p.attachPublic(); err != nil {
		return p, err
	}
	return p, p.attachPrivate(m.Networks)
}

// suits says whether the port can become m's without being made anew.
func (p *port) suits(m hcloudsim.Machine) bool {
	return p.machine.IPv4 == m.IPv4 && p.machine.IPv6 == m.IPv6
}

func (p *port) attachPublic() error {
	f, m := p.fabric, p.machine
	ns, link := f.names.machine(m.ID), publicLink(m.ID)
	if err := command(commandTimeout, "ip", "netns", "add", ns); err != nil {
		return err
	}
	address := publicIPv4(m)
	inside := []string{
		"link set lo up", fmt.Sprintf("link set %s up", publicInterface),
		fmt.Sprintf("addr add %s/32 dev %s", address, publicInterface),
		fmt.Sprintf("route add %s/32 dev %s scope link", f.plan.gateway(), publicInterface),
	}
	if m.IPv4.IsValid() {
		inside = append(inside, "route add default via "+f.plan.gateway().String())
	} else {
		inside = append(inside, fmt.Sprintf("route add %s/32 via %s", metadataAddress, f.plan.gateway()))
	}
	outside := []string{fmt.Sprintf("link set %s up", link), fmt.Sprintf("route add %s/32 dev %s", address, link)}
	rules := fmt.Sprintf("add element inet provider own { %q . %s }\n", link, address)
	if a, ok := publicIPv6(m); ok && f.ipv6 {
		inside = append(inside, fmt.Sprintf("addr add %s/64 dev %s nodad", a, publicInterface),
			fmt.Sprintf("route add default via %s dev %s", linkLocalGateway, publicInterface))
		outside = append(outside, fmt.Sprintf("addr add %s/64 dev %s nodad", linkLocalGateway, link), fmt.Sprintf("route add %s dev %s", m.IPv6.Masked(), link))
		rules += fmt.Sprintf("add element inet provider own6 { %q . %s }\n", link, m.IPv6.Masked())
	}
	if err := ip("", fmt.Sprintf("link add %s netns %s type veth peer name %s netns %s address %s",
		link, f.names.fabric(), publicInterface, ns, m.PublicMAC())); err != nil {
		return err
	}
	if err := ip(ns, inside...); err != nil {
		return err
	}
	if err := ip(f.names.fabric(), outside...); err != nil {
		return err
	}
	return nft(f.names.fabric(), rules)
}

// attachPrivate makes the links into private networks those of want. It may be called while the machine runs: links come and go as cards do.
func (p *port) attachPrivate(want []hcloudsim.PrivateNetwork) error {
	for slot, have := range p.private {
		if i := slices.IndexFunc(want, func(n hcloudsim.PrivateNetwork) bool { return n.ID == have.ID }); i >= 0 && reflect.DeepEqual(want[i], have) {
			continue
		}
		if err := ip(p.fabric.names.fabric(), "link del "+privateLink(p.machine.ID, slot)); err != nil {
			return err
		}
		delete(p.private, slot)
	}
	for _, n := range want {
		if p.inNetwork(n.ID) {
			continue
		}
		slot := 0
		for ; slot < maxNetworks; slot++ {
			if _, taken := p.private[slot]; !taken {
				break
			}
		}
		if err := p.plug(slot, n); err != nil {
			return err
		}
		p.private[slot] = n
	}
	p.machine.Networks = want
	return nil
}

func (p *port) inNetwork(id int64) bool {
	for _, have := range p.private {
		if have.ID == id {
			return true
		}
	}
	return false
}

// plug adds a link into a private network, whose bridge is made with the first.
func (p *port) plug(slot int, n hcloudsim.PrivateNetwork) error {
	f, link, inside := p.fabric, privateLink(p.machine.ID, slot), privateInterface(slot)
	ns := f.names.machine(p.machine.ID)
	if err := f.bridge(n.ID); err != nil {
		return err
	}
	create := fmt.Sprintf("link add %s netns %s mtu 1450 type veth peer name %s netns %s mtu 1450", link, f.names.fabric(), inside, ns)
	if n.MAC != "" {
		create += " address " + n.MAC
	}
	if err := ip("", create); err != nil {
		return err
	}
	if err := ip(f.names.fabric(), fmt.Sprintf("link set %s master %s up", link, bridge(n.ID))); err != nil {
		return err
	}
	lines := []string{fmt.Sprintf("link set %s up", inside), fmt.Sprintf("addr add %s/32 dev %s", n.IP, inside)}
	for _, a := range n.Alias {
		lines = append(lines, fmt.Sprintf("addr add %s/32 dev %s", a, inside))
	}
	return ip(ns, append(lines, fmt.Sprintf("route add %s dev %s scope link src %s", n.Range.Masked(), inside, n.IP))...)
}

// detach takes the machine out of the network. The links would go with the namespace, but a moment later, so they are deleted first.
func (p *port) detach() error {
	f, m := p.fabric, p.machine
	if err := f.unfilter(m.ID); err != nil {
		return err
	}
	link := publicLink(m.ID)
	rules := fmt.Sprintf("add element inet provider own { %[1]q . %[2]s }\ndelete element inet provider own { %[1]q . %[2]s }\n", link, publicIPv4(m))
	if m.IPv6.IsValid() && f.ipv6 {
		rules += fmt.Sprintf("add element inet provider own6 { %[1]q . %[2]s }\ndelete element inet provider own6 { %[1]q . %[2]s }\n", link, m.IPv6.Masked())
	}
	if err := nft(f.names.fabric(), rules); err != nil {
		return err
	}
	_ = ip(f.names.fabric(), "link del "+link) // it may not have come so far
	for slot := range p.private {
		_ = ip(f.names.fabric(), "link del "+privateLink(m.ID, slot))
	}
	return removeNamespace(f.names.machine(m.ID))
}
