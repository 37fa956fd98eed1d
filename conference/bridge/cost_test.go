package bridge

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/medienzentrenverbund/kreisraum/conference/cluster"
	"github.com/medienzentrenverbund/kreisraum/conference/signaling"
)

// TestVisitorsAreCheap holds many connections that wait at doors, over bare sockets so that the client's share is small.
func TestVisitorsAreCheap(t *testing.T) {
	const visitors, doors = 400, 4
	s := newSite(t, &fakeMedia{})
	before := inUse()
	for i := range visitors {
		waitAtDoor(t, s, fmt.Sprintf("raum-%d", i%doors))
	}
	each := (inUse() - before) / visitors
	t.Logf("%d KiB per waiting visitor, client's socket included; %d goroutines", each>>10, runtime.NumGoroutine())
	if each > 64<<10 {
		t.Errorf("%d bytes per waiting visitor", each)
	}
}

func inUse() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapInuse + m.StackInuse
}

// waitAtDoor makes the handshake of RFC 6455 §4.1 and sends a join in one masked frame (§5.2), with a mask of zeros.
func waitAtDoor(t *testing.T, s *site, room string) {
	t.Helper()
	c, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	_ = c.SetDeadline(time.Now().Add(patience))
	join, err := signaling.EncodeClient(signaling.Join{Name: "Mia Beispiel", Role: signaling.RoleParticipant})
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(c, "GET / HTTP/1.1\r\nHost: bridge.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"+
		"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Protocol: %s\r\n%s: %s\r\n\r\n",
		signaling.Subprotocol, cluster.AdmissionHeader, admission(room, "").Sign(s.key, time.Now()))
	if _, err := c.Write(append([]byte{0x81, 0x80 | byte(len(join)), 0, 0, 0, 0}, join...)); err != nil {
		t.Fatal(err)
	}
	r := bufio.NewReaderSize(c, 512)
	response, err := http.ReadResponse(r, nil)
	if err != nil || response.StatusCode != http.StatusSwitchingProtocols {
		t.Fatalf("handshake: %v", err)
	}
	frame := make([]byte, 64)
	n, err := r.Read(frame)
	if err != nil || string(frame[2:n]) != `{"type":"door","state":"waiting"}` {
		t.Fatalf("got %q, %v", frame[:n], err)
	}
}
