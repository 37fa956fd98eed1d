package peer

import (
	"context"
	"time"

	"github.com/coder/websocket"

	"github.com/medienzentrenverbund/kreisraum/conference/signaling"
)

// write sends what is in the outbox, and pings, until the farewell is said or the context ends.
func (p *Peer) write(ctx context.Context) {
	ping := time.NewTicker(signaling.PingEvery)
	defer ping.Stop()
	for {
		select {
		case <-ctx.Done():
			_ = p.ws.CloseNow() // nobody is there who could be told
			return
		case <-ping.C:
			p.spawn(func() { p.ping(ctx) })
		case <-p.out.wake:
			if p.flush(ctx) {
				return
			}
		}
	}
}

// flush writes what waits; done says that the connection is closed.
func (p *Peer) flush(ctx context.Context) (done bool) {
	frames, last := p.out.take()
	if last != nil && last.frame != nil {
		frames = append(frames, last.frame)
	}
	for _, frame := range frames {
		if err := p.writeFrame(ctx, frame); err != nil {
			p.stop(errWrite)
			_ = p.ws.CloseNow()
			return true
		}
	}
	if last == nil {
		return false
	}
	_ = p.ws.Close(last.status, "") // waits for the client's close frame, up to 5 s
	p.stop(errFarewell)
	return true
}

func (p *Peer) writeFrame(ctx context.Context, frame []byte) error {
	ctx, cancel := context.WithTimeout(ctx, signaling.WriteTimeout)
	defer cancel()
	return p.ws.Write(ctx, websocket.MessageText, frame)
}

// ping ends the connection if no pong comes in time. The read loop is what receives it.
func (p *Peer) ping(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, signaling.PongDeadline)
	defer cancel()
	if err := p.ws.Ping(ctx); err != nil {
		p.stop(errSilent)
	}
}
