package hcloudsim

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
)

// memoryRuntime is a Runtime whose machines are records. It holds the API to the contract: one call per machine at a time, power
// only for what was created. Knobs make it fail or wait.
type memoryRuntime struct {
	t testing.TB

	mu       sync.Mutex // guards what follows
	machines map[int64]*memoryMachine
	busy     map[int64]bool
	creates  int
	kept     map[int64]Machine // snapshot → what it was made of
	fail     map[string]error  // method → error
	gate     chan struct{}     // when set, PowerOff waits for it
}

type memoryMachine struct {
	Machine
	on       bool
	filtered bool
	rules    []FirewallRule
	filters  int
	boots    int // how often the power came on
	disks    int // how often the disk was laid out
}

func newMemoryRuntime(t testing.TB) *memoryRuntime {
	return &memoryRuntime{t: t, machines: map[int64]*memoryMachine{}, kept: map[int64]Machine{}, busy: map[int64]bool{}, fail: map[string]error{}}
}

// call runs one method with the machine to itself.
func (m *memoryRuntime) call(method string, id int64, work func(*memoryMachine) error) error {
	m.mu.Lock()
	if m.busy[id] {
		m.t.Errorf("%s of machine %d while another call for it is running", method, id)
	}
	m.busy[id] = true
	err, gate := m.fail[method], m.gate
	m.mu.Unlock()
	if gate != nil && method == "PowerOff" {
		<-gate
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	defer delete(m.busy, id)
	if err != nil {
		return err
	}
	machine := m.machines[id]
	if machine == nil && method != "Create" && method != "Delete" && method != "Rebuild" {
		m.t.Errorf("%s of machine %d, which was not created", method, id)
		return errors.New("no such machine")
	}
	return work(machine)
}

func (m *memoryRuntime) Create(_ context.Context, want Machine) error {
	return m.call("Create", want.ID, func(old *memoryMachine) error {
		m.creates++
		if old == nil {
			m.machines[want.ID] = &memoryMachine{Machine: want, disks: 1}
			return m.hasSnapshot(want)
		}
		old.Machine = want
		return nil
	})
}

func (m *memoryRuntime) PowerOn(_ context.Context, id int64) error {
	return m.call("PowerOn", id, func(machine *memoryMachine) error {
		if !machine.on {
			machine.boots++
		}
		machine.on = true
		return nil
	})
}

func (m *memoryRuntime) PowerOff(_ context.Context, id int64) error {
	return m.call("PowerOff", id, func(machine *memoryMachine) error { machine.on = false; return nil })
}

func (m *memoryRuntime) Shutdown(_ context.Context, id int64) error {
	return m.call("Shutdown", id, func(machine *memoryMachine) error { machine.on = false; return nil })
}

func (m *memoryRuntime) Reboot(_ context.Context, id int64) error {
	return m.call("Reboot", id, func(machine *memoryMachine) error { machine.on = true; machine.boots++; return nil })
}

func (m *memoryRuntime) Reset(_ context.Context, id int64) error {
	return m.call("Reset", id, func(machine *memoryMachine) error { machine.on = true; machine.boots++; return nil })
}

func (m *memoryRuntime) Rebuild(_ context.Context, id int64, want Machine) error {
	return m.call("Rebuild", id, func(old *memoryMachine) error {
		if old == nil {
			old = &memoryMachine{}
			m.machines[id] = old
		}
		old.Machine, old.on = want, false
		old.disks++
		return m.hasSnapshot(want)
	})
}

func (m *memoryRuntime) Snapshot(_ context.Context, id, imageID int64) error {
	return m.call("Snapshot", id, func(machine *memoryMachine) error { m.kept[imageID] = machine.Machine; return nil })
}

func (m *memoryRuntime) DeleteSnapshot(_ context.Context, imageID int64) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.kept, imageID)
	return m.fail["DeleteSnapshot"]
}

// hasSnapshot holds the API to offering only snapshots that exist. The lock is held.
func (m *memoryRuntime) hasSnapshot(want Machine) error {
	if _, ok := m.kept[want.Snapshot]; want.Snapshot != 0 && !ok {
		m.t.Errorf("machine %d from snapshot %d, which was not made", want.ID, want.Snapshot)
	}
	return nil
}

func (m *memoryRuntime) SetFirewall(_ context.Context, id int64, filtered bool, inbound []FirewallRule) error {
	return m.call("SetFirewall", id, func(machine *memoryMachine) error {
		machine.filtered, machine.rules = filtered, slices.Clone(inbound)
		machine.filters++
		return nil
	})
}

func (m *memoryRuntime) Delete(_ context.Context, id int64) error {
	return m.call("Delete", id, func(*memoryMachine) error { delete(m.machines, id); return nil })
}

// machine is a copy of what the machine is now.
func (m *memoryRuntime) machine(id int64) (memoryMachine, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if machine, ok := m.machines[id]; ok {
		return *machine, true
	}
	return memoryMachine{}, false
}

func (m *memoryRuntime) failWith(method string, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.fail[method] = err
}

// holdPowerOff lets PowerOff wait until the returned function is called.
func (m *memoryRuntime) holdPowerOff() (release func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	gate := make(chan struct{})
	m.gate = gate
	return sync.OnceFunc(func() {
		m.mu.Lock()
		m.gate = nil
		m.mu.Unlock()
		close(gate)
	})
}
