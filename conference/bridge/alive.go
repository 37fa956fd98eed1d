package bridge

import (
	"context"
	"fmt"
)

// ping asks a room loop whether it still turns; it closes the channel.
type ping chan struct{}

// Alive returns nil if the bridge lets people in and at least half of its rooms answer before ctx ends. One room that hangs is a bug that
// must not end all others; when most hang, none can be saved. It blocks, whatever ctx says, while the bridge itself hangs.
func (b *Bridge) Alive(ctx context.Context) error {
	b.mu.Lock()
	loops := b.loopsLocked()
	b.mu.Unlock()
	asked := make([]ping, len(loops))
	for i, l := range loops {
		asked[i] = make(ping)
		l.inbox.offer(asked[i]) // a full inbox is no answer
	}
	silent := 0
	for i, l := range loops {
		select {
		case <-asked[i]:
		case <-l.done: // it has ended since
		case <-ctx.Done():
			if !answered(asked[i]) { // another room may have used up the time
				silent++
			}
		}
	}
	if 2*silent > len(loops) {
		return fmt.Errorf("%d of %d rooms do not answer", silent, len(loops))
	}
	return nil
}

func answered(p ping) bool {
	select {
	case <-p:
		return true
	default:
		return false
	}
}
