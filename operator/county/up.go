package county

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/medienzentrenverbund/kreisraum/infra"
	"github.com/medienzentrenverbund/kreisraum/infra/hetzner"
	"github.com/medienzentrenverbund/kreisraum/operator/audit"
	"github.com/medienzentrenverbund/kreisraum/operator/deploy"
	"github.com/medienzentrenverbund/kreisraum/operator/dnscheck"
	"github.com/medienzentrenverbund/kreisraum/operator/register"
)

// UpOptions are the choices of one `up`.
type UpOptions struct {
	// WaitDNS is how long to wait for the DNS records; 0: look once.
	WaitDNS time.Duration
	// Media is how long the probe's media flows.
	Media time.Duration
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
	*County
	options UpOptions
	secrets *secrets
	local   *local
	machine infra.Machine
	// changes is how many resources the infra step changed.
	changes int
	bundle  deploy.Bundle
	digest  string
	ops     Ops
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
	u := &up{County: c, options: options}
	defer u.close()
	for _, s := range []struct {
		name Step
		run  func(context.Context, func(string)) (string, error)
	}{
		{StepConfig, u.checkConfig}, {StepSecrets, u.openSecrets}, {StepInfra, u.raise}, {StepDeploy, u.deploy}, {StepDNS, u.checkDNS},
		{StepCertificate, u.certify}, {StepAccounts, u.pushAccounts}, {StepProbe, u.probe},
	} {
		if err := c.step(ctx, s.name, s.run); err != nil {
			return u.result, err
		}
	}
	u.result.URL = c.URL()
	u.result.Elapsed = c.World.Now().Sub(begun)
	return u.result, nil
}

func (u *up) close() {
	if u.ops != nil {
		u.ops.Close()
	}
}

// checkConfig measures the release; the county's file itself was read before.
func (u *up) checkConfig(context.Context, func(string)) (string, error) {
	release, err := deploy.OpenRelease(u.Binary, u.Version)
	u.bundle.Release = release
	return u.Config.Domain, err
}

func (u *up) openSecrets(ctx context.Context, _ func(string)) (text string, err error) {
	if u.secrets, err = openSecrets(u.Home, u.World.Now); err != nil {
		return "", err
	}
	if u.local, err = loadLocal(u.Home); err != nil {
		return "", err
	}
	return "", u.closeForgotten(ctx, u.local)
}

// raise makes the machine and all around it.
func (u *up) raise(ctx context.Context, progress func(string)) (string, error) {
	if err := u.World.Cloud.CheckToken(ctx); err != nil {
		return "", err
	}
	if err := u.stillThere(ctx); err != nil {
		return "", err
	}
	spec, err := u.spec()
	if err != nil {
		return "", err
	}
	stack, err := u.World.OpenStack(ctx, u.Home.Dir(), u.secrets.passphrase)
	if err != nil {
		return "", err
	}
	out, changes, err := stack.Up(ctx, spec, progress)
	if err != nil {
		return "", err
	}
	u.local.Outputs, u.changes = out, changes
	if err := u.local.save(); err != nil {
		return "", err
	}
	m, ok := portal(out)
	if !ok {
		return "", fmt.Errorf("the stack has no portal machine; run the command again, and if that does not help, `kreisraum down %s`", u.Home.Name)
	}
	u.machine = m
	u.price(ctx, out.Location)
	return fmt.Sprintf("%s in %s, %s", strings.Join(addresses(m), " "), out.Location, changed(changes)), u.prepare()
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

func (u *up) spec() (infra.Spec, error) {
	spec := infra.Spec{
		County: u.Home.Name, Domain: u.Config.Domain, Locations: u.Config.Locations,
		ServerType: u.Config.ServerTypes.Portal, BridgeServerType: u.Config.ServerTypes.Bridge[0],
		Image: u.Config.Image, IPv6: u.Config.IPv6, SSHPublicKey: publicLine(u.secrets.sshKey),
	}
	spec.UserData = map[string]string{}
	for _, name := range infra.MachineNames(spec.County, spec.Bridges) {
		text, err := deploy.UserData(name, u.secrets.injectedPEM, []byte(publicLine(u.secrets.injected)))
		if err != nil {
			return spec, err
		}
		spec.UserData[name] = text
	}
	return spec, nil
}

// price looks up what the county costs. It is a courtesy: without it the county runs as well.
func (u *up) price(ctx context.Context, location string) {
	price, err := u.World.Cloud.Hourly(ctx, []hetzner.MachineKind{{ServerType: u.Config.ServerTypes.Portal, Location: location, IPv4: true}})
	if err != nil {
		u.Log.Warn("the price list could not be had", "error", err)
		return
	}
	u.result.PricePerHour = price.Hour.String() + " " + price.Currency
	u.result.PricePerMonth = price.Month.Cents() + " " + price.Currency
}

// prepare completes the bundle and its digest, now that the machine's addresses are known.
func (u *up) prepare() (err error) {
	if u.bundle.ServerConfig, err = serverConfig(u.Config, u.machine, u.Endpoints); err != nil {
		return err
	}
	u.bundle.CountyCA = u.secrets.ca.CertificatePEM()
	u.bundle.ACMERoots = u.Endpoints.ACMERoots
	u.digest, err = u.bundle.Digest()
	u.ops = u.County.ops(u.secrets, u.machine)
	return err
}

func (u *up) checkDNS(ctx context.Context, _ func(string)) (string, error) {
	wanted, err := wantedRecords(u.Config.Domain, u.machine)
	if err != nil {
		return "", err
	}
	return u.Config.Domain, u.World.CheckDNS(ctx, wanted, u.options.WaitDNS)
}

func wantedRecords(domain string, m infra.Machine) (dnscheck.Wanted, error) {
	w := dnscheck.Wanted{Domain: domain}
	var err error
	if w.IPv4, err = netip.ParseAddr(m.IPv4); err != nil {
		return w, fmt.Errorf("the machine's address: %w", err)
	}
	if m.IPv6 != "" {
		if w.IPv6, err = netip.ParseAddr(m.IPv6); err != nil {
			return w, fmt.Errorf("the machine's address: %w", err)
		}
	}
	return w, nil
}

// pushAccounts makes the first account if there is none, and sends the list unless the server has it.
func (u *up) pushAccounts(ctx context.Context, _ func(string)) (string, error) {
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
	info, err := u.ops.Info(ctx)
	if err != nil {
		return "", err
	}
	if info.AccountsRevision != list.Revision {
		if _, err := u.ops.PutAccounts(ctx, list); err != nil {
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
	u.local.UnseenAccount = d.credentials[0].Name
	if err := u.local.save(); err != nil {
		return err
	}
	if err := u.publish(ctx, u.ops, d.next, audit.AccountsCreated, d.ids...); err != nil {
		return err
	}
	u.result.FirstAccount = &d.credentials[0]
	return nil
}

// remakeFirst gives the first account another password, unless somebody has seen to it by hand.
func (u *up) remakeFirst(ctx context.Context, r register.Register, name string) error {
	made, err := u.reset(ctx, u.ops, r, name)
	if errors.Is(err, register.ErrUnknown) || errors.Is(err, register.ErrDisabled) {
		u.local.UnseenAccount = ""
		return u.local.save()
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
	l.UnseenAccount = ""
	return l.save()
}

func (u *up) probe(ctx context.Context, _ func(string)) (string, error) {
	report, err := u.hold(ctx, u.ops, u.machine, u.options.Media)
	if err != nil {
		return "", err
	}
	u.result.Probe = report
	info, err := u.ops.Info(ctx)
	if err != nil {
		return "", err
	}
	u.result.WebClient = info.WebClient
	return report.String(), u.note()
}

// note writes into the ledger what is live now, once for each deployment.
func (u *up) note() error {
	if u.local.LiveDigest == u.digest {
		return nil
	}
	if err := u.Ledger.Write(audit.CountyUp, u.Version+" "+u.digest[:12]); err != nil {
		return err
	}
	u.local.LiveDigest, u.local.LiveVersion = u.digest, u.Version
	return u.local.save()
}
