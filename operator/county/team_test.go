package county

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/medienzentrenverbund/kreisraum/conference/opsapi"
	"github.com/medienzentrenverbund/kreisraum/infra"
	"github.com/medienzentrenverbund/kreisraum/operator/register"
	"github.com/medienzentrenverbund/kreisraum/operator/stack"
	"github.com/medienzentrenverbund/kreisraum/operator/stack/store"
	"github.com/medienzentrenverbund/kreisraum/operator/stack/store/storetest"
)

// shared is a county whose state is at an S3 server, not up yet.
func shared(t *testing.T) (*world, *County, storetest.Place) {
	t.Helper()
	place := storetest.S3(t)
	t.Cleanup(func() {
		if err := stack.CloseStores(); err != nil {
			t.Error(err)
		}
	})
	w := newWorld()
	c := testCounty(t, w)
	c.Config.State.URL = place.Address
	return w, c, place
}

// colleague is the same county on another computer, which has nothing of it but the file.
func colleague(t *testing.T, w *world, c *County) *County {
	t.Helper()
	other := testCounty(t, w)
	other.Config, other.Binary = c.Config, c.Binary
	return other
}

// give lets a colleague have the passphrase.
func give(t *testing.T, from, to *County) {
	t.Helper()
	data, err := os.ReadFile(from.Home.File(passphraseFile))
	if err != nil {
		t.Fatal(err)
	}
	to.PassphraseFile = filepath.Join(t.TempDir(), "passphrase")
	if err := os.WriteFile(to.PassphraseFile, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

func mustJoin(t *testing.T, c *County) {
	t.Helper()
	if err := c.Join(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// same fails the test unless both have the same keys.
func same(t *testing.T, a, b *County) {
	t.Helper()
	for _, name := range []string{passphraseFile, "ca.crt", "ca.key", sshKeyFile, countyKeyFile} {
		one, err := os.ReadFile(a.Home.File(name))
		if err != nil {
			t.Fatal(err)
		}
		if other, err := os.ReadFile(b.Home.File(name)); err != nil || !bytes.Equal(one, other) {
			t.Errorf("%s differs (%v)", name, err)
		}
	}
}

func TestSecondComputerGoesOn(t *testing.T) {
	w, a, _ := shared(t)
	if err := a.Join(t.Context()); err != nil || a.Home.Exists() {
		t.Fatalf("there is nothing to join: %v", err)
	}
	mustUp(t, a)
	before := w.accounts
	b := colleague(t, w, a)
	if err := b.Join(t.Context()); err == nil || !strings.Contains(err.Error(), "--passphrase-file") || !strings.Contains(err.Error(), "counties/tuttlingen/"+passphraseFile) {
		t.Errorf("without the passphrase: %v", err)
	}
	b.PassphraseFile = filepath.Join(t.TempDir(), "wrong")
	if err := os.WriteFile(b.PassphraseFile, []byte("another one\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := b.Join(t.Context()); !errors.Is(err, errWrongPassphrase) || b.Home.Exists() {
		t.Errorf("with another one: %v, and something was made: %t", err, b.Home.Exists())
	}
	give(t, a, b)
	mustJoin(t, b)
	same(t, a, b)
	b.PassphraseFile = "" // needed once

	if status, err := b.Status(t.Context()); err != nil || !status.Up {
		t.Errorf("status %+v, %v", status, err)
	}
	result := mustUp(t, b)
	if result.FirstAccount != nil || w.called("Deploy") != 1 || w.accounts.Revision != before.Revision || len(before.Accounts) != 1 {
		t.Errorf("an up on the second computer made an account (%t), deployed (%d times), or changed the accounts", result.FirstAccount != nil, w.called("Deploy"))
	}
	for name, command := range map[string]func() error{
		"list":    func() error { _, err := b.Accounts(); return err },
		"create":  func() error { _, err := b.CreateAccounts(t.Context(), []string{"label"}); return err },
		"disable": func() error { return b.DisableAccount(t.Context(), "ahorn-1234") },
		"reset":   func() error { _, err := b.ResetAccount(t.Context(), "ahorn-1234"); return err },
	} {
		if err := command(); !errors.Is(err, ErrRegisterElsewhere) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := os.Stat(b.Home.Register()); !errors.Is(err, os.ErrNotExist) || w.accounts.Revision != before.Revision {
		t.Errorf("a register was made (%v), or the server's accounts changed", err)
	}

	// What the second one changes, the first one knows.
	mustAdd(t, b, small)
	if all := mustBridges(t, b); len(all) != 1 || !all[0].Ready {
		t.Errorf("bridges on the second computer: %+v", all)
	}
	deployed := w.called("Deploy")
	mustUp(t, a)
	if all := mustBridges(t, a); len(all) != 1 || !all[0].Ready || w.called("Deploy") != deployed {
		t.Errorf("bridges on the first one: %+v; it deployed %d times again", all, w.called("Deploy")-deployed)
	}
	if _, proven := pinnedKey(t, a, w.bridges[1].id); !proven {
		t.Error("the first computer does not know the bridge's host key")
	}
	same(t, a, b)
	if accounts, err := a.Accounts(); err != nil || len(accounts) != 1 {
		t.Errorf("the first computer's register: %d accounts, %v", len(accounts), err)
	}
}

// A register that was lost, wherever, is no reason to lock everybody out.
func TestLostRegisterLeavesTheServersAccounts(t *testing.T) {
	w, c := upCounty(t)
	before := w.accounts
	if err := os.Remove(c.Home.Register()); err != nil {
		t.Fatal(err)
	}
	if result := mustUp(t, c); result.FirstAccount != nil || w.accounts.Revision != before.Revision {
		t.Error("the accounts changed")
	}
	if _, err := c.CreateAccounts(t.Context(), []string{"label"}); !errors.Is(err, ErrRegisterElsewhere) {
		t.Errorf("create: %v", err)
	}
	w.accounts = opsapi.Accounts{Revision: (register.Register{}).ForServer().Revision}
	if result := mustUp(t, c); result.FirstAccount == nil {
		t.Error("a server without accounts got none")
	}
}

func TestTwoComputersAtTheSameTime(t *testing.T) {
	w, a, _ := shared(t)
	mustUp(t, a)
	b := colleague(t, w, a)
	give(t, a, b)
	mustJoin(t, b)
	a.Version = "v2" // so that it deploys
	var during error
	w.deployHook = func(context.Context) {
		w.deployHook = nil
		_, during = b.Up(t.Context(), UpOptions{})
	}
	mustUp(t, a)
	var locked *stack.LockedError
	if !errors.As(during, &locked) || locked.PID != os.Getpid() || !strings.Contains(during.Error(), "kreisraum unlock tuttlingen") {
		t.Errorf("the second computer's up: %v", during)
	}
	b.Version = "v2"
	mustUp(t, b)
	if locks, err := a.Locks(t.Context()); len(locks) > 0 || err != nil {
		t.Errorf("locks are left: %+v, %v", locks, err)
	}
}

// A command that fails, wherever, lets others in.
func TestFailedCommandsLetOthersIn(t *testing.T) {
	w, a, _ := shared(t)
	if _, err := a.AddBridges(t.Context(), nil); !errors.Is(err, ErrNotUp) {
		t.Errorf("before the first up: %v", err)
	}
	for _, call := range []string{"OpenStack", "Stack.Up", "Deploy", "Probe"} {
		w.fault[call] = true
		if _, err := a.Up(t.Context(), UpOptions{}); err == nil {
			t.Errorf("%s did not fail", call)
		}
		if locks, err := a.Locks(t.Context()); len(locks) > 0 || err != nil {
			t.Errorf("after %s failed: %+v, %v", call, locks, err)
		}
	}
	mustUp(t, a)
	w.fault["OpenStack"] = true
	if _, err := a.AddBridges(t.Context(), []infra.Bridge{small}); err == nil {
		t.Error("opening the stack did not fail")
	}
	if locks, err := a.Locks(t.Context()); len(locks) > 0 || err != nil {
		t.Errorf("after scaling failed: %+v, %v", locks, err)
	}
}

// A killed computer leaves no machine that only it could reach.
func TestHostKeysTravelAtOnce(t *testing.T) {
	w, a, _ := shared(t)
	w.fault["Probe"] = true // the up ends here, as good as killed
	if _, err := a.Up(t.Context(), UpOptions{}); err == nil {
		t.Fatal("the probe did not fail")
	}
	b := colleague(t, w, a)
	give(t, a, b)
	mustJoin(t, b)
	if _, proven := pinnedKey(t, b, w.serverID); !proven {
		t.Error("the machine's host key is not known")
	}
	if _, err := os.Stat(b.Home.File(injectedFile)); err != nil {
		// openSecrets makes another one for the next machine.
		t.Errorf("no host key for the next machine: %v", err)
	}
	mustUp(t, b)
}

func TestKeysOfAnotherCountyAreLeftAlone(t *testing.T) {
	w, a, _ := shared(t)
	mustUp(t, a)
	b := colleague(t, w, a)
	b.Config.State.URL = ""
	other := newWorld()
	b.World = other.world()
	mustUp(t, b) // an earlier life of the county, with keys of its own
	b.Config.State.URL, b.World = a.Config.State.URL, w.world()
	data, err := os.ReadFile(a.Home.File(passphraseFile))
	if err == nil {
		err = os.WriteFile(b.Home.File(passphraseFile), data, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	before, _ := os.ReadFile(b.Home.File("ca.key"))
	if err := b.Join(t.Context()); err == nil || !strings.Contains(err.Error(), b.Home.Dir()) {
		t.Errorf("joined over other keys: %v", err)
	}
	if after, err := os.ReadFile(b.Home.File("ca.key")); err != nil || !bytes.Equal(before, after) {
		t.Error("the keys were replaced")
	}
}

func TestKeysCannotBeReadWhereTheStateIs(t *testing.T) {
	_, a, place := shared(t)
	mustUp(t, a)
	mustAdd(t, a, small)
	secrets := map[string][]byte{}
	for _, name := range []string{passphraseFile, "ca.key", "operator.key", sshKeyFile, countyKeyFile} {
		data, err := os.ReadFile(a.Home.File(name))
		if err != nil {
			t.Fatal(err)
		}
		secrets[name] = bytes.TrimSpace(data)
	}
	if _, err := os.Stat(a.Home.File(injectedFile)); err == nil {
		secrets[injectedFile], _ = os.ReadFile(a.Home.File(injectedFile))
	}
	seen := 0
	err := filepath.WalkDir(place.Folder, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		seen += len(data)
		for name, secret := range secrets {
			lines := append(bytes.Split(secret, []byte("\n")), secret)
			for _, line := range lines {
				if len(line) < 32 || bytes.HasPrefix(line, []byte("-----")) {
					continue
				}
				for _, form := range [][]byte{line, []byte(base64.StdEncoding.EncodeToString(line))} {
					if bytes.Contains(data, form) {
						t.Errorf("%s has part of %s", path, name)
					}
				}
			}
		}
		return err
	})
	if err != nil || seen == 0 {
		t.Fatalf("%d bytes, %v", seen, err)
	}
}

// A county that begins on one computer moves to a place that all reach by its file alone, and back.
func TestStateMovesWithTheFile(t *testing.T) {
	w, c, place := shared(t)
	c.Config.State.URL = ""
	mustUp(t, c)
	checkpoint := ".pulumi/stacks/kreisraum/tuttlingen.json" // the stack of these tests writes none
	local, err := store.Open(t.Context(), store.FolderAddress(c.Home.File(stack.Folder)))
	if err == nil {
		err = local.Write(t.Context(), checkpoint, []byte("{}"))
	}
	if err != nil {
		t.Fatal(err)
	}
	there := func(want bool, s store.Store) {
		t.Helper()
		if found, err := store.Exists(t.Context(), s, checkpoint); found != want || err != nil {
			t.Errorf("the state is at %s: %t, %v", s.Place(checkpoint), found, err)
		}
	}
	c.Config.State.URL = place.Address
	mustUp(t, c)
	address, err := store.Normal(place.Address)
	if err != nil {
		t.Fatal(err)
	}
	bucket, err := store.Open(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	defer bucket.Close()
	there(true, bucket)
	there(false, local)
	b := colleague(t, w, c)
	give(t, c, b)
	mustJoin(t, b)
	same(t, c, b)

	c.Config.Name = "" // a verb that needs no file knows where the state is
	if url, err := c.stateURL(); url != place.Address || err == nil && c.Config.State.URL == "" {
		t.Errorf("remembered %q, %v", url, err)
	}
	c.Config.State.URL = ""
	if url, err := c.stateURL(); url != place.Address || err != nil {
		t.Errorf("remembered %q, %v", url, err)
	}
}

func TestSealedKeys(t *testing.T) {
	data, err := seal("tuttlingen", "id", 3, "passphrase", []byte("text"))
	if err != nil {
		t.Fatal(err)
	}
	s, err := parseSealed(data, "tuttlingen")
	if err != nil || s.Serial != 3 || s.ID != "id" {
		t.Fatalf("%+v, %v", s, err)
	}
	if text, err := s.open("passphrase"); err != nil || string(text) != "text" {
		t.Errorf("%q, %v", text, err)
	}
	for name, spoil := range map[string]func(*sealed){
		"passphrase": nil, "serial": func(s *sealed) { s.Serial = 4 }, "id": func(s *sealed) { s.ID = "other" }, "text": func(s *sealed) { s.Text[0] ^= 1 },
		"nonce": func(s *sealed) { s.Nonce = s.Nonce[1:] }, "salt": func(s *sealed) { s.Salt[0] ^= 1 },
	} {
		bad, passphrase := s, "passphrase"
		bad.Text, bad.Nonce, bad.Salt = slices.Clone(s.Text), slices.Clone(s.Nonce), slices.Clone(s.Salt)
		if spoil == nil {
			passphrase = "another"
		} else {
			spoil(&bad)
		}
		if _, err := bad.open(passphrase); !errors.Is(err, errWrongPassphrase) {
			t.Errorf("another %s: %v", name, err)
		}
	}
	if _, err := parseSealed(data, "other"); err == nil {
		t.Error("another county's were taken")
	}
	if _, err := parseSealed(bytes.Replace(data, []byte(`"version":1`), []byte(`"version":2`), 1), "tuttlingen"); err == nil {
		t.Error("another format was taken")
	}
}

func FuzzParseSealed(f *testing.F) {
	data, err := seal("tuttlingen", "id", 1, "passphrase", []byte("text"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add([]byte(`{"version":1,"county":"tuttlingen","id":"x","serial":1,"salt":"AAAAAAAAAAAAAAAAAAAAAA=="}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := parseSealed(data, "tuttlingen")
		if err != nil {
			return
		}
		if s.Version != sealedVersion || s.Serial < 1 || len(s.Salt) != saltSize {
			t.Errorf("accepted %+v", s)
		}
	})
}

// What exists although neither the state nor the wish has heard of it stays.
func TestUpKeepsBridgesThatTheStateHasForgotten(t *testing.T) {
	w, c := upCounty(t)
	mustAdd(t, c, small)
	w.desired, w.forgotten = nil, true // yesterday's backup
	mustUp(t, c)
	if len(w.bridges) != 1 || len(w.desired) != 1 {
		t.Errorf("%d bridges at Hetzner, %d wanted", len(w.bridges), len(w.desired))
	}
	w.forgotten = false
	mustDrain(t, c, 1)
	w.load = func() (opsapi.Load, error) { return opsapi.Load{Settled: true}, nil }
	if err := c.RemoveBridges(t.Context(), []int{1}); err != nil || len(w.bridges) != 0 {
		t.Errorf("it cannot be removed: %d, %v", len(w.bridges), err)
	}
}

// Who has the keys can look, and do what needs no state, while the state's place is away.
func TestStateThatCannotBeReached(t *testing.T) {
	_, c, place := shared(t)
	c.Config.State.URL = strings.Replace(place.Address, "s3://counties/", "s3://none/", 1)
	if err := c.Join(t.Context()); !errors.Is(err, stack.ErrUnreachable) {
		t.Errorf("without keys: %v", err)
	}
	c.Config.State.URL = place.Address
	mustUp(t, c)
	c.Config.State.URL = strings.Replace(place.Address, "s3://counties/", "s3://none/", 1)
	mustJoin(t, c)
	if _, err := c.CreateAccounts(t.Context(), []string{""}); err != nil {
		t.Errorf("an account: %v", err)
	}
	if _, err := c.Up(t.Context(), UpOptions{}); !errors.Is(err, stack.ErrUnreachable) {
		t.Errorf("up: %v", err)
	}
}
