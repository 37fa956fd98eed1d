package county

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/medienzentrenverbund/kreisraum/infra/hetzner"
	"github.com/medienzentrenverbund/kreisraum/operator/audit"
	"github.com/medienzentrenverbund/kreisraum/operator/deploy"
	"github.com/medienzentrenverbund/kreisraum/operator/register"
)

// UpOptions are the choices of one `up`.
type UpOptions struct {
	// WaitDNS is how long to wait for the DNS records; 0: look once.
	WaitDNS time.Duration
	// Media is how long the probe's media flows.
	Media time.Duration
	// Release says what becomes of machines with lessons that run another release: they keep it, unless Now is set.
	Release ReleaseOptions
}

// UpResult is what a successful `up` shows.
type UpResult struct {
	URL string `json:"url"`
	// FirstAccount is set when this `up` made the first organiser's account. The password is nowhere else.
	FirstAccount *register.Credential `json:"first_account,omitempty"`
	// PricePerHour and PricePerMonth are net, with the currency; empty when the price list could not be had.
	PricePerHour  string      `json:"price_per_hour,omitempty"`
	PricePerMonth string      `json:"price_per_month,omitempty"`
	Probe         ProbeReport `json:"probe"`
	// Kept are machines that still run another release or configuration: lessons run there, or the release was taken back before.
	Kept []Kept `json:"kept,omitempty"`
	// WebClient is false when the server was built without the page.
	WebClient bool          `json:"web_client"`
	Elapsed   time.Duration `json:"-"`
}

// MarshalJSON adds the duration in milliseconds.
func (r UpResult) MarshalJSON() ([]byte, error) {
	type bare UpResult
	return json.Marshal(struct {
		bare
		Elapsed float64 `json:"elapsed_ms"`
	}{bare(r), milliseconds(r.Elapsed)})
}

// up is a running `up`.
type up struct {
	site
	options UpOptions
	// changes is how many resources the infra step changed.
	changes int
	result  UpResult
}

// Up brings the county to life, or finishes what an earlier Up began. When all is as it should be it only looks.
func (c *County) Up(ctx context.Context, options UpOptions) (UpResult, error) {
	unlock, err := c.Home.Lock()
	if err != nil {
		return UpResult{}, err
	}
	defer unlock()
	begun := c.World.Now()
	u := &up{site: site{County: c, interrupts: options.Release.Now}, options: options}
	defer u.close()
	for _, s := range []struct {
		name Step
		run  func(context.Context, func(string)) (string, error)
	}{
		{StepConfig, u.checkConfig}, {StepSecrets, u.openAll}, {StepInfra, u.raise}, {StepDeploy, u.deploy}, {StepDNS, u.checkDNS},
		{StepCertificate, u.certify}, {StepAccounts, u.pushAccounts}, {StepMachines, u.shareMachines}, {StepProbe, u.probe},
	} {
		if err := c.step(ctx, s.name, s.run); err != nil {
			return u.result, err
		}
	}
	u.result.URL = c.URL()
	u.result.Elapsed = c.World.Now().Sub(begun)
	return u.result, nil
}

// checkConfig measures the release; the county's file itself was read before.
func (u *up) checkConfig(context.Context, func(string)) (text string, err error) {
	u.release, err = deploy.OpenRelease(u.Binary, u.Version)
	return u.Config.Domain, err
}

func (u *up) openAll(ctx context.Context, _ func(string)) (string, error) {
	return "", u.openSecrets(ctx)
}

// raise makes the machines and all around them: the bridges that scaling wants or, after the state was lost, those that exist. It
// never takes one away.
func (u *up) raise(ctx context.Context, progress func(string)) (string, error) {
	if err := u.World.Cloud.CheckToken(ctx); err != nil {
		return "", err
	}
	if err := u.survey(ctx); err != nil {
		return "", err
	}
	if err := u.openStack(ctx); err != nil {
		return "", err
	}
	bridges, set, err := u.stack.DesiredBridges(ctx)
	if err != nil {
		return "", err
	}
	if bridges, err = u.recorded(ctx, bridges, progress); err != nil {
		return "", err
	}
	if !set && len(bridges) == 0 && !u.Endpoints.NoPrivateNetwork {
		bridges = u.firstBridges()
	}
	if bridges, err = u.obtain(ctx, bridges, progress); err != nil {
		return "", err
	}
	if !set {
		if err := u.stack.SetDesiredBridges(ctx, bridges); err != nil {
			return "", err
		}
	}
	if err := u.dateBridges(ctx); err != nil {
		return "", err
	}
	u.price(ctx)
	m := u.portal().machine
	text := strings.Join(addresses(m), " ") + " in " + m.Location
	if n := len(u.bridges()); n > 0 {
		text += " and " + count(n, "bridge")
	}
	return text + ", " + changed(u.changes), nil
}

// dateBridges asks Hetzner since when it bills bridges that this computer has not made itself.
func (u *up) dateBridges(ctx context.Context) error {
	unknown := slices.ContainsFunc(u.bridges(), func(t *target) bool { return u.local.bridge(t.machine.Number).Created.IsZero() })
	if !unknown {
		return nil
	}
	found, err := u.World.Cloud.Servers(ctx, u.Home.Name)
	if err != nil {
		return err
	}
	return u.local.change(func(l *local) {
		for n, b := range l.Bridges {
			i := slices.IndexFunc(found, func(r hetzner.Resource) bool { return r.Kind == "server" && r.ID == b.ServerID })
			if i >= 0 && b.Created.IsZero() {
				b.Created = found[i].Created
				l.Bridges[n] = b
			}
		}
	})
}

func changed(n int) string {
	switch n {
	case 0:
		return "nothing to change"
	case 1:
		return "1 change"
	}
	return fmt.Sprintf("%d changes", n)
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// price looks up what the county costs. It is a courtesy: without it the county runs as well.
func (u *up) price(ctx context.Context) {
	var kinds []hetzner.MachineKind
	for _, t := range u.targets {
		kinds = append(kinds, hetzner.MachineKind{ServerType: t.machine.ServerType, Location: t.machine.Location, IPv4: true})
	}
	price, err := u.World.Cloud.Hourly(ctx, kinds)
	if err != nil {
		u.Log.Warn("the price list could not be had", "error", err)
		return
	}
	u.result.PricePerHour = price.Hour.String() + " " + price.Currency
	u.result.PricePerMonth = price.Month.Cents() + " " + price.Currency
}

// pushAccounts makes the first account if there is none, and sends the list unless the server has it.
func (u *up) pushAccounts(ctx context.Context, _ func(string)) (string, error) {
	err := u.checkRegister(ctx, u.local, u.portal().ops)
	if errors.Is(err, ErrRegisterElsewhere) {
		return "the register is on another computer; the server keeps the accounts that it has", nil
	}
	if err != nil {
		return "", err
	}
	r, err := register.Load(u.Home.Register())
	if err != nil {
		return "", err
	}
	if len(r.Accounts) == 0 {
		return "first account made", u.makeFirst(ctx, r)
	}
	if name := u.local.UnseenAccount; name != "" {
		return "first account's password made anew, the last one was never shown", u.remakeFirst(ctx, r, name)
	}
	list := r.ForServer()
	info, err := u.portal().ops.Info(ctx)
	if err != nil {
		return "", err
	}
	if info.AccountsRevision != list.Revision {
		if _, err := u.portal().ops.PutAccounts(ctx, list); err != nil {
			return "", err
		}
	}
	return fmt.Sprintf("%d in the register", len(list.Accounts)), nil
}

// makeFirst notes that the password is unseen before anybody has it.
func (u *up) makeFirst(ctx context.Context, r register.Register) error {
	d, err := u.draft(ctx, r, []string{"first account, made by up"})
	if err != nil {
		return err
	}
	if err := u.local.change(func(l *local) { l.UnseenAccount = d.credentials[0].Name }); err != nil {
		return err
	}
	if err := u.publish(ctx, u.portal().ops, d.next, audit.AccountsCreated, d.ids...); err != nil {
		return err
	}
	u.result.FirstAccount = &d.credentials[0]
	return nil
}

// remakeFirst gives the first account another password, unless somebody has seen to it by hand.
func (u *up) remakeFirst(ctx context.Context, r register.Register, name string) error {
	made, err := u.reset(ctx, u.portal().ops, r, name)
	if errors.Is(err, register.ErrUnknown) || errors.Is(err, register.ErrDisabled) {
		return u.local.change(func(l *local) { l.UnseenAccount = "" })
	}
	if err != nil {
		return err
	}
	u.result.FirstAccount = &made
	return nil
}

// FirstAccountShown notes that the password of UpResult.FirstAccount has been shown. Until then each `up` makes another one.
func (c *County) FirstAccountShown() error {
	l, err := loadLocal(c.Home)
	if err != nil {
		return err
	}
	return l.change(func(l *local) { l.UnseenAccount = "" })
}

// shareMachines tells the portal which machines there are.
func (u *up) shareMachines(ctx context.Context, _ func(string)) (string, error) {
	return count(len(u.targets), "machine"), u.syncMachines(ctx)
}

// probe holds a call through the portal's own bridge, and one through each bridge that has had none.
func (u *up) probe(ctx context.Context, progress func(string)) (string, error) {
	front := u.portal()
	if err := u.arrived(ctx, front); err != nil {
		return "", err
	}
	report, err := u.hold(ctx, front.ops, front.machine, front.machine, u.options.Media)
	if err != nil {
		return "", err
	}
	u.result.Probe = report
	unproven := slices.DeleteFunc(slices.Clone(u.bridges()), func(t *target) bool { return u.local.bridge(t.machine.Number).ready(t.machine) })
	if _, err := u.proveBridges(ctx, unproven, progress); err != nil {
		return "", err
	}
	info, err := front.ops.Info(ctx)
	if err != nil {
		return "", err
	}
	u.result.WebClient = info.WebClient
	return report.String(), u.note()
}

// note writes into the ledger what is live now, once for each deployment.
func (u *up) note() error {
	if u.local.LiveDigest == u.portal().digest || u.keeps(u.portal()) {
		return nil
	}
	if err := u.Ledger.Write(audit.CountyUp, u.Version+" "+u.portal().digest[:12]); err != nil {
		return err
	}
	return u.local.change(func(l *local) { l.LiveDigest, l.LiveVersion = u.portal().digest, u.Version })
}
