package county

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"

	"github.com/medienzentrenverbund/kreisraum/infra/hetzner"
	"github.com/medienzentrenverbund/kreisraum/operator/audit"
	"github.com/medienzentrenverbund/kreisraum/operator/register"
)

// emptiness bounds the wait for Hetzner's lists to agree that nothing is left.
const emptiness = 15 * time.Second

// DownOptions are the choices of one `down`.
type DownOptions struct {
	// KeepRegister leaves the accounts for the next `up`.
	KeepRegister bool
	// Recorded is told where the record of the deletion is; may be nil.
	Recorded func(path string)
}

// down is a running `down`.
type down struct {
	*County
	options DownOptions
	// found is what existed at Hetzner at the beginning, by kind; proven is when nothing was left.
	begun, proven time.Time
	found         map[string]int
	accounts      int
	// existed: there were keys and state on this computer.
	existed bool
}

// Down removes everything of the county at Hetzner, snapshots of its machines included, proves that nothing is left, writes a record of that,
// and forgets keys and state. Ledger and record stay, and the register if so wished. It can be repeated after any failure.
func (c *County) Down(ctx context.Context, options DownOptions) error {
	unlock, err := c.Home.Lock()
	if err != nil {
		return err
	}
	defer unlock()
	d := &down{County: c, options: options, begun: c.World.Now(), existed: c.Home.Exists(), found: map[string]int{}}
	for _, s := range []struct {
		name Step
		run  func(context.Context, func(string)) (string, error)
	}{{StepDestroy, d.destroy}, {StepVerify, d.verify}, {StepForget, d.forget}} {
		if err := c.step(ctx, s.name, s.run); err != nil {
			return err
		}
	}
	return nil
}

func (d *down) destroy(ctx context.Context, progress func(string)) (string, error) {
	if err := d.World.Cloud.CheckToken(ctx); err != nil {
		return "", err
	}
	snapshots, err := d.survey(ctx)
	if err != nil {
		return "", err
	}
	if !d.Home.Exists() {
		return "no keys and no state on this computer", nil
	}
	if err := d.leaveUnreadable(progress); err != nil {
		return "", err
	}
	passphrase, err := openPassphrase(d.Home) // nothing else: damaged keys must not keep a county from being taken down
	if err != nil {
		return "", err
	}
	stack, err := d.World.OpenStack(ctx, d.Home.Dir(), passphrase)
	if err != nil {
		return "", err
	}
	if err := stack.Destroy(ctx, progress); err != nil {
		return "", err
	}
	if len(snapshots) > 0 {
		progress("deleting " + count(len(snapshots), "snapshot"))
		if err := d.World.Purge(ctx, snapshots); err != nil {
			return "", err
		}
	}
	return "", stack.Remove(ctx)
}

// leaveUnreadable sets aside a state of this computer whose passphrase is lost: what there is is found by its labels. A shared state stays, others
// can read it.
func (d *down) leaveUnreadable(progress func(string)) error {
	url, err := rememberedURL(d.Home.Dir())
	if err != nil || url != "" || !passphraseLost(d.Home) {
		return err
	}
	progress("the state's passphrase is lost; finding everything by its labels")
	_, err = d.moveFolder()
	return err
}

// survey counts what exists, and finds what no state ever knew: snapshots of the machines, which hold the county's keys.
func (d *down) survey(ctx context.Context) (snapshots []hetzner.Item, err error) {
	p, err := d.World.Cloud.Project(ctx, "")
	if err != nil {
		return nil, err
	}
	if err := d.inThisProject(ctx, p); err != nil {
		return nil, err
	}
	machines := map[int64]bool{}
	for _, s := range p.Servers {
		machines[s.ID] = labelled(s.Item, d.Home.Name)
	}
	if l, err := loadLocal(d.Home); err == nil { // somebody may have removed a label; a state that is damaged must not stop us
		for _, m := range l.Outputs.Machines {
			machines[m.ServerID] = true
		}
	}
	for _, i := range p.Items() {
		if labelled(i, d.Home.Name) || machines[i.Source] || i.Kind == "server" && machines[i.ID] {
			d.found[i.Kind]++
		}
		if i.Kind == "image" && i.Type == "snapshot" && (labelled(i, d.Home.Name) || machines[i.Source]) {
			snapshots = append(snapshots, i)
		}
	}
	return snapshots, nil
}

// verify asks Hetzner itself, by label, whatever the state says.
func (d *down) verify(ctx context.Context, _ func(string)) (string, error) {
	deadline := time.Now().Add(emptiness)
	for {
		found, err := d.World.Cloud.Leftovers(ctx, d.Home.Name)
		if err != nil {
			return "", err
		}
		if len(found) == 0 {
			d.proven = d.World.Now()
			return "nothing is left at Hetzner", nil
		}
		if time.Now().After(deadline) || !d.Home.Exists() {
			return "", d.remains(found)
		}
		select {
		case <-ctx.Done():
			return "", ctx.Err()
		case <-time.After(500 * time.Millisecond):
		}
	}
}

func (d *down) remains(found []hetzner.Resource) error {
	names := make([]string, len(found))
	for i, r := range found {
		names[i] = r.Kind + " " + r.Name
	}
	return fmt.Errorf("these still exist at Hetzner and cost money: %s. If they were made from another computer, run `down` there, or "+
		"`kreisraum up %s` here, which adopts them, and then `down`; otherwise delete them in the Hetzner Console", strings.Join(names, ", "), d.Home.Name)
}

func (d *down) forget(context.Context, func(string)) (string, error) {
	if d.existed {
		if err := d.Ledger.Write(audit.CountyDown, ""); err != nil {
			return "", err
		}
	}
	if err := d.Home.Remove(); err != nil {
		return "", err
	}
	removed := false
	if !d.options.KeepRegister {
		var err error
		if removed, err = d.forgetRegister(); err != nil {
			return "", err
		}
	}
	if !d.existed && !removed {
		return "there was nothing", nil
	}
	path, err := d.record(removed)
	if err != nil {
		return "", err
	}
	if d.options.Recorded != nil {
		d.options.Recorded(path)
	}
	if d.options.KeepRegister {
		return "keys and state removed, register kept", nil
	}
	return "keys, state and register removed; the ledger stays", nil
}

// forgetRegister notes which accounts end before their register is gone. One that cannot be read goes as well.
func (d *down) forgetRegister() (bool, error) {
	path := d.Home.Register()
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	detail := ""
	r, err := register.Load(path)
	if err != nil {
		detail = "unreadable"
	}
	d.accounts = len(r.Accounts)
	ids := make([]string, len(r.Accounts))
	for i, a := range r.Accounts {
		ids[i] = a.ID
	}
	if err := d.Ledger.Write(audit.RegisterDeleted, detail, ids...); err != nil {
		return false, err
	}
	if err := os.Remove(path); err != nil {
		return false, fmt.Errorf("remove the account register: %w", err)
	}
	return true, nil
}
