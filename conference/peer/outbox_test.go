package peer

import (
	"testing"

	"github.com/coder/websocket"
)

func TestOutbox(t *testing.T) {
	t.Run("bounded in number", func(t *testing.T) {
		o := newOutbox()
		for i := range outboxSize {
			if !o.push([]byte("a")) {
				t.Fatalf("full after %d", i)
			}
		}
		if o.push([]byte("a")) {
			t.Error("one more than it should hold")
		}
	})
	t.Run("bounded in bytes", func(t *testing.T) {
		o := newOutbox()
		half := make([]byte, outboxBytes/2)
		if first, second := o.push(half), o.push(half); !first || !second || o.push([]byte("a")) {
			t.Error("not full exactly at its bound")
		}
		o.take()
		if !o.push(half) {
			t.Error("full after everything was taken")
		}
	})
	t.Run("the first farewell counts", func(t *testing.T) {
		o := newOutbox()
		o.push([]byte("a"))
		if !o.finish(farewell{status: websocket.StatusNormalClosure}, false) || o.finish(farewell{status: websocket.StatusGoingAway}, true) {
			t.Error("not the first")
		}
		if !o.push([]byte("b")) {
			t.Error("a message after the farewell is an overflow")
		}
		frames, last := o.take()
		if len(frames) != 1 || last == nil || last.status != websocket.StatusNormalClosure {
			t.Errorf("%d frames, farewell %+v", len(frames), last)
		}
	})
	t.Run("what is not read is dropped", func(t *testing.T) {
		o := newOutbox()
		o.push([]byte("a"))
		o.finish(farewell{}, true)
		if frames, _ := o.take(); len(frames) != 0 {
			t.Errorf("%d frames", len(frames))
		}
	})
}
