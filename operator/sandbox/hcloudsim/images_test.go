package hcloudsim

import (
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/hetznercloud/hcloud-go/v2/hcloud"
)

// snapshot makes an image of a server and waits for it.
func (c *cloud) snapshot(s *hcloud.Server, opts *hcloud.ServerCreateImageOpts) *hcloud.Image {
	c.Helper()
	res := must[hcloud.ServerCreateImageResult](c)(c.client.Server.CreateImage(c.ctx, s, opts))
	if res.Image.Status != hcloud.ImageStatusCreating {
		c.Errorf("new image: got %s, want it creating", res.Image.Status)
	}
	c.wait(res.Action)
	return must[*hcloud.Image](c)(c.client.Image.GetByID(c.ctx, res.Image.ID))
}

func TestSnapshot(t *testing.T) {
	c := newCloud(t)
	s := c.create(serverOpts("portal"))
	img := c.snapshot(s, &hcloud.ServerCreateImageOpts{Description: hcloud.Ptr("before"), Labels: map[string]string{"v": "1"}})
	if img.Status != hcloud.ImageStatusAvailable || img.Type != hcloud.ImageTypeSnapshot || img.Name != "" || img.DiskSize != 80 ||
		img.Description != "before" || img.Labels["v"] != "1" || img.CreatedFrom.Name != "portal" || img.OSVersion != "12" || img.ImageSize == 0 {
		t.Errorf("image: got %+v", img)
	}
	if _, kept := c.runtime.kept[img.ID]; !kept {
		t.Error("the runtime has no copy")
	}
	found, err := c.client.Image.AllWithOpts(c.ctx, hcloud.ImageListOpts{
		Type: []hcloud.ImageType{hcloud.ImageTypeSnapshot}, ListOpts: hcloud.ListOpts{LabelSelector: "v=1"},
	})
	if err != nil || len(found) != 1 || found[0].ID != img.ID {
		t.Errorf("list: got %v %v", found, err)
	}
	opts := serverOpts("copy")
	opts.Image = img
	other := c.create(opts)
	if m := c.machine(other.ID); m.Snapshot != img.ID || m.Image != "debian-12" || other.Image.ID != img.ID {
		t.Errorf("server from the snapshot: machine %+v, image %+v", m.Machine, other.Image)
	}
	small := serverOpts("small")
	small.Image, small.ServerType = img, &hcloud.ServerType{Name: "cx23"} // 40 GB
	_, _, err = c.client.Server.Create(c.ctx, small)
	c.wantCode(err, hcloud.ErrorCodeInvalidInput)

	c.wait(must[hcloud.ServerRebuildResult](t)(c.client.Server.RebuildWithResult(c.ctx, s, hcloud.ServerRebuildOpts{Image: img})).Action)
	if m := c.machine(s.ID); m.Snapshot != img.ID || m.disks != 2 || !m.on {
		t.Errorf("rebuilt from the snapshot: got %+v", m)
	}
	must[*hcloud.Image](t)(c.client.Image.Update(c.ctx, img, hcloud.ImageUpdateOpts{Description: hcloud.Ptr("later"), Labels: map[string]string{}}))
	c.wait(must[*hcloud.Action](t)(c.client.Image.ChangeProtection(c.ctx, img, hcloud.ImageChangeProtectionOpts{Delete: hcloud.Ptr(true)})))
	_, err = c.client.Image.Delete(c.ctx, img)
	c.wantCode(err, hcloud.ErrorCodeProtected)
	c.wait(must[*hcloud.Action](t)(c.client.Image.ChangeProtection(c.ctx, img, hcloud.ImageChangeProtectionOpts{Delete: hcloud.Ptr(false)})))
	if _, err := c.client.Image.Delete(c.ctx, img); err != nil {
		t.Fatal(err)
	}
	c.eventually("the copy to go", func() bool {
		c.runtime.mu.Lock()
		defer c.runtime.mu.Unlock()
		return len(c.runtime.kept) == 0
	})
	if gone := must[*hcloud.Image](t)(c.client.Image.GetByID(c.ctx, img.ID)); gone != nil {
		t.Errorf("deleted image: got %+v", gone)
	}
	if got := c.server(other.ID); got.Image != nil {
		t.Errorf("server of a deleted image: got %+v, want no image", got.Image)
	}
}

func TestSnapshotThatFailsIsGone(t *testing.T) {
	c := newCloud(t)
	s := c.create(serverOpts("portal"))
	c.runtime.failWith("Snapshot", errors.New("no space"))
	res := must[hcloud.ServerCreateImageResult](t)(c.client.Server.CreateImage(c.ctx, s, nil))
	if err := c.client.Action.WaitFor(c.ctx, res.Action); err == nil {
		t.Error("action: got success")
	}
	if img := must[*hcloud.Image](t)(c.client.Image.GetByID(c.ctx, res.Image.ID)); img != nil {
		t.Errorf("image: got %+v, want none", img)
	}
	if got := c.server(s.ID); got.Locked {
		t.Error("the server is still locked")
	}
}

func TestBackups(t *testing.T) {
	c := newCloud(t)
	s := c.create(serverOpts("portal"))
	backup := &hcloud.ServerCreateImageOpts{Type: hcloud.ImageTypeBackup}
	_, _, err := c.client.Server.CreateImage(c.ctx, s, backup)
	c.wantCode(err, hcloud.ErrorCodeInvalidInput)
	c.wait(must[*hcloud.Action](t)(c.client.Server.EnableBackup(c.ctx, s, "")))
	if got := c.server(s.ID).BackupWindow; got != "22-02" {
		t.Errorf("window: got %q", got)
	}
	img := c.snapshot(s, backup)
	if img.BoundTo == nil || img.BoundTo.ID != s.ID {
		t.Errorf("backup: got %+v, want it bound to the server", img)
	}
	kept := c.snapshot(s, backup)
	if got := must[*hcloud.Image](t)(c.client.Image.Update(c.ctx, kept, hcloud.ImageUpdateOpts{Type: hcloud.ImageTypeSnapshot})); got.BoundTo != nil {
		t.Errorf("backup made a snapshot: got %+v", got)
	}
	c.wait(must[*hcloud.Action](t)(c.client.Server.DisableBackup(c.ctx, s)))
	if got := must[*hcloud.Image](t)(c.client.Image.GetByID(c.ctx, img.ID)); got != nil {
		t.Error("the backup outlives the booking")
	}
	if got := must[*hcloud.Image](t)(c.client.Image.GetByID(c.ctx, kept.ID)); got == nil {
		t.Error("the snapshot went with the backups")
	}
}

func TestImagesThatAreNotOurs(t *testing.T) {
	c := newCloud(t)
	for _, tt := range []struct{ method, path, body, code string }{
		{"DELETE", "/images/1001", "", "forbidden"},
		{"PUT", "/images/1001", `{"description":"x"}`, "forbidden"},
		{"POST", "/images/1001/actions/change_protection", `{"delete":true}`, "forbidden"},
		{"DELETE", "/images/5", "", "not_found"},
	} {
		if _, _, body := c.raw(tt.method, "/v1"+tt.path, testToken, tt.body); errorCode(body) != tt.code {
			t.Errorf("%s %s: got %v, want %s", tt.method, tt.path, body, tt.code)
		}
	}
	if status, _, body := c.raw("GET", "/v1/images/1001/actions", testToken, ""); status != 200 || len(body["actions"].([]any)) != 0 {
		t.Errorf("actions of a system image: got %d %v", status, body)
	}
}

func TestImageIsHeldWhileItIsNeeded(t *testing.T) {
	var cfg Config
	c := newCloud(t, func(base *Config) {
		base.StateFile = filepath.Join(t.TempDir(), "cloud.json")
		cfg = *base
	})
	s := c.create(serverOpts("portal"))
	slow := cfg
	slow.Latency = func(string) time.Duration { return time.Hour }
	c.restart(slow)
	res := must[hcloud.ServerCreateImageResult](t)(c.client.Server.CreateImage(c.ctx, s, nil))
	_, err := c.client.Image.Delete(c.ctx, res.Image)
	c.wantCode(err, hcloud.ErrorCodeLocked)
	opts := serverOpts("early")
	opts.Image = res.Image
	_, _, err = c.client.Server.Create(c.ctx, opts)
	c.wantCode(err, hcloud.ErrorCodeInvalidInput)

	c.restart(cfg) // the snapshot was only begun
	img := must[*hcloud.Image](t)(c.client.Image.GetByID(c.ctx, res.Image.ID))
	if _, kept := c.runtime.kept[img.ID]; img.Status != hcloud.ImageStatusAvailable || !kept {
		t.Errorf("image after a restart: got %s, kept %v", img.Status, kept)
	}
	c.restart(slow)
	c.runtime.kept[img.ID] = Machine{}
	must[hcloud.ServerRebuildResult](t)(c.client.Server.RebuildWithResult(c.ctx, s, hcloud.ServerRebuildOpts{Image: img}))
	_, err = c.client.Image.Delete(c.ctx, img)
	c.wantCode(err, hcloud.ErrorCodeLocked)
	if err := c.sim.Close(); err != nil {
		t.Fatal(err)
	}
	kept := c.runtime.kept
	c.runtime = newMemoryRuntime(t)
	c.runtime.kept = kept
	cfg.Runtime = c.runtime
	c.serve(cfg)
	if m := c.machine(s.ID); m.Snapshot != img.ID || m.disks != 1 || !m.on || c.server(s.ID).Status != hcloud.ServerStatusRunning {
		t.Errorf("rebuild under way at the restart: got %+v, want it done", m)
	}
}

func TestMetrics(t *testing.T) {
	c := newCloud(t)
	s := c.create(serverOpts("portal"))
	end := time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)
	m := must[*hcloud.ServerMetrics](t)(c.client.Server.GetMetrics(c.ctx, s, hcloud.ServerGetMetricsOpts{
		Types: []hcloud.ServerMetricType{hcloud.ServerMetricCPU, hcloud.ServerMetricNetwork}, Start: end.Add(-time.Hour), End: end, Step: 600,
	}))
	if cpu := m.TimeSeries["cpu"]; len(cpu) != 7 || cpu[0].Value != "0" || int64(cpu[6].Timestamp) != end.Unix() || len(m.TimeSeries) != 5 || m.Step != 600 {
		t.Errorf("metrics: got %+v", m)
	}
	long := must[*hcloud.ServerMetrics](t)(c.client.Server.GetMetrics(c.ctx, s, hcloud.ServerGetMetricsOpts{
		Types: []hcloud.ServerMetricType{hcloud.ServerMetricDisk}, Start: end.AddDate(0, -1, 0), End: end, Step: 1,
	}))
	if n := len(long.TimeSeries["disk.0.iops.read"]); n > maxMetricValues || n < maxMetricValues-1 {
		t.Errorf("a month by the second: got %d values, want them bounded", n)
	}
	for _, query := range []string{"", "type=cpu", "type=fan&start=2026-11-22T08:00:00Z&end=2026-11-22T09:00:00Z",
		"type=cpu&start=2026-11-22T09:00:00Z&end=2026-11-22T08:00:00Z", "type=cpu&start=2026-11-22T08:00:00Z&end=2026-11-22T09:00:00Z&step=nan"} {
		if status, _, body := c.raw("GET", "/v1/servers/"+itoa(int(s.ID))+"/metrics?"+query, testToken, ""); status != 422 || errorCode(body) != "invalid_input" {
			t.Errorf("%q: got %d %v, want 422", query, status, body)
		}
	}
}
