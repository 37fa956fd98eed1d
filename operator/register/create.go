package register

import (
	"context"
	"crypto/rand"
	_ "embed"
	"encoding/hex"
	"errors"
	"fmt"
	"math/big"
	"runtime"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
)

//go:embed words.txt
var wordList string

// words are plain German words of nature, without umlauts, one a line.
var words = strings.Fields(wordList)

// Credential is what an organiser is given. The password exists here and on paper only.
type Credential struct {
	Name     string `json:"name"`
	Password string `json:"password"`
	Label    string `json:"label,omitempty"`
}

// Maker makes accounts.
type Maker struct {
	// Words replaces the built-in words when it is not empty.
	Words []string
	// Hash returns a password's hash. It is called from several goroutines.
	Hash func(password string) (string, error)
	Now  func() time.Time
}

// Make returns an account for each label, with names that r does not have, and their credentials. Passwords are hashed on all
// cores. r is not changed.
func (m Maker) Make(ctx context.Context, r Register, labels []string) ([]Account, []Credential, error) {
	accounts, credentials, err := m.draw(r, labels)
	if err != nil {
		return nil, nil, err
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i := range accounts {
		group.Go(func() error {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			hash, err := m.Hash(credentials[i].Password)
			accounts[i].Hash = hash
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, nil, fmt.Errorf("hash passwords: %w", err)
	}
	return accounts, credentials, nil
}

func (m Maker) draw(r Register, labels []string) ([]Account, []Credential, error) {
	taken := make(map[string]bool, len(r.Accounts)+len(labels))
	for _, a := range r.Accounts {
		taken[a.Name] = true
	}
	accounts := make([]Account, len(labels))
	credentials := make([]Credential, len(labels))
	for i, label := range labels {
		name, err := m.name(taken)
		if err != nil {
			return nil, nil, err
		}
		taken[name] = true
		accounts[i] = Account{ID: NewID(), Name: name, Label: label, Created: m.Now().UTC().Truncate(time.Second)}
		credentials[i] = Credential{Name: name, Password: NewPassword(), Label: label}
	}
	return accounts, credentials, nil
}

// name draws until it meets one that is free. With 9,000 numbers to a word that is soon, unless the words are nearly used up.
func (m Maker) name(taken map[string]bool) (string, error) {
	list := m.Words
	if len(list) == 0 {
		list = words
	}
	for range 10_000 {
		name := fmt.Sprintf("%s-%04d", list[below(len(list))], 1000+below(9000))
		if !taken[name] {
			return name, nil
		}
	}
	return "", errors.New("no free account name was found; add words to accounts.prefixes in the county's file")
}

// NewID draws an account's ID, 80 random bits.
func NewID() string {
	raw := make([]byte, 10)
	_, _ = rand.Read(raw) // never fails, see crypto/rand
	return "acct-" + hex.EncodeToString(raw)
}

// alphabet has no character that can be taken for another on paper: no 0, O, 1, l, I, i, o.
const alphabet = "23456789abcdefghjkmnpqrstuvwxyz"

// NewPassword draws four groups of four characters, some 79 bits.
func NewPassword() string {
	groups := make([]string, 4)
	for i := range groups {
		group := make([]byte, 4)
		for j := range group {
			group[j] = alphabet[below(len(alphabet))]
		}
		groups[i] = string(group)
	}
	return strings.Join(groups, "-")
}

// below draws a number from 0 to n-1, each equally likely.
func below(n int) int {
	v, err := rand.Int(rand.Reader, big.NewInt(int64(n)))
	if err != nil {
		panic(err) // crypto/rand never fails
	}
	return int(v.Int64())
}
