package hcloudsim

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"github.com/hetznercloud/hcloud-go/v2/hcloud"
)

// encoded is a project as text, to compare; the time of saving does not count.
func encoded(t *testing.T, p *project) string {
	t.Helper()
	p.Clock = time.Time{}
	text, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// onDisk is what a start after kill -9 would find.
func (c *cloud) onDisk(path string) string {
	c.Helper()
	p, err := loadProject(path)
	if err != nil {
		c.Fatal(err)
	}
	return encoded(c.T, p)
}

func (c *cloud) inMemory() string {
	c.Helper()
	c.sim.mu.Lock()
	defer c.sim.mu.Unlock()
	return encoded(c.T, c.sim.project)
}

// TestJournalHoldsEveryChange compares what is on disk with what is in memory while a county comes and goes.
func TestJournalHoldsEveryChange(t *testing.T) {
	path := filepath.Join(t.TempDir(), "cloud.json")
	c := newCloud(t, func(cfg *Config) { cfg.StateFile = path })
	same := func(after string) {
		t.Helper()
		c.eventually("the journal to hold what is there after "+after, func() bool { return c.onDisk(path) == c.inMemory() })
	}
	n := must[*hcloud.Network](t)(c.client.Network.Create(c.ctx, hcloud.NetworkCreateOpts{
		Name: "private", IPRange: cidr(t, "10.77.0.0/16"),
		Subnets: []hcloud.NetworkSubnet{{Type: "cloud", NetworkZone: "eu-central", IPRange: cidr(t, "10.77.0.0/24")}},
	}))
	same("a network")
	s := c.create(serverOpts("portal"))
	same("a server")
	c.wait(must[*hcloud.Action](t)(c.client.Server.AttachToNetwork(c.ctx, s, hcloud.ServerAttachToNetworkOpts{Network: n})))
	same("an interface")
	fw := must[hcloud.FirewallCreateResult](t)(c.client.Firewall.Create(c.ctx, hcloud.FirewallCreateOpts{
		Name: "county", Rules: []hcloud.FirewallRule{tcpRule(t, "443", "0.0.0.0/0")}, ApplyTo: []hcloud.FirewallResource{onLabel("role=portal")},
	}))
	c.wait(fw.Actions...)
	must[*hcloud.Server](t)(c.client.Server.Update(c.ctx, s, hcloud.ServerUpdateOpts{Labels: map[string]string{"role": "portal"}}))
	same("a label")
	c.wait(must[*hcloud.Action](t)(c.client.Server.ChangeDNSPtr(c.ctx, s, "127.77.0.10", hcloud.Ptr("klasse.kreis.example"))))
	same("a reverse name")
	c.wait(must[hcloud.ServerCreateImageResult](t)(c.client.Server.CreateImage(c.ctx, s, &hcloud.ServerCreateImageOpts{})).Action)
	same("a snapshot")
	zone := must[hcloud.ZoneCreateResult](t)(c.client.Zone.Create(c.ctx, hcloud.ZoneCreateOpts{Name: "kreis.example", Mode: hcloud.ZoneModePrimary}))
	c.wait(zone.Action)
	same("a zone")
	c.wait(must[*hcloud.ServerDeleteResult](t)(c.client.Server.DeleteWithResult(c.ctx, s)).Action)
	same("a deletion")
	if info, err := os.Stat(journalPath(path)); err != nil || info.Size() == 0 || info.Mode().Perm() != 0o600 {
		t.Errorf("journal: %v %v", info, err)
	}
}

// TestJournalCutAnywhere is what a kill in the middle of a write leaves behind.
func TestJournalCutAnywhere(t *testing.T) {
	path := filepath.Join(t.TempDir(), "cloud.json")
	c := newCloud(t, func(cfg *Config) { cfg.StateFile = path })
	for i := range 5 {
		must[*hcloud.SSHKey](t)(c.client.SSHKey.Create(c.ctx, hcloud.SSHKeyCreateOpts{Name: fmt.Sprint("key-", i), PublicKey: publicKey(t)}))
	}
	journal, err := os.ReadFile(journalPath(path))
	if err != nil {
		t.Fatal(err)
	}
	state, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	cut := filepath.Join(t.TempDir(), "cloud.json")
	if err := os.WriteFile(cut, state, 0o600); err != nil {
		t.Fatal(err)
	}
	before := 0
	for _, size := range cuts(len(journal)) {
		if err := os.WriteFile(journalPath(cut), journal[:size], 0o600); err != nil {
			t.Fatal(err)
		}
		p, err := loadProject(cut)
		if err != nil {
			t.Fatalf("cut after %d bytes: %v", size, err)
		}
		if len(p.SSHKeys) < before {
			t.Fatalf("cut after %d bytes: %d keys, had %d", size, len(p.SSHKeys), before)
		}
		before = len(p.SSHKeys)
	}
	if before != 5 {
		t.Errorf("whole journal: %d keys, want 5", before)
	}
	for name, bad := range map[string][]byte{
		"a line that is no JSON": bytes.Replace(journal, []byte(`{"set"`), []byte(`{"sex`), 1),
		"an unknown kind":        bytes.Replace(journal, []byte(`"ssh_keys"`), []byte(`"keys_ssh"`), 1),
	} {
		if err := os.WriteFile(journalPath(cut), bad, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := loadProject(cut); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	old := append([]byte(`{"base":7}`), journal[bytes.IndexByte(journal, '\n'):]...)
	if err := os.WriteFile(journalPath(cut), old, 0o600); err != nil {
		t.Fatal(err)
	}
	if p, err := loadProject(cut); err != nil || len(p.SSHKeys) > 1 {
		t.Errorf("journal of another base: %v", err)
	}
}

// cuts are some lengths, the whole one last.
func cuts(whole int) (sizes []int) {
	for size := 0; size < whole; size += 1 + size%29 {
		sizes = append(sizes, size)
	}
	return append(sizes, whole-1, whole)
}

// TestLongJournalIsFoldedIn must not let the next start read all that ever happened.
func TestLongJournalIsFoldedIn(t *testing.T) {
	path := filepath.Join(t.TempDir(), "cloud.json")
	c := newCloud(t, func(cfg *Config) { cfg.StateFile = path })
	opts := serverOpts("portal")
	opts.UserData = string(bytes.Repeat([]byte("# cloud-config\n"), 2000))
	s := c.createStopped("portal")
	folded := false
	for i := 0; !folded && i < 200; i++ {
		c.wait(must[hcloud.ServerRebuildResult](t)(c.client.Server.RebuildWithResult(c.ctx, s, hcloud.ServerRebuildOpts{
			Image: &hcloud.Image{Name: "debian-12"}, UserData: hcloud.Ptr(fmt.Sprint(opts.UserData, i)),
		})).Action)
		info, err := os.Stat(journalPath(path))
		folded = i > 30 && err == nil && info.Size() < minJournal/2
	}
	if !folded {
		t.Error("the journal only grows")
	}
	c.eventually("disk and memory to be the same", func() bool { return c.onDisk(path) == c.inMemory() })
}

// TestTrackerSeesEveryField sets each exported field of each kind of resource, however deep, and wants it noticed.
func TestTrackerSeesEveryField(t *testing.T) {
	tr := newTracker()
	fields := 0
	for kind, field := range projectFields(newProject()) {
		if !isResources(field.Type()) {
			continue
		}
		typ := field.Type().Elem().Elem()
		visitFields(typ, func(path []int, name string) {
			value := reflect.New(typ)
			before := tr.fingerprint(value)
			if !fill(value.Elem().FieldByIndex(path)) {
				t.Errorf("%s.%s: the test does not know how to fill a %v", kind, name, value.Elem().FieldByIndex(path).Type())
			}
			if tr.fingerprint(value) == before {
				t.Errorf("%s.%s: a change goes unnoticed", kind, name)
			}
			fields++
		})
	}
	if fields < 50 {
		t.Errorf("looked at %d fields only", fields)
	}
}

func visitFields(typ reflect.Type, visit func(path []int, name string)) {
	for _, f := range reflect.VisibleFields(typ) {
		if f.IsExported() && !f.Anonymous {
			visit(f.Index, f.Name)
		}
	}
}

// fill sets a value to something that is not zero.
func fill(v reflect.Value) bool {
	switch own := v.Addr().Interface().(type) {
	case *time.Time:
		*own = time.Unix(1, 0)
		return true
	case *netip.Addr:
		*own = netip.MustParseAddr("10.0.0.1")
		return true
	case *netip.Prefix:
		*own = netip.MustParsePrefix("10.0.0.0/8")
		return true
	}
	switch v.Kind() {
	case reflect.Bool:
		v.SetBool(true)
	case reflect.String:
		v.SetString("x")
	case reflect.Uint32, reflect.Uint64:
		v.SetUint(1)
	case reflect.Int, reflect.Int64:
		v.SetInt(1)
	case reflect.Float32, reflect.Float64:
		v.SetFloat(1)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		return fill(v.Index(0))
	case reflect.Map:
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		v.Set(reflect.MakeMap(v.Type()))
		if !fill(key) || !fill(value) {
			return false
		}
		v.SetMapIndex(key, value)
	case reflect.Struct:
		return fill(v.Field(0))
	default:
		return false
	}
	return true
}

func FuzzJournal(f *testing.F) {
	f.Add([]byte(`{"set":{"ssh_keys":{"7":{"id":7,"name":"operator"}}},"rest":{"last_id":7}}`))
	f.Add([]byte(`{"set":{"ssh_keys":{"7":null}},"rest":{}}`))
	f.Add([]byte(`{"set":{"last_id":{"7":{}}}}`))
	f.Fuzz(func(t *testing.T, line []byte) {
		p := newProject()
		if err := p.apply(line); err != nil {
			return
		}
		for kind, field := range projectFields(p) {
			for all := rangeOf(field); all != nil && all.Next(); {
				if all.Value().IsNil() {
					t.Fatalf("%s: the line %q left a resource that is nil", kind, line)
				}
			}
		}
	})
}

func rangeOf(field reflect.Value) *reflect.MapIter {
	if !isResources(field.Type()) {
		return nil
	}
	return field.MapRange()
}
