package county

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/medienzentrenverbund/kreisraum/operator/audit"
	"github.com/medienzentrenverbund/kreisraum/operator/register"
	"github.com/medienzentrenverbund/kreisraum/operator/stack"
)

func TestDownLeavesNothingButTheLedger(t *testing.T) {
	for _, keep := range []bool{false, true} {
		w := newWorld()
		c := testCounty(t, w)
		mustUp(t, c)
		if err := c.Down(context.Background(), DownOptions{KeepRegister: keep}); err != nil {
			t.Fatal(err)
		}
		if w.exists || c.Home.Exists() {
			t.Errorf("at Hetzner %t, keys and state %t, want neither", w.exists, c.Home.Exists())
		}
		_, err := os.Stat(c.Home.Register())
		if keep != (err == nil) {
			t.Errorf("register kept %t, want %t", err == nil, keep)
		}
		deleted := map[bool]int{false: 1, true: 0}[keep]
		if countLedger(t, c, audit.CountyDown) != 1 || countLedger(t, c, audit.RegisterDeleted) != deleted {
			t.Errorf("ledger:\n%s", ledgerText(t, c))
		}
	}
}

func TestDownResumesAfterEveryFault(t *testing.T) {
	for _, call := range []string{"CheckToken", "OpenStack", "Stack.Destroy", "Stack.Remove", "Leftovers"} {
		for _, effect := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s effect=%t", call, effect), func(t *testing.T) {
				t.Parallel()
				w := newWorld()
				c := testCounty(t, w)
				mustUp(t, c)
				w.fault[call], w.afterwards[call] = true, effect
				if err := c.Down(context.Background(), DownOptions{}); !errors.Is(err, errFault) {
					t.Fatalf("got %v, want the fault", err)
				}
				if !c.Home.Exists() {
					t.Error("the keys are gone although down did not succeed")
				}
				if err := c.Down(context.Background(), DownOptions{}); err != nil {
					t.Fatal(err)
				}
				if w.exists || c.Home.Exists() {
					t.Error("something is left")
				}
			})
		}
	}
}

func TestDownWithTheTokenOfAnotherProject(t *testing.T) {
	w := newWorld()
	c := testCounty(t, w)
	mustUp(t, c)
	w.exists = false // in the token's project; the server answers as before
	w.forgetCalls()
	if err := c.Down(context.Background(), DownOptions{}); !errors.Is(err, ErrOtherProject) || !strings.Contains(err.Error(), "kreisraum-tuttlingen-portal") {
		t.Errorf("got %v, want ErrOtherProject with the machine", err)
	}
	if w.called("Stack.Destroy") > 0 || !c.Home.Exists() {
		t.Error("keys or state are gone")
	}
	w.running = "" // it was deleted by hand
	if err := c.Down(context.Background(), DownOptions{}); err != nil || c.Home.Exists() {
		t.Errorf("got %v", err)
	}
}

func TestDownTwiceIsFine(t *testing.T) {
	w := newWorld()
	c := testCounty(t, w)
	mustUp(t, c)
	for range 2 {
		if err := c.Down(context.Background(), DownOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	if n := countLedger(t, c, audit.CountyDown); n != 1 {
		t.Errorf("%d ledger lines, want 1", n)
	}
}

func TestDownWaitsUntilHetznerAgrees(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		c := testCounty(t, w)
		mustUp(t, c)
		w.unnoticed = 5
		if err := c.Down(context.Background(), DownOptions{}); err != nil {
			t.Error(err)
		}
	})
}

func TestDownNamesWhatRemainsAndKeepsTheKeys(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		c := testCounty(t, w)
		mustUp(t, c)
		w.unnoticed = 1 << 30
		err := c.Down(context.Background(), DownOptions{})
		if err == nil || !strings.Contains(err.Error(), "server kreisraum-tuttlingen-portal") {
			t.Errorf("got %v, want the name of what remains", err)
		}
		if !c.Home.Exists() {
			t.Error("the keys are gone although something remains")
		}
	})
}

func TestDownFromAnotherComputerSaysSo(t *testing.T) {
	w := newWorld()
	w.exists = true
	err := testCounty(t, w).Down(context.Background(), DownOptions{})
	if err == nil || !strings.Contains(err.Error(), "another computer") {
		t.Errorf("got %v, want an error about resources made elsewhere", err)
	}
}

func TestRegisterThatWasKeptIsUsedAgain(t *testing.T) {
	w := newWorld()
	c := testCounty(t, w)
	name := mustUp(t, c).FirstAccount.Name
	if err := c.Down(context.Background(), DownOptions{KeepRegister: true}); err != nil {
		t.Fatal(err)
	}
	w.serverID++
	w.accounts.Revision = ""
	if again := mustUp(t, c); again.FirstAccount != nil {
		t.Error("another first account was made")
	}
	r, err := register.Load(c.Home.Register())
	if err != nil || len(r.Accounts) != 1 || r.Accounts[0].Name != name {
		t.Errorf("register %+v, %v, want %s only", r, err, name)
	}
	live(t, w, c)
}

// damage leaves a file that is there and says nothing.
func damage(t *testing.T, path string) {
	t.Helper()
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestDownWithDamagedFiles(t *testing.T) {
	for _, file := range []string{"ca.key", "ca.crt", "operator.key", sshKeyFile, injectedFile, "local.json"} {
		t.Run(file, func(t *testing.T) {
			w := newWorld()
			c := testCounty(t, w)
			mustUp(t, c)
			damage(t, c.Home.File(file))
			if err := c.Down(context.Background(), DownOptions{}); err != nil || w.exists || c.Home.Exists() {
				t.Errorf("got %v; at Hetzner %t, here %t", err, w.exists, c.Home.Exists())
			}
		})
	}
}

func TestDownWithDamagedRegister(t *testing.T) {
	w := newWorld()
	c := testCounty(t, w)
	mustUp(t, c)
	damage(t, c.Home.Register())
	if err := c.Down(context.Background(), DownOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(c.Home.Register()); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the register is still there: %v", err)
	}
	if !strings.Contains(ledgerText(t, c), `"unreadable"`) {
		t.Errorf("ledger:\n%s", ledgerText(t, c))
	}
}

func TestUpWithDamagedKeysNamesTheWayOut(t *testing.T) {
	for file, wayOut := range map[string]string{
		"ca.key": "down tuttlingen --keep-register", sshKeyFile: "down tuttlingen --keep-register", "local.json": "down tuttlingen --keep-register",
		passphraseFile: "adopt tuttlingen", "operator.key": "",
	} {
		t.Run(file, func(t *testing.T) {
			c := testCounty(t, newWorld())
			mustUp(t, c)
			if err := os.MkdirAll(c.Home.File(stack.Folder), 0o700); err != nil { // the fake keeps no state
				t.Fatal(err)
			}
			damage(t, c.Home.File(file))
			_, err := c.Up(context.Background(), UpOptions{})
			if (err == nil) != (wayOut == "") || err != nil && !strings.Contains(err.Error(), wayOut) {
				t.Errorf("got %v, want %q", err, wayOut)
			}
		})
	}
}

func TestLostPassphraseIsNotReplaced(t *testing.T) {
	c := testCounty(t, newWorld())
	mustUp(t, c)
	state := c.Home.File(stack.Folder)
	if err := errors.Join(os.MkdirAll(state, 0o700), os.Remove(c.Home.File(passphraseFile))); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Up(context.Background(), UpOptions{}); err == nil || !strings.Contains(err.Error(), passphraseFile) {
		t.Errorf("got %v, want an error that names the passphrase", err)
	}
	if _, err := os.Stat(state); err != nil {
		t.Errorf("up touched the state: %v", err)
	}
}

func TestDownWithoutThePassphraseFindsEverythingByItsLabels(t *testing.T) {
	for name, lose := range map[string]func(path string) error{
		"missing": os.Remove, "empty": func(path string) error { return os.WriteFile(path, nil, 0o600) },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld()
			c := testCounty(t, w)
			mustUp(t, c)
			if err := errors.Join(os.MkdirAll(c.Home.File(stack.Folder), 0o700), lose(c.Home.File(passphraseFile))); err != nil { // the fake keeps no state
				t.Fatal(err)
			}
			if err := c.Down(context.Background(), DownOptions{}); err != nil || w.exists || c.Home.Exists() {
				t.Errorf("got %v; at Hetzner %t, here %t", err, w.exists, c.Home.Exists())
			}
		})
	}
}
