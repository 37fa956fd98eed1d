package county

import (
	"fmt"
	"slices"
	"time"

	"github.com/medienzentrenverbund/kreisraum/conference/opsapi"
	"github.com/medienzentrenverbund/kreisraum/infra"
)

// answer is what one machine's server says of itself.
type answer struct {
	machine infra.Machine
	// digest that it should run; empty: unknown.
	digest string
	info   opsapi.Info
	err    error
}

// answers of all machines, and what else the portal says.
type answers struct {
	machines []answer
	load     *opsapi.Load
	night    *opsapi.Night
	// accounts and list are the revisions that the portal should have.
	accounts, list string
	version        string
	now            time.Time
}

const (
	// certificateSoon is when a certificate that was not renewed is worth a word: the server renews at a third of 90 days.
	certificateSoon = 14 * 24 * time.Hour
	// proofAge is how old the last proof of a nightly restart may be: a day and the longest wait for lessons.
	proofAge = 36 * time.Hour
	// maxSkew between this computer's clock and a machine's.
	maxSkew = 10 * time.Second
	// diskFull is the share of a machine's disk above which it is worth a word.
	diskFull = 0.9
)

// compareMachines names everything about the servers that is not as it should be.
func compareMachines(o order, a answers) (f findings) {
	for _, one := range a.machines {
		f = append(f, compareAnswer(o, a, one)...)
	}
	if front := a.portal(); front != nil && front.err == nil {
		f = append(f, comparePortal(o, a, front.info)...)
	}
	f = append(f, compareFleet(o, a)...)
	return append(f, compareNight(o, a)...)
}

func (a answers) portal() *answer {
	for i := range a.machines {
		if a.machines[i].machine.Role == infra.RolePortal {
			return &a.machines[i]
		}
	}
	return nil
}

func compareAnswer(o order, a answers, one answer) (f findings) {
	id := machineID(one.machine)
	if one.err != nil {
		f.add(LevelError, "server", id, fmt.Sprintf("%s; if that fails, `kreisraum logs %s %s`", o.up(), o.county, id), "the server does not answer on TCP 443: %s", oneLine(one.err))
		return f
	}
	switch {
	case one.info.Version != a.version:
		f.add(LevelWarning, "release", id, fmt.Sprintf("`kreisraum upgrade %s`", o.county), "the server runs %s, this program would deploy %s", one.info.Version, a.version)
	case one.digest != "" && one.info.Deployment != one.digest:
		f.add(LevelWarning, "release", id, fmt.Sprintf("`kreisraum deploy %s`", o.county), "the server runs with another configuration or build than the county's file and this computer would give it")
	}
	if now := one.info.Now; !now.IsZero() {
		if skew := now.Sub(a.now).Abs(); skew > maxSkew {
			f.add(LevelWarning, "clock", id, "look at this computer's clock first, then `systemctl status systemd-timesyncd` on the machine",
				"the machine's clock and this computer's differ by %s", skew.Round(time.Second))
		}
	}
	if d := one.info.Disk; d.Total > 0 && float64(d.Free) < (1-diskFull)*float64(d.Total) {
		f.add(LevelWarning, "disk", id, fmt.Sprintf("`kreisraum ssh %s %s -- df -h /`", o.county, id), "the machine's disk is %d %% full", 100-100*d.Free/d.Total)
	}
	return f
}

func comparePortal(o order, a answers, info opsapi.Info) (f findings) {
	c := info.Certificate
	left := c.NotAfter.Sub(a.now)
	switch {
	case c.State != opsapi.CertificateReady || c.NotAfter.IsZero() || left <= 0:
		f.add(LevelError, "certificate", o.domain, o.up(), "the site has no valid certificate (%s)", orElse(c.Detail, c.State))
	case left < certificateSoon:
		f.add(LevelWarning, "certificate", o.domain, o.up(), "the site's certificate ends on %s and was not renewed%s", c.NotAfter.Format(time.DateOnly), suffix(": ", c.Detail))
	}
	if a.accounts != "" && info.AccountsRevision != a.accounts {
		f.add(LevelWarning, "accounts", "portal", o.up(), "the server does not have the register's list of accounts")
	}
	if a.list != "" && info.MachinesRevision != a.list {
		f.add(LevelWarning, "machines", "portal", o.up(), "the portal does not have the current list of machines")
	}
	if !info.WebClient {
		f.add(LevelError, "release", "portal", "use a released build of the server", "the server was built without the page for browsers")
	}
	return f
}

func suffix(lead, text string) string {
	if text == "" {
		return ""
	}
	return lead + text
}

func compareFleet(o order, a answers) (f findings) {
	if a.load == nil {
		return nil
	}
	for _, one := range a.machines {
		id := machineID(one.machine)
		i := slices.IndexFunc(a.load.Bridges, func(b opsapi.BridgeLoad) bool { return b.ID == id })
		switch {
		case i < 0 && a.load.Settled:
			f.add(LevelWarning, "bridge", id, o.up(), "the portal does not know this bridge")
		case i >= 0 && !a.load.Bridges[i].Alive:
			f.add(LevelError, "bridge", id, o.up(), "the bridge does not report to the portal")
		case i >= 0 && !a.load.Bridges[i].Ready && !a.load.Bridges[i].Draining:
			f.add(LevelWarning, "bridge", id, o.up()+" holds a test call through it", "the bridge takes no rooms yet")
		}
	}
	if a.load.WaitingRooms > 0 {
		f.add(LevelWarning, "capacity", o.county, fmt.Sprintf("`kreisraum explain %s`", o.county), "%d rooms with %d people wait for a bridge", a.load.WaitingRooms, a.load.WaitingPeople)
	}
	return f
}

// compareNight looks for the proof of the last night. A server that is younger has none yet.
func compareNight(o order, a answers) (f findings) {
	front := a.portal()
	if a.night == nil || front == nil || front.err != nil {
		return nil
	}
	mend := fmt.Sprintf("`kreisraum restart %s` at a quiet time makes and shows one", o.county)
	if len(a.night.Proofs) == 0 {
		if a.now.Sub(front.info.Started) > proofAge {
			f.add(LevelWarning, "night", "portal", mend, "the server has run since %s without a nightly restart", front.info.Started.Format(time.DateOnly))
		}
		return f
	}
	last := a.night.Proofs[0]
	if a.now.Sub(last.Started) > proofAge && a.now.Sub(front.info.Started) > proofAge {
		f.add(LevelWarning, "night", last.Machine, mend, "the last proof of a restart is of %s", last.Day)
	}
	for _, fault := range last.Faults() {
		f.add(LevelWarning, "night", last.Machine, mend, "the last restart has no good proof: %s", fault)
	}
	return f
}
