// Package hcloudsim simulates the Hetzner Cloud API so that unchanged clients cannot tell.
//
// A request passes through the same doors as at Hetzner, in the same order:
//
//	route known? 404 → token? 401 → rate limit? 429 → method? 405 → read-only token? 403 → injected fault?
//	→ body bounded and JSON? 400 → handler, under the project's lock → state saved → answer
//
// A handler only decides: it validates, changes the project and leaves jobs behind. Jobs are actions' work; each server has
// one lane, a goroutine that runs its jobs one after the other, calls the Runtime and finishes the actions. So a server's
// machine has one owner, the lock is never held during an effect, and what a client sees is the action running → success.
//
// All time that a client can see is Config.Clock's, which can be put forward, run faster or stand still; how long actions take is drawn from
// Config.Profile. Faults strike before the effect, after it, or the action: scripted (Fault) or drawn by a seed (Chaos). Server.Control serves
// what steers this world: faults, clock, stock, quotas, and what it reports: requests, bill.
//
// What a request has changed is in Config.StateFile or in the journal beside it before the request is answered. After a restart, New brings
// every machine back to the power state it had and ends the actions that were under way.
//
// DNS zones are kept with all that belongs to them; ServedRecords is what their name servers answer, a change from when its action has succeeded.
//
// What is not simulated answers truthfully: lists are empty, creating is refused with unsupported_error. That is volumes, floating IPs, load
// balancers, certificates, ISOs, storage boxes, secondary zones, the rescue system, the console and passwords. Backups are booked, but nobody
// takes them by himself; metrics have the right shape and are zero.
//
// Whether clients can tell is tested with them: hcloud-go, Hetzner's own command line client (testdata/cli), and every request and answer of all
// tests is held to the OpenAPI description (testdata/openapi).
package hcloudsim
