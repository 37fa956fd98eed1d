package signaling

import (
	"errors"
	"slices"
	"strings"
	"unicode"
)

// ErrRoomInvalid says that a room name has characters, a length or a meaning that is not allowed.
var ErrRoomInvalid = errors.New("room name is invalid: letters A-Z, digits and hyphens, 3 to 64, the first not a hyphen")

// Bounds of a room name.
const (
	MinRoomName = 3
	MaxRoomName = 64
)

// ProbeRoomPrefix begins the canonical names of the rooms that only a probe token opens.
const ProbeRoomPrefix = "kreisraum-probe-"

// Paths of the site that no room can have.
var (
	// PagePaths are those that the page shows besides the landing page and rooms: network test, my rooms, hand-over to another device.
	PagePaths = []string{"netztest", "meine-raeume", "weiter"}
	// TextPaths are texts that the server renders; what is below them is theirs too.
	TextPaths = []string{"hilfe", "datenschutz", "nutzung", "impressum", "barrierefreiheit", "kontakt"}
)

var reservedRooms = append(append([]string{"api", "assets"}, PagePaths...), TextPaths...)

// CanonicalRoom checks a room name and returns the form that rooms are compared by: lower case. Nothing is ever transliterated
// or repaired here, see SuggestRoom. Returns ErrRoomInvalid.
func CanonicalRoom(name string) (string, error) {
	if len(name) < MinRoomName || len(name) > MaxRoomName || name[0] == '-' {
		return "", ErrRoomInvalid
	}
	for i := range len(name) {
		if !roomByte(name[i]) {
			return "", ErrRoomInvalid
		}
	}
	canonical := strings.ToLower(name)
	if slices.Contains(reservedRooms, canonical) {
		return "", ErrRoomInvalid
	}
	return canonical, nil
}

// IsProbeRoom says whether a canonical name belongs to the probe.
func IsProbeRoom(canonical string) bool { return strings.HasPrefix(canonical, ProbeRoomPrefix) }

func roomByte(b byte) bool {
	return b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= '0' && b <= '9' || b == '-'
}

// SuggestRoom offers a valid name that resembles the given one, or "" if nothing sensible is left. The teacher decides.
func SuggestRoom(name string) string {
	var b strings.Builder
	hyphen := false
	for _, part := range transliterate(name) {
		if part == "" {
			continue
		}
		if part == "-" {
			hyphen = b.Len() > 0
			continue
		}
		if hyphen && b.Len()+1+len(part) <= MaxRoomName {
			b.WriteByte('-')
		}
		hyphen = false
		if b.Len()+len(part) > MaxRoomName {
			break
		}
		b.WriteString(part)
	}
	if _, err := CanonicalRoom(b.String()); err == nil {
		return b.String()
	}
	if b.Len() == 0 {
		return ""
	}
	return b.String() + "-raum" // too short or reserved
}

// transliterate turns each character into ASCII letters and digits, "-" for what separates words, or "" for what just goes.
func transliterate(name string) []string {
	if len(name) > 4*MaxRoomName {
		name = name[:4*MaxRoomName] // the rest would be cut off anyway
	}
	var parts []string
	for _, r := range name {
		switch {
		case r == '\u0308' && len(parts) > 0 && umlautBase(parts[len(parts)-1]):
			parts[len(parts)-1] += "e" // a decomposed umlaut
		case unicode.Is(unicode.Mn, r) || r == '\'' || r == '’':
			parts = append(parts, "")
		case r < unicode.MaxASCII && r != '-' && roomByte(byte(r)):
			parts = append(parts, string(r))
		default:
			parts = append(parts, asciiOf(r))
		}
	}
	return parts
}

func umlautBase(part string) bool { return len(part) == 1 && strings.Contains("aouAOU", part) }

// asciiOf spells a letter as German readers expect it (DIN 5007-2 for umlauts), "-" for anything unknown.
func asciiOf(r rune) string {
	if r == 'ẞ' {
		return "SS"
	}
	if s, ok := letters[unicode.ToLower(r)]; ok {
		if unicode.IsUpper(r) {
			return strings.ToUpper(s[:1]) + s[1:]
		}
		return s
	}
	return "-"
}

var letters = func() map[rune]string {
	m := map[rune]string{'ä': "ae", 'ö': "oe", 'ü': "ue", 'ß': "ss", 'æ': "ae", 'œ': "oe", 'ø': "oe", 'þ': "th"}
	for ascii, accented := range map[string]string{
		"a": "áàâãåāăą", "c": "çćĉċč", "d": "ďđð", "e": "éèêëēĕėęě", "g": "ĝğġģ", "h": "ĥħ", "i": "íìîïĩīĭįı", "j": "ĵ", "k": "ķ",
		"l": "ĺļľŀł", "n": "ñńņňŋ", "o": "óòôõōŏő", "r": "ŕŗř", "s": "śŝşšș", "t": "ţťŧț", "u": "úùûũūŭůűų", "w": "ŵ", "y": "ýÿŷ",
		"z": "źżž",
	} {
		for _, r := range accented {
			m[r] = ascii
		}
	}
	return m
}()
