package bridge

import (
	"net/http"
	"sync"

	"github.com/coder/websocket"

	"github.com/medienzentrenverbund/kreisraum/conference/cluster"
	"github.com/medienzentrenverbund/kreisraum/conference/peer"
	"github.com/medienzentrenverbund/kreisraum/conference/room"
	"github.com/medienzentrenverbund/kreisraum/conference/signaling"
)

// ServeHTTP takes a WebSocket with a valid admission and serves it to its end. Without an admission it answers 403 before anything
// is upgraded, while closing 503, to what is no client of this protocol 400.
// A client of another version is told so.
func (b *Bridge) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	admission, err := cluster.AdmissionOf(r, b.cfg.Key, b.cfg.Now())
	if err != nil {
		b.cfg.Log.Warn("connection without a valid admission", "error", err)
		refuse(w, http.StatusForbidden, "not-admitted")
		return
	}
	if b.isClosing() {
		w.Header().Set("Retry-After", "5")
		refuse(w, http.StatusServiceUnavailable, "busy")
		return
	}
	version := signaling.Negotiate(r.Header.Values("Sec-WebSocket-Protocol"))
	if version.Subprotocol == "" {
		refuse(w, http.StatusBadRequest, "subprotocol")
		return
	}
	ws, err := websocket.Accept(w, r, &websocket.AcceptOptions{
		Subprotocols:    []string{version.Subprotocol},
		CompressionMode: websocket.CompressionDisabled, // costs memory per connection, and secrets beside chosen text leak by length
	})
	if err != nil {
		return // Accept has answered; its error quotes headers
	}
	ws.SetReadLimit(signaling.MaxDoorFrame) // a frame may stay unfinished; Admit raises it
	b.serve(ws, admission, version)
}

func refuse(w http.ResponseWriter, status int, code string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(`{"error":{"code":"` + code + `"}}`))
}

// serve runs the connection's peer and sees to it that its room learns of its end.
func (b *Bridge) serve(ws *websocket.Conn, a cluster.Admission, version signaling.Version) {
	c := &connection{bridge: b, number: room.Conn(b.conns.Add(1)), admission: a}
	c.peer = peer.New(ws, peer.Config{Conn: c.number, Join: c.join, Gone: c.gone, ICE: func() *signaling.ICE { return b.cfg.ICE(a.Host) }, Log: b.cfg.Log})
	if !b.enter(c.peer) {
		_ = ws.CloseNow()
		return
	}
	defer b.leave(c.peer)
	if version.Outdated {
		c.peer.Finish(signaling.Refused{Code: signaling.RefusedOutdated})
	}
	c.peer.Run(b.alive)
	if c.room != nil {
		b.release(c.room)
	}
}

// connection is one WebSocket on its way through the bridge.
type connection struct {
	bridge    *Bridge
	number    room.Conn
	admission cluster.Admission
	peer      *peer.Peer

	mu    sync.Mutex
	room  *entry // nil before it joined
	ended bool
}

// join brings the connection to its room's door, or says why not.
func (c *connection) join(j signaling.Join) (func(room.Input) bool, signaling.RefusalCode) {
	b := c.bridge
	k, refused := gatekeeper{b.cfg.Key, b.cfg.Now(), b.accountEnded, b.drained.Load()}.knock(c.number, c.admission, j)
	if refused != "" {
		return nil, refused
	}
	e, from := b.hold(c.admission.Room, c.admission.Restore)
	if !c.enter(e, knock{member: c.peer, knock: k, restore: from}) {
		c.peer.Finish(signaling.Ended{Reason: e.farewell}) // the room is just being ended, by a bug or because it is elsewhere
	}
	if k.Account != "" && b.accountEnded(k.Account) {
		// The account ended between the first look and the knock, when EndAccounts could not find it in any room yet.
		c.peer.Finish(signaling.Ended{Reason: signaling.EndedAccountDisabled})
	}
	return func(in room.Input) bool { return e.inbox.offer(input{in}) }, ""
}

// enter posts the knock, unless the connection has ended since: its Leave would not follow. It returns false if the room takes
// nothing any more.
func (c *connection) enter(e *entry, k knock) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.room = e
	return c.ended || e.inbox.post(k)
}

// gone tells the room that nothing more comes from the connection.
func (c *connection) gone(lost bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ended = true
	if c.room != nil {
		c.room.inbox.post(input{room.Leave{Conn: c.number, Lost: lost}})
	}
}

// enter counts the connection in. While closing it returns false: the connection is to be dropped, it was never told anything.
func (b *Bridge) enter(p *peer.Peer) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closing {
		return false
	}
	b.connections.Add(1)
	b.peers[p] = struct{}{}
	if len(b.peers) > b.cfg.MaxConnections {
		p.Finish(signaling.Refused{Code: signaling.RefusedBusy})
	}
	return true
}

func (b *Bridge) leave(p *peer.Peer) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.peers, p)
	b.connections.Done()
}

func (b *Bridge) isClosing() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.closing
}
