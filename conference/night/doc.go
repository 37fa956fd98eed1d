// Package night restarts a county's machines once a day and proves what that made them forget.
//
//	schedule.go   when: once per calendar day, whatever the clocks do
//	plan.go       what to do next: a pure state machine, for the portal that leads and for a bridge that follows
//	night.go      the goroutine that owns it, its clock and its effects
//	ledger.go     what the process before this one left behind, and the proofs
//	checks.go     what a new process looks at before it lets anybody in
//
// The order is docs/cluster.md, "The night".
package night
