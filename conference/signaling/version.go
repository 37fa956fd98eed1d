package signaling

import "strings"

// Subprotocol is the WebSocket subprotocol of this message set (RFC 6455 §1.9).
const Subprotocol = "kreisraum.2"

const (
	protocolPrefix = "kreisraum."
	// maxVersion bounds the digits of a version that is answered.
	maxVersion = 4
)

// Version is what server and client agreed upon.
type Version struct {
	// Subprotocol is to be accepted; empty: the client speaks none of ours.
	Subprotocol string
	// Outdated says that the client speaks another version only. It is to be told so (RefusedOutdated) under the name that it knows, because a
	// browser hides from its page what is said before a WebSocket is open.
	Outdated bool
}

// Negotiate looks through the comma-separated tokens of the lines of Sec-WebSocket-Protocol (RFC 6455 §11.3.4).
func Negotiate(lines []string) Version {
	var other string
	for _, line := range lines {
		for name := range strings.SplitSeq(line, ",") {
			name = strings.TrimSpace(name)
			if name == Subprotocol {
				return Version{Subprotocol: name}
			}
			if other == "" && isVersion(name) {
				other = name
			}
		}
	}
	return Version{Subprotocol: other, Outdated: other != ""}
}

func isVersion(name string) bool {
	digits, ours := strings.CutPrefix(name, protocolPrefix)
	return ours && digits != "" && len(digits) <= maxVersion && strings.Trim(digits, "0123456789") == ""
}
