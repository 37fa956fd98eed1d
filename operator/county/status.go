package county

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/medienzentrenverbund/kreisraum/conference/opsapi"
	"github.com/medienzentrenverbund/kreisraum/infra/hetzner"
	"github.com/medienzentrenverbund/kreisraum/operator/home"
)

// Status of a county, counts only.
type Status struct {
	County string `json:"county"`
	URL    string `json:"url"`
	// Up says that the server answers.
	Up       bool   `json:"up"`
	Problem  string `json:"problem,omitempty"`
	Location string `json:"location,omitempty"`
	IPv4     string `json:"ipv4,omitempty"`
	IPv6     string `json:"ipv6,omitempty"`
	// Resources exist at Hetzner under the county's label.
	Resources []Resource   `json:"resources"`
	Server    *opsapi.Info `json:"server,omitempty"`
	// Accounts that are not disabled.
	Accounts int `json:"accounts"`
	// AccountsCurrent says that the server has the register's list.
	AccountsCurrent bool `json:"accounts_current"`
	// AccountsElsewhere: the register is on another computer.
	AccountsElsewhere bool `json:"accounts_elsewhere,omitempty"`
	// Bridges are the dedicated ones; Load is what the portal says of all bridges, nil if it did not answer.
	Bridges []BridgeState `json:"bridges,omitempty"`
	Load    *opsapi.Load  `json:"load,omitempty"`
	// LastRestart is the proof of the last restart, nil if there was none yet; NextRestart when the next one is due.
	LastRestart *opsapi.Proof `json:"last_restart,omitempty"`
	NextRestart time.Time     `json:"next_restart,omitzero"`
}

// Resource is something that exists at Hetzner.
type Resource struct {
	Kind string `json:"kind"`
	Name string `json:"name"`
}

// Status looks at what is remembered, at Hetzner and at the server. It changes nothing, but for a temporary SSH rule that a
// killed run left behind. A county that is not up is no error.
func (c *County) Status(ctx context.Context) (Status, error) {
	found, err := c.World.Cloud.Leftovers(ctx, c.Home.Name)
	if err != nil {
		return Status{County: c.Home.Name, URL: c.URL()}, err
	}
	return c.StatusIn(ctx, found)
}

// StatusIn is Status with what exists at Hetzner already known: one look at a project serves all of its counties.
func (c *County) StatusIn(ctx context.Context, found []hetzner.Resource) (Status, error) {
	status := Status{County: c.Home.Name, URL: c.URL(), Resources: resources(found)}
	var err error
	if err := c.countAccounts(&status); err != nil {
		return status, err
	}
	l, machine, ops, err := c.live()
	if err != nil {
		status.Problem = notUpBecause(err, found, c.Home.Name)
		return status, nil
	}
	defer ops.Close()
	if err := c.closeUnlessBusy(ctx, l); err != nil {
		return status, err
	}
	status.Location, status.IPv4, status.IPv6 = l.Outputs.Location, machine.IPv4, machine.IPv6
	if status.Bridges, err = c.Bridges(ctx); err != nil {
		return status, err
	}
	c.askServer(ctx, ops, &status, whereabouts(found, machine.ServerID))
	return status, nil
}

// closeUnlessBusy closes a forgotten port 22, but never under the hands of a command that has it open.
func (c *County) closeUnlessBusy(ctx context.Context, l *local) error {
	if l.SSHOpenIn == 0 {
		return nil
	}
	unlock, err := c.Home.Lock()
	if errors.Is(err, home.ErrBusy) {
		return nil
	}
	if err != nil {
		return err
	}
	defer unlock()
	if l, err = loadLocal(c.Home); err != nil { // somebody may have been at work since
		return err
	}
	return c.closeForgotten(ctx, l)
}

func notUpBecause(err error, found []hetzner.Resource, county string) string {
	if len(found) > 0 && errors.Is(err, ErrNotUp) {
		return fmt.Sprintf("%d resources exist at Hetzner, but this computer does not know how to reach them; `kreisraum up %s` goes on from there", len(found), county)
	}
	return err.Error()
}

// whereabouts says what Hetzner knows of a machine that ought to be there: "" if it is, otherwise what to do.
func whereabouts(found []hetzner.Resource, server int64) string {
	for _, r := range found {
		if r.Kind == "server" && r.ID == server {
			if r.Off {
				return "the machine is switched off; `up` switches it on"
			}
			return ""
		}
	}
	if len(found) == 0 {
		return "nothing exists at Hetzner any more, or the token belongs to another project; `down` clears the state"
	}
	return "the machine no longer exists at Hetzner; `up` makes it again"
}

func (c *County) askServer(ctx context.Context, ops Ops, status *Status, problem string) {
	ctx, cancel := context.WithTimeout(ctx, 2*glance)
	defer cancel()
	info, err := ops.Info(ctx)
	switch {
	case err != nil && problem != "":
		status.Problem = problem
	case err != nil:
		status.Problem = fmt.Sprintf("the server does not answer; `kreisraum up %s` sees to it: %v", c.Home.Name, err)
	default:
		status.Up, status.Server = true, &info
		status.AccountsCurrent = c.revision() == info.AccountsRevision
		status.Problem = certificateProblem(info.Certificate, c.World.Now(), c.zone())
		askFleet(ctx, ops, status)
	}
}

// askFleet adds load and restarts. A server of an earlier version has neither.
func askFleet(ctx context.Context, ops Ops, status *Status) {
	if load, err := ops.Load(ctx); err == nil {
		status.Load = &load
	}
	night, err := ops.Night(ctx)
	if err != nil {
		return
	}
	status.NextRestart = night.Next
	if len(night.Proofs) == 0 {
		return
	}
	status.LastRestart = &night.Proofs[0]
	if status.Problem == "" && !status.LastRestart.Good() {
		status.Problem = "the last restart has no good proof: " + strings.Join(status.LastRestart.Faults(), "; ")
	}
}

func (c *County) countAccounts(status *Status) error {
	accounts, err := c.Accounts()
	if errors.Is(err, ErrRegisterElsewhere) {
		status.AccountsElsewhere = true
		return nil
	}
	for _, a := range accounts {
		if a.Disabled.IsZero() {
			status.Accounts++
		}
	}
	return err
}

// FoundIn are the resources of a county in a project.
func FoundIn(p hetzner.Project, county string) []hetzner.Resource {
	servers := map[int64]hetzner.Server{}
	for _, s := range p.Servers {
		servers[s.ID] = s
	}
	var found []hetzner.Resource
	for _, i := range p.Items() {
		if i.Labels[hetzner.LabelCounty] != county {
			continue
		}
		r := hetzner.Resource{Kind: i.Kind, ID: i.ID, Name: i.Name}
		if i.Kind == "server" {
			r.Off, r.ServerType, r.Location, r.Created = servers[i.ID].Status == "off", i.Type, i.Location, i.Created
		}
		found = append(found, r)
	}
	return found
}

func resources(found []hetzner.Resource) []Resource {
	out := make([]Resource, len(found))
	for i, r := range found {
		out[i] = Resource{Kind: r.Kind, Name: r.Name}
	}
	return out
}
