package peer

import (
	"sync"

	"github.com/coder/websocket"
)

// outbox holds the frames that wait for the write loop. Safe for concurrent use.
type outbox struct {
	// wake has a token whenever there is something to do.
	wake chan struct{}

	mu     sync.Mutex
	frames [][]byte
	bytes  int
	// last, once set, is what remains to be said before the connection closes; nothing is taken afterwards.
	last *farewell
}

// farewell is the end of a connection. A nil frame: nothing is said.
type farewell struct {
	frame  []byte
	status websocket.StatusCode
}

func newOutbox() *outbox { return &outbox{wake: make(chan struct{}, 1)} }

// push takes a frame and returns false if the outbox is full. After finish it takes nothing and returns true.
func (o *outbox) push(frame []byte) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.last != nil {
		return true
	}
	if len(o.frames) >= outboxSize || o.bytes+len(frame) > outboxBytes {
		return false
	}
	o.frames = append(o.frames, frame)
	o.bytes += len(frame)
	o.signal()
	return true
}

// finish sets the farewell and returns false if there was one. Drop says to forget what waits: the client does not read it anyway.
func (o *outbox) finish(f farewell, drop bool) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.last != nil {
		return false
	}
	o.last = &f
	if drop {
		o.frames = nil
	}
	o.signal()
	return true
}

// take hands over everything that waits, and the farewell if there is one.
func (o *outbox) take() ([][]byte, *farewell) {
	o.mu.Lock()
	defer o.mu.Unlock()
	frames := o.frames
	o.frames, o.bytes = nil, 0
	return frames, o.last
}

func (o *outbox) signal() {
	select {
	case o.wake <- struct{}{}:
	default:
	}
}
