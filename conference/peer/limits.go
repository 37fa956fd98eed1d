package peer

import (
	"time"

	"golang.org/x/time/rate"

	"github.com/medienzentrenverbund/kreisraum/conference/signaling"
)

// Bounds of what one connection may say. A class of thirty that all press keys at once stays far below them; they are choices.
const (
	// messages per second and at once; beyond, the connection is refused.
	messageRate  = rate.Limit(30)
	messageBurst = 60
	// a frame counts as one message, and one more for so many bytes: only offers are that long, and reading the longest costs the
	// server as much as hundreds of short ones.
	bytesOfMessage = 8 << 10
	// chat messages per second and at once; beyond, the message is dropped and its author told.
	chatRate  = rate.Limit(2)
	chatBurst = 10
	// offers per second and at once: each costs a PeerConnection. Beyond, the offer is refused.
	offerRate  = rate.Limit(0.5)
	offerBurst = 6
	// reactions and changes of one's own hand, each told to all inside, per second and at once; beyond, they are dropped.
	reactRate, handRate   = rate.Limit(2), rate.Limit(2)
	reactBurst, handBurst = 4, 6
	// line reports, told to all inside when they change, per second and at once; beyond, dropped: the next one comes soon.
	lineRate  = rate.Limit(0.5)
	lineBurst = 2
	// what an organiser orders, per second and at once: a click for each of seventy, in a hurry. Beyond, not-allowed.
	orderRate  = rate.Limit(15)
	orderBurst = 140
	// requests for ICE credentials per second and at once; beyond, dropped.
	iceRate  = rate.Limit(0.1)
	iceBurst = 5
)

// limits are what one connection may still say. The read loop owns them.
type limits struct{ messages, chats, offers, reactions, hands, lines, orders, ice *rate.Limiter }

func newLimits() limits {
	return limits{
		messages: rate.NewLimiter(messageRate, messageBurst), chats: rate.NewLimiter(chatRate, chatBurst),
		offers: rate.NewLimiter(offerRate, offerBurst), reactions: rate.NewLimiter(reactRate, reactBurst),
		hands: rate.NewLimiter(handRate, handBurst), lines: rate.NewLimiter(lineRate, lineBurst),
		orders: rate.NewLimiter(orderRate, orderBurst), ice: rate.NewLimiter(iceRate, iceBurst),
	}
}

// takes says whether a frame of so many bytes is looked at.
func (l limits) takes(bytes int) bool {
	return l.messages.AllowN(time.Now(), 1+bytes/bytesOfMessage)
}

// allow says whether the room hears the message, and if not what its author is told, empty for nothing.
func (l limits) allow(m signaling.ClientMessage) (tooFast signaling.ErrorCode, ok bool) {
	switch m.(type) {
	case signaling.EnterCode, signaling.State: // the room minds the first; the second must not get lost
		return "", true
	case signaling.SendChat:
		return signaling.ErrorChatTooFast, l.chats.Allow()
	case signaling.React:
		return "", l.reactions.Allow()
	case signaling.RaiseHand:
		return "", l.hands.Allow()
	case signaling.SetLine:
		return "", l.lines.Allow()
	}
	return signaling.ErrorNotAllowed, l.orders.Allow()
}
