package hcloudsim

import "context"

// NoMachines is a Runtime without machines: everything succeeds at once. The API then stands alone, for whoever wants to try a
// client; embed it to make only some of the methods real.
type NoMachines struct{}

var _ Runtime = NoMachines{}

// Create implements Runtime.
func (NoMachines) Create(context.Context, Machine) error { return nil }

// PowerOn implements Runtime.
func (NoMachines) PowerOn(context.Context, int64) error { return nil }

// PowerOff implements Runtime.
func (NoMachines) PowerOff(context.Context, int64) error { return nil }

// Shutdown implements Runtime.
func (NoMachines) Shutdown(context.Context, int64) error { return nil }

// Reboot implements Runtime.
func (NoMachines) Reboot(context.Context, int64) error { return nil }

// Reset implements Runtime.
func (NoMachines) Reset(context.Context, int64) error { return nil }

// Rebuild implements Runtime.
func (NoMachines) Rebuild(context.Context, int64, Machine) error { return nil }

// Snapshot implements Runtime.
func (NoMachines) Snapshot(_ context.Context, _, _ int64) error { return nil }

// DeleteSnapshot implements Runtime.
func (NoMachines) DeleteSnapshot(context.Context, int64) error { return nil }

// SetFirewall implements Runtime.
func (NoMachines) SetFirewall(context.Context, int64, bool, []FirewallRule) error { return nil }

// Delete implements Runtime.
func (NoMachines) Delete(context.Context, int64) error { return nil }
