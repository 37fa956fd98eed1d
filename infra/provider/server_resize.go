package provider

import (
	"context"
	"fmt"
	"strings"

	"github.com/hetznercloud/hcloud-go/v2/hcloud"

	"github.com/medienzentrenverbund/kreisraum/infra/hetzner"
)

// Architecture of a server type. Hetzner's types cax… are arm, all others x86 (Hetzner Cloud API, server types).
func Architecture(serverType string) string {
	if strings.HasPrefix(serverType, "cax") {
		return "arm"
	}
	return "x86"
}

// resize gives the server another type and keeps its disk, addresses and everything on it. It must be off for that. When Hetzner has no
// such machine free, the old one is switched on again.
func (r Server) resize(ctx context.Context, server *hcloud.Server, in ServerArgs, want refs) (bool, error) {
	if server.ServerType.Name == in.ServerType {
		return false, nil
	}
	ran, old := server.Status == hcloud.ServerStatusRunning, server.ServerType.Name
	if err := r.powerOff(ctx, server, in.Name); err != nil {
		return false, err
	}
	err := r.changeType(ctx, server, in)
	if err == nil {
		r.done("resized", serverKind, server.ID)
		server.ServerType = &hcloud.ServerType{Name: in.ServerType}
		return true, nil
	}
	if !ran || ctx.Err() != nil {
		return false, err
	}
	if _, onErr := r.powerOn(ctx, server, in, want); onErr != nil {
		return false, fmt.Errorf("%w; and the machine, which is still a %s, could not be switched on again: %w", err, old, onErr)
	}
	err = fmt.Errorf("%w; the machine is still a %s and was switched on again", err, old)
	if hetzner.Classify(err) == hetzner.Capacity {
		return false, &hetzner.SoldOutError{Machine: in.Name, ServerType: in.ServerType, Location: in.Location, Kept: true, Err: err}
	}
	return false, err
}

func (r Server) changeType(ctx context.Context, server *hcloud.Server, in ServerArgs) error {
	err := r.act(ctx, what("change the type of", serverKind, in.Name), func(ctx context.Context) ([]*hcloud.Action, error) {
		// The disk stays as it is, so that the way back to a smaller type is open.
		return one(r.cloud.Cloud().Server.ChangeType(ctx, server, hcloud.ServerChangeTypeOpts{
			ServerType: &hcloud.ServerType{Name: in.ServerType}, UpgradeDisk: false,
		}))
	})
	if err == nil || ctx.Err() != nil || hetzner.Classify(err) == hetzner.Capacity {
		return err
	}
	// A resent request may have met its own earlier success.
	now, readErr := r.read(ctx, server.ID, in.Name)
	if readErr != nil {
		return err
	}
	*server = *now
	if now.ServerType.Name == in.ServerType {
		return nil
	}
	return err
}

// fits reports whether the server's disk is not larger than that of a type: disks never shrink. When Hetzner cannot be asked it says yes,
// and the change itself tells.
func (r Server) fits(ctx context.Context, id int64, name, serverType string) bool {
	ctx, cancel := withPatience(ctx)
	defer cancel()
	var t *hcloud.ServerType
	err := r.cloud.Do(ctx, "read server type "+serverType, func(ctx context.Context) (err error) {
		t, _, err = r.cloud.Cloud().ServerType.GetByName(ctx, serverType)
		return err
	})
	if err != nil || t == nil {
		return true
	}
	server, err := r.kind().get(ctx, id, name)
	return err != nil || server == nil || server.PrimaryDiskSize <= t.Disk
}
