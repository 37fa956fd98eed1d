package county

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/medienzentrenverbund/kreisraum/infra"
	"github.com/medienzentrenverbund/kreisraum/infra/hetzner"
	"github.com/medienzentrenverbund/kreisraum/operator/countyca"
	"github.com/medienzentrenverbund/kreisraum/operator/deploy"
	"github.com/medienzentrenverbund/kreisraum/operator/home"
)

// DoctorOptions are the choices of one look.
type DoctorOptions struct {
	// Media is how long the test call's media flows; 0: no test call is held.
	Media time.Duration
}

// Diagnosis is what a doctor has found.
type Diagnosis struct {
	County string    `json:"county"`
	At     time.Time `json:"at"`
	// Findings, the worst first.
	Findings []Finding `json:"findings"`
	// Looked lists what was looked at, so that silence means something.
	Looked []string `json:"looked"`
}

// Errors counts the findings that schools notice or that cost privacy.
func (d Diagnosis) Errors() (n int) {
	for _, f := range d.Findings {
		if f.Level == LevelError {
			n++
		}
	}
	return n
}

// doctor is a look under way.
type doctor struct {
	*County
	found  findings
	looked []string
}

// Doctor names every difference between the county's file, this computer's state, Hetzner, the DNS and the machines. It changes nothing. What cannot be
// looked at is a finding itself; only the end of ctx is an error.
func (c *County) Doctor(ctx context.Context, options DoctorOptions) (Diagnosis, error) {
	d := &doctor{County: c}
	d.diagnose(ctx, options)
	return Diagnosis{County: c.Home.Name, At: c.World.Now(), Findings: d.found.sorted(), Looked: d.looked}, context.Cause(ctx)
}

func (d *doctor) up() string { return fmt.Sprintf("`kreisraum up %s`", d.Home.Name) }

func (d *doctor) look(what string) { d.looked = append(d.looked, what) }

func (d *doctor) diagnose(ctx context.Context, options DoctorOptions) {
	cloud := d.token(ctx)
	if !d.Home.Exists() {
		d.absent(ctx, cloud)
		return
	}
	d.engine()
	l, s := d.local()
	o := d.order(l)
	if cloud {
		d.project(ctx, o)
	}
	if l == nil || s == nil || len(o.machines) == 0 {
		return
	}
	d.desired(ctx, l, s)
	a := d.ask(ctx, l, s)
	d.look("servers")
	d.found = append(d.found, d.unless(compareMachines(o, a), l)...)
	d.dns(ctx, l)
	if front := a.portal(); options.Media > 0 && front != nil && front.err == nil {
		d.call(ctx, s, front.machine, options.Media)
	}
}

// token reports whether the project can be looked at.
func (d *doctor) token(ctx context.Context) bool {
	d.look("token")
	err := d.World.Cloud.CheckToken(ctx)
	if err != nil {
		d.found.add(LevelError, "token", "Hetzner", "make a token with read and write access in the Hetzner Console", "%s", oneLine(err))
	}
	return err == nil
}

// absent looks for a county that this computer does not know.
func (d *doctor) absent(ctx context.Context, cloud bool) {
	if !cloud {
		return
	}
	d.look("project")
	p, err := d.World.Cloud.Project(ctx, hetzner.Selector(d.Home.Name))
	switch n := len(p.Items()); {
	case err != nil:
		d.found.add(LevelError, "project", "Hetzner", "run the command again", "%s", oneLine(err))
	case n > 0:
		d.found.add(LevelError, "state", d.Home.Dir(), fmt.Sprintf("`kreisraum adopt %s`, with the county's keys in place", d.Home.Name),
			"%s exist at Hetzner, but this computer has neither keys nor state of the county", count(n, "resource"))
	default:
		d.found.add(LevelNote, "state", d.Home.Name, d.up()+" starts it", "the county is not up")
	}
}

// engine looks for the program that changes the infrastructure, and the one that is deployed.
func (d *doctor) engine() {
	d.look("programs")
	if d.World.Engine != nil {
		if err := d.World.Engine(); err != nil {
			d.found.add(LevelError, "engine", "this computer", "put the released `pulumi` beside this program", "%s", oneLine(err))
		}
	}
	if _, err := os.Stat(d.Binary); err != nil {
		d.found.add(LevelError, "release", d.Binary, "put the released server program there", "the server program to deploy is missing")
	}
}

// keyFiles are what a county that is up cannot do without, see secrets. The injected host key is gone once it has served.
var keyFiles = []string{passphraseFile, "ca.crt", "ca.key", "operator.crt", "operator.key", sshKeyFile, countyKeyFile}

// local reads what this computer has of the county; nil where it cannot be used.
func (d *doctor) local() (*local, *secrets) {
	d.look("keys and state")
	l, err := loadLocal(d.Home)
	if err != nil {
		d.found.add(LevelError, "state", d.Home.File("local.json"), "see the sentence", "%s", oneLine(err))
	}
	complete := true
	for _, name := range keyFiles {
		if info, err := os.Stat(d.Home.File(name)); errors.Is(err, fs.ErrNotExist) || err == nil && info.Size() == 0 {
			complete = false
			mend := "put its backup in place; without one, " + anew(d.Home.Name)
			if name == passphraseFile {
				mend = "put its backup in place. " + withoutPassphrase(d.Home)
			}
			d.found.add(LevelError, "keys", d.Home.File(name), mend, "a key is missing")
		} else if err == nil && info.Mode().Perm()&0o077 != 0 && name != "ca.crt" && name != "operator.crt" {
			d.found.add(LevelWarning, "keys", d.Home.File(name), "`chmod 600` it", "others on this computer can read a key")
		}
	}
	if !complete {
		return l, nil
	}
	s := &secrets{}
	if s.ca, err = countyca.Open(d.Home.Dir(), d.Home.Name, d.World.Now); err == nil {
		s.passphrase, err = openPassphrase(d.Home)
	}
	if err != nil {
		d.found.add(LevelError, "keys", d.Home.Dir(), "put a backup in place; without one, "+anew(d.Home.Name), "%s", oneLine(err))
		return l, nil
	}
	return l, s
}

// order is what ought to be at Hetzner.
func (d *doctor) order(l *local) order {
	o := order{county: d.Home.Name, domain: d.Config.Domain, image: d.Config.Image}
	if l != nil {
		o.machines, o.firewall = l.Outputs.Machines, l.Outputs.FirewallID
	}
	in, err := d.Home.InSession()
	o.session = in && err == nil
	if unlock, err := d.Home.Lock(); errors.Is(err, home.ErrBusy) {
		o.session = true
		d.found.add(LevelNote, "state", d.Home.Name, "look again when it has ended", "another command is at work on the county, so that some of this may change by itself")
	} else if err == nil {
		unlock()
	}
	return o
}

// unless leaves out that a server does not answer whose machine is known to be off or gone.
func (d *doctor) unless(all findings, l *local) findings {
	return slices.DeleteFunc(all, func(f Finding) bool {
		i := slices.IndexFunc(l.Outputs.Machines, func(m infra.Machine) bool { return machineID(m) == f.Where })
		return i >= 0 && f.Check == "server" && f.Level == LevelError && slices.ContainsFunc(d.found, func(known Finding) bool {
			return known.Check == "server" && known.Level == LevelError && known.Where == l.Outputs.Machines[i].Name
		})
	})
}

func (d *doctor) project(ctx context.Context, o order) {
	d.look("project")
	p, err := d.World.Cloud.Project(ctx, "")
	if err != nil {
		d.found.add(LevelError, "project", "Hetzner", "run the command again", "%s", oneLine(err))
		return
	}
	d.found = append(d.found, compareProject(o, p)...)
}

// desired compares the bridges that scaling wants with those that are known, and the portal with the county's file.
func (d *doctor) desired(ctx context.Context, l *local, s *secrets) {
	d.look("bridges")
	if front, ok := portal(l.Outputs); ok && !offered(d.County, front) {
		d.found.add(LevelNote, "config", "server_types.portal", d.up()+" at a quiet time", "the portal is a %s in %s, which the county's file no longer names", front.ServerType, front.Location)
	}
	stack, err := d.World.OpenStack(ctx, d.Home.Dir(), s.passphrase)
	if err != nil {
		d.found.add(LevelError, "state", d.Home.File("pulumi"), d.up(), "%s", oneLine(err))
		return
	}
	bridges, _, err := stack.DesiredBridges(ctx)
	if err != nil {
		d.found.add(LevelError, "state", d.Home.File("pulumi"), fmt.Sprintf("`kreisraum adopt %s`", d.Home.Name), "%s", oneLine(err))
		return
	}
	for _, b := range bridges {
		if l.machine(b.Number).ServerID == 0 {
			d.found.add(LevelWarning, "bridge", infra.BridgeName(d.Home.Name, b.Number), d.up(), "the bridge is wanted and was not made yet")
		}
	}
	if n := len(bridges); n < d.Config.Bridges.Min {
		d.found.add(LevelNote, "bridge", d.Home.Name, "`kreisraum serve` sees to it", "bridges.min is %d, there are %d", d.Config.Bridges.Min, n)
	}
}

// offered reports whether the county's file names the portal's kind.
func offered(c *County, m infra.Machine) bool {
	for _, k := range c.Config.PortalKinds() {
		if k.ServerType == m.ServerType && k.Location == m.Location {
			return true
		}
	}
	return false
}

// ask asks all servers at the same time.
func (d *doctor) ask(ctx context.Context, l *local, s *secrets) answers {
	a := answers{version: d.Version}
	site := &site{County: d.County, secrets: s, local: l}
	if release, err := deploy.OpenRelease(d.Binary, d.Version); err == nil {
		site.release = release
	}
	if err := site.aim(); err != nil {
		d.found.add(LevelWarning, "config", filepath.Base(d.Home.Dir()), d.up(), "what the machines should run cannot be told: %s", oneLine(err))
	}
	defer site.close()
	ctx, cancel := context.WithTimeout(ctx, 2*glance)
	defer cancel()
	a.machines = make([]answer, len(site.targets))
	each(site.targets, func(i int, t *target) {
		info, err := t.ops.Info(ctx)
		a.machines[i] = answer{machine: t.machine, digest: t.digest, info: info, err: err}
	})
	a.now = d.World.Now()
	if revision := d.revision(); revision != "" {
		a.accounts = revision
	}
	if len(site.targets) == 0 {
		return a
	}
	if list, err := site.list(); err == nil {
		a.list = list.Revision
	}
	if load, err := site.portal().ops.Load(ctx); err == nil {
		a.load = &load
	}
	if night, err := site.portal().ops.Night(ctx); err == nil {
		a.night = &night
	}
	return a
}

func (d *doctor) dns(ctx context.Context, l *local) {
	d.look("DNS")
	front, _ := portal(l.Outputs)
	wanted, err := d.wantedRecords(front)
	if err == nil {
		err = d.World.CheckDNS(ctx, wanted, 0, func(string) {})
	}
	if err != nil {
		d.found.add(LevelError, "dns", d.Config.Domain, d.up()+" shows the records to hand to the IT department", "%s", oneLine(err))
	}
}

// call proves that media reaches the portal's bridge: TCP 443 and UDP 10000 from here.
func (d *doctor) call(ctx context.Context, s *secrets, m infra.Machine, media time.Duration) {
	d.look("test call (TCP 443, UDP 10000)")
	ops := d.ops(s, m)
	defer ops.Close()
	if _, err := d.hold(ctx, ops, m, m, media); err != nil {
		d.found.add(LevelError, "media", "portal", "look whether a firewall on your side stops UDP 10000; then "+d.up(), "%s", oneLine(err))
	}
}
