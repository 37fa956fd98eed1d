package cli

import (
	"fmt"
	"net/netip"
	"os"

	"github.com/medienzentrenverbund/kreisraum/operator/home"
	"github.com/medienzentrenverbund/kreisraum/operator/sandbox"
	"github.com/spf13/pflag"
)

// sandboxFlags move a sandbox's addresses. Empty: the sandbox's defaults.
type sandboxFlags struct {
	frontDoor, cloud, acme, dns string
	ipv4Pool, ipv6Pool          string
	machines                    string
}

// machinesVariable names the environment variable for --machines, so that `up --sandbox` starts such a sandbox too.
const machinesVariable = "KREISRAUM_SANDBOX_MACHINES"

// options lists every flag once.
func (f *sandboxFlags) options() []struct {
	name, usage string
	value       *string
} {
	return []struct {
		name, usage string
		value       *string
	}{
		{"front-door", "where browsers come in (default " + sandbox.DefaultFrontDoor + ")", &f.frontDoor},
		{"cloud", "where the simulated cloud's API listens (default " + sandbox.DefaultHCloud + ")", &f.cloud},
		{"machines", "what servers are: process (folders with processes) or nspawn (Debian with systemd, needs root); a sandbox keeps its kind " +
			"(default " + machinesVariable + ", else process)", &f.machines},
		{"acme", "where the certificate authority listens (default " + sandbox.DefaultACME + "); with --machines nspawn a port alone", &f.acme},
		{"dns", "where the name server listens (default " + sandbox.DefaultDNS + ")", &f.dns},
		{"ipv4-pool", "the machines' addresses, a part of 127.0.0.0/8 (default 127.77.0.0/16)", &f.ipv4Pool},
		{"ipv6-pool", "the machines' IPv6 addresses (default fd77:6b72::/48)", &f.ipv6Pool},
	}
}

func (f *sandboxFlags) declare(flags *pflag.FlagSet) {
	for _, o := range f.options() {
		flags.StringVar(o.value, o.name, "", o.usage)
	}
}

// arguments are the flags as given, for the background process.
func (f *sandboxFlags) arguments() []string {
	var args []string
	for _, o := range f.options() {
		if *o.value != "" {
			args = append(args, "--"+o.name, *o.value)
		}
	}
	return args
}

// wanted is the kind of machines that was asked for, empty: any.
func (f *sandboxFlags) wanted() string {
	if f.machines != "" {
		return f.machines
	}
	return os.Getenv(machinesVariable)
}

func (f *sandboxFlags) config(dir string) (sandbox.Config, error) {
	c := sandbox.Config{Home: home.SandboxDir(dir), Machines: f.wanted(), FrontDoor: f.frontDoor, HCloud: f.cloud, ACME: f.acme, DNS: f.dns}
	for _, p := range []struct {
		name, text string
		prefix     *netip.Prefix
	}{{"ipv4-pool", f.ipv4Pool, &c.IPv4Pool}, {"ipv6-pool", f.ipv6Pool, &c.IPv6Pool}} {
		if p.text == "" {
			continue
		}
		prefix, err := netip.ParsePrefix(p.text)
		if err != nil {
			return c, fmt.Errorf("--%s: %w; give a prefix such as 127.77.0.0/16", p.name, err)
		}
		*p.prefix = prefix.Masked()
	}
	return c, nil
}
