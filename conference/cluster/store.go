package cluster

import (
	"context"
	"errors"
	"time"
)

// Placement says which bridge has a room.
type Placement struct {
	Machine string `json:"machine"`
	// Boot is the Lease.Boot of the process that has the room; another one of the same machine does not have it.
	Boot string    `json:"boot"`
	At   time.Time `json:"at"`
	// Opened: an organiser was let in at At, so no portal may move the room for want of capacity any more. Without it people wait at
	// the door at the most.
	Opened bool `json:"opened,omitempty"`
	// People is how many the room is expected to bring; 0: the usual number.
	People int `json:"people,omitempty"`
	// Revision is the store's, for Replace and Unplace.
	Revision uint64 `json:"-"`
}

var (
	// ErrPlaced says that the room has a placement already.
	ErrPlaced = errors.New("the room is placed already")
	// ErrChanged says that the placement is another one by now.
	ErrChanged = errors.New("the room's placement has changed meanwhile")
)

// Store is what a county's machines know of each other, as a portal sees it. What is read comes from memory and may be some
// milliseconds old; what is written decides. Writing methods wait until the store can be reached and return the context's error
// otherwise. Safe for concurrent use; maps belong to the caller.
type Store interface {
	// Place makes the placement unless there is one: then that one is returned with ErrPlaced. Revision of p is ignored.
	Place(ctx context.Context, key RoomKey, p Placement) (Placement, error)
	// Replace changes the placement if its revision is still p.Revision. Returns ErrChanged otherwise.
	Replace(ctx context.Context, key RoomKey, p Placement) (Placement, error)
	// Unplace removes the placement if it still has that revision. Returns ErrChanged if it has another one, nil if there is none.
	Unplace(ctx context.Context, key RoomKey, revision uint64) error
	// Placements are what is known. Place and Replace decide.
	Placements() map[RoomKey]Placement
	// Leases are those that have not ended, by machine. One that was not renewed for LeaseLife is gone, reckoned from its arrival
	// here, whatever state the store is in.
	Leases() map[string]Lease
	// RecordsOf a machine. Record.Boot tells a process's own records from those that one before it left behind.
	RecordsOf(machine string) map[RoomKey]Record
	DropRecord(ctx context.Context, machine string, key RoomKey) error
	// Call asks all bridges to announce their rooms. Each does, and then has the word in its lease. The store repeats the call to
	// bridges that have not answered.
	Call(ctx context.Context) (word string, err error)
	// Order tells a bridge to do something. It may get lost: whoever gives it looks whether it was followed, and gives it again.
	Order(ctx context.Context, machine string, o Order) error
	// Changes has a token when leases (ended ones too), records, placements or readiness have changed.
	Changes() <-chan struct{}
	// Ready reports whether the buckets can be reached and what they hold is known.
	Ready() bool
	// Session grows whenever the store has become ready again. What it held may have been lost in between: call again.
	Session() uint64
}

// Order is what a portal tells a bridge. One of the fields is set. Bridges may get it twice.
type Order struct {
	// Evict: let the room go, it lives elsewhere.
	Evict RoomKey `json:"evict,omitempty"`
	// Restart the process when its rooms have ended.
	Restart *RestartPlan `json:"restart,omitempty"`
	// EndAccounts are IDs of accounts that are disabled or gone: who is inside with one loses the place.
	EndAccounts []string `json:"end_accounts,omitempty"`
}
