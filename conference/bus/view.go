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

type heldLease struct {
	cluster.Lease
	revision uint64
	created  time.Time
	arrived  time.Time
}

type heldRecord struct {
	cluster.Record
	revision uint64
	created  time.Time
	arrived  time.Time
}

type heldPlacement struct {
	cluster.Placement
	deleted bool // by us, and the watch has not told it yet
}

// tables hold the buckets.
type tables struct {
	leases     map[string]heldLease
	records    map[string]map[cluster.RoomKey]heldRecord
	placements map[cluster.RoomKey]heldPlacement
}

func newTables() tables {
	return tables{map[string]heldLease{}, map[string]map[cluster.RoomKey]heldRecord{}, map[cluster.RoomKey]heldPlacement{}}
}

// view is what is known of the buckets. Safe for concurrent use.
type view struct {
	leaseLife, recordLife time.Duration
	changes               chan struct{}

	mu      sync.Mutex
	now     tables
	next    *tables // while the buckets are read anew
	ready   bool
	session uint64
}

func newView(leaseLife time.Duration) *view {
	return &view{leaseLife: leaseLife, recordLife: recordLife, changes: make(chan struct{}, 1), now: newTables()}
}

// tell leaves a token in changes.
func (v *view) tell() {
	select {
	case v.changes <- struct{}{}:
	default:
	}
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
	v.tell()
}

// lose says that the buckets can't be watched any more.
func (v *view) lose() {
	v.mu.Lock()
	was := v.ready
	v.ready, v.next = false, nil
	v.mu.Unlock()
	if was {
		v.tell()
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
		v.tell()
	}
	return err
}

func (v *view) applyLeaseLocked(t *tables, e entry, now time.Time) error {
	l, err := decodeLease(e.value)
	if e.deleted || err != nil {
		delete(t.leases, e.key)
		if e.deleted {
			return nil
		}
		return err
	}
	// Reading the bucket anew makes no lease younger.
	if old, ok := v.now.leases[e.key]; ok && old.revision == e.revision && old.created.Equal(e.created) {
		now = old.arrived
	}
	t.leases[e.key] = heldLease{l, e.revision, e.created, now}
	return nil
}

func (v *view) applyRecordLocked(t *tables, e entry, now time.Time) error {
	machine, key, ok := recordKey(e.key)
	if !ok {
		return errValue
	}
	r, err := decodeRecord(e.value)
	if e.deleted || err != nil {
		delete(t.records[machine], key)
		if len(t.records[machine]) == 0 {
			delete(t.records, machine)
		}
		if e.deleted {
			return nil
		}
		return err
	}
	if old, ok := v.now.records[machine][key]; ok && old.revision == e.revision && old.created.Equal(e.created) {
		now = old.arrived
	}
	if t.records[machine] == nil {
		t.records[machine] = map[cluster.RoomKey]heldRecord{}
	}
	t.records[machine][key] = heldRecord{r, e.revision, e.created, now}
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
	p, err := decodePlacement(e.value)
	if e.deleted || err != nil {
		delete(t.placements, key)
		if e.deleted {
			return nil
		}
		return err
	}
	p.Revision = e.revision
	t.placements[key] = heldPlacement{Placement: p}
	return nil
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
	v.tell()
}

// prune removes what nobody has renewed.
func (v *view) prune(now time.Time) {
	v.mu.Lock()
	before := len(v.now.leases)
	maps.DeleteFunc(v.now.leases, func(_ string, l heldLease) bool { return now.Sub(l.arrived) >= v.leaseLife })
	changed := len(v.now.leases) != before
	for machine, rooms := range v.now.records {
		before := len(rooms)
		maps.DeleteFunc(rooms, func(_ cluster.RoomKey, r heldRecord) bool { return now.Sub(r.arrived) >= v.recordLife })
		changed = changed || len(rooms) != before
		if len(rooms) == 0 {
			delete(v.now.records, machine)
		}
	}
	v.mu.Unlock()
	if changed {
		v.tell()
	}
}

func (v *view) leases(now time.Time) map[string]cluster.Lease {
	v.mu.Lock()
	defer v.mu.Unlock()
	out := make(map[string]cluster.Lease, len(v.now.leases))
	for machine, l := range v.now.leases {
		if now.Sub(l.arrived) < v.leaseLife {
			out[machine] = l.Lease
		}
	}
	return out
}

func (v *view) records(key cluster.RoomKey) map[string]cluster.Record {
	v.mu.Lock()
	defer v.mu.Unlock()
	out := map[string]cluster.Record{}
	for machine, rooms := range v.now.records {
		if r, ok := rooms[key]; ok {
			out[machine] = r.Record
		}
	}
	return out
}

func (v *view) recordsOf(machine string) map[cluster.RoomKey]cluster.Record {
	v.mu.Lock()
	defer v.mu.Unlock()
	out := make(map[cluster.RoomKey]cluster.Record, len(v.now.records[machine]))
	for key, r := range v.now.records[machine] {
		out[key] = r.Record
	}
	return out
}

func (v *view) placement(key cluster.RoomKey) (cluster.Placement, bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	p, ok := v.now.placements[key]
	if !ok || p.deleted {
		return cluster.Placement{}, false
	}
	return p.Placement, true
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
