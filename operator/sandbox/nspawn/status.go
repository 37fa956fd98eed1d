package nspawn

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/medienzentrenverbund/kreisraum/operator/deploy"
	"github.com/medienzentrenverbund/kreisraum/operator/sandbox/machine"
)

// Machines tells of all machines, in the order of their numbers. One that is busy, for example stopping, is waited for until ctx ends, and then
// left out.
func (r *Runtime) Machines(ctx context.Context) []machine.Status {
	r.mu.Lock()
	var servers []*server
	for _, s := range r.servers {
		servers = append(servers, s)
	}
	r.mu.Unlock()
	found := make(chan *machine.Status, len(servers))
	for _, s := range servers {
		go func() {
			status := make(chan machine.Status, 1)
			if err := s.Do(ctx, func() error { status <- s.status(); return nil }); err != nil {
				found <- nil
				return
			}
			v := <-status
			found <- &v
		}()
	}
	var all []machine.Status
	for range servers {
		if v := <-found; v != nil {
			all = append(all, *v)
		}
	}
	slices.SortFunc(all, func(a, b machine.Status) int { return cmp.Compare(a.ID, b.ID) })
	return all
}

// status runs in the loop.
func (s *server) status() machine.Status {
	m := s.machine
	status := machine.Status{
		ID: m.ID, Name: m.Name, IPv4: m.IPv4, Private: m.Private, On: s.on != nil,
		Namespace: s.runtime.names.machine(m.ID), Console: s.disk.path("console.log"),
	}
	if s.on == nil {
		return status
	}
	status.Unit, status.MainPID, status.Restarts = s.on.unit(deploy.ServiceUnit)
	return status
}

// unitTimeout bounds the question to a machine's systemd; one that is busy booting does not answer at once.
const unitTimeout = 2 * time.Second

// unit asks the machine's systemd for a unit. The process has this computer's number. A machine that does not answer yet has none.
func (b *boot) unit(name string) (state string, pid, restarts int) {
	leader := b.cgroup.leader()
	if leader == 0 {
		return "", 0, 0
	}
	text, err := output(unitTimeout, "", "nsenter", fmt.Sprintf("--target=%d", leader), "--mount", "--uts", "--ipc", "--net", "--pid", "--cgroup", "--root", "--wd",
		"--", "systemctl", "show", "--property=ActiveState,MainPID,NRestarts", name)
	if err != nil {
		return "", 0, 0
	}
	inside := 0
	for line := range strings.Lines(text) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		number, _ := strconv.Atoi(value)
		switch key {
		case "ActiveState":
			state = value
		case "MainPID":
			inside = number
		case "NRestarts":
			restarts = number
		}
	}
	if inside != 0 {
		pid = numbered(b.cgroup.below("system.slice/"+name).processes(), inside)
	}
	return state, pid, restarts
}
