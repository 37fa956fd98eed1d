package provider

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/hetznercloud/hcloud-go/v2/hcloud"
	"github.com/pulumi/pulumi-go-provider/infer"

	"github.com/medienzentrenverbund/kreisraum/infra/hetzner"
)

// existing makes a record as somebody else would.
func existing(p *project, labels map[string]string, values ...string) {
	p.t.Helper()
	made, _, err := p.cloud.Zone.CreateRRSet(p.t.Context(), &hcloud.Zone{Name: "kmz.example"}, hcloud.ZoneRRSetCreateOpts{
		Name: "jitsi", Type: "A", Records: records(values), Labels: labels,
	})
	if err != nil {
		p.t.Fatal(err)
	}
	p.done(made.Action)
}

func rrset(p *project) *hcloud.ZoneRRSet {
	p.t.Helper()
	found, _, err := p.cloud.Zone.GetRRSetByNameAndType(p.t.Context(), &hcloud.Zone{Name: "kmz.example"}, "jitsi", "A")
	if err != nil {
		p.t.Fatal(err)
	}
	return found
}

func TestRecordIsMadeChangedAndRemoved(t *testing.T) {
	p := newProject(t)
	zone(p, "kmz.example")
	r, in := Record{p.handle}, recordArgs()
	id := create(p, r, in)
	if found := rrset(p); id != "kmz.example/jitsi/A" || !slices.Equal(values(found), in.Values) || *found.TTL != 300 {
		t.Errorf("%s: %+v", id, found)
	}
	moved := in
	moved.Values, moved.TTL = []string{"192.0.2.2"}, 60
	if _, err := r.Update(t.Context(), infer.UpdateRequest[RecordArgs, RecordState]{ID: id, State: RecordState{in}, Inputs: moved}); err != nil {
		t.Fatal(err)
	}
	if found := rrset(p); !slices.Equal(values(found), moved.Values) || *found.TTL != 60 {
		t.Errorf("moved: %+v", found)
	}
	read, err := r.Read(t.Context(), infer.ReadRequest[RecordArgs, RecordState]{ID: id, Inputs: in, State: RecordState{in}})
	if err != nil || len(recordChanges(read.State, moved)) > 0 {
		t.Errorf("read %+v, %v", read.State, err)
	}
	for range 2 { // the second time it is gone already
		if _, err := r.Delete(t.Context(), infer.DeleteRequest[RecordState]{ID: id, State: RecordState{moved}}); err != nil {
			t.Fatal(err)
		}
	}
	if rrset(p) != nil {
		t.Error("the record is still there")
	}
}

func TestRecordsOfOthers(t *testing.T) {
	for name, c := range map[string]struct {
		labels map[string]string
		values []string
		taken  bool
	}{
		"somebody's with the same value":  {nil, []string{"192.0.2.1"}, false},
		"somebody's with another value":   {nil, []string{"198.51.100.9"}, true},
		"ours with another value":         {labels("portal"), []string{"198.51.100.9"}, false},
		"another county's":                {hetzner.Labels("other", "portal"), []string{"192.0.2.1"}, true},
		"somebody's with one value more":  {map[string]string{"team": "web"}, []string{"192.0.2.1", "192.0.2.2"}, true},
		"somebody's, labelled, identical": {map[string]string{"team": "web"}, []string{"192.0.2.1"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			p := newProject(t)
			zone(p, "kmz.example")
			existing(p, c.labels, c.values...)
			_, err := Record{p.handle}.Create(t.Context(), infer.CreateRequest[RecordArgs]{Inputs: recordArgs()})
			found := rrset(p)
			if !c.taken {
				if err != nil || !slices.Equal(values(found), []string{"192.0.2.1"}) || !hetzner.Covers(found.Labels, labels("portal")) || !hetzner.Covers(found.Labels, without(c.labels)) {
					t.Errorf("got %v, %+v", err, found)
				}
				return
			}
			var taken *TakenError
			var foreign *hetzner.ForeignError
			if !errors.As(err, &taken) && !errors.As(err, &foreign) {
				t.Fatalf("got %v", err)
			}
			if taken != nil && (!strings.Contains(err.Error(), "jitsi.kmz.example A") || !strings.Contains(err.Error(), "by-hand")) {
				t.Errorf("it does not say what to do: %v", err)
			}
			if !slices.Equal(values(found), c.values) || len(found.Labels) != len(c.labels) {
				t.Errorf("it was touched: %+v", found)
			}
		})
	}
}

// A record that was deleted by hand, and whose name another county has taken since, is that county's.
func TestRecordThatIsAnotherCountysByNow(t *testing.T) {
	p := newProject(t)
	zone(p, "kmz.example")
	r, in := Record{p.handle}, recordArgs()
	existing(p, hetzner.Labels("other", "portal"), "192.0.2.9")
	id := hetzner.RRSetKey(in.Zone, in.Name, in.Type)
	read, err := r.Read(t.Context(), infer.ReadRequest[RecordArgs, RecordState]{ID: id, Inputs: in, State: RecordState{in}})
	if err != nil || read.ID != "" {
		t.Errorf("read %+v, %v, want that ours is gone", read, err)
	}
	if _, err := r.Delete(t.Context(), infer.DeleteRequest[RecordState]{ID: id, State: RecordState{in}}); err != nil {
		t.Fatal(err)
	}
	if rrset(p) == nil {
		t.Error("the other county's record is gone")
	}
}

// without are the labels that are not kreisraum's.
func without(all map[string]string) map[string]string {
	rest := map[string]string{}
	for k, v := range all {
		if !strings.HasPrefix(k, "kreisraum/") {
			rest[k] = v
		}
	}
	return rest
}

func TestZoneFor(t *testing.T) {
	p := newProject(t)
	for _, name := range []string{"kmz.example", "other.example"} {
		zone(p, name)
	}
	for domain, want := range map[string]string{
		"jitsi.kmz.example": "kmz.example", "kmz.example": "kmz.example", "Jitsi.Video.KMZ.example.": "kmz.example",
		"notkmz.example": "", "example": "", "jitsi.kmz.example.org": "",
	} {
		got, found, err := p.handle.cloud.ZoneFor(t.Context(), domain)
		if err != nil || got != want || found != (want != "") {
			t.Errorf("%s: got %q, %t, %v; want %q", domain, got, found, err, want)
		}
	}
}
