package sandbox

import (
	"errors"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/medienzentrenverbund/kreisraum/operator/sandbox/nspawn"
)

// configOf is a test's configuration with machines of a kind. It skips where this computer cannot run them.
func configOf(t testing.TB, kind string) Config {
	t.Helper()
	c := testConfig(t)
	c.Machines = kind
	if kind != MachinesNspawn {
		return c
	}
	if testing.Short() {
		t.Skip("real machines take their time: not with -short")
	}
	c.ACME, c.DNS, c.IPv4Pool = ":0", ":0", netip.Prefix{}
	err := Prepare(t.Context(), c, func(step string) { t.Log(step) })
	if missing := (*nspawn.Missing)(nil); errors.As(err, &missing) {
		t.Skip(err)
	}
	must(t, err)
	return c
}

func TestHomeKeepsItsMachines(t *testing.T) {
	for name, tt := range map[string]struct {
		have, asked string // have: "" for a new home, "cloud" for one from before there were kinds
		want        string
		wrong       string // what an error must say
	}{
		"new home":                     {want: MachinesProcess},
		"new home, asked for":          {asked: MachinesNspawn, want: MachinesNspawn},
		"as it is":                     {have: MachinesNspawn, want: MachinesNspawn},
		"the same again":               {have: MachinesNspawn, asked: MachinesNspawn, want: MachinesNspawn},
		"another kind":                 {have: MachinesNspawn, asked: MachinesProcess, wrong: "of the kind nspawn, not process"},
		"from before":                  {have: "cloud", want: MachinesProcess},
		"from before, and the new one": {have: "cloud", asked: MachinesNspawn, wrong: "`kreisraum sandbox remove`"},
		"unknown kind":                 {asked: "qemu", wrong: "process and nspawn"},
	} {
		home := t.TempDir()
		switch tt.have {
		case "":
		case "cloud":
			must(t, os.WriteFile(filepath.Join(home, cloudFile), nil, 0o600))
		default:
			must(t, os.WriteFile(filepath.Join(home, kindFile), []byte(tt.have+"\n"), 0o600))
		}
		got, err := chosenMachines(home, tt.asked)
		switch {
		case tt.wrong != "" && (err == nil || !strings.Contains(err.Error(), tt.wrong)):
			t.Errorf("%s: %q %v, want an error with %q", name, got, err, tt.wrong)
		case tt.wrong == "" && (err != nil || got != tt.want):
			t.Errorf("%s: %q %v, want %q", name, got, err, tt.want)
		}
	}
}

func TestRunningSandboxRefusesOtherMachines(t *testing.T) {
	c := testConfig(t)
	_, err := Ensure(t.Context(), c.Home, daemon(t, c))
	must(t, err)
	silent := func(step string) { t.Errorf("a running sandbox needs %q", step) }
	for _, kind := range []string{"", MachinesProcess} {
		c.Machines = kind
		must(t, Prepare(t.Context(), c, silent))
	}
	c.Machines = MachinesNspawn
	if err := Prepare(t.Context(), c, silent); err == nil || !strings.Contains(err.Error(), "runs with machines of the kind process, not nspawn") {
		t.Errorf("a sandbox with other machines: %v", err)
	}
}

func TestAddressesForMachinesWithANetworkOfTheirOwn(t *testing.T) {
	for name, tt := range map[string]struct {
		change func(*Config)
		wrong  string
	}{
		"defaults":               {func(*Config) {}, ""},
		"other ports":            {func(c *Config) { c.ACME, c.DNS = ":1234", ":5353" }, ""},
		"loopback for machines":  {func(c *Config) { c.ACME = DefaultACME }, "give a port alone, such as :7781"},
		"name server elsewhere":  {func(c *Config) { c.DNS = "192.0.2.1:53" }, "give a port alone, such as :53"},
		"pools are the computer": {func(c *Config) { c.IPv4Pool = pool() }, "leave the pools out"},
		"front door for others":  {func(c *Config) { c.FrontDoor = "0.0.0.0:8443" }, "not a loopback address"},
	} {
		c := Config{Home: t.TempDir(), Machines: MachinesNspawn}
		tt.change(&c)
		got, err := c.withDefaults()
		switch {
		case tt.wrong == "" && (err != nil || got.ACME == "" || got.DNS == "" || got.HCloud != DefaultHCloud || got.IPv4Pool.IsValid()):
			t.Errorf("%s: %+v %v", name, got, err)
		case tt.wrong != "" && (err == nil || !strings.Contains(err.Error(), tt.wrong)):
			t.Errorf("%s: %v, want %q", name, err, tt.wrong)
		}
	}
}
