package directory

import (
	"context"
	"fmt"
	"maps"
	"sync"
	"time"

	"github.com/medienzentrenverbund/kreisraum/conference/cluster"
)

// memory is a store in this process, for tests on a clock of their own. The real one is in package bus.
type memory struct {
	mu         sync.Mutex
	revision   uint64
	placements map[cluster.RoomKey]cluster.Placement
	leases     map[string]timed
	records    map[string]map[cluster.RoomKey]cluster.Record
	changes    chan struct{}
	away       bool
	session    uint64
	calls      int
	orders     []order
	// bridges answer calls.
	bridges map[string]*fakeBridge
	// broken is what writing methods return.
	broken error
	writes int
}

type timed struct {
	cluster.Lease
	at time.Time
}

type order struct {
	machine string
	cluster.Order
}

func newMemory() *memory {
	return &memory{placements: map[cluster.RoomKey]cluster.Placement{}, leases: map[string]timed{}, records: map[string]map[cluster.RoomKey]cluster.Record{},
		changes: make(chan struct{}, 1), session: 1, bridges: map[string]*fakeBridge{}}
}

// change runs f and tells that something has changed.
func (m *memory) change(f func()) {
	m.mu.Lock()
	f()
	m.mu.Unlock()
	select {
	case m.changes <- struct{}{}:
	default:
	}
}

func (m *memory) Place(_ context.Context, key cluster.RoomKey, p cluster.Placement) (got cluster.Placement, err error) {
	m.change(func() {
		m.writes++
		there, placed := m.placements[key]
		switch {
		case m.broken != nil:
			err = m.broken
		case placed:
			got, err = there, cluster.ErrPlaced
		default:
			got = m.put(key, p)
		}
	})
	return got, err
}

func (m *memory) put(key cluster.RoomKey, p cluster.Placement) cluster.Placement {
	m.revision++
	p.Revision = m.revision
	m.placements[key] = p
	return p
}

func (m *memory) Replace(_ context.Context, key cluster.RoomKey, p cluster.Placement) (got cluster.Placement, err error) {
	m.change(func() {
		m.writes++
		there, placed := m.placements[key]
		switch {
		case m.broken != nil:
			err = m.broken
		case !placed || there.Revision != p.Revision:
			got, err = there, cluster.ErrChanged
		default:
			got = m.put(key, p)
		}
	})
	return got, err
}

func (m *memory) Unplace(_ context.Context, key cluster.RoomKey, revision uint64) (err error) {
	m.change(func() {
		m.writes++
		if p, placed := m.placements[key]; placed && p.Revision != revision {
			err = cluster.ErrChanged
			return
		}
		delete(m.placements, key)
	})
	return err
}

func (m *memory) Placements() map[cluster.RoomKey]cluster.Placement {
	m.mu.Lock()
	defer m.mu.Unlock()
	return maps.Clone(m.placements)
}

func (m *memory) Leases() map[string]cluster.Lease {
	m.mu.Lock()
	defer m.mu.Unlock()
	leases := map[string]cluster.Lease{}
	for id, l := range m.leases {
		if time.Since(l.at) < cluster.LeaseLife {
			leases[id] = l.Lease
		}
	}
	return leases
}

func (m *memory) RecordsOf(machine string) map[cluster.RoomKey]cluster.Record {
	m.mu.Lock()
	defer m.mu.Unlock()
	return maps.Clone(m.records[machine])
}

func (m *memory) DropRecord(_ context.Context, machine string, key cluster.RoomKey) error {
	m.change(func() {
		m.writes++
		delete(m.records[machine], key)
	})
	return nil
}

func (m *memory) Call(context.Context) (string, error) {
	m.mu.Lock()
	m.calls++
	word := m.word()
	m.mu.Unlock()
	bridges := m.running()
	for _, b := range bridges {
		b.renew()
	}
	return word, nil
}

func (m *memory) Order(_ context.Context, machine string, o cluster.Order) error {
	m.mu.Lock()
	m.orders = append(m.orders, order{machine, o})
	b := m.bridges[machine]
	m.mu.Unlock()
	if b != nil && !b.deaf {
		b.gone(o.Evict)
	}
	return nil
}

func (m *memory) Changes() <-chan struct{} { return m.changes }

func (m *memory) Ready() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return !m.away
}

func (m *memory) Session() uint64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.session
}

// counted returns how often the store was written, and the orders given.
func (m *memory) counted() (writes int, orders []order) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.writes, append([]order(nil), m.orders...)
}

// word of the last call, empty before the first.
func (m *memory) word() string {
	if m.calls == 0 {
		return ""
	}
	return fmt.Sprintf("call-%d", m.calls)
}

func (m *memory) running() map[string]*fakeBridge {
	m.mu.Lock()
	defer m.mu.Unlock()
	return maps.Clone(m.bridges)
}

// fakeBridge is what a bridge says to the store.
type fakeBridge struct {
	store   *memory
	machine string
	// mute: does not answer calls. deaf: does not follow orders.
	mute, deaf bool
	stop, done chan struct{}

	mu    sync.Mutex
	lease cluster.Lease
}

// boot starts a process on the machine that renews its lease until it is killed.
func (m *memory) boot(machine, boot string, load cluster.Load) *fakeBridge {
	return m.run(machine, boot, load, false)
}

func (m *memory) run(machine, boot string, load cluster.Load, mute bool) *fakeBridge {
	b := &fakeBridge{store: m, machine: machine, mute: mute, stop: make(chan struct{}), done: make(chan struct{}), lease: cluster.Lease{Boot: boot, Version: "1.0.0", Load: load}}
	m.change(func() {
		m.bridges[machine] = b
		if m.records[machine] == nil {
			m.records[machine] = map[cluster.RoomKey]cluster.Record{}
		}
	})
	b.renew()
	go func() {
		defer close(b.done)
		every := time.NewTicker(cluster.LeaseEvery)
		defer every.Stop()
		for {
			select {
			case <-every.C:
				b.renew()
			case <-b.stop:
				return
			}
		}
	}()
	return b
}

// kill ends the process without a word.
func (b *fakeBridge) kill() {
	close(b.stop)
	<-b.done
	b.store.mu.Lock()
	defer b.store.mu.Unlock()
	if b.store.bridges[b.machine] == b {
		delete(b.store.bridges, b.machine)
	}
}

func (b *fakeBridge) renew() {
	b.mu.Lock()
	lease := b.lease
	b.mu.Unlock()
	b.store.change(func() {
		if !b.mute {
			lease.Call = b.store.word() // the store repeats it
		}
		if !b.store.away {
			b.store.leases[b.machine] = timed{lease, time.Now()}
		}
	})
}

// set changes the lease and says so at once.
func (b *fakeBridge) set(f func(*cluster.Lease)) {
	b.mu.Lock()
	f(&b.lease)
	b.mu.Unlock()
	b.renew()
}

func (b *fakeBridge) room(key cluster.RoomKey, r cluster.Record) {
	r.Boot = b.lease.Boot
	b.store.change(func() { b.store.records[b.machine][key] = r })
}

func (b *fakeBridge) gone(key cluster.RoomKey) {
	b.store.change(func() { delete(b.store.records[b.machine], key) })
}
