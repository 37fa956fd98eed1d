package machine

import (
	"errors"
	"net"
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func TestIPv6(t *testing.T) {
	l := newLab(t, "")
	prefix := netip.PrefixFrom(netip.AddrFrom16([16]byte{0xfd, 0x78, byte(os.Getpid() >> 8), byte(os.Getpid())}), 48)
	l.machine.IPv6 = netip.PrefixFrom(prefix.Addr(), 64)
	must(t, l.process.Create(t.Context(), l.machine))
	if err := l.process.PowerOn(t.Context(), l.machine.ID); err == nil || !strings.Contains(err.Error(), "ipv6: false") {
		t.Errorf("a machine with IPv6 on a host without: %v", err)
	}
	err := l.process.EnableIPv6(prefix)
	if errors.Is(err, unix.EPERM) || errors.Is(err, unix.EACCES) {
		t.Skip("adding addresses needs the right to administer the network")
	}
	must(t, err)
	l.powerOn()
	address := prefix.Addr().Next()
	dial := func() error {
		c, err := net.DialTimeout("tcp", netip.AddrPortFrom(address, 22).String(), 5*time.Second)
		if err == nil {
			_ = c.Close()
		}
		return err
	}
	must(t, dial())
	must(t, l.process.PowerOff(t.Context(), l.machine.ID))
	if isLocal(address) {
		t.Error("the address is here although the machine is off")
	}
	addresses, err := net.InterfaceAddrs()
	must(t, err)
	for _, a := range addresses {
		if strings.HasPrefix(a.String(), address.String()) {
			t.Errorf("%s stays on the interface", a)
		}
	}
	l.powerOn() // and again
	must(t, dial())
	if err := l.process.EnableIPv6(netip.MustParsePrefix("192.0.2.0/24")); err == nil {
		t.Error("an IPv4 prefix was taken for IPv6")
	}
}
