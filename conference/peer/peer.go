package peer

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"

	"github.com/coder/websocket"

	"github.com/medienzentrenverbund/kreisraum/conference/room"
	"github.com/medienzentrenverbund/kreisraum/conference/signaling"
)

// Config is what a Peer needs of its bridge.
type Config struct {
	// Conn is the connection's number in room inputs.
	Conn room.Conn
	// Join decides about the first message, in the read loop. It either posts a Knock to the room and returns how further
	// inputs are posted, or returns why not. Post must not block; it returns false if the room cannot take more.
	Join func(signaling.Join) (post func(room.Input) bool, refused signaling.RefusalCode)
	// Gone is called once, from any goroutine, when nothing more comes from this connection, even if its farewell is not read yet.
	// Lost says that the client may come back: the connection broke, was too slow, or its page was closed or loaded again, as opposed
	// to the participant leaving or the server ending it. It must not block.
	Gone func(lost bool)
	// ICE returns fresh credentials for a PeerConnection. It must not block; nil, or a nil result: there are none.
	ICE func() *signaling.ICE
	Log *slog.Logger
}

// Peer is one connection.
type Peer struct {
	cfg  Config
	ws   *websocket.Conn
	out  *outbox
	stop context.CancelCauseFunc
	wg   sync.WaitGroup

	// The read loop owns these.
	post   func(room.Input) bool
	limits limits

	// useful ends with the connection's usefulness, long before a slow client has read its farewell.
	useful context.Context
	retire context.CancelFunc

	mu       sync.Mutex
	call     *Call // nil at the door
	finished bool
}

// New returns a Peer for an accepted WebSocket, which it closes in the end. The caller calls Run.
func New(ws *websocket.Conn, cfg Config) *Peer {
	p := &Peer{cfg: cfg, ws: ws, out: newOutbox(), limits: newLimits()}
	p.useful, p.retire = context.WithCancel(context.Background())
	return p
}

// Run serves the connection until it ends or the context does, and returns when all its goroutines have.
func (p *Peer) Run(ctx context.Context) {
	ctx, stop := context.WithCancelCause(ctx)
	defer p.wg.Wait()
	defer stop(nil)
	p.stop = stop
	written := make(chan struct{})
	p.spawn(func() {
		defer close(written)
		p.write(ctx)
	})
	lost := false
	p.guard(func() { lost = p.read(ctx) })
	if p.isFinished() {
		<-written // a farewell may still be on its way; each of its writes has a time limit
	}
	p.end(lost)
}

// Send puts a frame into the outbox. A client that leaves too many unread loses the connection.
func (p *Peer) Send(frame []byte) {
	if !p.out.push(frame) {
		p.finish(signaling.Ended{Reason: signaling.EndedSlow}, true)
	}
}

// Finish says a last message and closes the connection. Only the first call counts.
func (p *Peer) Finish(last signaling.ServerMessage) { p.finish(last, false) }

func (p *Peer) finish(last signaling.ServerMessage, drop bool) {
	frame, err := signaling.Encode(last)
	if err != nil {
		p.cfg.Log.Error("farewell not encoded", "error", err)
	}
	p.out.finish(farewell{frame: frame, status: closeStatus(last)}, drop)
	p.end(drop)
}

// Admit says that the room let this connection in, with the frame that tells the client. From now on it speaks for the Call, whose
// session goes on or, if not, ends.
func (p *Peer) Admit(c *Call, joined []byte, goesOn bool) {
	p.mu.Lock()
	p.ws.SetReadLimit(signaling.MaxFrame)
	p.call = c
	p.mu.Unlock()
	c.attach(p, joined, goesOn)
}

// Dismiss says that the room sent this connection back to its door, with the frame that tells the client. It speaks for no Call any more.
func (p *Peer) Dismiss(door []byte) {
	p.ws.SetReadLimit(signaling.MaxDoorFrame)
	p.detach(door)
}

func (p *Peer) detach(door []byte) {
	p.mu.Lock()
	call := p.call
	p.call = nil
	p.mu.Unlock()
	if call != nil {
		call.Detach()
	}
	p.Send(door)
}

func (p *Peer) isFinished() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.finished
}

// end tells the bridge that the connection is of no more use.
func (p *Peer) end(lost bool) {
	p.mu.Lock()
	first := !p.finished
	p.finished = true
	p.mu.Unlock()
	if first {
		p.retire()
		p.cfg.Gone(lost)
	}
}

// admitted is the Call, nil at the door.
func (p *Peer) admitted() *Call {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.call
}

func (p *Peer) send(m signaling.ServerMessage) {
	frame, err := signaling.Encode(m)
	if err != nil {
		p.cfg.Log.Error("message not encoded", "error", err)
		return
	}
	p.Send(frame)
}

// spawn runs f in a goroutine that Run waits for.
func (p *Peer) spawn(f func()) { p.wg.Go(func() { p.guard(f) }) }

// guard ends the connection after a bug.
func (p *Peer) guard(f func()) {
	if !guard(p.cfg.Log, f) {
		p.Finish(signaling.Ended{Reason: signaling.EndedRestart})
		time.AfterFunc(signaling.WriteTimeout, func() { p.stop(errBug) }) // in case that it was the write loop
	}
}

// guard keeps a bug in one connection from taking the process, and with it every other lesson, down: it returns false after one. The
// log gets the stack, which has no values in it, and the type of what was thrown.
func guard(log *slog.Logger, f func()) (ok bool) {
	defer func() {
		if v := recover(); v != nil {
			log.Error("connection ended by a bug", "panic", fmt.Sprintf("%T", v), "stack", string(debug.Stack()))
		}
	}()
	f()
	return true
}
