package myrooms

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"time"

	"github.com/medienzentrenverbund/kreisraum/conference/token"
)

// Codes derives the codes of rooms, so that they can be sent before the lesson and are stored nowhere.
type Codes struct {
	// Key is the county's. Another key means other codes.
	Key token.Key
	// DayEnds is when the day of now ends: at the nightly restart, so that no code changes in a lesson.
	DayEnds func(now time.Time) time.Time
}

// Of is the room's code at now, six digits.
func (c Codes) Of(r Room, now time.Time) string {
	day := ""
	if !r.CodeStays {
		day = c.DayEnds(now).UTC().Format(time.RFC3339)
	}
	h := hmac.New(sha256.New, c.Key)
	fmt.Fprintf(h, "code of my room\x00%s\x00%d\x00%s", r.ID, r.Counter, day)
	// 64 bits in a million: no code is more than 1 in 10^13 likelier than another.
	return fmt.Sprintf("%06d", binary.BigEndian.Uint64(h.Sum(nil))%1_000_000)
}
