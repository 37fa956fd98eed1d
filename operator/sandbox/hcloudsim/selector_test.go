package hcloudsim

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/hetznercloud/hcloud-go/v2/hcloud"
)

func mustPrefix(s string) netip.Prefix { return netip.MustParsePrefix(s) }

func TestSelectorForms(t *testing.T) {
	labels := map[string]string{"role": "media", "env": "b", "empty": "", "kreisraum.example/county": "demo"}
	for text, want := range map[string]bool{
		"":                                   true,
		"role=media":                         true,
		"role==media":                        true,
		"role=portal":                        false,
		"role!=portal":                       true,
		"role!=media":                        false,
		"drain!=yes":                         true, // no label counts as unequal
		"role":                               true,
		"drain":                              false,
		"!drain":                             true,
		"!role":                              false,
		"env in (a,b)":                       true,
		"env in (a, c)":                      false,
		"drain in (a)":                       false,
		"env notin (a,c)":                    true,
		"env notin (a,b)":                    false,
		"drain notin (a)":                    true,
		"empty=":                             true,
		"empty in ()":                        true,
		"role=media,!drain,env in (a,b)":     true,
		" role = media , env notin ( b ) ":   false,
		"kreisraum.example/county=demo,role": true,
	} {
		sel, err := parseSelector(text)
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		if got := sel.matches(labels); got != want {
			t.Errorf("%q: got %v, want %v", text, got, want)
		}
	}
}

func TestSelectorErrors(t *testing.T) {
	for _, text := range []string{
		",", "a,", "a in b", "a in (b", "a in b)", "a (b)", "a on (b)", "in (b)", "a=b=c", "a b", "!", "=b", "a=-b", "a in ((b))", "a)b(",
		"a in (b),", "a/b/c", strings.Repeat("a", 64), "a=" + strings.Repeat("b", 64), strings.Repeat("a,", 600) + "a",
	} {
		if sel, err := parseSelector(text); err == nil {
			t.Errorf("%.40q: got %v, want an error", text, sel)
		}
	}
}

func FuzzSelector(f *testing.F) {
	for _, seed := range []string{"a=b", "a==b", "a!=b", "a", "!a", "a in (b,c)", "a notin (b)", "x.example/a=b,!c", "a in (", ",,", "a=b=c"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		sel, err := parseSelector(text)
		if err != nil {
			return
		}
		for _, r := range sel {
			if !labelKey.MatchString(r.key) {
				t.Fatalf("%q: accepted key %q", text, r.key)
			}
			for _, v := range r.values {
				if !labelValue.MatchString(v) {
					t.Fatalf("%q: accepted value %q", text, v)
				}
			}
			negated := selector{{r.key, map[selectorOp]selectorOp{opExists: opNotExists, opNotExists: opExists, opIn: opNotIn, opNotIn: opIn}[r.op], r.values}}
			for _, labels := range []map[string]string{{}, {r.key: ""}, {r.key: "b"}} {
				if (selector{r}).matches(labels) == negated.matches(labels) {
					t.Fatalf("%q: a requirement and its opposite agree on %v", text, labels)
				}
			}
		}
	})
}

func TestListsFollowSelectors(t *testing.T) {
	c := newCloud(t)
	for name, labels := range map[string]map[string]string{
		"media-a": {"role": "media", "env": "a"}, "media-b": {"role": "media", "env": "b"}, "drained": {"role": "media", "env": "a", "drain": ""},
		"portal": {"role": "portal", "env": "a"},
	} {
		opts := serverOpts(name)
		opts.Labels = labels
		c.create(opts)
	}
	servers, err := c.client.Server.AllWithOpts(c.ctx, hcloud.ServerListOpts{
		ListOpts: hcloud.ListOpts{LabelSelector: "role=media,!drain,env in (a,b)"}, Sort: []string{"name:desc"},
	})
	if err != nil || len(servers) != 2 || servers[0].Name != "media-b" || servers[1].Name != "media-a" {
		t.Errorf("got %d %v, want media-b and media-a", len(servers), err)
	}
}
