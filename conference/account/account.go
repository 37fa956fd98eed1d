// Package account is what the server knows of organisers: a pseudonym and an argon2id hash. It keeps the list the operator
// pushed, answers who may log in, and keeps guessing and hashing within bounds:
//
//	Verify(name, password, source)
//	  → throttle    too many wrong answers from this source or for this name: ErrThrottled, nothing is hashed; too many names that
//	                nobody has from this source: wrong, nothing is hashed either
//	  → hasher      a place in the bounded queue, then one of a few workers: ErrBusy when full or too slow
//	  → argon2id    against the account's hash, or a dummy for unknown names, so both cost the same
package account

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"time"
)

// Account is an organiser's account as sessions see it.
type Account struct {
	// ID is random, assigned by the operator, and never shown to users.
	ID string
	// Name is the pseudonym the organiser logs in with.
	Name string
	// Disabled accounts may not log in and lose their sessions at once.
	Disabled bool
	// Fingerprint changes whenever the password does; a session that was opened with another one is over.
	Fingerprint string
}

// Errors of Verify. The texts carry no name and no address.
var (
	// ErrWrong says that name and password do not belong together, whichever of the two is wrong.
	ErrWrong = errors.New("name or password is wrong")
	// ErrDisabled says that the password is right but the account is disabled.
	ErrDisabled = errors.New("account is disabled")
)

// ThrottledError says that there were too many wrong answers. Match it with errors.As.
type ThrottledError struct{ RetryAfter time.Duration }

func (e *ThrottledError) Error() string {
	return fmt.Sprintf("too many attempts, try again in %s", e.RetryAfter.Round(time.Second))
}

// BusyError says that more people log in than the machine can check. Match it with errors.As.
type BusyError struct {
	RetryAfter time.Duration

	waited bool // in a place that others did not get
}

func (e *BusyError) Error() string {
	return fmt.Sprintf("too many logins at once, try again in %s", e.RetryAfter.Round(time.Second))
}

// fingerprint is 12 bytes of the hash's digest: enough to tell two hashes apart, too little to attack the password with.
func fingerprint(hash string) string {
	sum := sha256.Sum256([]byte(hash))
	return base64.RawURLEncoding.EncodeToString(sum[:12])
}
