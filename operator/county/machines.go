package county

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/netip"
	"slices"
	"sync"

	"github.com/medienzentrenverbund/kreisraum/conference/identity"
	"github.com/medienzentrenverbund/kreisraum/conference/opsapi"
	"github.com/medienzentrenverbund/kreisraum/infra"
	"github.com/medienzentrenverbund/kreisraum/operator/config"
	"github.com/medienzentrenverbund/kreisraum/operator/deploy"
	"github.com/medienzentrenverbund/kreisraum/operator/stack"
)

// site is a county whose machines are known: what the steps of `up` and of scaling work with, under the county's lock.
type site struct {
	*County
	secrets *secrets
	local   *local
	stack   Stack
	// release is what shall be deployed. Zero: nothing is, and the targets have no bundle.
	release deploy.Release
	// targets are the machines after the infra step, the portal first, then the bridges by number.
	targets []*target
	// stands is the portal as it is at Hetzner, kinds what it may become, the next try first, and dnsZone the DNS zone in the project that
	// the domain lies in; see survey.
	stands  standsAs
	kinds   []config.Kind
	dnsZone string
	// interrupts: lessons on machines that the plan stops are no reason not to.
	interrupts bool
	// scales: bridges come and go, and the portal stays as the last `up` has made it, whatever the county's file says by now. Another type
	// or location would end all lessons.
	scales bool
	// state is the county's if it is shared, and leave gives it back to other computers; see enterState.
	state *stack.State
	leave func()
	// sharing is held while keys are left beside the state, so that what is older never follows what is newer.
	sharing sync.Mutex
}

// target is one machine and what it shall run.
type target struct {
	machine infra.Machine
	id      string
	bundle  deploy.Bundle
	digest  string
	ops     Ops
}

// machineID is a machine's ID, see package identity.
func machineID(m infra.Machine) string {
	if m.Role == infra.RolePortal {
		return identity.Portal
	}
	return identity.Bridge(m.Number)
}

func (s *site) close() {
	s.hangUp()
	s.leaveState()
}

// hangUp ends the connections to the targets.
func (s *site) hangUp() {
	for _, t := range s.targets {
		t.ops.Close()
	}
}

func (s *site) openSecrets(ctx context.Context) (err error) {
	if err := s.enterState(ctx); err != nil {
		return err
	}
	if s.secrets, err = openSecrets(s.Home, s.World.Now); err != nil {
		return err
	}
	if s.local, err = loadLocal(s.Home); err != nil {
		return err
	}
	if err := s.shareKeys(ctx); err != nil {
		return err
	}
	return s.closeForgotten(ctx, s.local)
}

func (s *site) openStack(ctx context.Context) (err error) {
	s.stack, err = s.World.OpenStack(ctx, s.Home.Dir(), s.secrets.passphrase)
	return err
}

// spec is the county's plan with these bridges.
func (s *site) spec(bridges []infra.Bridge) (infra.Spec, error) {
	spec := infra.Spec{
		County: s.Home.Name, Domain: s.Config.Domain, NetworkSeed: s.Endpoints.NetworkSeed, Bridges: bridges, Guard: s.guard,
		Image: s.Config.Image, IPv6: s.Config.IPv6, SSHPublicKey: publicLine(s.secrets.sshKey), UserData: map[string]string{},
	}
	switch {
	case s.scales:
		front := s.portal().machine // there is one, see reopen
		spec.ServerType, spec.Location, spec.IPv6 = front.ServerType, front.Location, front.IPv6 != ""
		spec.Zone, spec.CAA = s.local.Outputs.Zone, s.local.Outputs.CAA
	default:
		kind := append(slices.Clone(s.kinds), s.Config.PortalKinds()...)[0]
		spec.ServerType, spec.Location, spec.Zone, spec.CAA = kind.ServerType, kind.Location, s.dnsZone, s.caa()
	}
	for _, name := range infra.MachineNames(spec.County, bridges) {
		text, err := deploy.UserData(name, s.secrets.injectedPEM, []byte(publicLine(s.secrets.injected)))
		if err != nil {
			return spec, err
		}
		spec.UserData[name] = text
	}
	return spec, nil
}

// build runs the stack with these bridges and takes note of what is there afterwards.
func (s *site) build(ctx context.Context, bridges []infra.Bridge, progress func(string)) (changes int, err error) {
	spec, err := s.spec(bridges)
	if err != nil {
		return 0, err
	}
	out, changes, err := s.stack.Up(ctx, spec, progress)
	if err != nil {
		return 0, err
	}
	if _, ok := portal(out); !ok {
		return 0, fmt.Errorf("the stack has no portal machine; run the command again, and if that does not help, `kreisraum down %s`", s.Home.Name)
	}
	if err := s.local.change(func(l *local) { l.take(out, s.World.Now()) }); err != nil {
		return 0, err
	}
	return changes, s.aim()
}

// aim makes the targets of the machines that are known.
func (s *site) aim() error {
	s.hangUp()
	s.targets = nil
	for _, m := range s.local.Outputs.Machines {
		s.targets = append(s.targets, &target{machine: m, id: machineID(m), ops: s.ops(s.secrets, m)})
	}
	slices.SortFunc(s.targets, func(a, b *target) int { return cmp.Compare(a.machine.Number, b.machine.Number) })
	if s.release == (deploy.Release{}) {
		return nil
	}
	return s.pack()
}

// pack completes the targets' bundles.
func (s *site) pack() error {
	key, err := openCountyKey(s.Home)
	if err != nil {
		return err
	}
	for _, t := range s.targets {
		t.bundle = deploy.Bundle{Release: s.release, CountyCA: s.secrets.ca.CertificatePEM(), CountyKey: key, ACMERoots: s.Endpoints.ACMERoots, Reboot: rebootAfter(s.Config.Restart)}
		if t.bundle.ServerConfig, err = serverConfig(s.Config, t.machine, s.portal().machine, s.Endpoints); err != nil {
			return err
		}
		if t.digest, err = t.bundle.Digest(); err != nil {
			return err
		}
	}
	return nil
}

// portal is the portal's target; there is one after build.
func (s *site) portal() *target { return s.targets[0] }

// bridges are the targets of the dedicated bridges.
func (s *site) bridges() []*target { return s.targets[1:] }

// list is the county's word on its machines for the portal. The portal's own bridge counts as ready: whether media reaches it shows
// the probe at the end of `up`, and there is nowhere else to go.
func (s *site) list() (opsapi.Machines, error) {
	var list opsapi.Machines
	for _, t := range s.targets {
		address, err := netip.ParseAddr(t.machine.PrivateIP)
		if err != nil {
			return list, fmt.Errorf("the private address of %s: %w", t.id, err)
		}
		m := opsapi.Machine{ID: t.id, Private: address, Ready: true}
		if t.machine.Number != 0 {
			known := s.local.bridge(t.machine.Number)
			m.Ready, m.Draining = known.ready(t.machine), known.Draining
		}
		m.Draining = m.Draining || s.World.Now().Before(s.local.Renewing[t.id])
		list.Machines = append(list.Machines, m)
	}
	text, err := json.Marshal(list.Machines)
	if err != nil {
		return list, fmt.Errorf("the list of machines: %w", err)
	}
	sum := sha256.Sum256(text)
	list.Revision = hex.EncodeToString(sum[:16])
	return list, nil
}

// tellMachines gives the portal the list of machines.
func (s *site) tellMachines(ctx context.Context) error {
	list, err := s.list()
	if err != nil {
		return err
	}
	if _, err := s.portal().ops.PutMachines(ctx, list); err != nil {
		return fmt.Errorf("the portal did not take the list of machines: %w", err)
	}
	return nil
}

// syncMachines gives the portal the list unless it has it.
func (s *site) syncMachines(ctx context.Context) error {
	list, err := s.list()
	if err != nil {
		return err
	}
	info, err := s.portal().ops.Info(ctx)
	if err != nil || info.MachinesRevision == list.Revision {
		return err
	}
	return s.tellMachines(ctx)
}
