package demux

import (
	"context"
	"net"
	"sync"
)

// queue is a net.Listener fed with connections that are through their handshake.
type queue struct {
	conns chan net.Conn
	ctx   context.Context // of the Demux
	once  sync.Once
	done  chan struct{}

	mu   sync.Mutex
	addr net.Addr
}

func newQueue(ctx context.Context) *queue {
	return &queue{conns: make(chan net.Conn), ctx: ctx, done: make(chan struct{}), addr: &net.TCPAddr{}}
}

// put hands conn to the next Accept, or closes it when nobody will accept any more. The unbuffered channel is no bottleneck:
// a server accepts without waiting for anything.
func (q *queue) put(conn net.Conn) {
	select {
	case q.conns <- conn:
	case <-q.done:
		conn.Close()
	case <-q.ctx.Done():
		conn.Close()
	}
}

// Accept implements net.Listener.
func (q *queue) Accept() (net.Conn, error) {
	select {
	case conn := <-q.conns:
		return conn, nil
	case <-q.done:
		return nil, net.ErrClosed
	case <-q.ctx.Done():
		return nil, net.ErrClosed
	}
}

// Close implements net.Listener.
func (q *queue) Close() error {
	q.once.Do(func() { close(q.done) })
	return nil
}

// Addr implements net.Listener: the address of the listener that was served last.
func (q *queue) Addr() net.Addr {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.addr
}

func (q *queue) setAddr(a net.Addr) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.addr = a
}
