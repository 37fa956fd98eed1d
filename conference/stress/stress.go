package stress

import (
	"time"

	"github.com/medienzentrenverbund/kreisraum/conference/cluster"
)

// Sample is what a process has used up since its start.
type Sample struct {
	At time.Time
	// CPU is user and system time of all threads.
	CPU time.Duration
	// Packets in and out, bytes sent, media connections begun.
	Packets, BytesOut, Handshakes uint64
}

// Of is the load between two samples, without rooms and participants. It is not known if the second does not follow the first:
// counters only grow.
func Of(from, to Sample, c Capacity) cluster.Load {
	span := to.At.Sub(from.At).Seconds()
	if span <= 0 || to.CPU < from.CPU || to.Packets < from.Packets || to.BytesOut < from.BytesOut || to.Handshakes < from.Handshakes {
		return cluster.Load{}
	}
	share := func(used, capacity float64) float64 { return used / span / capacity }
	l := cluster.Load{
		Known:      true,
		CPU:        share((to.CPU - from.CPU).Seconds(), c.Cores),
		Packets:    share(float64(to.Packets-from.Packets), c.PacketsPerSecond),
		Egress:     share(8*float64(to.BytesOut-from.BytesOut), c.EgressBits),
		Handshakes: share(float64(to.Handshakes-from.Handshakes), c.HandshakesPerSecond),
	}
	l.Stress = max(l.CPU, l.Packets, l.Egress, l.Handshakes)
	return l
}
