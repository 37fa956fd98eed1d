package machine

import (
	"bytes"
	"fmt"
	"net"
	"os"
)

// notifySocket receives what a unit's process tells its supervisor, sd_notify(3): datagrams of KEY=VALUE lines. Only READY=1 and WATCHDOG=1
// are of use here. The socket stands on the machine's disk, where the chrooted process finds it.
type notifySocket struct {
	conn *net.UnixConn
	disk *rootFS
	name string // on the machine
}

const notifyFolder = "/run/systemd/notify"

// openNotifySocket binds the socket of a unit. It binds by way of an open folder: a socket's path has at most 107 bytes, unix(7), and a disk's
// folder may be longer.
func openNotifySocket(disk *rootFS, unit string, user owner) (*notifySocket, error) {
	if err := disk.mkdirAll(notifyFolder, 0o755); err != nil {
		return nil, err
	}
	name := notifyFolder + "/" + unit
	_ = disk.remove(name) // left over from a power cut
	folder, err := disk.openDir(notifyFolder)
	if err != nil {
		return nil, err
	}
	defer folder.Close()
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: fmt.Sprintf("/proc/self/fd/%d/%s", folder.Fd(), unit), Net: "unixgram"})
	if err != nil {
		return nil, err
	}
	n := &notifySocket{conn, disk, name}
	p, err := disk.resolve(name, false)
	if err == nil {
		err = os.Chmod(fmt.Sprintf("/proc/self/fd/%d/%s", folder.Fd(), unit), 0o600)
	}
	if err == nil {
		err = user.apply(func(uid, gid int) error { return disk.root.Lchown(p, uid, gid) })
	}
	if err != nil {
		n.close()
		return nil, err
	}
	return n, nil
}

// wait calls ready once for each READY=1 and alive for each WATCHDOG=1, until the socket is closed.
func (n *notifySocket) wait(ready, alive func()) {
	buf := make([]byte, 4<<10)
	for {
		size, err := n.conn.Read(buf)
		if err != nil {
			return
		}
		if says(buf[:size], "READY=1") {
			ready()
		}
		if says(buf[:size], "WATCHDOG=1") {
			alive()
		}
	}
}

func says(datagram []byte, what string) bool {
	for line := range bytes.Lines(datagram) {
		if string(bytes.TrimRight(line, "\n")) == what {
			return true
		}
	}
	return false
}

func (n *notifySocket) close() {
	_ = n.conn.Close()
	_ = n.disk.remove(n.name)
}
