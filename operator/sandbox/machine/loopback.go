package machine

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"

	"golang.org/x/sys/unix"
)

// loopback gives machines IPv6 addresses on the loopback interface. IPv4 needs nothing, all of 127.0.0.0/8 is there; an IPv6 address can only
// be bound when it stands on an interface. Safe for concurrent use.
type loopback struct {
	mu     sync.Mutex
	prefix netip.Prefix
	index  int
}

func (l *loopback) enable(prefix netip.Prefix) error {
	if !prefix.IsValid() || !prefix.Addr().Is6() || prefix.Addr().Is4In6() {
		return fmt.Errorf("%s is not an IPv6 prefix", prefix)
	}
	lo, err := net.InterfaceByName("lo")
	if err != nil {
		return fmt.Errorf("loopback interface: %w", err)
	}
	trial := prefix.Masked().Addr()
	if err := changeAddress(unix.RTM_NEWADDR, lo.Index, trial); err != nil {
		return fmt.Errorf("add %s to the loopback interface: %w", trial, err)
	}
	if err := changeAddress(unix.RTM_DELADDR, lo.Index, trial); err != nil {
		return fmt.Errorf("remove %s from the loopback interface: %w", trial, err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.prefix, l.index = prefix.Masked(), lo.Index
	return nil
}

// add adds an address; one that is there already, after a crash, is fine.
func (l *loopback) add(a netip.Addr) error {
	index, err := l.covers(a)
	if err != nil {
		return err
	}
	if err := changeAddress(unix.RTM_NEWADDR, index, a); err != nil {
		return fmt.Errorf("add %s to the loopback interface: %w", a, err)
	}
	return nil
}

func (l *loopback) remove(a netip.Addr) error {
	index, err := l.covers(a)
	if err != nil {
		return err
	}
	if err := changeAddress(unix.RTM_DELADDR, index, a); err != nil && !errors.Is(err, unix.EADDRNOTAVAIL) {
		return fmt.Errorf("remove %s from the loopback interface: %w", a, err)
	}
	return nil
}

func (l *loopback) covers(a netip.Addr) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.prefix.IsValid() || !l.prefix.Contains(a) {
		return 0, fmt.Errorf("IPv6 address %s: this sandbox's machines have no such IPv6; set `ipv6: false` in the county file", a)
	}
	return l.index, nil
}

// changeAddress adds or removes a /128 on an interface, rtnetlink(7). Duplicate address detection is off: nobody else is on the loopback
// interface, and the address must be usable at once.
func changeAddress(kind uint16, index int, a netip.Addr) error {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_ROUTE)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	if err := unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &unix.Timeval{Sec: 5}); err != nil {
		return err
	}
	if err := unix.Sendto(fd, addressMessage(kind, index, a), 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		return err
	}
	reply := make([]byte, 4<<10)
	n, _, err := unix.Recvfrom(fd, reply, 0)
	if err != nil {
		return err
	}
	if n < unix.SizeofNlMsghdr+4 || binary.NativeEndian.Uint16(reply[4:]) != unix.NLMSG_ERROR {
		return errors.New("unexpected answer of rtnetlink")
	}
	if code := int32(binary.NativeEndian.Uint32(reply[unix.SizeofNlMsghdr:])); code != 0 {
		return unix.Errno(-code)
	}
	return nil
}

func addressMessage(kind uint16, index int, a netip.Addr) []byte {
	const size = unix.SizeofNlMsghdr + unix.SizeofIfAddrmsg + 2*(unix.SizeofRtAttr+16)
	order := binary.NativeEndian
	flags := uint16(unix.NLM_F_REQUEST | unix.NLM_F_ACK)
	if kind == unix.RTM_NEWADDR {
		flags |= unix.NLM_F_CREATE | unix.NLM_F_REPLACE
	}
	m := make([]byte, 0, size)
	m = order.AppendUint32(m, size)
	m = order.AppendUint16(m, kind)
	m = order.AppendUint16(m, flags)
	m = order.AppendUint32(m, 1) // sequence
	m = order.AppendUint32(m, 0) // port, by the kernel
	m = append(m, unix.AF_INET6, 128, unix.IFA_F_NODAD, unix.RT_SCOPE_HOST)
	m = order.AppendUint32(m, uint32(index))
	for _, attribute := range []uint16{unix.IFA_LOCAL, unix.IFA_ADDRESS} {
		m = order.AppendUint16(m, unix.SizeofRtAttr+16)
		m = order.AppendUint16(m, attribute)
		m = append(m, a.AsSlice()...)
	}
	return m
}
