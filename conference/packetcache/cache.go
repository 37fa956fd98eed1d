// Package packetcache keeps the newest packets of one RTP stream, so that a packet a receiver asks for (NACK, RFC 4585 §6.2.1)
// can be sent again without asking its sender.
//
// The payloads lie back to back in one ring of bytes: memory follows the stream's bit rate and not the largest packet.
package packetcache

import "sync"

// DefaultBytes is the ring of one video stream: 3.4 s at 600 kbit/s, 0.8 s at 2.5 Mbit/s; a NACK comes within two round trips.
const DefaultBytes = 256 << 10

// entries bounds how many packets are findable; a power of two so that a sequence number picks its entry by masking.
const entries = 512

// Packet is what is kept of an RTP packet.
type Packet struct {
	// SN is the sequence number the sender gave.
	SN uint16
	// TS is the timestamp the sender gave, in ticks of the codec's clock.
	TS uint32
	// Marker is the marker bit.
	Marker bool
	// Codec is whatever the caller wants to find again with the packet.
	Codec uint8
}

type entry struct {
	Packet
	at     int64 // position of the payload in the endless stream of bytes written
	length int
	used   bool
}

// Cache is the ring. Make one with New; its memory is allocated with the first Store. Safe for concurrent use.
type Cache struct {
	mu      sync.Mutex
	size    int
	ring    []byte
	index   []entry
	written int64
}

// New returns a cache whose payloads take at most size bytes.
func New(size int) *Cache { return &Cache{size: size} }

// Store keeps a copy of payload, forgetting the oldest as needed. A payload larger than the whole ring is not kept.
func (c *Cache) Store(p Packet, payload []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(payload) > c.size {
		return
	}
	if c.ring == nil {
		c.ring = make([]byte, c.size)
		c.index = make([]entry, entries)
	}
	at := c.written % int64(c.size)
	if at+int64(len(payload)) > int64(c.size) { // a payload is never split: skip the end of the ring
		c.written += int64(c.size) - at
		at = 0
	}
	copy(c.ring[at:], payload)
	c.index[p.SN%entries] = entry{Packet: p, at: c.written, length: len(payload), used: true}
	c.written += int64(len(payload))
}

// Load copies the payload of packet sn into buf and returns its header and length. It reports false when the packet was never
// stored, is overwritten, or does not fit buf.
func (c *Cache) Load(sn uint16, buf []byte) (p Packet, n int, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ring == nil {
		return Packet{}, 0, false
	}
	e := &c.index[sn%entries]
	if !e.used || e.SN != sn || c.written-e.at > int64(c.size) || e.length > len(buf) {
		return Packet{}, 0, false
	}
	at := e.at % int64(c.size)
	return e.Packet, copy(buf, c.ring[at:at+int64(e.length)]), true
}
