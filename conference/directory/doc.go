// Package directory knows which bridge has which room, for portals of a county of several machines (docs/cluster.md).
//
//	Locate, Queue ──ask──▶ loop ──decide (pure)──▶ Place, Replace in the store ──▶ link to the bridge ──▶ mutual TLS
//	store's changes ─────▶  │ owns the view ──tidy (pure)──▶ adopt, evict, unplace, drop
//	SetMachines ─────────▶  └ links: one for each process that is alive; ends with its lease
//
// Bridges are the truth: what they announce is adopted, and nothing is placed before all of them have been heard. The store's
// compare-and-set decides between portals, so a room never has two bridges, however many ask at once. What is kept here besides, who
// waits and which lesson has just been opened, is a portal's own and gone with it.
package directory

import "time"

// Times and bounds; those without a source are choices.
const (
	// patience is how long Locate waits: for bridges to be heard after a start, for the store to answer. Browsers wait longer.
	patience = 8 * time.Second
	// opTimeout bounds one call of the store.
	opTimeout = 5 * time.Second
	// refreshEvery is how often the store is looked at without being told of a change; leases end in silence.
	refreshEvery = 250 * time.Millisecond
	// refreshGap gathers changes that come in quick succession.
	refreshGap = 20 * time.Millisecond
	// answerWithin bounds how long a bridge may renew its lease without answering a call before it holds up no one any more.
	answerWithin = 15 * time.Second
	// recallEvery is how soon a call that could not be made is tried again.
	recallEvery = time.Second
	// openedFor is how long an organiser has to come inside once the room has been opened for them.
	openedFor = time.Minute
	// silentFor is how long a placement outlives its room: somebody may be on the way.
	silentFor = time.Minute
	// lostFor is how long the record of a lesson that lost its bridge is kept for those who have not come back yet.
	lostFor = 5 * time.Minute
	// repeatEvery is how soon an order to a bridge that was not followed is given again.
	repeatEvery = 2 * time.Second
	// maxOps bounds calls of the store under way.
	maxOps = 64
	// maxAsks bounds requests that wait for an answer, maxWaiting organisers in the queue, maxDoors rooms nobody has opened: beyond,
	// no bridge is to be had. A bridge takes 5000 connections.
	maxAsks    = 20000
	maxWaiting = 2000
	maxDoors   = 5000
	// largestRoom bounds how many people a lost lesson is said to bring, see rooms.max_participants: room is kept for them on a bridge.
	largestRoom = 200
)
