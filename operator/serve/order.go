package serve

import (
	"time"

	"github.com/medienzentrenverbund/kreisraum/operator/autoscale"
)

// Order is an operator's word about capacity. Exactly one of its parts is used.
type Order struct {
	// Manual sets the number of bridges; Auto takes that back.
	Manual *autoscale.Manual
	Auto   bool
	// Freeze: true or false.
	Freeze *bool
	// Drain and Undrain are numbers of bridges.
	Drain, Undrain []int
}

// Outcome is what an order led to.
type Outcome struct {
	// Decision is the last one made for it, which left nothing to do at present.
	Decision autoscale.Decision `json:"decision"`
	// Added and Removed are numbers of bridges.
	Added     []int `json:"added,omitempty"`
	Removed   []int `json:"removed,omitempty"`
	Drained   []int `json:"drained,omitempty"`
	Undrained []int `json:"undrained,omitempty"`
	// Bridges as they are now.
	Bridges []BridgeLine `json:"bridges"`
}

// BridgeLine is a dedicated bridge as it is shown.
type BridgeLine struct {
	Number       int       `json:"number"`
	ServerType   string    `json:"server_type,omitempty"`
	Location     string    `json:"location,omitempty"`
	Ready        bool      `json:"ready"`
	Draining     bool      `json:"draining"`
	ByHand       bool      `json:"by_hand,omitempty"`
	Rooms        int       `json:"rooms"`
	Participants int       `json:"participants"`
	Created      time.Time `json:"created,omitzero"`
}

// byHand reports whether the order names bridges.
func (o Order) byHand() bool { return len(o.Drain)+len(o.Undrain) > 0 }

// apply changes what is remembered. Drains are the hands' business.
func (m *memory) apply(o Order) {
	switch {
	case o.Manual != nil:
		m.Manual = o.Manual
	case o.Auto:
		m.Manual = nil
	case o.Freeze != nil:
		m.Frozen = *o.Freeze
	}
}

// done is what the hands did.
type done struct {
	added, removed, drained, undrained []int
	// soldOut are kinds that could not be had, in the order in which they were tried.
	soldOut []Kind
	// lead is how long the new bridges took; 0: none was made, or not all.
	lead time.Duration
	err  error
}

func (o *Outcome) add(d done) {
	o.Added = append(o.Added, d.added...)
	o.Removed = append(o.Removed, d.removed...)
	o.Drained = append(o.Drained, d.drained...)
	o.Undrained = append(o.Undrained, d.undrained...)
}
