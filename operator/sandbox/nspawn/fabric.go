package nspawn

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// fabric is the provider's network. Its methods may be called for different machines at the same time; the kernel orders them.
type fabric struct {
	names names
	plan  plan
	ipv6  bool

	mu      sync.Mutex
	bridges map[int64]bool
}

// bridge makes the bridge of a private network unless it is there. It stays as long as the fabric.
func (f *fabric) bridge(network int64) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.bridges[network] {
		return nil
	}
	name := bridge(network)
	err := ip(f.names.fabric(), fmt.Sprintf("link add %s mtu 1450 type bridge forward_delay 0", name), fmt.Sprintf("link set %s up", name))
	if err == nil {
		f.bridges[network] = true
	}
	return err
}

// numberFile, appended to the folder of the machines, keeps the number of the sandbox's share of addresses, so that a start finds the machines where they were.
const numberFile = ".network"

// raiseFabric makes the network from nothing. dir is the folder of the machines; a file beside it remembers the share of addresses.
func raiseFabric(n names, dir string) (*fabric, error) {
	f := &fabric{names: n, bridges: make(map[int64]bool)}
	if err := command(commandTimeout, "ip", "netns", "add", n.fabric()); err != nil {
		return nil, err
	}
	if err := f.settings(); err != nil {
		return nil, err
	}
	if err := ip("", fmt.Sprintf("link add %s type veth peer name uplink netns %s", n.uplink(), n.fabric()), "link set "+n.uplink()+" up"); err != nil {
		return nil, err
	}
	f.ipv6 = f.ipv6 && hasIPv6(n.uplink()) && inNetwork(n.fabric(), func() error {
		if !hasIPv6("uplink") {
			return errors.ErrUnsupported
		}
		return nil
	}) == nil
	if err := f.claim(dir); err != nil {
		return nil, err
	}
	p := f.plan
	// The gateway's address is on lo: with arp_ignore=0, the default, the kernel answers for it on every link, so that each machine sees the
	// same gateway on a link of its own.
	lines := []string{
		"link set lo up", "link set uplink up",
		fmt.Sprintf("addr add %s/32 dev lo", p.gateway()), fmt.Sprintf("addr add %s/32 dev lo", metadataAddress),
		fmt.Sprintf("route add %s/32 dev uplink", p.host()),
	}
	if f.ipv6 {
		lines = append(lines, fmt.Sprintf("addr add %s/128 dev lo nodad", p.gateway6()), fmt.Sprintf("addr add %s/64 dev uplink nodad", linkLocalGateway),
			fmt.Sprintf("route add %s/128 dev uplink", p.host6()))
	}
	if err := ip(n.fabric(), lines...); err != nil {
		return nil, err
	}
	return f, nft(n.fabric(), baseRules)
}

// settings make the namespace a router.
func (f *fabric) settings() error {
	return inNetwork(f.names.fabric(), func() error {
		if err := os.WriteFile("/proc/sys/net/ipv4/ip_forward", []byte("1"), 0); err != nil {
			return fmt.Errorf("let the fabric forward: %w", err)
		}
		filters, _ := filepath.Glob("/proc/sys/net/ipv4/conf/*/rp_filter")
		for _, name := range filters { // the firewall's table checks sources, link by link
			if err := os.WriteFile(name, []byte("0"), 0); err != nil {
				return err
			}
		}
		for _, name := range []string{"iptables", "ip6tables", "arptables"} { // there only where br_netfilter is loaded
			_ = os.WriteFile("/proc/sys/net/bridge/bridge-nf-call-"+name, []byte("0"), 0)
		}
		f.ipv6 = os.WriteFile("/proc/sys/net/ipv6/conf/all/forwarding", []byte("1"), 0) == nil
		return nil
	})
}

// hasIPv6 says whether an interface of the calling thread's network may have IPv6 addresses; a computer, or a container, can forbid it.
func hasIPv6(link string) bool {
	off, err := os.ReadFile("/proc/sys/net/ipv6/conf/" + link + "/disable_ipv6")
	return err == nil && strings.TrimSpace(string(off)) == "0"
}

// claim takes the share that the folder remembers, or the first free one. The route to it exists once per computer, and that decides.
func (f *fabric) claim(dir string) error {
	name := dir + numberFile
	data, err := os.ReadFile(name)
	if number, bad := strconv.Atoi(strings.TrimSpace(string(data))); err == nil && bad == nil && number >= 0 && number < pools {
		if err := f.take(number); err != nil {
			return fmt.Errorf("the sandbox's addresses %s are routed elsewhere on this computer (`ip route` shows where): %w", f.plan.v4, err)
		}
		return nil
	}
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	var last error
	for i := range tries {
		number := (preferred(f.names) + i) % pools
		if last = f.take(number); last == nil {
			return os.WriteFile(name, []byte(strconv.Itoa(number)+"\n"), 0o600)
		}
	}
	return fmt.Errorf("no free range of addresses in %s: %w", benchmark, last)
}

// tries bounds the search for a free share. If so many in a row cannot be had, something else than their being taken is wrong.
const tries = 8

func (f *fabric) take(number int) error {
	f.plan = planOf(number, v6Range)
	p, up := f.plan, f.names.uplink()
	lines := []string{
		fmt.Sprintf("addr add %s/32 dev %s", p.host(), up),
		fmt.Sprintf("route add %s/32 dev %s scope link src %s", p.gateway(), up, p.host()),
		fmt.Sprintf("route add %s via %s dev %s src %s", p.v4, p.gateway(), up, p.host()),
	}
	if f.ipv6 {
		lines = append(lines, fmt.Sprintf("addr add %s/128 dev %s nodad", p.host6(), up),
			fmt.Sprintf("route add %s via %s dev %s src %s", p.v6, linkLocalGateway, up, p.host6()))
	}
	err := ip("", lines...)
	if err != nil {
		_ = ip("", "addr flush dev "+up) // and with the address its routes
	}
	return err
}

// removeNamespace removes a network namespace; one that is not there is fine.
func removeNamespace(name string) error {
	if _, err := os.Lstat("/run/netns/" + name); errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return command(commandTimeout, "ip", "netns", "del", name)
}

// lower takes the fabric away, with what is left in it.
func (f *fabric) lower() error {
	return errors.Join(removeLink(f.names.uplink()), removeNamespace(f.names.fabric()))
}

// removeLink removes an interface of this computer and waits until it is gone; one that is not there is fine.
func removeLink(name string) error {
	var err error
	for deadline := time.Now().Add(settle); ; time.Sleep(5 * time.Millisecond) {
		// Not /sys/class/net: that shows the network namespace in which it was mounted, perhaps not ours.
		all, listed := net.Interfaces()
		if listed != nil {
			return listed
		}
		if !slices.ContainsFunc(all, func(i net.Interface) bool { return i.Name == name }) {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("remove interface %s: %w", name, err)
		}
		err = ip("", "link del "+name) // fails when it is just going with its namespace
	}
}
