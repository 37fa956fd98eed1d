package myrooms

import (
	"crypto/rand"
	"encoding/base32"
	"strings"

	"github.com/medienzentrenverbund/kreisraum/conference/signaling"
)

var letters = base32.StdEncoding.WithPadding(base32.NoPadding)

// draw returns random lower-case letters and digits (RFC 4648 §6), five bits each.
func draw(characters int) string {
	b := make([]byte, (characters*5+7)/8)
	_, _ = rand.Read(b) // never fails, see crypto/rand
	return strings.ToLower(letters.EncodeToString(b))[:characters]
}

// secretAddress has 80 random bits, in groups that can be typed: abcd-efgh-ijkl-mnop.
func secretAddress() string {
	s := draw(16)
	return s[0:4] + "-" + s[4:8] + "-" + s[8:12] + "-" + s[12:16]
}

// free returns an address like the wanted one that nobody has: its end is drawn, because a counted one would lead those who mistype it
// into other teachers' rooms.
func (s *snapshot) free(wanted string) string {
	const end = 4
	base := strings.TrimRight(wanted[:min(len(wanted), signaling.MaxRoomName-1-end)], "-")
	for {
		address := base + "-" + draw(end)
		if name, ok := canonical(address); ok && !s.taken(name) {
			return address
		}
	}
}
