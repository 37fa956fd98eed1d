package county

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/medienzentrenverbund/kreisraum/operator/audit"
	"github.com/medienzentrenverbund/kreisraum/operator/home"
)

func mustOpenDoor(t *testing.T, c *County) (Door, func() error) {
	t.Helper()
	door, shut, err := c.OpenDoor(context.Background(), "", nil)
	if err != nil {
		t.Fatal(err)
	}
	return door, shut
}

// TestTheLastToLeaveClosesPort22: other commands go on and leave the port open.
func TestTheLastToLeaveClosesPort22(t *testing.T) {
	w := newWorld()
	c := testCounty(t, w)
	mustUp(t, c)
	door, shut := mustOpenDoor(t, c)
	if door.Machine != "portal" || door.Address.String() != "192.0.2.10:22" || !strings.HasPrefix(door.KnownHosts(), "192.0.2.10 ssh-ed25519 ") {
		t.Errorf("door %+v, known hosts %q", door, door.KnownHosts())
	}
	_, second := mustOpenDoor(t, c)
	w.mu.Lock()
	w.running = "" // so that up deploys
	w.mu.Unlock()
	mustUp(t, c)
	if _, err := c.Status(context.Background()); err != nil {
		t.Fatal(err)
	}
	if !w.sshOpen {
		t.Fatal("a command closed port 22 under a live session")
	}
	if err := shut(); err != nil || !w.sshOpen {
		t.Fatalf("open: %v after the first has left (%v)", w.sshOpen, err)
	}
	if err := second(); err != nil || w.sshOpen {
		t.Fatalf("open: %v after the last has left (%v)", w.sshOpen, err)
	}
	if n := countLedger(t, c, audit.MachineEntered); n != 2 {
		t.Errorf("%d lines in the ledger, want 2", n)
	}
	l, err := loadLocal(c.Home)
	if err != nil || l.SSHOpenIn != 0 {
		t.Errorf("trace %d, %v", l.SSHOpenIn, err)
	}
}

func TestPort22IsClosedWhenOpeningFails(t *testing.T) {
	w := newWorld()
	c := testCounty(t, w)
	mustUp(t, c)
	w.fault["OpenSSH"], w.afterwards["OpenSSH"] = true, true
	if _, _, err := c.OpenDoor(context.Background(), "", nil); !errors.Is(err, errFault) {
		t.Errorf("got %v", err)
	}
	if w.sshOpen {
		t.Error("port 22 is left open")
	}
	if in, err := c.Home.InSession(); in || err != nil {
		t.Errorf("in session %v, %v", in, err)
	}
}

func TestADoorIsOfAMachine(t *testing.T) {
	w := newWorld()
	c := testCounty(t, w)
	if _, _, err := c.OpenDoor(context.Background(), "", nil); !errors.Is(err, ErrNotUp) {
		t.Errorf("before up: %v", err)
	}
	mustUp(t, c)
	if _, _, err := c.OpenDoor(context.Background(), "bridge-7", nil); err == nil || !strings.Contains(err.Error(), "there are portal") {
		t.Errorf("unknown machine: %v", err)
	}
	if w.called("OpenSSH") != 1 { // up's own
		t.Errorf("port 22 was opened %d times", w.called("OpenSSH"))
	}
}

// TestADoorWaitsForOtherCommands, and says so once.
func TestADoorWaitsForOtherCommands(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		c := testCounty(t, w)
		mustUp(t, c)
		unlock, err := c.Home.Lock()
		if err != nil {
			t.Fatal(err)
		}
		told := 0
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if _, _, err := c.OpenDoor(ctx, "", func() { told++ }); !errors.Is(err, home.ErrBusy) {
			t.Errorf("got %v", err)
		}
		if told != 1 {
			t.Errorf("told %d times, want once", told)
		}
		time.AfterFunc(time.Second, unlock)
		_, shut, err := c.OpenDoor(context.Background(), "", nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := shut(); err != nil {
			t.Error(err)
		}
	})
}
