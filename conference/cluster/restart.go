package cluster

import "time"

// RestartPlan says how a machine's process ends, so that systemd starts it anew. The portal sends it to its bridges.
type RestartPlan struct {
	// Reason is opsapi.ReasonNight, ReasonOrder or ReasonAlone.
	Reason string `json:"reason"`
	// Day is the calendar day of the night, YYYY-MM-DD in the county's time zone.
	Day string `json:"day"`
	// Notice is when rooms in use are told that they end at Latest. From At on no room begins. The process ends once no room is in
	// use, at Latest in any case.
	Notice time.Time `json:"notice"`
	At     time.Time `json:"at"`
	Latest time.Time `json:"latest"`
	// Boot is the process that is meant; one that has started since has nothing to forget.
	Boot string `json:"boot"`
}
