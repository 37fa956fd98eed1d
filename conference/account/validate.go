package account

import (
	"errors"
	"fmt"
	"regexp"

	"github.com/medienzentrenverbund/kreisraum/conference/opsapi"
	"github.com/medienzentrenverbund/kreisraum/conference/passhash"
)

var (
	idPattern = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)
	// namePattern is what people type at the login: letters, digits and three separators.
	namePattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{1,63}$`)
	// revisionPattern allows a digest in hex or base64, with its algorithm.
	revisionPattern = regexp.MustCompile(`^[A-Za-z0-9+/=:_.-]{1,128}$`)
)

// maxMistakes bounds how many entries an error lists.
const maxMistakes = 10

// Validate checks a list of accounts. Mistakes are named by position, never by account.
func Validate(list opsapi.Accounts) error {
	if !revisionPattern.MatchString(list.Revision) {
		return errors.New("revision: must have 1 to 128 characters of a digest")
	}
	if len(list.Accounts) > opsapi.MaxAccounts {
		return fmt.Errorf("accounts: %d are more than %d", len(list.Accounts), opsapi.MaxAccounts)
	}
	ids := make(map[string]bool, len(list.Accounts))
	names := make(map[string]bool, len(list.Accounts))
	var all []error
	for i, a := range list.Accounts {
		if len(all) == maxMistakes {
			all = append(all, errors.New("… and more"))
			break
		}
		if err := check(a, ids, names); err != nil {
			all = append(all, fmt.Errorf("accounts[%d].%w", i, err))
		}
		ids[a.ID], names[canonical(a.Name)] = true, true
	}
	return errors.Join(all...)
}

func check(a opsapi.Account, ids, names map[string]bool) error {
	switch {
	case !idPattern.MatchString(a.ID):
		return errors.New("id: must be 1 to 64 letters, digits, - or _")
	case ids[a.ID]:
		return errors.New("id: is there twice")
	case !namePattern.MatchString(a.Name):
		return errors.New("name: must be 2 to 64 letters, digits, dots, - or _ and begin with a letter or digit")
	case names[canonical(a.Name)]:
		return errors.New("name: is there twice (upper and lower case are the same)")
	}
	if _, err := passhash.Parse(a.Hash); err != nil {
		return fmt.Errorf("hash: %w", err)
	}
	return nil
}
