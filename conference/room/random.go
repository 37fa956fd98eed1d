package room

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
)

// newEpoch returns 128 random bits in hexadecimal.
func newEpoch(random io.Reader) string { return hex.EncodeToString(read(random, 16)) }

// newID returns 64 random bits in hexadecimal: enough that two of at most a few hundred participants never share one.
func newID(random io.Reader) string { return hex.EncodeToString(read(random, 8)) }

// newCode returns six digits, each code equally likely: what does not divide evenly is drawn again.
func newCode(random io.Reader) Code {
	const codes = 1_000_000
	const limit = 1<<32 - (1<<32)%codes
	for {
		if n := uint64(binary.BigEndian.Uint32(read(random, 4))); n < limit {
			return Code(fmt.Sprintf("%06d", n%codes))
		}
	}
}

// read panics if there is no randomness: nothing here may go on without it. crypto/rand.Reader never fails.
func read(random io.Reader, n int) []byte {
	b := make([]byte, n)
	if _, err := io.ReadFull(random, b); err != nil {
		panic("room: no randomness")
	}
	return b
}
