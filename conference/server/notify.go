package server

import (
	"net"
	"os"
	"time"
)

// notify tells systemd, or whoever started the server and set NOTIFY_SOCKET, a state (sd_notify(3)). Without the variable it does
// nothing; a message that gets lost shows as a start that times out, which is systemd's to report.
func notify(state string) {
	path := os.Getenv("NOTIFY_SOCKET")
	if path == "" {
		return
	}
	if path[0] == '@' {
		path = "\x00" + path[1:] // abstract socket, unix(7)
	}
	conn, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		return
	}
	defer conn.Close()
	_ = conn.SetWriteDeadline(time.Now().Add(time.Second))
	_, _ = conn.Write([]byte(state))
}
