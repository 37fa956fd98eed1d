package bus

import (
	"maps"
	"sync"
	"time"

	"github.com/medienzentrenverbund/kreisraum/conference/cluster"
)

// entry is a key's newest value as a watch tells it.
type entry struct {
	bucket   string
	key      string
	value    []byte
	revision uint64
	created  time.Time // by the server's clock, only to tell one entry from another
	deleted  bool
}

// held is a value that ends unless it is renewed.
type held[T any] struct {
	value    T
	revision uint64
	created  time.Time
	arrived  time.Time
}

// hold keeps what an entry tells from now on. Reading the bucket anew makes nothing younger: old is what is known of the key.
func hold[T any](value T, e entry, old held[T], now time.Time) held[T] {
	if old.revision == e.revision && old.created.Equal(e.created) {
		now = old.arrived
	}
	return held[T]{value, e.revision, e.created, now}
}

type heldPlacement struct {
	cluster.Placement
	deleted bool // by us, and the watch has not told it yet
}

// tables hold the buckets.
type tables struct {
	leases     map[string]held[cluster.Lease]
	records    map[string]map[cluster.RoomKey]held[cluster.Record]
	placements map[cluster.RoomKey]heldPlacement
}

func newTables() tables {
	return tables{map[string]held[cluster.Lease]{}, map[string]map[cluster.RoomKey]held[cluster.Record]{}, map[cluster.RoomKey]heldPlacement{}}
}

// view is what is known of the buckets. Safe for concurrent use.
type view struct {
	leaseLife time.Duration
	changes   chan struct{}

	mu      sync.Mutex
	now     tables
	next    *tables // while the buckets are read anew
	ready   bool
	session uint64
}

func newView(leaseLife time.Duration) *view {
	return &view{leaseLife: leaseLife, changes: make(chan struct{}, 1), now: newTables()}
}

// begin reads the buckets anew; until commit, what was known stays.
func (v *view) begin() {
	v.mu.Lock()
	defer v.mu.Unlock()
	t := newTables()
	v.next = &t
}

// commit makes what was read since begin what is known.
func (v *view) commit() {
	v.mu.Lock()
	v.now, v.next = *v.next, nil
	v.ready = true
	v.session++
	v.mu.Unlock()
	poke(v.changes)
}

// lose says that the buckets can't be watched any more.
func (v *view) lose() {
	v.mu.Lock()
	was := v.ready
	v.ready, v.next = false, nil
	v.mu.Unlock()
	if was {
		poke(v.changes)
	}
}

// apply takes what a watch tells. It returns an error for a value that is not what the key holds; then the key counts as deleted.
func (v *view) apply(e entry, now time.Time) error {
	v.mu.Lock()
	t := &v.now
	if v.next != nil {
		t = v.next
	}
	var err error
	switch e.bucket {
	case leases:
		err = v.applyLeaseLocked(t, e, now)
	case records:
		err = v.applyRecordLocked(t, e, now)
	case placements:
		err = t.applyPlacement(e)
	}
	reading := v.next != nil
	v.mu.Unlock()
	if !reading {
		poke(v.changes)
	}
	return err
}

func (v *view) applyLeaseLocked(t *tables, e entry, now time.Time) error {
	old := v.now.leases[e.key]
	delete(t.leases, e.key)
	if e.deleted {
		return nil
	}
	l, err := decodeLease(e.value)
	if err == nil {
		t.leases[e.key] = hold(l, e, old, now)
	}
	return err
}

func (v *view) applyRecordLocked(t *tables, e entry, now time.Time) error {
	machine, key, ok := recordKey(e.key)
	if !ok {
		return errValue
	}
	old := v.now.records[machine][key]
	delete(t.records[machine], key)
	if len(t.records[machine]) == 0 {
		delete(t.records, machine)
	}
	if e.deleted {
		return nil
	}
	r, err := decodeRecord(e.value)
	if err != nil {
		return err
	}
	if t.records[machine] == nil {
		t.records[machine] = map[cluster.RoomKey]held[cluster.Record]{}
	}
	t.records[machine][key] = hold(r, e, old, now)
	return nil
}

func (t *tables) applyPlacement(e entry) error {
	key := cluster.RoomKey(e.key)
	if !isRoomKey(e.key) {
		return errValue
	}
	if t.placements[key].Revision > e.revision {
		return nil // our own write, which the watch will tell later
	}
	delete(t.placements, key)
	if e.deleted {
		return nil
	}
	p, err := decodePlacement(e.value)
	if err == nil {
		p.Revision = e.revision
		t.placements[key] = heldPlacement{Placement: p}
	}
	return err
}

// wrote takes a placement of our own before the watch tells of it.
func (v *view) wrote(key cluster.RoomKey, p cluster.Placement, deleted bool) {
	v.mu.Lock()
	for _, t := range []*tables{&v.now, v.next} {
		if t != nil && t.placements[key].Revision < p.Revision {
			t.placements[key] = heldPlacement{p, deleted}
		}
	}
	v.mu.Unlock()
	poke(v.changes)
}

// prune removes what nobody has renewed.
func (v *view) prune(now time.Time) {
	v.mu.Lock()
	before := len(v.now.leases)
	maps.DeleteFunc(v.now.leases, func(_ string, l held[cluster.Lease]) bool { return now.Sub(l.arrived) >= v.leaseLife })
	changed := len(v.now.leases) != before
	for machine, rooms := range v.now.records {
		before := len(rooms)
		maps.DeleteFunc(rooms, func(_ cluster.RoomKey, r held[cluster.Record]) bool { return now.Sub(r.arrived) >= recordLife })
		changed = changed || len(rooms) != before
		if len(rooms) == 0 {
			delete(v.now.records, machine)
		}
	}
	v.mu.Unlock()
	if changed {
		poke(v.changes)
	}
}

func (v *view) leases(now time.Time) map[string]cluster.Lease {
	v.mu.Lock()
	defer v.mu.Unlock()
	out := make(map[string]cluster.Lease, len(v.now.leases))
	for machine, l := range v.now.leases {
		if now.Sub(l.arrived) < v.leaseLife {
			out[machine] = l.value
		}
	}
	return out
}

func (v *view) recordsOf(machine string) map[cluster.RoomKey]cluster.Record {
	v.mu.Lock()
	defer v.mu.Unlock()
	out := make(map[cluster.RoomKey]cluster.Record, len(v.now.records[machine]))
	for key, r := range v.now.records[machine] {
		out[key] = r.value
	}
	return out
}

func (v *view) placements() map[cluster.RoomKey]cluster.Placement {
	v.mu.Lock()
	defer v.mu.Unlock()
	out := make(map[cluster.RoomKey]cluster.Placement, len(v.now.placements))
	for key, p := range v.now.placements {
		if !p.deleted {
			out[key] = p.Placement
		}
	}
	return out
}

func (v *view) state() (ready bool, session uint64) {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.ready, v.session
}
