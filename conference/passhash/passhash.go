// Package passhash hashes organisers' passwords with argon2id (RFC 9106) and checks them. The operator hashes, the server
// checks; both use the PHC string format:
//
//	$argon2id$v=19$m=19456,t=2,p=1$<salt>$<hash>        salt and hash in base64 without padding
package passhash

import (
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"

	"golang.org/x/crypto/argon2"
)

// Parameters of new hashes: 19 MiB, two passes, one lane. OWASP Password Storage Cheat Sheet, argon2id, second choice; it is
// the one that lets a machine with 4 GB bear a school's morning.
const (
	Memory  = 19 * 1024 // KiB
	Time    = 2         // passes
	saltLen = 16        // bytes, RFC 9106 §3.1
	keyLen  = 32        // bytes
)

// MaxPassword bounds a password in bytes. Longer ones are refused, not cut.
const MaxPassword = 256

// ErrPassword says that a password is empty or longer than MaxPassword.
var ErrPassword = errors.New("password must have 1 to 256 bytes")

// Hash returns the PHC string of password with a fresh salt. It takes some 30 ms and 19 MiB (measured, see BenchmarkHash).
// Returns ErrPassword for a password that cannot be used.
func Hash(password string) (string, error) {
	if len(password) == 0 || len(password) > MaxPassword {
		return "", ErrPassword
	}
	salt := make([]byte, saltLen)
	rand.Read(salt) // never fails since Go 1.24
	p := PHC{Memory: Memory, Time: Time, Salt: salt}
	p.Key = p.derive(password, keyLen)
	return p.String(), nil
}

// Check reports whether password belongs to hash. The comparison takes the same time for every wrong password. The error says
// that hash is not a PHC string this package accepts.
func Check(hash, password string) (bool, error) {
	p, err := Parse(hash)
	if err != nil {
		return false, fmt.Errorf("stored password hash: %w", err)
	}
	return p.Match(password), nil
}

// Match reports whether password gives this hash. A password that Hash would refuse never matches, but costs as much.
func (p PHC) Match(password string) bool {
	fits := len(password) > 0 && len(password) <= MaxPassword
	if !fits {
		password = "x"
	}
	key := p.derive(password, len(p.Key))
	return subtle.ConstantTimeCompare(key, p.Key) == 1 && fits
}

func (p PHC) derive(password string, n int) []byte {
	return argon2.IDKey([]byte(password), p.Salt, p.Time, p.Memory, lanes, uint32(n))
}
