package passhash

import (
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
)

// Bounds of the hashes that are accepted. A list of accounts comes over the network; without bounds one entry could demand
// gigabytes at a login.
const (
	minMemory = 8 * 1024  // KiB
	maxMemory = 64 * 1024 // KiB
	maxTime   = 6
	lanes     = 1 // one hash occupies one core, so that counting hashes bounds the load
	maxLength = 256
)

// PHC is a parsed argon2id hash.
type PHC struct {
	// Memory in KiB.
	Memory uint32
	// Time is the number of passes.
	Time uint32
	Salt []byte
	Key  []byte
}

var errFormat = errors.New("not an argon2id PHC string ($argon2id$v=19$m=…,t=…,p=1$salt$hash)")

// Parse reads a PHC string and checks it against this package's bounds. It accepts exactly what String writes.
func Parse(s string) (PHC, error) {
	if len(s) > maxLength {
		return PHC{}, errFormat
	}
	f := strings.Split(s, "$")
	if len(f) != 6 || f[0] != "" || f[1] != "argon2id" || f[2] != "v=19" {
		return PHC{}, errFormat
	}
	var p PHC
	var err error
	if p.Memory, p.Time, err = parameters(f[3]); err != nil {
		return PHC{}, err
	}
	if p.Salt, err = decode(f[4], 8, 64); err != nil {
		return PHC{}, fmt.Errorf("salt: %w", err)
	}
	if p.Key, err = decode(f[5], 16, 64); err != nil {
		return PHC{}, fmt.Errorf("hash: %w", err)
	}
	return p, nil
}

func parameters(s string) (memory, time uint32, err error) {
	f := strings.Split(s, ",")
	if len(f) != 3 {
		return 0, 0, errFormat
	}
	if memory, err = number(f[0], "m=", minMemory, maxMemory); err != nil {
		return 0, 0, err
	}
	if time, err = number(f[1], "t=", 1, maxTime); err != nil {
		return 0, 0, err
	}
	if _, err = number(f[2], "p=", lanes, lanes); err != nil {
		return 0, 0, err
	}
	return memory, time, nil
}

// number reads prefix and a decimal number without leading zeros between low and high.
func number(s, prefix string, low, high uint32) (uint32, error) {
	digits, ok := strings.CutPrefix(s, prefix)
	if !ok {
		return 0, errFormat
	}
	n, err := strconv.ParseUint(digits, 10, 32)
	if err != nil || strconv.FormatUint(n, 10) != digits {
		return 0, errFormat
	}
	if uint32(n) < low || uint32(n) > high {
		return 0, fmt.Errorf("%s%d is not between %d and %d", prefix, n, low, high)
	}
	return uint32(n), nil
}

func decode(s string, low, high int) ([]byte, error) {
	b, err := base64.RawStdEncoding.Strict().DecodeString(s)
	if err != nil || strings.ContainsAny(s, "\r\n") {
		return nil, errors.New("not base64 without padding")
	}
	if len(b) < low || len(b) > high {
		return nil, fmt.Errorf("%d bytes are not between %d and %d", len(b), low, high)
	}
	return b, nil
}

// String is the PHC string.
func (p PHC) String() string {
	e := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=19$m=%d,t=%d,p=%d$%s$%s", p.Memory, p.Time, lanes, e.EncodeToString(p.Salt), e.EncodeToString(p.Key))
}

// LogValue keeps hashes out of logs.
func (p PHC) LogValue() slog.Value { return slog.StringValue("[redacted]") }
