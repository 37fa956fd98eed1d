package hcloudsim

import (
	"context"
	"errors"

	"github.com/hetznercloud/hcloud-go/v2/hcloud/schema"
)

// startStep boots the machine; if it does not boot, the server is off.
func startStep(a *action, id int64) step {
	return step{
		action: a.ID, effect: powerOn,
		done:   func(p *project) { p.setStatus(id, "running") },
		failed: func(p *project) { p.setStatus(id, "off") },
	}
}

// power is an action on the power button: the status while it lasts, afterwards, and if it did not work.
func (r *request) power(command string, effect func(context.Context, *lane) error, during, after, otherwise string) (reply, error) {
	s, err := r.freeServer()
	if err != nil {
		return reply{}, err
	}
	id := s.ID
	a := r.lockingAction(s, command)
	s.Status = during
	s.PowerOn = after == "running"
	r.do(id, step{
		action: a.ID, effect: effect,
		done:   func(p *project) { p.setStatus(id, after) },
		failed: func(p *project) { p.setStatus(id, otherwise) },
	})
	return r.actionReply(a)
}

func powerOnServer(r *request) (reply, error) {
	return r.power("start_server", powerOn, "starting", "running", "off")
}

func powerOffServer(r *request) (reply, error) {
	return r.power("stop_server", powerOff, "stopping", "off", "running")
}

func rebootServer(r *request) (reply, error) {
	if err := r.running(); err != nil {
		return reply{}, err
	}
	return r.power("reboot_server", inOrder(create, reboot), "running", "running", "off")
}

func resetServer(r *request) (reply, error) {
	return r.power("reset_server", inOrder(create, reset), "running", "running", "off")
}

func (r *request) running() error {
	if s, ok := r.Servers[r.id]; ok && !s.locked() && s.Status != "running" {
		return errUnprocessable("server_not_running", "server must be running")
	}
	return nil
}

// shutdownServer only sends the signal: the action succeeds even if the machine ignores it, and then the server keeps running.
func shutdownServer(r *request) (reply, error) {
	if err := r.running(); err != nil {
		return reply{}, err
	}
	s, err := r.freeServer()
	if err != nil {
		return reply{}, err
	}
	id := s.ID
	a := r.lockingAction(s, "shutdown_server")
	stopped := true // written by the effect, read by done: one after the other in the lane
	r.do(id, step{
		action: a.ID,
		effect: func(ctx context.Context, l *lane) error {
			err := shutdown(ctx, l)
			if errors.Is(err, ErrShutdownIgnored) {
				stopped, err = false, nil
			}
			return err
		},
		done: func(p *project) {
			if stopped {
				p.setStatus(id, "off")
			}
		},
	})
	return r.actionReply(a)
}

// rebuildServer makes the machine anew, with the same ID and addresses, and starts it.
func rebuildServer(r *request) (reply, error) {
	body, err := decode[struct {
		Image    schema.IDOrName `json:"image"`
		UserData *string         `json:"user_data"`
	}](r)
	if err != nil {
		return reply{}, err
	}
	s, err := r.freeServer()
	if err != nil {
		return reply{}, err
	}
	if s.Protected {
		return reply{}, errProtected
	}
	typ, _ := r.api.catalog.serverType(schema.IDOrName{Name: s.Type})
	var v invalidInput
	from, ok := r.source(r.api.catalog, body.Image, typ.Arch)
	if !ok {
		v.add("image", "image not found")
	} else {
		v.checkSource(from, typ, s.DiskGB)
	}
	if body.UserData != nil && len(*body.UserData) > maxUserData {
		v.add("user_data", "must be text of at most 32 KiB")
	}
	if err := v.err(); err != nil {
		return reply{}, err
	}
	id := s.ID
	s.Image, s.Status, s.PowerOn = from.id, "rebuilding", true
	if body.UserData != nil {
		s.UserData = *body.UserData
	}
	a := r.lockingAction(s, "rebuild_server", ref("image", from.id))
	st := startStep(a, id)
	st.effect = inOrder(rebuild, powerOn)
	r.do(id, st)
	return reply{status: 201, body: schema.ServerActionRebuildResponse{Action: a.render(r.now)}}, nil
}

func changeServerType(r *request) (reply, error) {
	body, err := decode[schema.ServerActionChangeTypeRequest](r)
	if err != nil {
		return reply{}, err
	}
	s, err := r.stoppedServer()
	if err != nil {
		return reply{}, err
	}
	cat := r.api.catalog
	old, _ := cat.serverType(schema.IDOrName{Name: s.Type})
	typ, ok := cat.serverType(body.ServerType)
	switch {
	case !ok:
		return reply{}, errInvalid("server_type", "server type not found")
	case typ.Arch != old.Arch || typ.Disk < s.DiskGB:
		return reply{}, errUnprocessable("invalid_server_type", "server type must have the same architecture and at least the same disk")
	case !cat.offered(typ, s.Location):
		return reply{}, errUnprocessable("invalid_input", "unsupported location for server type")
	case !cat.inStock(typ, s.Location):
		return reply{}, errPrecondition("resource_unavailable", "error during placement")
	}
	if err := r.dedicatedQuota(typ, s.ID); err != nil {
		return reply{}, err
	}
	id := s.ID
	s.Type, s.Status = typ.Name, "migrating"
	if body.UpgradeDisk {
		s.DiskGB = typ.Disk
	}
	a := r.lockingAction(s, "change_server_type")
	off := func(p *project) { p.setStatus(id, "off") }
	r.do(id, step{action: a.ID, effect: create, done: off, failed: off})
	return r.actionReply(a)
}
