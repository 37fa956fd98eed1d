package server

import (
	"net"

	"golang.org/x/net/netutil"
)

// maxRoomConns bounds connections at the room port, those without a certificate included; the bridge takes 5,000.
const maxRoomConns = 6000

func limit(l net.Listener, n int) net.Listener { return netutil.LimitListener(l, n) }
