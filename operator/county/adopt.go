package county

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/medienzentrenverbund/kreisraum/infra"
	"github.com/medienzentrenverbund/kreisraum/infra/hetzner"
	"github.com/medienzentrenverbund/kreisraum/operator/audit"
	"github.com/medienzentrenverbund/kreisraum/operator/stack"
)

// Steps of `adopt`.
const (
	StepLook  Step = "look"
	StepState Step = "state"
)

// Adoption is what an `adopt` has found and done.
type Adoption struct {
	County string `json:"county"`
	// Found counts what carries the county's labels, by kind.
	Found map[string]int `json:"found"`
	// Aside is where the former state is now, empty if there was none.
	Aside string `json:"set_aside,omitempty"`
	// Machines are those that the county has now.
	Machines []string `json:"machines"`
}

// ErrNothing says that nothing of a county exists at Hetzner.
var ErrNothing = errors.New("nothing of the county exists at Hetzner")

// adoption is an `adopt` under way.
type adoption struct {
	*up
	out Adoption
}

// Adopt takes over what exists of the county at Hetzner by its labels, whatever this computer's state says: that is set aside. It refuses before anything is
// changed when something has a name of the county's and is not labelled as ours, and without the county's keys, which the machines insist on.
// Nothing is deployed; the next `up` does that where it is needed.
func (c *County) Adopt(ctx context.Context) (Adoption, error) {
	a := &adoption{up: &up{site: site{County: c}}, out: Adoption{County: c.Home.Name, Found: map[string]int{}}}
	if err := c.step(ctx, StepLook, a.look); err != nil {
		return a.out, err
	}
	if err := c.step(ctx, StepState, a.setAside); err != nil {
		return a.out, err
	}
	unlock, err := c.Home.Lock()
	if err != nil {
		return a.out, err
	}
	defer unlock()
	defer a.close()
	for _, s := range []struct {
		name Step
		run  func(context.Context, func(string)) (string, error)
	}{{StepSecrets, a.openAll}, {StepInfra, a.raise}} {
		if err := c.step(ctx, s.name, s.run); err != nil {
			return a.out, err
		}
	}
	a.out.Machines = machineIDs(a.local.Outputs)
	return a.out, c.Ledger.Write(audit.CountyAdopted, count(len(a.out.Machines), "machine"))
}

// look finds what there is to adopt, and what forbids it.
func (a *adoption) look(ctx context.Context, _ func(string)) (string, error) {
	if err := a.World.Cloud.CheckToken(ctx); err != nil {
		return "", err
	}
	p, err := a.World.Cloud.Project(ctx, "")
	if err != nil {
		return "", err
	}
	var foreign, found []string
	for _, i := range p.Items() {
		switch {
		case labelled(i, a.Home.Name):
			a.out.Found[i.Kind]++
		case ofName(i.Name, a.Home.Name) && i.Kind != "image" && !anothers(i):
			foreign = append(foreign, KindText(i.Kind)+" "+i.Name)
		}
	}
	for _, kind := range provenKinds {
		if n := a.out.Found[kind]; n > 0 {
			found = append(found, fmt.Sprintf("%d × %s", n, KindText(kind)))
		}
	}
	switch {
	case len(found) == 0 && len(foreign) == 0:
		return "", fmt.Errorf("%w; `kreisraum up %s` starts it. If it should be there, the token belongs to another project", ErrNothing, a.Home.Name)
	case len(foreign) > 0:
		return "", fmt.Errorf("these have names of %s and do not carry its labels, so that they may be somebody else's: %s. If they are the county's, give them the labels %s=%s and "+
			"%s=%s in the Hetzner Console (%s too), otherwise rename or delete them there; nothing was changed", a.Home.Name, strings.Join(foreign, ", "), hetzner.LabelCounty, a.Home.Name,
			hetzner.LabelManagedBy, hetzner.ManagedBy, hetzner.LabelRole)
	}
	if err := a.namedInFile(p); err != nil {
		return "", err
	}
	return strings.Join(found, ", "), a.haveKeys()
}

// namedInFile insists that the county's file names what the portal is: without a state nobody can change it into something else.
func (a *adoption) namedInFile(p hetzner.Project) error {
	for _, s := range p.Servers {
		if s.Name == infra.PortalName(a.Home.Name) && s.Type != "" && !offered(a.County, infra.Machine{ServerType: s.Type, Location: s.Location}) {
			return fmt.Errorf("the portal is a %s in %s, which the county's file does not name: write server_types.portal: [%s@%s] into it, adopt, and change it afterwards; nothing was changed",
				s.Type, s.Location, s.Type, s.Location)
		}
	}
	return nil
}

// anothers reports whether an item is another county's by label and by name: the network of a county demo-1 is called like a group of the
// county demo.
func anothers(i hetzner.Item) bool {
	county, ours := i.County()
	return ours && ofName(i.Name, county)
}

// ofName reports whether a name is one that a county's resources have.
func ofName(name, county string) bool {
	base := "kreisraum-" + county
	rest, ok := strings.CutPrefix(name, base)
	if !ok || rest == "" {
		return ok
	}
	return strings.HasPrefix(rest, "-portal") || strings.HasPrefix(rest, "-bridge-") || len(rest) == 2 && rest[0] == '-' && '0' < rest[1] && rest[1] <= '9'
}

// haveKeys insists on what the machines know this computer by. The passphrase is none of them: another state can have another one.
func (a *adoption) haveKeys() error {
	var missing []string
	for _, name := range []string{"ca.crt", "ca.key", sshKeyFile, countyKeyFile} {
		if info, err := os.Stat(a.Home.File(name)); err != nil || info.Size() == 0 {
			missing = append(missing, name)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	wayOut := anew(a.Home.Name)
	if !a.Home.Exists() { // `down` takes away what this computer knows only
		wayOut = fmt.Sprintf("`kreisraum up %s` takes over what is there, although the machines do not let it in; then %s", a.Home.Name, wayOut)
	}
	return fmt.Errorf("this computer does not have the keys by which the machines know it (%s in %s): put a backup of that folder in place, or, if the state is shared (state.url), "+
		"name its passphrase with --passphrase-file. Without either, %s", strings.Join(missing, ", "), a.Home.Dir(), wayOut)
}

// setAside takes the former state out of the way. Without its passphrase the whole folder has to go.
func (a *adoption) setAside(ctx context.Context, _ func(string)) (string, error) {
	url, err := a.stateURL()
	if err != nil {
		return "", err
	}
	if url == "" && passphraseLost(a.Home) {
		a.out.Aside, err = a.moveFolder()
		return setAsideText(a.out.Aside), err
	}
	if a.out.Aside, err = a.Forget(ctx); err != nil {
		return "", err
	}
	return setAsideText(a.out.Aside), nil
}

func setAsideText(path string) string {
	if path == "" {
		return "there was none"
	}
	return "set aside: " + path
}

// moveFolder moves a state that nobody can read.
func (c *County) moveFolder() (string, error) {
	from := c.Home.File(stack.Folder)
	to := from + "-set-aside-" + c.World.Now().UTC().Format("20060102T150405Z") // beside it, so that `down` takes it along
	if err := os.Rename(from, to); errors.Is(err, fs.ErrNotExist) {
		return "", nil
	} else if err != nil {
		return "", fmt.Errorf("set the state aside: %w", err)
	}
	return to, nil
}
