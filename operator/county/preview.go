package county

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/medienzentrenverbund/kreisraum/infra"
	"github.com/medienzentrenverbund/kreisraum/infra/hetzner"
	"github.com/medienzentrenverbund/kreisraum/operator/deploy"
	"github.com/medienzentrenverbund/kreisraum/operator/dnscheck"
	"github.com/medienzentrenverbund/kreisraum/operator/home"
	"github.com/medienzentrenverbund/kreisraum/operator/stack"
)

// Preview is what `up` would do.
type Preview struct {
	County string `json:"county"`
	// First: the county is not up yet, at least not for this computer.
	First bool `json:"first"`
	// Changes at Hetzner; what stays as it is is not in it.
	Changes []stack.Change `json:"changes"`
	// Machines whose lessons an `up` would touch.
	Machines []Touched `json:"machines"`
	// Records are those that the IT department has to set, as in a zone file; none if they are right, or not known before the machine is there.
	Records []string `json:"records,omitempty"`
	// Now and After are prices, net; nil when the price list could not be had.
	Now   *Priced `json:"now,omitempty"`
	After *Priced `json:"after,omitempty"`
}

// Changed reports whether `up` would do anything.
func (p Preview) Changed() bool { return len(p.Changes)+len(p.Machines)+len(p.Records) > 0 }

// Priced is a price in JSON.
type Priced struct {
	PricePerHour  string `json:"price_per_hour"`
	PricePerMonth string `json:"price_per_month"`
	Currency      string `json:"currency"`
	price         hetzner.Price
}

func priced(p hetzner.Price) *Priced {
	return &Priced{PricePerHour: p.Hour.String(), PricePerMonth: p.Month.Cents(), Currency: p.Currency, price: p}
}

// Effects on a machine.
const (
	// EffectReplaced: the machine is deleted and another one made.
	EffectReplaced = "replaced"
	// EffectDeleted: the machine is deleted.
	EffectDeleted = "deleted"
	// EffectOff: the machine is switched off and on again.
	EffectOff = "switched off and on"
	// EffectRestarted: the server is started anew with another release or configuration.
	EffectRestarted = "server restarted"
)

// Touched is a machine that runs and would not for a while.
type Touched struct {
	Machine string `json:"machine"`
	Effect  string `json:"effect"`
	// Rooms and Participants are there now; Known is false if the machine does not say.
	Known        bool `json:"known"`
	Rooms        int  `json:"rooms"`
	Participants int  `json:"participants"`
}

// Preview says what an `up` would do, and does nothing, here and at Hetzner. It works on a copy of the county's keys and state in a folder of its own
// that is removed in the end; before the first `up` the keys in it are made up.
func (c *County) Preview(ctx context.Context) (Preview, error) {
	dir, err := os.MkdirTemp(os.Getenv("XDG_RUNTIME_DIR"), "kreisraum-preview-") // in memory where there is such a folder
	if err != nil {
		return Preview{}, fmt.Errorf("preview: %w", err)
	}
	defer os.RemoveAll(dir)
	copied, err := c.copyTo(filepath.Join(dir, "home"))
	if err != nil {
		return Preview{}, fmt.Errorf("preview: copy the county's keys and state: %w", err)
	}
	if err := c.copyState(ctx, copied); err != nil {
		return Preview{}, fmt.Errorf("preview: copy the county's state: %w", err)
	}
	if err := c.World.Cloud.CheckToken(ctx); err != nil {
		return Preview{}, err
	}
	v := &preview{up: &up{site: site{County: copied}}, out: Preview{County: c.Home.Name, Changes: []stack.Change{}, Machines: []Touched{}}}
	defer v.close()
	err = v.plan(ctx)
	return v.out, err
}

// preview is a preview under way; its county is a copy.
type preview struct {
	*up
	out Preview
}

func (v *preview) plan(ctx context.Context) error {
	var err error
	if v.secrets, err = openSecrets(v.Home, v.World.Now); err != nil {
		return err
	}
	if v.local, err = loadLocal(v.Home); err != nil {
		return err
	}
	if err := v.survey(ctx); err != nil {
		return err
	}
	if err := v.openStack(ctx); err != nil {
		return err
	}
	bridges, set, err := v.stack.DesiredBridges(ctx)
	if err != nil {
		return err
	}
	if bridges, err = v.recorded(ctx, bridges, func(string) {}); err != nil {
		return err
	}
	if !set && len(bridges) == 0 && !v.Endpoints.NoPrivateNetwork {
		bridges = v.firstBridges()
	}
	spec, err := v.spec(bridges)
	if err != nil {
		return err
	}
	all, err := v.stack.Preview(ctx, spec)
	if err != nil {
		return err
	}
	v.out.Changes = slices.DeleteFunc(all, func(c stack.Change) bool { return c.Op == stack.OpSame })
	_, known := portal(v.local.Outputs)
	v.out.First = !known
	if known {
		v.touched(ctx)
		v.records(ctx)
	}
	v.prices(ctx, spec)
	return nil
}

// touched finds the machines that would not run for a while, and the lessons on them.
func (v *preview) touched(ctx context.Context) {
	if release, err := deploy.OpenRelease(v.Binary, v.Version); err == nil {
		v.release = release
	}
	if err := v.aim(); err != nil {
		v.Log.Warn("what the machines should run cannot be told", "error", err)
	}
	ctx, cancel := context.WithTimeout(ctx, 2*glance)
	defer cancel()
	all := make([]Touched, len(v.targets))
	each(v.targets, func(i int, t *target) {
		info, err := t.ops.Info(ctx)
		all[i] = Touched{Machine: t.id, Effect: effect(v.out.Changes, t.machine), Known: err == nil, Rooms: info.Rooms, Participants: info.Participants}
		if all[i].Effect == "" && err == nil && t.digest != "" && info.Deployment != t.digest {
			all[i].Effect = EffectRestarted
		}
	})
	v.out.Machines = slices.DeleteFunc(all, func(t Touched) bool { return t.Effect == "" })
}

// offProperties of a server can only be changed while it is off.
var offProperties = []string{"serverType", "primaryIpv4", "primaryIpv6"}

// effect is what the changes do to a machine; empty for nothing that lessons would notice.
func effect(changes []stack.Change, m infra.Machine) string {
	i := slices.IndexFunc(changes, func(c stack.Change) bool { return c.Kind == "Server" && c.Name == m.Name })
	if i < 0 {
		return ""
	}
	switch changes[i].Op {
	case stack.OpReplace:
		return EffectReplaced
	case stack.OpDelete:
		return EffectDeleted
	case stack.OpUpdate:
		if slices.ContainsFunc(changes[i].Properties, func(p stack.PropertyChange) bool { return slices.Contains(offProperties, p.Name) }) {
			return EffectOff
		}
	}
	return ""
}

// records are those that the IT department has to set. The DNS that cannot be asked is not a matter of a preview.
func (v *preview) records(ctx context.Context) {
	front, _ := portal(v.local.Outputs)
	wanted, err := v.wantedRecords(front)
	if err != nil {
		return
	}
	var wrong *dnscheck.MismatchError
	if errors.As(v.World.CheckDNS(ctx, wanted, 0, func(string) {}), &wrong) {
		v.out.Records = strings.Split(strings.TrimSpace(wrong.Records()), "\n")
	}
}

// prices are a courtesy: without them the preview is shown as well.
func (v *preview) prices(ctx context.Context, spec infra.Spec) {
	prices, err := v.World.Cloud.Prices(ctx)
	if err != nil {
		v.Log.Warn("the price list could not be had", "error", err)
		return
	}
	p, err := v.World.Cloud.Project(ctx, "")
	if err != nil {
		v.Log.Warn("what exists at Hetzner could not be had", "error", err)
		return
	}
	v.out.Now = priced(BillOf(v.Home.Name, p, prices, v.World.Now()).Total)
	after := hetzner.Price{Currency: prices.Currency()}
	for _, m := range append([]infra.Bridge{{ServerType: spec.ServerType, Location: spec.Location}}, spec.Bridges...) {
		server, ok := prices.Of(hetzner.Item{Kind: "server", Type: m.ServerType, Location: m.Location})
		address, addressOK := prices.Of(hetzner.Item{Kind: "primary_ip", Type: "ipv4", Location: m.Location})
		if !ok || !addressOK {
			v.Log.Warn("Hetzner's list has no price for a machine", "server_type", m.ServerType, "location", m.Location)
			return
		}
		after = after.Plus(server).Plus(address)
	}
	v.out.After = priced(after)
}

// More is how much dearer the county is afterwards, per month in cents of the currency; negative if it is cheaper.
func (p Preview) More() (cents int64, known bool) {
	if p.Now == nil || p.After == nil {
		return 0, false
	}
	return int64(p.After.price.Month-p.Now.price.Month) / 100, true
}

// copyTo makes a copy of the county that lives in a home of its own.
func (c *County) copyTo(dir string) (*County, error) {
	h, err := home.Open(dir)
	if err != nil {
		return nil, err
	}
	copied := &County{Config: c.Config, Home: h.County(c.Home.Name), Endpoints: c.Endpoints, World: c.World, Binary: c.Binary, Version: c.Version, Log: c.Log}
	if !c.Home.Exists() {
		return copied, nil
	}
	if err := copied.Home.Make(); err != nil {
		return nil, err
	}
	for _, name := range append(slices.Clone(keyFiles), injectedFile, "local.json") {
		if err := copyFile(c.Home.File(name), copied.Home.File(name)); err != nil {
			return nil, err
		}
	}
	return copied, copyTree(c.Home.File(stack.Folder), copied.Home.File(stack.Folder))
}

// maxCopied bounds a file in bytes; a state of a hundred machines has less than one MiB.
const maxCopied = 64 << 20

// copyFile copies a file for the owner only. One that is not there stays away.
func copyFile(from, to string) error {
	in, err := os.Open(from)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	if _, err := io.Copy(out, io.LimitReader(in, maxCopied)); err != nil {
		out.Close()
		return err
	}
	return out.Close()
}

// copyTree copies Pulumi's state, but not its history and not the locks of whoever is at work.
func copyTree(from, to string) error {
	err := filepath.WalkDir(from, func(path string, entry fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil // somebody is at work; what is gone is not needed
		}
		if err != nil {
			return err
		}
		relative, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		switch name := entry.Name(); {
		case entry.IsDir() && (name == "locks" || name == "history" || name == "backups" || name == "logs" || name == "plugins"):
			return fs.SkipDir
		case entry.IsDir():
			return os.MkdirAll(filepath.Join(to, relative), 0o700)
		case !entry.Type().IsRegular():
			return nil
		}
		return copyFile(path, filepath.Join(to, relative))
	})
	return err
}

// InUse says how many lessons a machine has, for people.
func (t Touched) InUse() string {
	switch {
	case !t.Known:
		return "whether lessons run there is not known"
	case t.Rooms == 0:
		return "no lesson there now"
	}
	return fmt.Sprintf("%s with %s RUN THERE NOW", count(t.Rooms, "lesson"), count(t.Participants, "participant"))
}
