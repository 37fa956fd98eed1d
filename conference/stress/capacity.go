package stress

import "github.com/medienzentrenverbund/kreisraum/conference/config"

// Defaults by core, for machines that nobody has measured. `loadgen calibrate` on a virtual core with AES instructions, while the machine
// had much else to do, found 11 µs of CPU for a datagram in or out and 5 ms for a handshake, and with half of the core counted
// 44,000 packets/s, 250 Mbit/s and 100 handshakes/s. The defaults stay below that: neighbours take from a shared virtual core, and
// people who join come with signalling and TLS besides. The CPU's own share of the load catches what they get wrong.
const (
	packetsPerCore = 30_000
	// egressPerCore is in bits per second.
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

// What one person in a lesson costs a bridge, in and out: four voices and a few pictures received, a voice and perhaps a picture sent. With
// the defaults two cores carry some 200 people.
const (
	packetsPerPerson = 300
	// egressPerPerson is in bits per second.
	egressPerPerson = 2e6
)

// Person is the stress that one more participant is expected to bring. Where people are many, what they really bring is the better measure.
func (c Capacity) Person() float64 {
	return max(packetsPerPerson/c.PacketsPerSecond, egressPerPerson/c.EgressBits)
}
