package stack

import (
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"github.com/medienzentrenverbund/kreisraum/infra"
)

func find(t *testing.T, all []Change, name, kind string) Change {
	t.Helper()
	i := slices.IndexFunc(all, func(c Change) bool { return c.Name == name && c.Kind == kind })
	if i < 0 {
		t.Fatalf("%s %s is not in %+v", kind, name, all)
	}
	return all[i]
}

func (c Change) property(name string) PropertyChange {
	for _, p := range c.Properties {
		if p.Name == name {
			return p
		}
	}
	return PropertyChange{}
}

func TestPreviewSaysWhatWouldChange(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.open("demo")
	const canary = "canary-in-the-cloud-config"
	spec := plan("demo")
	spec.UserData[infra.PortalName("demo")] = "#cloud-config\n# " + canary + "\n"
	preview := func(spec infra.Spec) Result {
		t.Helper()
		w.writes.reset()
		result, err := s.Preview(t.Context(), spec, nil)
		if err != nil {
			t.Fatal(err)
		}
		if paths := w.writes.reset(); len(paths) > 0 {
			t.Errorf("a preview wrote %v", paths)
		}
		return result
	}

	fresh := preview(spec)
	server := find(t, fresh.Details, infra.PortalName("demo"), "Server")
	if server.Op != OpCreate || server.property("serverType").New != "cpx22" || server.property("userData").New != secretValue {
		t.Errorf("a new server: %+v", server)
	}
	for _, c := range fresh.Details {
		for _, p := range c.Properties {
			if strings.Contains(p.Old+p.New, canary) || strings.Contains(p.Old+p.New, engineUnknown) {
				t.Errorf("%s %s shows %+v", c.Kind, c.Name, p)
			}
		}
	}

	w.up(s, spec)
	for _, c := range preview(spec).Details {
		if c.Op != OpSame || len(c.Properties) > 0 {
			t.Errorf("nothing differs, and yet %+v", c)
		}
	}

	changed := with(spec, first)
	changed.Domain = "video.demo.example"
	changed.SSHPublicKey = otherKey
	details := preview(changed).Details
	address := find(t, details, infra.PortalName("demo")+"-ipv4", "PrimaryIP")
	if address.Op != OpUpdate || len(address.Properties) != 1 || address.Properties[0].Old != "demo.example" || address.Properties[0].New != changed.Domain {
		t.Errorf("an address with another reverse name: %+v", address)
	}
	key := find(t, details, "kreisraum-demo", "SSHKey")
	if key.Op != OpReplace || len(key.Properties) != 1 || !key.Properties[0].Replaces {
		t.Errorf("another key: %+v", key)
	}
	if bridge := find(t, details, infra.BridgeName("demo", 1), "Server"); bridge.Op != OpCreate {
		t.Errorf("a new bridge: %+v", bridge)
	}
	if last := details[len(details)-1]; last.Op != OpSame {
		t.Errorf("what stays as it is comes last, not %+v", last)
	}

	w.up(s, changed)
	if gone := find(t, preview(spec).Details, infra.BridgeName("demo", 1), "Server"); gone.Op != OpDelete || len(gone.Properties) > 0 {
		t.Errorf("a bridge that goes: %+v", gone)
	}
}

func TestValueAt(t *testing.T) {
	inputs := map[string]any{
		"type": "cpx22", "ids": []any{1.0, engineUnknown}, "rules": []any{map[string]any{"port": "443"}}, "on": true, "unknown": engineUnknown,
		"secret": map[string]any{resource.SigKey: resource.SecretSig, "ciphertext": "x"}, "deep": []any{map[string]any{"secret": map[string]any{resource.SigKey: resource.SecretSig}}},
	}
	for path, want := range map[string]string{
		"secret": secretValue, "deep": `[{"secret":"` + secretValue + `"}]`, "type": "cpx22", "ids": `[1,"` + unknownValue + `"]`, "ids[1]": unknownValue, "ids[7]": "", "rules[0].port": "443", "rules[0].none": "", "secret.part": secretValue,
		"on": "true", "none": "", "unknown": unknownValue, `["`: "",
	} {
		if got := valueAt(inputs, path); got != want {
			t.Errorf("%s: %q, want %q", path, got, want)
		}
	}
}

func TestReplacementComesInSteps(t *testing.T) {
	const urn = "urn:pulumi:demo::kreisraum::kreisraum:index:Server::kreisraum-demo-portal"
	l := newChangeLog()
	for _, op := range []apitype.OpType{apitype.OpDeleteReplaced, apitype.OpReplace, apitype.OpCreateReplacement} {
		l.note(apitype.StepEventMetadata{Op: op, URN: urn})
	}
	l.note(apitype.StepEventMetadata{Op: apitype.OpRead, URN: urn + "-2"})
	l.note(apitype.StepEventMetadata{Op: apitype.OpCreate, URN: "urn:pulumi:demo::kreisraum::pulumi:pulumi:Stack::kreisraum-demo"})
	if all := l.all(); len(all) != 1 || all[0].Op != OpReplace {
		t.Errorf("got %+v", all)
	}
}
