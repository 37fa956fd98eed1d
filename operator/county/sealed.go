package county

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"

	"golang.org/x/crypto/argon2"
)

// sealed is a county's keys as they lie beside a shared state, encrypted with the passphrase of the state: whoever has that can read the
// state's secrets anyway. What is not encrypted is authenticated.
type sealed struct {
	// Version of this format.
	Version int    `json:"version"`
	County  string `json:"county"`
	// ID is drawn when the county is made, Serial counts the changes since.
	ID     string `json:"id"`
	Serial int    `json:"serial"`
	// Salt for argon2id (RFC 9106), Nonce for AES-256-GCM (NIST SP 800-38D).
	Salt  []byte `json:"salt"`
	Nonce []byte `json:"nonce"`
	Text  []byte `json:"text"`
}

const (
	sealedVersion = 1
	// argonTime, argonMemory (KiB) and argonThreads are what the server takes for passwords; the passphrase that we make has 256 random bits.
	argonTime, argonMemory, argonThreads = 2, 19 << 10, 1
	saltSize, keySize                    = 16, 32
)

var errWrongPassphrase = errors.New("the passphrase is not the one with which the county's keys were sealed")

// bound is what is authenticated beside the text.
func (s sealed) bound() []byte {
	return fmt.Appendf(nil, "kreisraum keys\n%d\n%s\n%s\n%d\n", s.Version, s.County, s.ID, s.Serial)
}

func cipherFor(passphrase string, salt []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(argon2.IDKey([]byte(passphrase), salt, argonTime, argonMemory, argonThreads, keySize))
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

// seal encrypts text.
func seal(county, id string, serial int, passphrase string, text []byte) ([]byte, error) {
	s := sealed{Version: sealedVersion, County: county, ID: id, Serial: serial, Salt: make([]byte, saltSize)}
	_, _ = rand.Read(s.Salt) // never fails, see crypto/rand
	aead, err := cipherFor(passphrase, s.Salt)
	if err != nil {
		return nil, fmt.Errorf("seal the county's keys: %w", err)
	}
	s.Nonce = make([]byte, aead.NonceSize())
	_, _ = rand.Read(s.Nonce)
	s.Text = aead.Seal(nil, s.Nonce, text, s.bound())
	return json.Marshal(s)
}

// parseSealed reads what lies beside the state.
func parseSealed(data []byte, county string) (s sealed, err error) {
	if err := json.Unmarshal(data, &s); err != nil {
		return s, fmt.Errorf("the sealed keys beside the state: %w", err)
	}
	switch {
	case s.Version != sealedVersion:
		return s, fmt.Errorf("the sealed keys beside the state have format %d, this version of the program knows %d; use the version that wrote them", s.Version, sealedVersion)
	case s.County != county || s.ID == "" || s.Serial < 1 || len(s.Salt) != saltSize:
		return s, errors.New("the sealed keys beside the state are not this county's")
	}
	return s, nil
}

// open decrypts the text. Returns errWrongPassphrase, also when something was changed.
func (s sealed) open(passphrase string) ([]byte, error) {
	aead, err := cipherFor(passphrase, s.Salt)
	if err != nil {
		return nil, err
	}
	if len(s.Nonce) != aead.NonceSize() {
		return nil, errWrongPassphrase
	}
	text, err := aead.Open(nil, s.Nonce, s.Text, s.bound())
	if err != nil {
		return nil, errWrongPassphrase
	}
	return text, nil
}
