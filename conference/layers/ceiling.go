package layers

import "time"

// Thresholds of Ceiling. Guesses, to be replaced once a bandwidth estimate exists: browsers hide a few percent of loss, and at
// more than a tenth a picture freezes.
const (
	lossHigh = 0.15
	lossLow  = 0.03
	// patience is for how many samples in a row loss must be high.
	patience = 2
	// firstWait is how long a receiver must be free of loss before it is given more again; it doubles each time that was a
	// mistake, up to maxWait.
	firstWait = 8 * time.Second
	maxWait   = 64 * time.Second
	// minPackets is how many packets a sample needs to mean anything.
	minPackets = 20
)

// Ceiling limits the layers of a receiver whose connection loses packets. It looks at what the receiver asks to have sent again:
// a link that is too thin drops, and the receiver asks for it. Make one with NewCeiling. Not safe for concurrent use.
type Ceiling struct {
	layer int
	high  int           // samples with high loss in a row
	clear time.Duration // since when loss is low; meaningful if calm
	calm  bool
	wait  time.Duration
	risen bool // the last change was upwards
}

// NewCeiling returns a Ceiling that allows everything.
func NewCeiling() Ceiling { return Ceiling{layer: Full, wait: firstWait} }

// Layer is the largest layer the receiver gets, if there is a choice.
func (c *Ceiling) Layer() int { return c.layer }

// Sample takes how many packets were sent since the last sample and how many the receiver asked for again. Samples come about
// once a second; now is any monotonic clock.
func (c *Ceiling) Sample(sent, asked int, now time.Duration) {
	if sent < minPackets {
		c.high, c.calm = 0, false
		return
	}
	loss := float64(asked) / float64(sent)
	switch {
	case loss > lossHigh:
		c.calm = false
		if c.high++; c.high >= patience && c.layer > Quarter {
			c.fall()
		}
	case loss > lossLow:
		c.high, c.calm = 0, false
	default:
		c.high = 0
		if !c.calm {
			c.calm, c.clear = true, now
		}
		if c.layer < Full && now-c.clear >= c.wait {
			c.layer, c.risen, c.clear = c.layer+1, true, now
		}
	}
}

// fall lowers the ceiling; if it was raised before, that was too early.
func (c *Ceiling) fall() {
	if c.risen {
		c.wait = min(2*c.wait, maxWait)
	}
	c.layer, c.risen, c.high = c.layer-1, false, 0
}
