package county

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	server "github.com/medienzentrenverbund/kreisraum/conference/config"
	"github.com/medienzentrenverbund/kreisraum/conference/opsapi"
	"github.com/medienzentrenverbund/kreisraum/infra"
	"github.com/medienzentrenverbund/kreisraum/operator/audit"
	"github.com/medienzentrenverbund/kreisraum/operator/deploy"
	"github.com/medienzentrenverbund/kreisraum/operator/endpoints"
	"github.com/medienzentrenverbund/kreisraum/operator/home"
	"github.com/medienzentrenverbund/kreisraum/operator/register"
	"golang.org/x/crypto/ssh"
)

func mustUp(t *testing.T, c *County) UpResult {
	t.Helper()
	result, err := c.Up(context.Background(), UpOptions{})
	if err != nil {
		t.Fatalf("up: %v", err)
	}
	if result.FirstAccount != nil {
		if err := c.FirstAccountShown(); err != nil {
			t.Fatal(err)
		}
	}
	return result
}

// live fails the test unless the county is up in every respect.
func live(t *testing.T, w *world, c *County) {
	t.Helper()
	r, err := register.Load(c.Home.Register())
	if err != nil || len(r.Accounts) != 1 {
		t.Errorf("%d accounts (%v), want 1", len(r.Accounts), err)
	}
	if got := r.ForServer().Revision; w.accounts.Revision != got {
		t.Errorf("the server has list %q, the register is %q", w.accounts.Revision, got)
	}
	if w.sshOpen {
		t.Error("port 22 is open")
	}
	if !w.exists || w.running == "" || w.certState != opsapi.CertificateReady {
		t.Errorf("exists %t, running %q, certificate %s", w.exists, w.running, w.certState)
	}
	if key, err := os.ReadFile(c.Home.File(injectedFile)); err == nil {
		if next, err := ssh.ParsePrivateKey(key); err != nil || bytes.Equal(next.PublicKey().Marshal(), w.injected.Marshal()) {
			t.Errorf("the host key that was injected is still here (%v)", err)
		}
	}
	if _, proven := pinnedKey(t, c, w.serverID); !proven {
		t.Error("the machine's host key is not pinned")
	}
}

func TestUpFromNothing(t *testing.T) {
	w := newWorld()
	c := testCounty(t, w)
	var steps []Step
	c.Events = func(e Event) {
		if e.Kind == Done {
			steps = append(steps, e.Step)
		}
	}
	result := mustUp(t, c)
	live(t, w, c)
	want := []Step{StepConfig, StepSecrets, StepInfra, StepDeploy, StepDNS, StepCertificate, StepAccounts, StepMachines, StepProbe}
	if !slices.Equal(steps, want) {
		t.Errorf("steps %v, want %v", steps, want)
	}
	if result.URL != "https://jitsi.kmz-tuttlingen.example" || result.FirstAccount == nil || result.FirstAccount.Password != w.password {
		t.Errorf("got %+v, want the site's address and the first account with its password", result)
	}
	if result.PricePerHour != "0.0320 EUR" || result.PricePerMonth != "19.99 EUR" {
		t.Errorf("price %s, %s", result.PricePerHour, result.PricePerMonth)
	}
	if countLedger(t, c, audit.CountyUp) != 1 || countLedger(t, c, audit.AccountsCreated) != 1 || countLedger(t, c, audit.ServerDeployed) != 1 {
		t.Errorf("ledger:\n%s", ledgerText(t, c))
	}
}

func TestSecondUpOnlyLooks(t *testing.T) {
	w := newWorld()
	c := testCounty(t, w)
	mustUp(t, c)
	before := ledgerText(t, c)
	w.forgetCalls()
	result := mustUp(t, c)
	live(t, w, c)
	for _, name := range []string{"OpenSSH", "Deploy", "OrderCertificate", "PutAccounts", "PutMachines", "Stack.SetDesiredBridges"} {
		if n := w.called(name); n > 0 {
			t.Errorf("%s was called %d times", name, n)
		}
	}
	if result.FirstAccount != nil || ledgerText(t, c) != before {
		t.Error("a second up made an account or wrote into the ledger")
	}
}

// Whatever fails, and whether or not its effect has happened: the error names the step, port 22 does not stay open unless
// closing it is what failed, and the next up finishes.
func TestUpResumesAfterEveryFault(t *testing.T) {
	for _, tt := range []struct {
		call string
		step Step
	}{
		{"CheckToken", StepInfra}, {"OpenStack", StepInfra}, {"Stack.Up", StepInfra}, {"Stack.DesiredBridges", StepInfra}, {"Stack.SetDesiredBridges", StepInfra}, {"OpenSSH", StepDeploy}, {"Deploy", StepDeploy},
		{"CloseSSH", StepDeploy}, {"CheckDNS", StepDNS}, {"Certificate", StepCertificate}, {"OrderCertificate", StepCertificate},
		{"PutAccounts", StepAccounts}, {"PutMachines", StepMachines}, {"ProbeToken", StepProbe}, {"Probe", StepProbe},
	} {
		for _, effect := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s effect=%t", tt.call, effect), func(t *testing.T) {
				t.Parallel()
				w := newWorld()
				w.fault[tt.call], w.afterwards[tt.call] = true, effect
				c := testCounty(t, w)
				_, err := c.Up(context.Background(), UpOptions{})
				var failed *StepError
				if !errors.As(err, &failed) || failed.Step != tt.step || !errors.Is(err, errFault) {
					t.Fatalf("got %v, want a failure of step %s", err, tt.step)
				}
				if w.sshOpen && tt.call != "CloseSSH" {
					t.Error("port 22 stayed open")
				}
				mustUp(t, c)
				live(t, w, c)
			})
		}
	}
}

func TestPasswordThatNobodySawIsMadeAnew(t *testing.T) {
	w := newWorld()
	c := testCounty(t, w)
	first, err := c.Up(context.Background(), UpOptions{}) // and killed before it could print
	if err != nil {
		t.Fatal(err)
	}
	second := mustUp(t, c)
	live(t, w, c)
	if second.FirstAccount == nil || second.FirstAccount.Name != first.FirstAccount.Name || second.FirstAccount.Password == first.FirstAccount.Password {
		t.Errorf("got %+v after %+v, want the same account with another password", second.FirstAccount, first.FirstAccount)
	}
	if third := mustUp(t, c); third.FirstAccount != nil {
		t.Error("the password was made anew although it had been shown")
	}
}

func TestPriceListIsACourtesy(t *testing.T) {
	w := newWorld()
	w.fault["Hourly"] = true
	if result := mustUp(t, testCounty(t, w)); result.PricePerHour != "" {
		t.Errorf("price %q out of nowhere", result.PricePerHour)
	}
}

func TestPortIsClosedAfterCtrlC(t *testing.T) {
	w := newWorld()
	c := testCounty(t, w)
	ctx, cancel := context.WithCancel(context.Background())
	w.deployHook = func(context.Context) { cancel() }
	if _, err := c.Up(ctx, UpOptions{}); !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v, want context.Canceled", err)
	}
	if w.sshOpen || w.closeCtx != nil {
		t.Errorf("port 22 open %t, closed with a context that had ended: %v", w.sshOpen, w.closeCtx)
	}
	w.deployHook = nil
	mustUp(t, c)
	live(t, w, c)
}

// A process that is killed runs no deferred function: the temporary rule stands, and a trace of it on disk.
func TestRuleOfAKilledRunIsRemovedByTheNextCommand(t *testing.T) {
	for name, command := range map[string]func(*County) error{
		"up":     func(c *County) error { _, err := c.Up(context.Background(), UpOptions{}); return err },
		"status": func(c *County) error { _, err := c.Status(context.Background()); return err },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld()
			c := testCounty(t, w)
			mustUp(t, c)
			l, err := loadLocal(c.Home)
			if err != nil {
				t.Fatal(err)
			}
			l.SSHOpenIn, w.sshOpen = 7, true
			if err := l.save(); err != nil {
				t.Fatal(err)
			}
			if err := command(c); err != nil {
				t.Fatal(err)
			}
			if w.sshOpen {
				t.Error("port 22 is still open")
			}
		})
	}
}

func TestCountyThatIsGoneIsNotMadeASecondTime(t *testing.T) {
	w := newWorld()
	c := testCounty(t, w)
	mustUp(t, c)
	w.exists, w.running = false, ""
	w.forgetCalls()
	_, err := c.Up(context.Background(), UpOptions{})
	if !errors.Is(err, ErrGone) || !strings.Contains(err.Error(), "kreisraum down tuttlingen --keep-register") {
		t.Errorf("got %v, want ErrGone that says what to do", err)
	}
	if w.called("Stack.Up") > 0 {
		t.Error("the stack was run all the same")
	}
}

func TestNewMachineIsMetWithTheInjectedKey(t *testing.T) {
	w := newWorld()
	c := testCounty(t, w)
	mustUp(t, c)
	w.serverID, w.running = 42, "" // somebody deleted the machine, the stack made another
	mustUp(t, c)
	live(t, w, c)
	if key, _ := pinnedKey(t, c, 41); key != nil {
		t.Error("the old machine's key is still remembered")
	}
}

func TestCertificateThatIsNotIssued(t *testing.T) {
	w := newWorld()
	w.orderEnds = opsapi.CertificateFailed
	c := testCounty(t, w)
	_, err := c.Up(context.Background(), UpOptions{})
	if err == nil || !strings.Contains(err.Error(), "connection refused") {
		t.Fatalf("got %v, want the authority's reason", err)
	}
	w.orderEnds = opsapi.CertificateReady
	mustUp(t, c)
	live(t, w, c)
}

func TestOrderThatNeverEndsIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		w.orderEnds = opsapi.CertificateOrdering
		_, err := testCounty(t, w).Up(context.Background(), UpOptions{})
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v, want a deadline", err)
		}
	})
}

func TestTwoUpsExcludeEachOther(t *testing.T) {
	w := newWorld()
	c := testCounty(t, w)
	var second error
	w.deployHook = func(context.Context) { _, second = c.Up(context.Background(), UpOptions{}) }
	mustUp(t, c)
	if !errors.Is(second, home.ErrBusy) {
		t.Errorf("got %v, want ErrBusy", second)
	}
}

func TestMissingBinaryIsSaidBeforeAnythingIsTouched(t *testing.T) {
	w := newWorld()
	c := testCounty(t, w)
	c.Binary += "-that-is-not-there"
	_, err := c.Up(context.Background(), UpOptions{})
	if err == nil || !strings.Contains(err.Error(), "make") || len(w.calls) > 0 {
		t.Errorf("got %v after %v, want advice to run make before any call", err, w.calls)
	}
}

// The server's own loader accepts what the operator writes, in every sample's shape.
func TestServerAcceptsItsConfiguration(t *testing.T) {
	w := newWorld()
	c := testCounty(t, w)
	front := infra.Machine{Role: infra.RolePortal, IPv4: "192.0.2.10", IPv6: "2001:db8::1", PrivateIP: "10.64.0.10"}
	bridge := infra.Machine{Role: infra.RoleBridge, Number: 3, IPv4: "192.0.2.13", IPv6: "2001:db8::3", PrivateIP: "10.64.0.13"}
	for name, e := range map[string]endpoints.Endpoints{
		"production": {},
		"elsewhere":  {ACMEDirectory: "https://127.0.0.1:14000/dir", ACMERoots: []byte("roots")},
	} {
		for _, m := range []infra.Machine{front, bridge} {
			t.Run(name+" "+machineID(m), func(t *testing.T) {
				text, err := serverConfig(c.Config, m, front, e)
				if err != nil {
					t.Fatal(err)
				}
				got, err := server.Load(text)
				if err != nil {
					t.Fatalf("refused: %v\n%s", err, text)
				}
				if err := got.Validate(); err != nil {
					t.Errorf("invalid: %v\n%s", err, text)
				}
				if got.Domain != c.Config.Domain || got.Title != c.Config.Title || got.Restart.At != c.Config.Restart.At || got.Restart.At == "" || len(got.Listen.Addresses) != 2 || (got.ACME.RootsFile != "") != (e.ACMERoots != nil) {
					t.Errorf("got %+v", got)
				}
				want := server.Cluster{Machine: machineID(m), PrivateAddress: m.PrivateIP, PortalAddress: front.PrivateIP}
				have := server.Cluster{Machine: got.Cluster.Machine, PrivateAddress: got.Cluster.PrivateAddress, PortalAddress: got.Cluster.PortalAddress}
				if have != want || got.Role != role(m) || got.Paths.CountyKey != deploy.CountyKeyFile {
					t.Errorf("got role %s, cluster %+v, want %+v", got.Role, got.Cluster, want)
				}
			})
		}
	}
}
