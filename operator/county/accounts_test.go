package county

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/medienzentrenverbund/kreisraum/operator/audit"
	"github.com/medienzentrenverbund/kreisraum/operator/register"
)

func TestAccountsReachServerRegisterAndLedger(t *testing.T) {
	w := newWorld()
	c := testCounty(t, w)
	mustUp(t, c)
	made, err := c.CreateAccounts(context.Background(), []string{"a", "b"})
	if err != nil || len(made) != 2 {
		t.Fatalf("got %v, %v, want two", made, err)
	}
	if _, err := c.ResetAccount(context.Background(), made[0].Name); err != nil {
		t.Fatal(err)
	}
	if err := c.DisableAccount(context.Background(), made[1].Name); err != nil {
		t.Fatal(err)
	}
	accounts, err := c.Accounts()
	if err != nil || len(accounts) != 3 || accounts[2].Disabled.IsZero() {
		t.Errorf("got %+v, %v", accounts, err)
	}
	if w.accounts.Revision != (register.Register{Accounts: accounts}).ForServer().Revision {
		t.Error("the server has another list than the register")
	}
	for action, want := range map[audit.Action]int{audit.AccountsCreated: 2, audit.AccountReset: 1, audit.AccountDisabled: 1} {
		if got := countLedger(t, c, action); got != want {
			t.Errorf("%d ledger lines %s, want %d", got, action, want)
		}
	}
}

func TestServerThatDoesNotAnswerChangesNothing(t *testing.T) {
	w := newWorld()
	c := testCounty(t, w)
	first := mustUp(t, c).FirstAccount.Name
	before, err := os.ReadFile(c.Home.Register())
	if err != nil {
		t.Fatal(err)
	}
	ledger := ledgerText(t, c)
	for name, change := range map[string]func() error{
		"create":  func() error { _, err := c.CreateAccounts(context.Background(), []string{"x"}); return err },
		"reset":   func() error { _, err := c.ResetAccount(context.Background(), first); return err },
		"disable": func() error { return c.DisableAccount(context.Background(), first) },
	} {
		w.fault["PutAccounts"] = true
		if err := change(); !errors.Is(err, errFault) || !strings.Contains(err.Error(), "nothing was changed") {
			t.Errorf("%s: got %v, want the fault and that nothing was changed", name, err)
		}
		after, err := os.ReadFile(c.Home.Register())
		if err != nil || !bytes.Equal(before, after) || ledgerText(t, c) != ledger {
			t.Errorf("%s: register or ledger changed", name)
		}
	}
}

func TestAccountsOfACountyThatIsNotUp(t *testing.T) {
	c := testCounty(t, newWorld())
	if _, err := c.CreateAccounts(context.Background(), []string{""}); !errors.Is(err, ErrNotUp) {
		t.Errorf("got %v, want ErrNotUp", err)
	}
	if _, err := c.Probe(context.Background(), 0); !errors.Is(err, ErrNotUp) {
		t.Errorf("got %v, want ErrNotUp", err)
	}
	if c.Home.Exists() {
		t.Error("asking made the county's folder")
	}
}

// Canaries that stand for personal data appear in the register only.
func TestNobodysDataLeavesTheRegister(t *testing.T) {
	w := newWorld()
	c := testCounty(t, w)
	var seen bytes.Buffer
	c.Log = slog.New(slog.NewTextHandler(&seen, &slog.HandlerOptions{Level: slog.LevelDebug}))
	c.Events = func(e Event) { _ = json.NewEncoder(&seen).Encode(e) }
	first := mustUp(t, c).FirstAccount
	made, err := c.CreateAccounts(context.Background(), []string{"Frau Kanarienvogel"})
	if err != nil {
		t.Fatal(err)
	}
	again, err := c.ResetAccount(context.Background(), made[0].Name)
	if err != nil {
		t.Fatal(err)
	}
	status, err := c.Status(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	_ = json.NewEncoder(&seen).Encode(status)
	seen.WriteString(ledgerText(t, c))
	for what, canary := range map[string]string{"label": "Kanarienvogel", "name": made[0].Name, "password": made[0].Password,
		"first name": first.Name, "first password": first.Password, "new password": again.Password} {
		if strings.Contains(seen.String(), canary) {
			t.Errorf("the %s is in log, events, status or ledger", what)
		}
	}
	if sent, _ := json.Marshal(w.accounts); strings.Contains(string(sent), "Kanarienvogel") {
		t.Error("the label was sent to the server")
	}
}

// Accounts that the server has are handed out although the ledger's disk is full.
func TestLedgerThatCannotBeWrittenLosesNoPassword(t *testing.T) {
	w := newWorld()
	c := testCounty(t, w)
	mustUp(t, c)
	c.Ledger = audit.New(t.TempDir(), "clerk-1", "tuttlingen", time.Now) // a folder
	made, err := c.CreateAccounts(context.Background(), []string{"a"})
	if len(made) != 1 || !errors.Is(err, errUnnoted) {
		t.Fatalf("got %v, %v, want the account and an error", made, err)
	}
	if again, err := c.ResetAccount(context.Background(), made[0].Name); again.Password != w.password || !errors.Is(err, errUnnoted) {
		t.Errorf("got %v, %v, want the new password and an error", again, err)
	}
	w.fault["PutAccounts"] = true
	if made, err := c.CreateAccounts(context.Background(), []string{"b"}); len(made) != 0 || !errors.Is(err, errFault) {
		t.Errorf("got %v, %v, want no account", made, err)
	}
}
