package hcloudsim

import (
	"net/http"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/hetznercloud/hcloud-go/v2/hcloud/schema"
)

func imageRoutes(t *table) {
	t.get("/images", listImages)
	actionRoutes(t, "/images", "image")
	t.get("/images/{id}", getImage)
	t.put("/images/{id}", updateImage)
	t.delete("/images/{id}", deleteImage)
	t.post("/images/{id}/actions/change_protection", changeImageProtection)
	t.post("/servers/{id}/actions/create_image", createImage)
}

// listImages lists the catalog's images and the project's own.
func listImages(r *request) (reply, error) {
	all := []schema.Image{}
	for _, img := range r.api.catalog.Images {
		all = append(all, r.api.catalog.renderImage(img))
	}
	for _, snap := range r.Snapshots {
		all = append(all, snap.render(r.api.catalog))
	}
	return listCatalog(r, all, "images",
		func(i schema.Image) meta {
			return meta{ID: i.ID, Name: text(i.Name), Labels: i.Labels, Created: moment(i.Created)}
		},
		func(i schema.Image) any { return i },
		keep(r, "architecture", func(i schema.Image) string { return i.Architecture }),
		keep(r, "type", func(i schema.Image) string { return i.Type }),
		keep(r, "status", func(i schema.Image) string { return i.Status }),
		keep(r, "bound_to", func(i schema.Image) string {
			if i.BoundTo == nil {
				return ""
			}
			return strconv.FormatInt(*i.BoundTo, 10)
		}))
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

func moment(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return *t
}

func getImage(r *request) (reply, error) {
	if img, ok := r.api.catalog.image(schema.IDOrName{ID: r.id}, ""); ok {
		return reply{status: http.StatusOK, body: schema.ImageGetResponse{Image: r.api.catalog.renderImage(img)}}, nil
	}
	snap, err := find(r.Snapshots, "image", r.id)
	if err != nil {
		return reply{}, err
	}
	return reply{status: http.StatusOK, body: schema.ImageGetResponse{Image: snap.render(r.api.catalog)}}, nil
}

// ownImage finds the request's image if it is the project's to change.
func (r *request) ownImage() (*snapshot, error) {
	if _, system := r.api.catalog.image(schema.IDOrName{ID: r.id}, ""); system {
		return nil, &apiError{http.StatusForbidden, "forbidden", "system images are Hetzner's", nil}
	}
	return find(r.Snapshots, "image", r.id)
}

// createImage copies a server's disk. The image is visible at once, as creating.
func createImage(r *request) (reply, error) {
	body, err := decode[schema.ServerActionCreateImageRequest](r)
	if err != nil {
		return reply{}, err
	}
	s, err := r.freeServer()
	if err != nil {
		return reply{}, err
	}
	kind := "snapshot"
	if body.Type != nil && *body.Type != "" {
		kind = *body.Type
	}
	var v invalidInput
	v.checkLabels(body.Labels)
	v.checkDescription(text(body.Description))
	switch {
	case kind != "snapshot" && kind != "backup":
		v.add("type", "must be snapshot or backup")
	case kind == "backup" && !s.Backup:
		v.add("type", "backups are not enabled for the server")
	}
	if err := v.err(); err != nil {
		return reply{}, err
	}
	if len(r.Snapshots) >= r.api.quotas.Snapshots {
		return reply{}, errLimit("snapshot limit exceeded", "snapshot_limit")
	}
	snap := r.newSnapshot(s, kind, body)
	r.Snapshots[snap.ID] = snap
	a := r.lockingAction(s, "create_image", ref("image", snap.ID))
	r.do(s.ID, snapshotStep(a.ID, snap.ID))
	return reply{status: http.StatusCreated, body: schema.ServerActionCreateImageResponse{Action: a.render(r.now), Image: snap.render(r.api.catalog)}}, nil
}

func (r *request) newSnapshot(s *server, kind string, body schema.ServerActionCreateImageRequest) *snapshot {
	from, _ := r.source(r.api.catalog, schema.IDOrName{ID: s.Image}, "")
	typ, _ := r.api.catalog.serverType(schema.IDOrName{Name: s.Type})
	description := text(body.Description)
	if description == "" {
		description = s.Name + " " + strconv.FormatInt(r.now.Unix(), 10)
	}
	return &snapshot{
		meta: meta{ID: firstSnapshot + r.nextID(), Labels: labels(body.Labels), Created: r.now}, Kind: kind, Status: "creating",
		Description: description, Base: from.system.ID, Arch: typ.Arch, DiskGB: s.DiskGB, Server: s.ID, ServerName: s.Name,
	}
}

func (v *invalidInput) checkDescription(description string) {
	if utf8.RuneCountInString(description) > 500 || !utf8.ValidString(description) { // our own bound
		v.add("description", "must have at most 500 characters")
	}
}

// updateImage changes description and labels, and makes a snapshot of a backup.
func updateImage(r *request) (reply, error) {
	body, err := decode[schema.ImageUpdateRequest](r)
	if err != nil {
		return reply{}, err
	}
	snap, err := r.ownImage()
	if err != nil {
		return reply{}, err
	}
	var v invalidInput
	v.checkLabels(body.Labels)
	v.checkDescription(text(body.Description))
	if body.Type != nil && *body.Type != "snapshot" {
		v.add("type", "must be snapshot")
	}
	if err := v.err(); err != nil {
		return reply{}, err
	}
	if body.Type != nil {
		snap.Kind = "snapshot"
	}
	if body.Description != nil {
		snap.Description = *body.Description
	}
	if body.Labels != nil {
		snap.Labels = labels(body.Labels)
	}
	return reply{status: http.StatusOK, body: schema.ImageUpdateResponse{Image: snap.render(r.api.catalog)}}, nil
}

// deleteImage refuses while somebody still needs the copy: it is being made, or a disk is being made from it.
func deleteImage(r *request) (reply, error) {
	snap, err := r.ownImage()
	switch {
	case err != nil:
		return reply{}, err
	case snap.Protected:
		return reply{}, errProtected
	case snap.Status == "creating":
		return reply{}, errImageLocked
	}
	for _, s := range r.Servers {
		if s.Image == snap.ID && (s.Status == "initializing" || s.Status == "rebuilding") {
			return reply{}, errImageLocked
		}
	}
	delete(r.Snapshots, snap.ID)
	r.do(0, forgetSnapshot(snap.ID))
	return reply{status: http.StatusNoContent}, nil
}

var errImageLocked = &apiError{http.StatusLocked, "locked", "image is locked", nil}

func changeImageProtection(r *request) (reply, error) {
	body, err := decode[schema.ImageActionChangeProtectionRequest](r)
	if err != nil {
		return reply{}, err
	}
	snap, err := r.ownImage()
	if err != nil {
		return reply{}, err
	}
	if body.Delete != nil {
		snap.Protected = *body.Delete
	}
	return r.actionReply(r.quick("change_protection", ref("image", snap.ID)))
}
