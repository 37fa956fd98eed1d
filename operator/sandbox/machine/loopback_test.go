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

func TestPrivateAddress(t *testing.T) {
	l := newLab(t, "")
	pid := os.Getpid()
	address := netip.AddrFrom4([4]byte{10, 127, byte(pid >> 8), byte(pid)%250 + 2})
	if err := l.process.EnablePrivate(); errors.Is(err, unix.EPERM) || errors.Is(err, unix.EACCES) {
		t.Skip("adding addresses needs the right to administer the network")
	} else if err != nil {
		t.Fatal(err)
	}
	must(t, l.process.loopback.addPrivate(address))
	l.machine.Private = []netip.Addr{address} // it is there already, as after a crash
	must(t, l.process.Create(t.Context(), l.machine))
	for range 2 {
		l.powerOn()
		listener, err := net.Listen("tcp", netip.AddrPortFrom(address, 0).String())
		must(t, err)
		must(t, listener.Close())
		must(t, l.process.PowerOff(t.Context(), l.machine.ID))
		if isLocal(address) {
			t.Fatal("the address is here although the machine is off")
		}
	}
	for _, foreign := range []string{"192.0.2.1", "127.0.0.1", "fd00::1", "8.8.8.8"} {
		if err := l.process.loopback.addPrivate(netip.MustParseAddr(foreign)); err == nil {
			t.Errorf("%s was taken for a private IPv4 address", foreign)
		}
	}
}
