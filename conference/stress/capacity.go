package stress

import "github.com/medienzentrenverbund/kreisraum/conference/config"

// Defaults by core, for machines that nobody has measured. They are about half of what `loadgen calibrate` finds on a core of 2026
// with AES instructions (see docs/performance.md): a virtual core is at times worth half of another, and signalling, TLS and the
// kernel's receiving side run on the same cores.
const (
	packetsPerCore = 30_000
	// egressPerCore in bits per second is the packets of the above that go out, at 1000 bytes.
	egressPerCore     = 200e6
	handshakesPerCore = 40
)

// Capacity is what a bridge carries at stress 1.
type Capacity struct {
	// Cores are what CPU time is measured against.
	Cores float64
	// PacketsPerSecond in and out together; EgressBits per second; HandshakesPerSecond.
	PacketsPerSecond, EgressBits, HandshakesPerSecond float64
}

// CapacityOf is the configured capacity of a machine with that many cores; what is zero gets the default.
func CapacityOf(c config.Capacity, cores int) Capacity {
	n := float64(max(cores, 1))
	or := func(configured, perCore float64) float64 {
		if configured > 0 {
			return configured
		}
		return n * perCore
	}
	return Capacity{
		Cores:               n,
		PacketsPerSecond:    or(c.PacketsPerSecond, packetsPerCore),
		EgressBits:          or(c.EgressMbit*1e6, egressPerCore),
		HandshakesPerSecond: or(c.HandshakesPerSecond, handshakesPerCore),
	}
}
