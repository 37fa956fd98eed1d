package myrooms

import (
	"fmt"
	"io"
	"log/slog"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/medienzentrenverbund/kreisraum/conference/signaling"
)

// Room is a room of an account.
type Room struct {
	// ID is random and stays when title and address change.
	ID string `json:"id"`
	// Account is the ID of the account that owns the room.
	Account string `json:"account"`
	// Title is what the owner calls it, MaxTitle characters of any kind.
	Title string `json:"title"`
	// Address is the room's name as the owner writes it; see signaling.CanonicalRoom for how addresses are compared.
	Address string `json:"address"`
	// Secret says that the address was drawn and is not to be guessed.
	Secret bool `json:"secret,omitempty"`
	// CodeStays: the code is the same every day, until the owner asks for a new one.
	CodeStays bool `json:"codeStays,omitempty"`
	// Counter counts the codes that the owner asked for.
	Counter uint64 `json:"counter,omitempty"`
}

// Format keeps titles and addresses out of every print.
func (Room) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "room") }

// LogValue implements slog.LogValuer.
func (Room) LogValue() slog.Value { return slog.StringValue("room") }

// Bounds.
const (
	// MaxTitle is in characters.
	MaxTitle = 80
	// MaxOfAccount bounds the rooms of one account: a teacher of twenty classes has three for each.
	MaxOfAccount = 60
	// maxRooms bounds the county's, and maxFile rooms.json in bytes: 10,000 teachers with ten rooms each, of some 200 bytes.
	maxRooms = 100_000
	maxFile  = 64 << 20
)

// cleanTitle trims a title and reports whether it is 1 to MaxTitle characters of which some can be seen. Controls of lines and of the
// direction of writing are refused: the title stands in texts of others.
func cleanTitle(title string) (string, bool) {
	title = strings.TrimSpace(title)
	if !utf8.ValidString(title) || utf8.RuneCountInString(title) > MaxTitle {
		return "", false
	}
	seen := false
	for _, r := range title {
		if unicode.IsControl(r) || unicode.In(r, unicode.Zl, unicode.Zp, unicode.Bidi_Control) {
			return "", false
		}
		seen = seen || unicode.IsGraphic(r) && !unicode.IsSpace(r) && !unicode.In(r, unicode.M)
	}
	return title, seen
}

// canonical returns the form that an address is compared by. The probe's rooms are nobody's.
func canonical(address string) (string, bool) {
	name, err := signaling.CanonicalRoom(address)
	return name, err == nil && !signaling.IsProbeRoom(name)
}
