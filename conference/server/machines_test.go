package server

import (
	"errors"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/medienzentrenverbund/kreisraum/conference/config"
	"github.com/medienzentrenverbund/kreisraum/conference/logtest"
	"github.com/medienzentrenverbund/kreisraum/conference/opsapi"
)

func TestMachinesOutliveTheProcess(t *testing.T) {
	path := filepath.Join(t.TempDir(), "machines.json")
	log := &logtest.Buffer{}
	both := config.Config{Role: config.RoleBoth, Cluster: config.Cluster{PrivateAddress: "10.64.1.10"}}
	alone := config.Config{Role: config.RoleBoth}
	noBridge := config.Config{Role: config.RolePortal, Cluster: both.Cluster}
	open := func(c config.Config) *machines {
		t.Helper()
		m, err := openMachines(path, c, slog.New(slog.NewJSONHandler(log, nil)))
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	first := open(both)
	own := opsapi.Machine{ID: "portal", Private: netip.MustParseAddr("10.64.1.10"), Ready: true}
	if got := first.current(); got.Revision != "" || len(got.Machines) != 1 || got.Machines[0] != own {
		t.Errorf("without a list: %+v", got)
	}
	if got := open(noBridge).current(); len(got.Machines) != 0 {
		t.Errorf("without a list and a bridge: %+v", got)
	}
	list := opsapi.Machines{Revision: "m1", Machines: []opsapi.Machine{
		{ID: "portal", Ready: true}, {ID: "bridge-3", Private: netip.MustParseAddr("10.64.1.13"), Ready: true, Draining: true},
	}}
	var used []opsapi.Machines
	first.use(func(l opsapi.Machines) { used = append(used, l) })
	if err := first.replace(list); err != nil {
		t.Fatal(err)
	}
	if got := open(both).current(); !reflect.DeepEqual(got, list) || len(used) != 2 || !reflect.DeepEqual(used[1], list) {
		t.Errorf("after a restart: %+v, used %+v", got, used)
	}
	if !first.has("bridge-3") || first.has("bridge-4") {
		t.Error("the list does not know its machines")
	}

	// A portal whose role was changed cannot use the list any more.
	for name, m := range map[string]*machines{"alone": open(alone), "without a bridge": open(noBridge)} {
		if got := m.current(); got.Revision != "" {
			t.Errorf("%s: uses %+v", name, got)
		}
		var e *opsapi.Error
		if err := m.replace(list); !errors.As(err, &e) || e.Code != opsapi.CodeInvalidMachines {
			t.Errorf("%s: got %v", name, err)
		}
	}

	for name, content := range map[string]string{"damaged": `{"machines":`, "large": strings.Repeat(" ", opsapi.MaxMachinesBody+1)} {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := open(both).current(); got.Revision != "" || len(got.Machines) != 1 {
			t.Errorf("%s: %+v", name, got)
		}
	}
	if n := strings.Count(log.String(), "list of machines cannot be used"); n != 4 {
		t.Errorf("logged %d times:\n%s", n, log)
	}
}

func TestMachinesThatCannotBeWritten(t *testing.T) {
	m, err := openMachines(filepath.Join(t.TempDir(), "missing", "machines.json"), config.Config{Role: config.RoleBoth}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	if err := m.replace(opsapi.Machines{Revision: "m1"}); err == nil || m.current().Revision != "" {
		t.Errorf("got %v, list %+v", err, m.current())
	}
}

// TestOwnBridgeTakesRoomsAfterAStart: whatever the operator had in mind with the process before this one is done.
func TestOwnBridgeTakesRoomsAfterAStart(t *testing.T) {
	list := opsapi.Machines{Revision: "r", Machines: []opsapi.Machine{{ID: "portal", Ready: true, Draining: true}, {ID: "bridge-1", Draining: true}}}
	got := awake(list)
	if got.Machines[0].Draining || !got.Machines[1].Draining || got.Revision != "" {
		t.Errorf("got %+v", got)
	}
	if !list.Machines[0].Draining {
		t.Error("the list that was given has changed")
	}
	list.Machines[0].Draining = false
	if got := awake(list); got.Revision != "r" {
		t.Errorf("the operator's own list has another revision: %+v", got)
	}
}
