package machine

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// loopback gives machines IPv6 and private IPv4 addresses on the loopback interface. Public IPv4 addresses need nothing, all of 127.0.0.0/8
// is there; any other address can only be bound when it stands on an interface. Safe for concurrent use.
type loopback struct {
	mu      sync.Mutex
	prefix  netip.Prefix
	index   int
	private bool
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
	return addTo(index, a)
}

// trialAddress is none that a machine can have: its network address ends in 0 (RFC 1918, the last /24).
var trialAddress = netip.MustParseAddr("10.255.255.0")

func (l *loopback) enablePrivate() error {
	if err := l.addPrivate(trialAddress); err != nil {
		return err
	}
	if err := l.removePrivate(trialAddress); err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.private = true
	return nil
}

func (l *loopback) hasPrivate() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.private
}

// addPrivate adds an address of a private network (RFC 1918). One that another interface of this computer has is refused: the machine would
// answer for it in the real network.
func (l *loopback) addPrivate(a netip.Addr) error {
	index, err := privateIndex(a)
	if err != nil {
		return err
	}
	return addTo(index, a)
}

func (l *loopback) removePrivate(a netip.Addr) error {
	index, err := privateIndex(a)
	if err != nil {
		return err
	}
	return removeFrom(index, a)
}

// privateIndex is the loopback interface's number, if a may stand on it.
func privateIndex(a netip.Addr) (int, error) {
	if !a.Is4() || !a.IsPrivate() {
		return 0, fmt.Errorf("%s is no private IPv4 address", a)
	}
	interfaces, err := net.Interfaces()
	if err != nil {
		return 0, fmt.Errorf("network interfaces: %w", err)
	}
	index := 0
	for _, i := range interfaces {
		if i.Flags&net.FlagLoopback != 0 {
			index = i.Index
			continue
		}
		addresses, err := i.Addrs()
		if err != nil {
			continue // it is just going away
		}
		for _, has := range addresses {
			if p, err := netip.ParsePrefix(has.String()); err == nil && p.Addr() == a {
				return 0, fmt.Errorf("%s is this computer's own address on another interface", a)
			}
		}
	}
	if index == 0 {
		return 0, errors.New("there is no loopback interface")
	}
	return index, nil
}

// addTo adds an address and waits until it can be used.
func addTo(index int, a netip.Addr) error {
	if err := changeAddress(unix.RTM_NEWADDR, index, a); err != nil {
		return fmt.Errorf("add %s to the loopback interface: %w", a, err)
	}
	for deadline := time.Now().Add(settleTimeout); !isLocal(a); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			return fmt.Errorf("add %s to the loopback interface: the kernel has not made it usable within %v", a, settleTimeout)
		}
	}
	return nil
}

// settleTimeout bounds the wait for a new address. The kernel makes its route in a work queue, within microseconds on an idle computer.
const settleTimeout = 5 * time.Second

// isLocal reports whether the kernel keeps packets to an address on this computer.
func isLocal(a netip.Addr) bool {
	reply, err := rtnetlink(routeQuestion(a))
	if err != nil || binary.NativeEndian.Uint16(reply[4:]) != unix.RTM_NEWROUTE || len(reply) < unix.SizeofNlMsghdr+unix.SizeofRtMsg {
		return false
	}
	return reply[unix.SizeofNlMsghdr+7] == unix.RTN_LOCAL // struct rtmsg, rtm_type
}

func (l *loopback) remove(a netip.Addr) error {
	index, err := l.covers(a)
	if err != nil {
		return err
	}
	return removeFrom(index, a)
}

// removeFrom removes an address; one that is gone is fine.
func removeFrom(index int, a netip.Addr) error {
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

// changeAddress adds or removes a /128, or a /32 of IPv4, on an interface, rtnetlink(7). Duplicate address detection is off: nobody else is on the loopback
// interface, and the address must be usable at once. There is no prefix route: it would be there before the address itself is, and lead
// packets into nothing.
func changeAddress(kind uint16, index int, a netip.Addr) error {
	_, err := rtnetlink(addressMessage(kind, index, a))
	return err
}

// rtnetlink sends one message and returns the kernel's answer, which has at least a header; an error code in it is the error.
func rtnetlink(message []byte) ([]byte, error) {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_ROUTE)
	if err != nil {
		return nil, err
	}
	defer unix.Close(fd)
	if err := unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &unix.Timeval{Sec: 5}); err != nil {
		return nil, err
	}
	if err := unix.Sendto(fd, message, 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		return nil, err
	}
	reply := make([]byte, 4<<10)
	n, _, err := unix.Recvfrom(fd, reply, 0)
	if err != nil {
		return nil, err
	}
	if n < unix.SizeofNlMsghdr+4 {
		return nil, errors.New("unexpected answer of rtnetlink")
	}
	if binary.NativeEndian.Uint16(reply[4:]) == unix.NLMSG_ERROR {
		if code := int32(binary.NativeEndian.Uint32(reply[unix.SizeofNlMsghdr:])); code != 0 {
			return nil, unix.Errno(-code)
		}
	}
	return reply[:n], nil
}

// header begins a message of size bytes.
func header(size int, kind, flags uint16) []byte {
	order := binary.NativeEndian
	m := make([]byte, 0, size)
	m = order.AppendUint32(m, uint32(size))
	m = order.AppendUint16(m, kind)
	m = order.AppendUint16(m, flags)
	m = order.AppendUint32(m, 1)    // sequence
	return order.AppendUint32(m, 0) // port, by the kernel
}

func addressAttribute(m []byte, attribute uint16, a netip.Addr) []byte {
	m = binary.NativeEndian.AppendUint16(m, uint16(unix.SizeofRtAttr+a.BitLen()/8))
	m = binary.NativeEndian.AppendUint16(m, attribute)
	return append(m, a.AsSlice()...)
}

func family(a netip.Addr) byte {
	if a.Is4() {
		return unix.AF_INET
	}
	return unix.AF_INET6
}

// routeQuestion asks for the route to an address, struct rtmsg with RTA_DST.
func routeQuestion(a netip.Addr) []byte {
	m := header(unix.SizeofNlMsghdr+unix.SizeofRtMsg+unix.SizeofRtAttr+a.BitLen()/8, unix.RTM_GETROUTE, unix.NLM_F_REQUEST)
	m = append(m, family(a), byte(a.BitLen()), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
	return addressAttribute(m, unix.RTA_DST, a)
}

// addressMessage is struct ifaddrmsg with the address twice, as on an interface without a peer, and the flags.
func addressMessage(kind uint16, index int, a netip.Addr) []byte {
	flags := uint16(unix.NLM_F_REQUEST | unix.NLM_F_ACK)
	if kind == unix.RTM_NEWADDR {
		flags |= unix.NLM_F_CREATE | unix.NLM_F_REPLACE
	}
	order := binary.NativeEndian
	m := header(unix.SizeofNlMsghdr+unix.SizeofIfAddrmsg+2*(unix.SizeofRtAttr+a.BitLen()/8)+unix.SizeofRtAttr+4, kind, flags)
	m = append(m, family(a), byte(a.BitLen()), 0, unix.RT_SCOPE_HOST) // the flags are in an attribute
	m = order.AppendUint32(m, uint32(index))
	m = addressAttribute(m, unix.IFA_LOCAL, a)
	m = addressAttribute(m, unix.IFA_ADDRESS, a)
	m = order.AppendUint16(m, unix.SizeofRtAttr+4)
	m = order.AppendUint16(m, unix.IFA_FLAGS)
	return order.AppendUint32(m, unix.IFA_F_NODAD|unix.IFA_F_NOPREFIXROUTE)
}
