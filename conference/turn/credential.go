package turn

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/medienzentrenverbund/kreisraum/conference/token"
)

// Life is how long a credential opens new allocations. Those that were made with it live on for as long as their connection.
const Life = 10 * time.Minute

// TrialLife is how long a credential of NewTrial opens allocations, and when the last of them ends: both calls of a network test.
const TrialLife = 2 * time.Minute

// maxTargets bounds the addresses in a credential: a machine has one per address family, and some more in tests.
const maxTargets = 4

// Credential lets a client reach one bridge's media port through the relay. It is for the long-term credential mechanism (RFC 8489 §9.2).
type Credential struct {
	// Username is "<unix expiry>.<random>.<addresses>", a trial's with ".t" at the end; it says nothing of who it is for.
	Username string
	// Password is a keyed digest of the username.
	Password string
	// Life is how long it opens allocations.
	Life time.Duration
}

// NewCredential returns a credential that is good for Life. targets are UDP addresses of one machine's media port; those beyond the fourth
// are left out.
func NewCredential(k token.Key, targets []netip.AddrPort, now time.Time) Credential {
	return newCredential(k, targets, now.Add(Life), "", Life)
}

// NewTrial is a NewCredential for somebody unknown: nobody can keep an allocation with it for longer than TrialLife, and all of them
// together have few.
func NewTrial(k token.Key, targets []netip.AddrPort, now time.Time) Credential {
	return newCredential(k, targets, now.Add(TrialLife), trialMark, TrialLife)
}

// trialMark ends the username of a trial.
const trialMark = ".t"

func newCredential(k token.Key, targets []netip.AddrPort, expires time.Time, mark string, life time.Duration) Credential {
	var packed []byte
	for _, t := range targets[:min(len(targets), maxTargets)] {
		address := t.Addr().Unmap().AsSlice()
		packed = append(packed, byte(len(address)))
		packed = append(packed, address...)
		packed = binary.BigEndian.AppendUint16(packed, t.Port())
	}
	username := strconv.FormatInt(expires.Unix(), 10) + "." + rand.Text()[:12] + "." + base64.RawURLEncoding.EncodeToString(packed) + mark
	return Credential{Username: username, Password: password(k, username), Life: life}
}

func password(k token.Key, username string) string {
	h := hmac.New(sha256.New, k)
	h.Write([]byte("turn credential " + username))
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil))
}

// grant is what a username says. It is worth nothing before the message's integrity was checked with the password.
type grant struct {
	expires time.Time
	targets []netip.AddrPort
	// trial: of NewTrial.
	trial bool
}

// maxUsername bounds a username, in bytes; four IPv6 addresses need 128.
const maxUsername = 160

// parseUsername reads a username. It reports false for one that is none of ours.
func parseUsername(username string) (grant, bool) {
	if len(username) > maxUsername {
		return grant{}, false
	}
	username, trial := strings.CutSuffix(username, trialMark)
	parts := strings.Split(username, ".")
	if len(parts) != 3 {
		return grant{}, false
	}
	expires, err := strconv.ParseInt(parts[0], 10, 64)
	if err != nil {
		return grant{}, false
	}
	packed, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil {
		return grant{}, false
	}
	targets, ok := unpack(packed)
	return grant{expires: time.Unix(expires, 0), targets: targets, trial: trial}, ok
}

func unpack(packed []byte) ([]netip.AddrPort, bool) {
	var targets []netip.AddrPort
	for len(packed) > 0 {
		n := int(packed[0])
		if len(packed) < 1+n+2 || len(targets) == maxTargets {
			return nil, false
		}
		address, ok := netip.AddrFromSlice(packed[1 : 1+n])
		if !ok {
			return nil, false
		}
		targets = append(targets, netip.AddrPortFrom(address, binary.BigEndian.Uint16(packed[1+n:])))
		packed = packed[1+n+2:]
	}
	return targets, len(targets) > 0
}
