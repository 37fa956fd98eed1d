package turn

import (
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Bounds. All are choices: a school behind one address that blocks UDP has some hundred devices in lessons at a time, and a portal's line
// carries a gigabit per second.
const (
	maxAllocations         = 2000
	maxAllocationsOfSource = 600
	// maxTrials bounds allocations of network tests, which need no login: 50 tests with two network cards each. The others are lessons'.
	maxTrials = 100
	// Bytes per second, and at once, of one client: what it sends (camera and screen), and what it gets (16 tiles and a screen).
	upRate, downRate = 1_000_000, 3_000_000
	// Bytes per second of all clients, in each direction.
	allRate = 60_000_000
	// Requests per second and at once of one connection. A client makes some five for an allocation, then two every five minutes.
	requestRate, requestBurst = 5, 50
)

// Times of a connection.
const (
	// setupTime is how long a connection may take to its allocation.
	setupTime = 10 * time.Second
	// idleTime is how long a client may say nothing. ICE checks consent every five seconds (RFC 7675), and a pair that is held in
	// reserve every 25.
	idleTime = 2 * time.Minute
	// writeTime is how long a client may take to read.
	writeTime = 10 * time.Second
)

// bound counts allocations by source. Safe for concurrent use.
type bound struct {
	max, maxOfOne int

	mu       sync.Mutex
	all      int
	trials   int
	bySource map[netip.Prefix]int
}

func newBound(max, maxOfOne int) *bound {
	return &bound{max: max, maxOfOne: maxOfOne, bySource: map[netip.Prefix]int{}}
}

// sourceOf is the network that counts as one source: an IPv4 address, an IPv6 /64.
func sourceOf(a netip.Addr) netip.Prefix {
	a = a.Unmap()
	bits := 64
	if a.Is4() {
		bits = 32
	}
	p, _ := a.WithZone("").Prefix(bits) // the zero prefix for what is no address: one source like any other
	return p
}

func (b *bound) begin(from netip.Prefix, trial bool) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.all >= b.max || b.bySource[from] >= b.maxOfOne || trial && b.trials >= maxTrials {
		return false
	}
	if trial {
		b.trials++
	}
	b.all++
	b.bySource[from]++
	return true
}

func (b *bound) end(from netip.Prefix, trial bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if trial {
		b.trials--
	}
	b.all--
	if b.bySource[from]--; b.bySource[from] == 0 {
		delete(b.bySource, from)
	}
}

func (b *bound) count() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.all
}

// lane is one direction of one client.
type lane struct{ own, all *rate.Limiter }

func newLane(bytesPerSecond int, all *rate.Limiter) lane {
	return lane{own: rate.NewLimiter(rate.Limit(bytesPerSecond), bytesPerSecond), all: all}
}

// take reports whether a packet may go; what may not is lost, as on any network.
func (l lane) take(bytes int) bool {
	now := time.Now()
	return l.own.AllowN(now, bytes) && l.all.AllowN(now, bytes)
}
