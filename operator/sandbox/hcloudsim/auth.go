package hcloudsim

import (
	"crypto/sha256"
	"crypto/subtle"
	"strings"
)

// authenticate checks the Authorization header. Every token is compared, in constant time.
func (s *Server) authenticate(header string) (readOnly bool, err error) {
	token, ok := strings.CutPrefix(header, "Bearer ")
	if !ok || token == "" {
		return false, errTokenMissing
	}
	if sameToken(token, s.cfg.Token) {
		return false, nil
	}
	found := false
	for _, t := range s.cfg.ReadOnlyTokens {
		found = sameToken(token, t) || found
	}
	if !found {
		return false, errTokenUnknown
	}
	return true, nil
}

// sameToken hashes first, so that the time does not tell the length either.
func sameToken(a, b string) bool {
	x, y := sha256.Sum256([]byte(a)), sha256.Sum256([]byte(b))
	return b != "" && subtle.ConstantTimeCompare(x[:], y[:]) == 1
}
