package hcloudsim

import (
	"context"
	"errors"
	"fmt"
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
	fail     map[string]error // method → error
	gate     chan struct{}    // when set, PowerOff waits for it
}

type memoryMachine struct {
	Machine
	on       bool
	filtered bool
	rules    []FirewallRule
	filters  int
}

func newMemoryRuntime(t testing.TB) *memoryRuntime {
	return &memoryRuntime{t: t, machines: map[int64]*memoryMachine{}, busy: map[int64]bool{}, fail: map[string]error{}}
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
	if machine == nil && method != "Create" && method != "Delete" {
		m.t.Errorf("%s of machine %d, which was not created", method, id)
		return errors.New("no such machine")
	}
	return work(machine)
}

func (m *memoryRuntime) Create(_ context.Context, want Machine) error {
	return m.call("Create", want.ID, func(old *memoryMachine) error {
		m.creates++
		if old == nil {
			m.machines[want.ID] = &memoryMachine{Machine: want}
			return nil
		}
		if old.on {
			return fmt.Errorf("machine %d is on", want.ID)
		}
		old.Machine = want
		return nil
	})
}

func (m *memoryRuntime) PowerOn(_ context.Context, id int64) error {
	return m.call("PowerOn", id, func(machine *memoryMachine) error { machine.on = true; return nil })
}

func (m *memoryRuntime) PowerOff(_ context.Context, id int64) error {
	return m.call("PowerOff", id, func(machine *memoryMachine) error { machine.on = false; return nil })
}

func (m *memoryRuntime) Shutdown(_ context.Context, id int64) error {
	return m.call("Shutdown", id, func(machine *memoryMachine) error { machine.on = false; return nil })
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
