package county

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/medienzentrenverbund/kreisraum/conference/atomicfile"
	"github.com/medienzentrenverbund/kreisraum/operator/home"
	"github.com/medienzentrenverbund/kreisraum/operator/stack"
)

// A county whose state is shared can be looked after from several computers. What they need beside the state travels with it, sealed with
// the state's passphrase: the county's CA, the SSH key, the key that the machines share, the injected host key while it is good, and what
// is remembered of the machines. Each command that changes the county takes what is newer there, under the lock of the state, and leaves
// what it changed. The register of accounts does not travel: who is behind an account is known where it was made.
//
// A state that is not shared lies in the same folder as the keys; sealing a copy there would help nobody.

// Files in the county's folder.
const (
	// stateURLFile says where the state is, as the last command that changed the county had it.
	stateURLFile = "state.url"
	// seenFile says which of the travelling keys this computer has.
	seenFile = "keys.seen"
)

// travelling are the files that travel as they are; what is remembered travels with them.
var travelling = []string{"ca.crt", "ca.key", sshKeyFile, countyKeyFile, injectedFile}

// luggage is what travels.
type luggage struct {
	Files map[string][]byte `json:"files"`
	Local json.RawMessage   `json:"local"`
}

// seen is which keys this computer has taken or left last.
type seen struct {
	ID     string `json:"id"`
	Serial int    `json:"serial"`
	// Digest of the luggage.
	Digest string `json:"digest"`
	// Joined: the county was made on another computer.
	Joined bool `json:"joined,omitempty"`
}

// stateURL is where the county's state is to be; empty: in its folder.
func (c *County) stateURL() (string, error) {
	if c.Config.State.URL != "" || c.Config.Name != "" {
		return c.Config.State.URL, nil
	}
	return rememberedURL(c.Home.Dir())
}

// rememberedURL is where the state of the county in a folder is.
func rememberedURL(dir string) (string, error) {
	data, err := os.ReadFile(filepath.Join(dir, stateURLFile))
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("read where the state is: %w", err)
	}
	return strings.TrimSpace(string(data)), nil
}

// Join takes what other computers have left beside a shared state. It does nothing for a state that is in the county's folder, and nothing
// while another command is at work here, which has done so. A state that cannot be reached keeps nobody who has the keys from looking, and from
// what needs no state; what changes the county finds out by itself.
func (c *County) Join(ctx context.Context) error {
	url, err := c.stateURL()
	if err != nil || url == "" {
		return err
	}
	unlock, err := c.Home.Lock()
	if errors.Is(err, home.ErrBusy) {
		return nil
	}
	if err != nil {
		return err
	}
	defer unlock()
	err = c.takeNewer(ctx, url)
	if errors.Is(err, stack.ErrUnreachable) && c.hasKeys() {
		c.Log.Warn("the state cannot be reached; what other computers have changed is not known here", "error", err)
		return nil
	}
	return err
}

func (c *County) takeNewer(ctx context.Context, url string) error {
	state, err := stack.OpenState(ctx, c.Home.Dir(), c.Home.Name, url)
	if err != nil {
		return err
	}
	return c.takeKeys(ctx, state, url)
}

// takeKeys takes the keys that lie beside the state if they are newer than ours.
func (c *County) takeKeys(ctx context.Context, state *stack.State, url string) error {
	data, found, err := state.Keys(ctx)
	if err != nil {
		return err
	}
	if !found {
		return c.needsPassphrase(ctx, state)
	}
	there, err := parseSealed(data, c.Home.Name)
	if err != nil {
		return err
	}
	known, err := c.seen()
	if err != nil || known.ID == there.ID && known.Serial >= there.Serial {
		return err
	}
	passphrase, err := c.passphrase()
	if err != nil {
		return err
	}
	if passphrase == "" {
		return c.askForPassphrase(state)
	}
	text, err := there.open(passphrase)
	if err != nil {
		return fmt.Errorf("%w: %s", err, c.passphraseAdvice())
	}
	var l luggage
	if err := json.Unmarshal(text, &l); err != nil {
		return fmt.Errorf("the keys beside the state: %w", err)
	}
	return c.unpackKeys(l, passphrase, url, seen{ID: there.ID, Serial: there.Serial, Digest: digest(text), Joined: known.Joined || known.ID == "" && !c.hasKeys()})
}

// needsPassphrase: a state without keys beside it still needs the passphrase it was made with.
func (c *County) needsPassphrase(ctx context.Context, state *stack.State) error {
	passphrase, err := c.passphrase()
	if err != nil || passphrase != "" {
		return err
	}
	empty, err := state.Empty(ctx)
	if err != nil || empty {
		return err
	}
	return c.askForPassphrase(state)
}

func (c *County) askForPassphrase(state *stack.State) error {
	return fmt.Errorf("%s was made on another computer: its state is %s. To look after it from here too, this computer needs the passphrase once. %s",
		c.Home.Name, state.Place(), c.passphraseAdvice())
}

func (c *County) passphraseAdvice() string {
	return fmt.Sprintf("The first computer has it in counties/%s/%s below the program's folder (KREISRAUM_HOME, or ~/.local/state/kreisraum): copy that file by a "+
		"safe way and name the copy with --passphrase-file or in KREISRAUM_PASSPHRASE_FILE", c.Home.Name, passphraseFile)
}

// maxPassphrase bounds a passphrase's file in bytes.
const maxPassphrase = 4 << 10

// passphrase is the county's: the one that this computer keeps, else the one it was given; empty if there is neither.
func (c *County) passphrase() (string, error) {
	for _, path := range []string{c.Home.File(passphraseFile), c.PassphraseFile} {
		if path == "" {
			continue
		}
		data, err := readPassphrase(path)
		if err != nil && (path == c.PassphraseFile || !errors.Is(err, fs.ErrNotExist)) {
			return "", fmt.Errorf("read the passphrase: %w", err)
		}
		if data != "" {
			return data, nil
		}
	}
	return "", nil
}

func readPassphrase(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxPassphrase))
	return strings.TrimSpace(string(data)), err
}

// hasKeys reports whether this computer has a CA of the county.
func (c *County) hasKeys() bool {
	_, err := os.Stat(c.Home.File("ca.key"))
	return err == nil
}

// unpackKeys puts the keys in place. Keys of this computer that have nothing to do with them stay, and so does everything else.
func (c *County) unpackKeys(l luggage, passphrase, url string, s seen) error {
	known, err := c.seen()
	if err != nil {
		return err
	}
	if mine, err := os.ReadFile(c.Home.File("ca.crt")); err == nil && known.ID != s.ID && !bytes.Equal(mine, l.Files["ca.crt"]) {
		return fmt.Errorf("this computer has keys of %s that are not those of its state; if they are of an earlier life of the county, move the folder %s away, "+
			"keep a copy, and run the command again", c.Home.Name, c.Home.Dir())
	}
	if err := c.Home.Make(); err != nil {
		return err
	}
	for _, name := range travelling {
		data, there := l.Files[name]
		if !there && name == injectedFile {
			if err := dropInjected(c.Home); err != nil {
				return err
			}
		}
		if !there {
			continue
		}
		if err := atomicfile.Write(c.Home.File(name), data, 0o600); err != nil {
			return err
		}
	}
	if err := c.mergeLocal(l.Local); err != nil {
		return err
	}
	if err := atomicfile.Write(c.Home.File(passphraseFile), []byte(passphrase+"\n"), 0o600); err != nil {
		return err
	}
	if err := c.rememberURL(url); err != nil {
		return err
	}
	if _, err := openSecrets(c.Home, c.World.Now); err != nil { // makes what is this computer's own
		return err
	}
	return c.saveSeen(s)
}

// mergeLocal takes what is remembered elsewhere. An account whose password was not shown yet is this computer's matter.
func (c *County) mergeLocal(text []byte) error {
	mine, err := loadLocal(c.Home)
	if err != nil {
		return err
	}
	theirs := &local{path: mine.path, HostKeys: map[int64]hostKey{}, Bridges: map[int]bridge{}}
	if err := json.Unmarshal(text, theirs); err != nil {
		return fmt.Errorf("what is remembered beside the state: %w", err)
	}
	theirs.UnseenAccount = mine.UnseenAccount
	for id, key := range mine.HostKeys { // of a machine that a killed command has deployed to
		if _, known := theirs.HostKeys[id]; !known && theirs.has(id) {
			theirs.HostKeys[id] = key
		}
	}
	return theirs.save()
}

// packKeys is what travels, in a form that is the same as long as nothing has changed.
func (c *County) packKeys() ([]byte, error) {
	l := luggage{Files: map[string][]byte{}}
	for _, name := range travelling {
		data, err := os.ReadFile(c.Home.File(name))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("pack the county's keys: %w", err)
		}
		l.Files[name] = data
	}
	mine, err := loadLocal(c.Home)
	if err != nil {
		return nil, err
	}
	mine.UnseenAccount = ""
	if l.Local, err = json.Marshal(mine); err != nil {
		return nil, fmt.Errorf("pack the county's keys: %w", err)
	}
	return json.Marshal(l)
}

// leaveKeys leaves the keys beside a shared state if they have changed. The caller holds the state's lock.
func (c *County) leaveKeys(ctx context.Context, state *stack.State) error {
	text, err := c.packKeys()
	if err != nil {
		return err
	}
	known, err := c.seen()
	if err != nil {
		return err
	}
	if known.Digest == digest(text) {
		return nil
	}
	if known.ID == "" {
		known.ID = rand.Text()
	}
	known.Serial++
	known.Digest = digest(text)
	passphrase, err := openPassphrase(c.Home)
	if err != nil {
		return err
	}
	data, err := seal(c.Home.Name, known.ID, known.Serial, passphrase, text)
	if err != nil {
		return err
	}
	if err := state.WriteKeys(ctx, data); err != nil {
		return err
	}
	return c.saveSeen(known)
}

func digest(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

func (c *County) seen() (s seen, err error) {
	data, err := os.ReadFile(c.Home.File(seenFile))
	if errors.Is(err, fs.ErrNotExist) {
		return s, nil
	}
	if err == nil {
		err = json.Unmarshal(data, &s)
	}
	if err != nil {
		return s, fmt.Errorf("read which keys this computer has seen: %w; remove %s", err, c.Home.File(seenFile))
	}
	return s, nil
}

func (c *County) saveSeen(s seen) error {
	data, err := json.Marshal(s)
	if err != nil {
		return err
	}
	return atomicfile.Write(c.Home.File(seenFile), append(data, '\n'), 0o600)
}

func (c *County) rememberURL(url string) error {
	if url == "" {
		if err := os.Remove(c.Home.File(stateURLFile)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return nil
	}
	return atomicfile.Write(c.Home.File(stateURLFile), []byte(url+"\n"), 0o600)
}

// leaving bounds what is done with a shared state after the work, also after Ctrl-C.
const leaving = 30 * time.Second

// enterState keeps the commands of other computers away from a county whose state is shared, until leaveState, and takes the keys that are
// newer there. A state whose place has changed in the county's file moves.
func (s *site) enterState(ctx context.Context) error {
	url, err := s.stateURL()
	if err != nil {
		return err
	}
	former, err := rememberedURL(s.Home.Dir())
	if err != nil || url == "" && former == "" {
		return err
	}
	if err := s.Home.Make(); err != nil {
		return err
	}
	if err := s.moveState(ctx, former, url); err != nil {
		return err
	}
	if url == "" {
		return nil
	}
	if s.state, err = stack.OpenState(ctx, s.Home.Dir(), s.Home.Name, url); err != nil {
		return err
	}
	if s.leave, err = s.state.Acquire(ctx); err != nil {
		return err
	}
	if err := s.takeKeys(ctx, s.state, url); err != nil {
		return err
	}
	return s.keepPassphrase()
}

// keepPassphrase: a county that is made with a passphrase that was given keeps that one.
func (s *site) keepPassphrase() error {
	if _, err := os.Stat(s.Home.File(passphraseFile)); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	given, err := s.passphrase()
	if err != nil || given == "" {
		return err
	}
	return atomicfile.Write(s.Home.File(passphraseFile), []byte(given+"\n"), 0o600)
}

// moveState moves the state to where the county's file says it is. When the old place cannot be reached any more, the new one begins empty:
// the next run finds everything at Hetzner by its labels.
func (s *site) moveState(ctx context.Context, former, url string) error {
	if former == url {
		return nil
	}
	if _, err := os.Stat(s.Home.File(passphraseFile)); errors.Is(err, fs.ErrNotExist) {
		return s.rememberURL(url) // this computer knows of no state yet
	}
	to, err := stack.OpenState(ctx, s.Home.Dir(), s.Home.Name, url)
	if err != nil {
		return err
	}
	from, err := stack.OpenState(ctx, s.Home.Dir(), s.Home.Name, former)
	if err != nil {
		s.Log.Warn("the state's former place cannot be reached; the new one begins empty and everything is found at Hetzner by its labels", "place", to.Place(), "error", err)
		return s.rememberURL(url)
	}
	moved, err := from.MoveTo(ctx, to, s.World.Now())
	if err != nil {
		return fmt.Errorf("move the state from %s to %s: %w", from.Place(), to.Place(), err)
	}
	if moved {
		s.Log.Warn("the state has moved, as the county's file says; a copy is set aside where it was", "from", from.Place(), "to", to.Place())
	}
	return s.rememberURL(url)
}

// shareKeys leaves the keys beside a shared state.
func (s *site) shareKeys(ctx context.Context) error {
	if s.state == nil {
		return nil
	}
	s.sharing.Lock() // machines are deployed to at the same time
	defer s.sharing.Unlock()
	return s.leaveKeys(ctx, s.state)
}

// leaveState leaves what has changed and lets others in.
func (s *site) leaveState() {
	if s.leave == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), leaving)
	defer cancel()
	if s.secrets != nil {
		if err := s.shareKeys(ctx); err != nil {
			s.Log.Warn("what this command has changed could not be left beside the state; the next one from this computer does it", "error", err)
		}
	}
	s.leave()
	s.leave, s.state = nil, nil
}
