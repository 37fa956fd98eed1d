package opsapi

import (
	"net/netip"
	"strings"
	"time"
)

// Machines is the operator's word on which machines the county has. A PUT to the portal replaces what was there, in memory and on
// disk; nobody else adds a machine, and the portal dials no other address.
type Machines struct {
	// Revision is chosen by the operator (digest of the list) and echoed in Info.
	Revision string    `json:"revision"`
	Machines []Machine `json:"machines"`
}

// Machine is one machine with a bridge on it, the portal's own included if it has one.
type Machine struct {
	// ID is "portal" or "bridge-3", see package identity.
	ID string `json:"id"`
	// Private is the machine's address in the county's private network.
	Private netip.Addr `json:"private"`
	// Ready: a media probe went through the bridge; before that it gets no room but a probe's.
	Ready bool `json:"ready"`
	// Draining: the bridge keeps its rooms and gets no new one.
	Draining bool `json:"draining,omitempty"`
}

// MachinesResult answers a PUT of Machines.
type MachinesResult struct {
	Revision string `json:"revision"`
	Machines int    `json:"machines"`
}

// Load is how busy the county is, as its portal sees it.
type Load struct {
	At      time.Time    `json:"at"`
	Bridges []BridgeLoad `json:"bridges"`
	// Settled is false for the first seconds after a portal's start, while bridges still announce their rooms.
	Settled bool `json:"settled"`
	// WaitingRooms is how many rooms wait for a bridge, WaitingPeople how many wait for them.
	WaitingRooms  int `json:"waiting_rooms"`
	WaitingPeople int `json:"waiting_people"`
}

// BridgeLoad is one machine of the list.
type BridgeLoad struct {
	ID string `json:"id"`
	// Alive: its lease has not ended.
	Alive bool `json:"alive"`
	// Boot changes whenever the process starts.
	Boot     string `json:"boot,omitempty"`
	Ready    bool   `json:"ready"`
	Draining bool   `json:"draining"`
	// Closing: it is about to restart.
	Closing bool   `json:"closing"`
	Version string `json:"version,omitempty"`
	// Known says whether the figures below mean anything. Unknown is not idle.
	Known bool `json:"known"`
	// Stress is the share of capacity in use, 0 to 1 and above; the largest of the four below.
	Stress     float64 `json:"stress"`
	CPU        float64 `json:"cpu"`
	Packets    float64 `json:"packets"`
	Egress     float64 `json:"egress"`
	Handshakes float64 `json:"handshakes"`
	// Rooms placed here, begun or not, and people inside.
	Rooms        int `json:"rooms"`
	Participants int `json:"participants"`
}

// Night is what a machine has to say about its restarts.
type Night struct {
	// Next is when the next nightly restart is due; zero: there is none.
	Next time.Time `json:"next,omitzero"`
	// Phase is one of the phases below.
	Phase string `json:"phase"`
	// Until is when a phase that waits for rooms ends at the latest.
	Until time.Time `json:"until,omitzero"`
	// Proofs are kept for 35 days, newest first; the portal's contain those of its bridges.
	Proofs []Proof `json:"proofs,omitempty"`
}

// Phases of a night.
const (
	PhaseDay     = "day"     // nothing is under way
	PhaseNotice  = "notice"  // rooms have been told
	PhaseWaiting = "waiting" // no new rooms; those in use have time until Night.Until
	PhaseBridges = "bridges" // the portal waits for its bridges to be back
	PhaseEnding  = "ending"  // this process ends now
)

// Reasons of a restart.
const (
	ReasonNight = "night"
	ReasonOrder = "order" // the operator asked for it
	ReasonAlone = "alone" // a bridge whose portal was silent at restart.latest
	ReasonCrash = "crash" // the process before this one ended without a word
)

// Proof says what a restart made a machine forget. Counts only.
type Proof struct {
	Machine string `json:"machine"`
	// Day is the calendar day in the county's time zone, YYYY-MM-DD.
	Day    string `json:"day"`
	Reason string `json:"reason"`
	// Began is when the restart began, with the notice; Stopped when the old process had ended its rooms; Started when the new one
	// answered.
	Began   time.Time `json:"began"`
	Stopped time.Time `json:"stopped"`
	Started time.Time `json:"started"`
	// Rooms, Participants and Messages are what the old process had known since its start, RoomsEnded how many rooms still ran.
	Rooms        int    `json:"rooms"`
	Participants int    `json:"participants"`
	Messages     int    `json:"messages"`
	RoomsEnded   int    `json:"rooms_ended"`
	OldVersion   string `json:"old_version"`
	NewVersion   string `json:"new_version"`
	OldProcess   int    `json:"old_process"`
	NewProcess   int    `json:"new_process"`
	// Checks are what the new process looked at before it let anybody in.
	Checks []Check `json:"checks"`
	// Bridges are the proofs of the county's bridges, in the portal's.
	Bridges []Proof `json:"bridges,omitempty"`
}

// Good reports whether every check holds, those of the bridges included.
func (p Proof) Good() bool { return len(p.Faults()) == 0 }

// Faults are the checks that do not hold, those of the bridges included, each with its machine and what to do.
func (p Proof) Faults() []string {
	var all []string
	for _, c := range p.Checks {
		if !c.OK {
			all = append(all, strings.TrimSuffix(p.Machine+": "+c.Name+": "+c.Detail, ": "))
		}
	}
	for _, b := range p.Bridges {
		all = append(all, b.Faults()...)
	}
	if len(p.Checks) == 0 {
		all = append(all, p.Machine+": nothing was looked at")
	}
	return all
}

// Check is one thing that a new process looked at.
type Check struct {
	// Name is one of the names below.
	Name string `json:"name"`
	OK   bool   `json:"ok"`
	// Detail is one line without personal data; what to do if the check failed.
	Detail string `json:"detail,omitempty"`
}

// Names of checks.
const (
	CheckProcessGone = "old process gone"
	CheckNoCoreDumps = "core dumps off"
	CheckNoSwap      = "no swap"
	CheckNoStore     = "message store empty"
	CheckFiles       = "no file but the known ones"
	CheckBridges     = "every bridge restarted"
)

// RestartOrder asks for a restart now.
type RestartOrder struct {
	// Notice is how long rooms in use are told before they end, in seconds, 0 to 3600.
	Notice int `json:"notice"`
}
