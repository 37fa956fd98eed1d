package register

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/medienzentrenverbund/kreisraum/conference/opsapi"
)

// Account is one line of the register.
type Account struct {
	// ID is random; ledgers use it.
	ID string `json:"id"`
	// Name is what the organiser types, for example "ahorn-4827". It says nothing about the person.
	Name string `json:"name"`
	// Label is the media centre's own note. It stays in the register.
	Label string `json:"label,omitempty"`
	// Hash is argon2id in PHC string format.
	Hash    string    `json:"hash"`
	Created time.Time `json:"created"`
	// Disabled is zero while the account works.
	Disabled time.Time `json:"disabled,omitzero"`
}

// Register holds a county's accounts in the order they were made. The zero value has none.
type Register struct {
	Accounts []Account `json:"accounts"`
}

var (
	// ErrUnknown says that the register has no account of that name.
	ErrUnknown = errors.New("no such account")
	// ErrDisabled says that the account was disabled before.
	ErrDisabled = errors.New("the account is disabled")
)

// maxAccounts is the server's bound on a list of accounts.
const maxAccounts = 20_000

// With returns a register that has accounts in addition. It returns an error when that is more than a server takes.
func (r Register) With(accounts ...Account) (Register, error) {
	if n := len(r.Accounts) + len(accounts); n > maxAccounts {
		return r, fmt.Errorf("%d accounts are more than the %d a server takes; disable nothing, split the county", n, maxAccounts)
	}
	return Register{Accounts: append(slices.Clone(r.Accounts), accounts...)}, nil
}

// Find returns the account of that name, or ErrUnknown.
func (r Register) Find(name string) (Account, error) {
	i := r.index(name)
	if i < 0 {
		return Account{}, fmt.Errorf("%w: %s; `accounts list` shows all", ErrUnknown, name)
	}
	return r.Accounts[i], nil
}

// Disable returns a register in which the account is disabled. Returns ErrUnknown, or ErrDisabled when it already was.
func (r Register) Disable(name string, now time.Time) (Register, Account, error) {
	return r.change(name, func(a *Account) { a.Disabled = now.UTC().Truncate(time.Second) })
}

// Rehash returns a register in which the account has another password. Returns ErrUnknown or ErrDisabled.
func (r Register) Rehash(name, hash string) (Register, Account, error) {
	return r.change(name, func(a *Account) { a.Hash = hash })
}

func (r Register) change(name string, edit func(*Account)) (Register, Account, error) {
	i := r.index(name)
	if i < 0 {
		return r, Account{}, fmt.Errorf("%w: %s; `accounts list` shows all", ErrUnknown, name)
	}
	if !r.Accounts[i].Disabled.IsZero() {
		return r, Account{}, fmt.Errorf("%w: %s; that is for good, `accounts create` makes another", ErrDisabled, name)
	}
	next := Register{Accounts: slices.Clone(r.Accounts)}
	edit(&next.Accounts[i])
	return next, next.Accounts[i], nil
}

func (r Register) index(name string) int {
	return slices.IndexFunc(r.Accounts, func(a Account) bool { return a.Name == name })
}

// ForServer is the list as a server gets it: no label, no dates. The revision is a digest of the list.
func (r Register) ForServer() opsapi.Accounts {
	digest := sha256.New()
	out := opsapi.Accounts{Accounts: make([]opsapi.Account, len(r.Accounts))}
	for i, a := range r.Accounts {
		out.Accounts[i] = opsapi.Account{ID: a.ID, Name: a.Name, Hash: a.Hash, Disabled: !a.Disabled.IsZero()}
		fmt.Fprintf(digest, "%q %q %q %t\n", a.ID, a.Name, a.Hash, !a.Disabled.IsZero())
	}
	out.Revision = hex.EncodeToString(digest.Sum(nil)[:16])
	return out
}
