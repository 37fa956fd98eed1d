package nettest

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/coder/websocket"

	"github.com/medienzentrenverbund/kreisraum/conference/sfu"
	"github.com/medienzentrenverbund/kreisraum/conference/signaling"
)

// writeTimeout bounds one message to the page.
const writeTimeout = 10 * time.Second

// me is the one who is in the echo.
const me = "test"

// test is one page's. run's goroutine reads; writes are serialised by the WebSocket.
type test struct {
	server *Server
	ws     *websocket.Conn
	once   sync.Once
}

// run ends with ctx, with the page's WebSocket, with its media, or at the first message that is no offer.
func (t *test) run(ctx context.Context, host string) {
	defer func() { _ = t.ws.CloseNow() }()
	ended := make(chan struct{})
	defer func() { <-ended }()
	stop := make(chan struct{})
	defer close(stop)
	go func() { // a read that ends with its context would close the WebSocket before "over" is said
		defer close(ended)
		select {
		case <-ctx.Done():
			t.over()
		case <-stop:
		}
	}()
	if ice := t.server.cfg.ICE(host); ice == nil || t.say(*ice) != nil {
		return
	}
	m, err := t.hear()
	offer, ok := m.(signaling.Offer)
	if err != nil || !ok {
		t.over()
		return
	}
	room := t.server.cfg.Engine.NewEcho()
	defer room.Close()
	session, answer, err := room.Join(me, string(offer.SDP), sfu.Events{Failed: func(error) { go t.over() }})
	if err != nil {
		t.over()
		return
	}
	defer session.Close()
	for _, source := range []sfu.Source{sfu.Microphone, sfu.Camera, sfu.Screen} {
		session.Allow(source, sfu.Everyone)
	}
	session.SetView([]sfu.Want{{Participant: me, Source: sfu.Camera}, {Participant: me, Source: sfu.Screen}})
	if t.say(signaling.Answer{SDP: signaling.SDP(answer)}) != nil {
		return
	}
	_, _ = t.hear() // until the page closes; it has nothing more to say
}

// hear returns the page's next message.
func (t *test) hear() (signaling.ClientMessage, error) {
	kind, frame, err := t.ws.Read(context.Background()) // bounded by over and CloseNow
	if err != nil {
		return nil, err
	}
	if kind != websocket.MessageText {
		return nil, errors.New("not a text frame")
	}
	return signaling.Decode(frame)
}

func (t *test) say(m signaling.ServerMessage) error {
	frame, err := signaling.Encode(m)
	if err != nil {
		return err
	}
	return t.write(frame)
}

func (t *test) write(frame []byte) error {
	ctx, cancel := context.WithTimeout(context.Background(), writeTimeout)
	defer cancel()
	return t.ws.Write(ctx, websocket.MessageText, frame)
}

// over tells the page that the test has ended and closes.
func (t *test) over() {
	t.once.Do(func() {
		if t.write([]byte(`{"type":"over"}`)) == nil {
			_ = t.ws.Close(websocket.StatusNormalClosure, "")
		}
		_ = t.ws.CloseNow()
	})
}
