package county

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/medienzentrenverbund/kreisraum/operator/deploy"
	"github.com/medienzentrenverbund/kreisraum/operator/home"
)

const (
	countyKeyFile = "county.key"
	// countyKeySize is KeySize in conference/token; the file is the key's bytes and nothing else.
	countyKeySize = 32
)

// openCountyKey loads the key that the county's machines share, or makes it. Call it under the county's lock.
func openCountyKey(c home.County) (deploy.Secret, error) {
	path := c.File(countyKeyFile)
	key, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		key = make([]byte, countyKeySize)
		_, _ = rand.Read(key) // never fails, see crypto/rand
		key, err = writeOnce(path, key)
	}
	if err != nil {
		return nil, fmt.Errorf("the county's key: %w", err)
	}
	if len(key) != countyKeySize {
		return nil, fmt.Errorf("the county's key %s has %d bytes instead of %d; remove the file, and the next `kreisraum up %s` gives all machines another one: "+
			"who is in a lesson at that moment has to join again", path, len(key), countyKeySize, c.Name)
	}
	return key, nil
}
