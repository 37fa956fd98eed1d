package stack

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"strconv"
	"strings"
)

// sameUser accepts connections of our own user only. The engine can be given nothing but a port, so without this any user of
// the computer could use the provider, and with it the token, while a command runs.
type sameUser struct{ *net.TCPListener }

// Accept returns the next connection of our own user.
func (l sameUser) Accept() (net.Conn, error) {
	for {
		conn, err := l.TCPListener.AcceptTCP()
		if err != nil {
			return nil, err
		}
		if ownedByUs(conn) {
			return conn, nil
		}
		_ = conn.Close()
	}
}

// ownedByUs looks the peer's socket up in the kernel's table (proc(5), /proc/net/tcp). Where there is no such table, which
// is outside Linux, everybody on this computer is let in.
func ownedByUs(conn *net.TCPConn) bool {
	table, err := os.Open("/proc/net/tcp")
	if err != nil {
		return os.IsNotExist(err)
	}
	defer table.Close()
	peer := conn.RemoteAddr().(*net.TCPAddr).AddrPort()
	uid, found := socketOwner(table, peer)
	return found && uid == os.Getuid()
}

// socketOwner finds the user of the socket with that local address in a table in the format of /proc/net/tcp.
func socketOwner(table io.Reader, local netip.AddrPort) (uid int, found bool) {
	want := kernelAddress(local)
	lines := bufio.NewScanner(table)
	for lines.Scan() {
		// sl local_address rem_address st tx_queue:rx_queue tr:tm->when retrnsmt uid ...
		fields := strings.Fields(lines.Text())
		if len(fields) < 8 || fields[1] != want {
			continue
		}
		uid, err := strconv.Atoi(fields[7])
		return uid, err == nil
	}
	return 0, false
}

// kernelAddress writes an IPv4 address as the kernel does: the address as a number of the machine's byte order.
func kernelAddress(a netip.AddrPort) string {
	four := a.Addr().Unmap().As4()
	return fmt.Sprintf("%08X:%04X", binary.NativeEndian.Uint32(four[:]), a.Port())
}
