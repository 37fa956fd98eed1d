package hcloudsim

import (
	"context"

	"github.com/hetznercloud/hcloud-go/v2/hcloud/schema"
)

// snapshot is an image that was made from a server. Its IDs are drawn from a range that the catalog's images are not in.
type snapshot struct {
	meta
	Kind        string `json:"kind"`   // snapshot or backup
	Status      string `json:"status"` // creating or available
	Description string `json:"description"`
	Base        int64  `json:"base"` // the system image that the server was made from
	Arch        string `json:"arch"`
	DiskGB      int    `json:"disk_gb"` // of the server; no smaller one can be made from the image
	Server      int64  `json:"server"`
	ServerName  string `json:"server_name"`
	Protected   bool   `json:"protected"`
}

const (
	// firstSnapshot keeps the IDs of snapshots away from those of the catalog's images.
	firstSnapshot = 100_000_000
	// snapshotGB is the size that is billed. No runtime measures it: a Debian with our server in it, compressed, is about this large.
	snapshotGB float32 = 0.9
)

// source is what a disk can be made from: a system image of the catalog, or a snapshot.
type source struct {
	id       int64
	system   image // of a snapshot: what its server was made from
	snapshot *snapshot
	arch     string
	diskGB   float32
}

// source finds an image by ID, or a system image by name and architecture: snapshots have no name.
func (p *project) source(cat *catalog, want schema.IDOrName, arch string) (source, bool) {
	if img, ok := cat.image(want, arch); ok {
		return source{id: img.ID, system: img, arch: img.Arch, diskGB: img.Disk}, true
	}
	snap, ok := p.Snapshots[want.ID]
	if !ok || want.ID == 0 {
		return source{}, false
	}
	base, _ := cat.image(schema.IDOrName{ID: snap.Base}, "")
	return source{id: snap.ID, system: base, snapshot: snap, arch: snap.Arch, diskGB: float32(snap.DiskGB)}, true
}

// checkSource says what is wrong with an image for a server of the type.
func (v *invalidInput) checkSource(from source, typ serverType, diskGB int) {
	switch {
	case from.arch != typ.Arch:
		v.add("image", "image has another architecture than the server type")
	case from.snapshot != nil && from.snapshot.Status != "available":
		v.add("image", "image is not available yet")
	case from.diskGB > float32(diskGB):
		v.add("image", "image is larger than the disk of the server type")
	}
}

func (s *snapshot) render(cat *catalog) schema.Image {
	base, _ := cat.image(schema.IDOrName{ID: s.Base}, "")
	out := schema.Image{
		ID: s.ID, Status: s.Status, Type: s.Kind, Description: s.Description, DiskSize: float32(s.DiskGB), Created: ptr(s.Created),
		CreatedFrom: &schema.ImageCreatedFrom{ID: s.Server, Name: s.ServerName}, OSFlavor: base.OSFlavor, OSVersion: ptr(base.OSVersion),
		Architecture: s.Arch, Protection: schema.ImageProtection{Delete: s.Protected}, Labels: s.Labels,
	}
	if s.Status == "available" {
		out.ImageSize = ptr(snapshotGB)
	}
	if s.Kind == "backup" {
		out.BoundTo = ptr(s.Server)
	}
	return out
}

// snapshotStep keeps a copy of the server's disk; the image is there for use when it is done and gone when it does not succeed.
func snapshotStep(action, imageID int64) step {
	return step{
		action: action,
		effect: func(ctx context.Context, l *lane) error {
			if err := create(ctx, l); err != nil {
				return err
			}
			return l.api.cfg.Runtime.Snapshot(ctx, l.server, imageID)
		},
		done: func(p *project) {
			if snap, ok := p.Snapshots[imageID]; ok {
				snap.Status = "available"
			}
		},
		failed: func(p *project) { delete(p.Snapshots, imageID) },
	}
}

// forgetSnapshot is work without an action: the API answers at once and the copy goes when it can.
func forgetSnapshot(imageID int64) step {
	return step{effect: func(ctx context.Context, l *lane) error { return l.api.cfg.Runtime.DeleteSnapshot(ctx, imageID) }}
}
