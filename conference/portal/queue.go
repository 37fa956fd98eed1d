package portal

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/coder/websocket"
	"golang.org/x/time/rate"

	"github.com/medienzentrenverbund/kreisraum/conference/cluster"
	"github.com/medienzentrenverbund/kreisraum/conference/signaling"
)

// Bounds of the queue. Organisers are known, so they are choices against mistakes rather than against strangers.
const (
	// maxInQueue bounds WebSockets in the queue, maxOfOneAccount those of one account: a teacher with several tabs and devices.
	maxInQueue      = 1000
	maxOfOneAccount = 16
	// messages per second and at once of a page that waits; it has nothing to say but join and leave.
	queueRate  = rate.Limit(2)
	queueBurst = 20
)

// errLeft says that the client left the queue.
var errLeft = errors.New("left the queue")

// refusal says why the client was thrown out of the queue.
type refusal signaling.RefusalCode

func (r refusal) Error() string { return "thrown out of the queue: " + string(r) }

// queue holds an organiser's WebSocket while no bridge has capacity for the lesson, tells the place, and sends the page to the door
// again once the room has a bridge.
func (p *portal) queue(w http.ResponseWriter, r *http.Request, who cluster.Seeker, account string) {
	if !p.waiting.begin(account) {
		refuse(w, codeBusy, 5*time.Second)
		return
	}
	defer p.waiting.end(account)
	version := signaling.Negotiate(r.Header.Values("Sec-WebSocket-Protocol"))
	if version.Subprotocol == "" {
		refuse(w, codeBadMessage, 0)
		return
	}
	ws, err := websocket.Accept(w, r, &websocket.AcceptOptions{Subprotocols: []string{version.Subprotocol}, CompressionMode: websocket.CompressionDisabled})
	if err != nil {
		return // Accept has answered; its error quotes headers
	}
	ws.SetReadLimit(signaling.MaxDoorFrame)
	l := &inLine{ws: ws}
	if version.Outdated {
		l.farewell(r.Context(), refusal(signaling.RefusedOutdated))
		_ = ws.CloseNow()
		return
	}
	l.stay(r.Context(), func(ctx context.Context, told func(int)) error { return p.cfg.Rooms.Queue(ctx, who, told) })
}

// inLine is a WebSocket in the queue. One goroutine waits for a bridge and writes; one reads, which is what notices that the client
// is gone; one pings.
type inLine struct {
	ws *websocket.Conn
	// told: the client knows that it is in the queue. Owned by the goroutine that writes.
	told bool
}

// stay waits until the wait is over for whatever reason, and returns when nothing runs any more.
func (l *inLine) stay(parent context.Context, queue func(ctx context.Context, told func(place int)) error) {
	var others sync.WaitGroup
	defer others.Wait()
	defer func() { _ = l.ws.CloseNow() }()
	ctx, leave := context.WithCancelCause(parent)
	defer leave(nil)
	others.Go(func() { leave(l.read(context.WithoutCancel(parent))) }) // ends with the WebSocket
	others.Go(func() { l.ping(ctx, leave) })
	err := queue(ctx, func(place int) {
		l.told = true
		if err := l.write(ctx, signaling.Queue{Place: place}); err != nil {
			leave(err)
		}
	})
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	l.farewell(context.WithoutCancel(parent), err)
}

// farewell ends the WebSocket with the reason, as far as the client is there to hear it.
func (l *inLine) farewell(ctx context.Context, err error) {
	var thrown refusal
	switch {
	case err == nil:
		l.say(ctx, signaling.Ended{Reason: signaling.EndedMoved}, websocket.StatusNormalClosure)
	case errors.As(err, &thrown):
		l.say(ctx, signaling.Refused{Code: signaling.RefusalCode(thrown)}, websocket.StatusPolicyViolation)
	case errors.Is(err, cluster.ErrNoBridge) && l.told: // this portal ends, and the page comes back
		l.say(ctx, signaling.Ended{Reason: signaling.EndedRestart}, websocket.StatusServiceRestart)
	case errors.Is(err, cluster.ErrNoBridge):
		l.say(ctx, signaling.Refused{Code: signaling.RefusedBusy}, websocket.StatusTryAgainLater)
	case errors.Is(err, errLeft):
		_ = l.ws.Close(websocket.StatusNormalClosure, "")
	}
}

func (l *inLine) say(ctx context.Context, last signaling.ServerMessage, status websocket.StatusCode) {
	if l.write(ctx, last) == nil {
		_ = l.ws.Close(status, "") // waits for the client's close frame, up to 5 s
	}
}

func (l *inLine) write(ctx context.Context, m signaling.ServerMessage) error {
	frame, err := signaling.Encode(m)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, signaling.WriteTimeout)
	defer cancel()
	return l.ws.Write(ctx, websocket.MessageText, frame)
}

// read returns why the client does not wait any longer. What it says besides is for the bridge, which will ask again.
func (l *inLine) read(ctx context.Context) error {
	messages := rate.NewLimiter(queueRate, queueBurst)
	for {
		kind, frame, err := l.ws.Read(ctx)
		switch {
		case err != nil:
			return err
		case !messages.Allow():
			return refusal(signaling.RefusedTooManyAttempts)
		case kind != websocket.MessageText:
			return refusal(signaling.RefusedBadMessage)
		}
		m, err := signaling.Decode(frame)
		var mistake *signaling.DecodeError
		if errors.As(err, &mistake) {
			code := mistake.Refusal
			if code == "" {
				code = signaling.RefusedBadMessage
			}
			return refusal(code)
		}
		if _, leaves := m.(signaling.Leave); leaves {
			return errLeft
		}
	}
}

// ping ends the wait of a client that does not answer.
func (l *inLine) ping(ctx context.Context, leave context.CancelCauseFunc) {
	every := time.NewTicker(signaling.PingEvery)
	defer every.Stop()
	for {
		select {
		case <-every.C:
			if err := l.pong(ctx); err != nil {
				leave(err)
				return
			}
		case <-ctx.Done():
			return
		}
	}
}

func (l *inLine) pong(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, signaling.PongDeadline)
	defer cancel()
	return l.ws.Ping(ctx)
}
