package provider

import (
	"context"
	"time"

	"github.com/hetznercloud/hcloud-go/v2/hcloud"
)

// shutdownTime is how long a machine may take to shut down before its power is cut. systemd gives a service 90 seconds at most; ours end
// within ten.
const shutdownTime = 30 * time.Second

// powerOn boots the server if it is off.
func (r Server) powerOn(ctx context.Context, server *hcloud.Server, in ServerArgs, _ refs) (bool, error) {
	if server.Status == hcloud.ServerStatusRunning {
		return false, nil
	}
	err := r.switched(ctx, "power on", server, in.Name, r.cloud.Cloud().Server.Poweron)
	if err == nil {
		server.Status = hcloud.ServerStatusRunning
	}
	return err == nil, err
}

// powerOff switches the server off, if nobody is on it: it asks the machine to shut down first, so that what it has written is on its disk.
func (r Server) powerOff(ctx context.Context, server *hcloud.Server, name string) error {
	if server.Status == hcloud.ServerStatusOff {
		return nil
	}
	if err := r.guard(ctx, name); err != nil {
		return err
	}
	if err := r.shutDown(ctx, server, name); err != nil {
		return err
	}
	if server.Status == hcloud.ServerStatusOff {
		return nil
	}
	err := r.switched(ctx, "power off", server, name, r.cloud.Cloud().Server.Poweroff)
	if err == nil {
		server.Status = hcloud.ServerStatusOff
	}
	return err
}

// shutDown asks the machine to end and waits for a while. That it does not is no error.
func (r Server) shutDown(ctx context.Context, server *hcloud.Server, name string) error {
	if err := r.switched(ctx, "shut down", server, name, r.cloud.Cloud().Server.Shutdown); err != nil {
		return err
	}
	bounded, cancel := context.WithTimeout(ctx, shutdownTime)
	defer cancel()
	err := r.cloud.Until(bounded, what("shut down", serverKind, name), func(ctx context.Context) (bool, error) {
		now, err := r.kind().get(ctx, server.ID, name)
		if err != nil || now == nil {
			return now == nil, err
		}
		server.Status = now.Status
		return now.Status == hcloud.ServerStatusOff && !now.Locked, nil
	})
	if bounded.Err() != nil && ctx.Err() == nil {
		return nil
	}
	return err
}

// switched sends one of the power actions and waits for it.
func (r Server) switched(ctx context.Context, verb string, server *hcloud.Server, name string,
	send func(context.Context, *hcloud.Server) (*hcloud.Action, *hcloud.Response, error)) error {
	return r.act(ctx, what(verb, serverKind, name), func(ctx context.Context) ([]*hcloud.Action, error) { return one(send(ctx, server)) })
}
