package peer

import (
	"context"
	"errors"
	"time"

	"github.com/coder/websocket"

	"github.com/medienzentrenverbund/kreisraum/conference/signaling"
)

var (
	errBug      = errors.New("bug")
	errSilent   = errors.New("no pong")
	errWrite    = errors.New("write")
	errFarewell = errors.New("farewell said")
)

// read takes messages until the socket ends, and says whether the client may come back.
func (p *Peer) read(ctx context.Context) (lost bool) {
	deadline := time.AfterFunc(joinDeadline, func() { p.Finish(signaling.Refused{Code: signaling.RefusedBadMessage}) })
	defer deadline.Stop()
	for {
		kind, frame, err := p.ws.Read(ctx)
		if err != nil {
			return wasLost(err)
		}
		if p.isFinished() {
			continue // only the close frame is of interest now
		}
		if !p.limits.takes(len(frame)) {
			p.Finish(signaling.Refused{Code: signaling.RefusedTooManyAttempts})
			continue
		}
		if kind != websocket.MessageText {
			p.Finish(signaling.Refused{Code: signaling.RefusedBadMessage})
			continue
		}
		p.handle(ctx, frame, deadline)
	}
}

// wasLost tells a client that may come back from one that left, which alone closes with 1000. Browsers send 1001 (RFC 6455 §7.4.1) when
// a page is closed, but also when it is loaded again; the page itself sends 4000 when it gives up a socket that has gone silent.
func wasLost(err error) bool {
	return websocket.CloseStatus(err) != websocket.StatusNormalClosure
}

func (p *Peer) handle(ctx context.Context, frame []byte, deadline *time.Timer) {
	m, err := signaling.Decode(frame)
	if err != nil {
		p.refuse(err)
		return
	}
	if join, isJoin := m.(signaling.Join); isJoin != (p.post == nil) {
		p.Finish(signaling.Refused{Code: signaling.RefusedBadMessage}) // not first, or a second time
	} else if isJoin {
		deadline.Stop()
		p.join(join)
	} else {
		p.dispatch(ctx, m)
	}
}

// refuse answers what could not be decoded: with an error if the connection may stay.
func (p *Peer) refuse(err error) {
	var d *signaling.DecodeError
	switch {
	case !errors.As(err, &d):
		p.Finish(signaling.Refused{Code: signaling.RefusedBadMessage})
	case d.Problem != "" && p.post != nil:
		p.send(signaling.Problem{Code: d.Problem})
	case d.Refusal != "":
		p.Finish(signaling.Refused{Code: d.Refusal})
	default:
		p.Finish(signaling.Refused{Code: signaling.RefusedBadMessage})
	}
	p.cfg.Log.Debug("message not accepted", "error", err)
}

func (p *Peer) join(j signaling.Join) {
	post, refused := p.cfg.Join(j)
	if refused != "" {
		p.Finish(signaling.Refused{Code: refused})
		return
	}
	p.post = post
}

// dispatch hands a message to the room or the Call.
func (p *Peer) dispatch(ctx context.Context, m signaling.ClientMessage) {
	switch m := m.(type) {
	case signaling.Leave:
		p.out.finish(farewell{status: websocket.StatusNormalClosure}, false)
		p.end(false)
	case signaling.Offer:
		p.offer(ctx, m)
	case signaling.View:
		p.toCall(ctx, m)
	case signaling.AskICE:
		p.answerICE()
	default:
		p.toRoom(m)
	}
}

// toRoom tells the room what the client said, unless it says too much of it.
func (p *Peer) toRoom(m signaling.ClientMessage) {
	in := roomInput(p.cfg.Conn, m)
	if in == nil {
		p.cfg.Log.Error("message without a use", "message", m)
		return
	}
	if tooFast, ok := p.limits.allow(m); !ok {
		if tooFast != "" {
			p.send(signaling.Problem{Code: tooFast})
		}
		return
	}
	if !p.post(in) {
		p.Finish(signaling.Refused{Code: signaling.RefusedBusy})
	}
}

// answerICE hands out fresh credentials.
func (p *Peer) answerICE() {
	if p.admitted() == nil {
		p.send(signaling.Problem{Code: signaling.ErrorNotAllowed})
		return
	}
	if !p.limits.ice.Allow() {
		return // the ones it has are good for minutes
	}
	if ice := p.ICE(); ice != nil {
		p.send(*ice)
	}
}

// ICE returns fresh credentials for a PeerConnection, nil if there is no relay. Safe for concurrent use.
func (p *Peer) ICE() *signaling.ICE {
	if p.cfg.ICE == nil {
		return nil
	}
	return p.cfg.ICE()
}

// offer hands an offer to the Call, unless there were too many.
func (p *Peer) offer(ctx context.Context, m signaling.Offer) {
	if !p.limits.offers.Allow() {
		p.send(signaling.Problem{Code: signaling.ErrorMediaFailed})
		return
	}
	p.toCall(ctx, m)
}

// toCall hands a message to the Call. It waits until the Call takes the message; only this client's own messages wait behind it.
func (p *Peer) toCall(ctx context.Context, m signaling.ClientMessage) {
	call := p.admitted()
	if call == nil {
		p.send(signaling.Problem{Code: signaling.ErrorNotAllowed})
		return
	}
	select {
	case call.work <- request{from: p, message: m}:
	case <-call.done:
	case <-p.useful.Done():
	case <-ctx.Done():
	}
}
