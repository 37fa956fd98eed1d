package hcloudsim

import (
	"hash/maphash"
	"reflect"
	"strings"
)

// change is one line of the journal: what a change of the project has made of it. A line holds all of a change or, when it was cut off,
// nothing.
type change struct {
	// Set are the new contents of resources, by kind and ID; nil: the resource is gone.
	Set map[string]map[int64]any `json:"set,omitempty"`
	// Rest is everything of the project that is no resource.
	Rest map[string]any `json:"rest"`
}

// recordKey is a resource of a kind; kinds are named as in the state file.
type recordKey struct {
	kind string
	id   int64
}

// tracker tells which resources have changed since it last looked. Handlers change resources in place, so it compares fingerprints: with 500
// servers a look takes a hundredth of what encoding them takes.
type tracker struct {
	seed    maphash.Seed
	seen    map[recordKey]uint64
	writers map[reflect.Type]hashWriter
}

func newTracker() *tracker {
	return &tracker{seed: maphash.MakeSeed(), seen: map[recordKey]uint64{}, writers: map[reflect.Type]hashWriter{}}
}

// settled is a resource that changes no more but for vanishing.
type settled interface{ settled() bool }

func (a *action) settled() bool { return a.Finished != nil }
func (c *charge) settled() bool { return c.Until != nil }

// look is what has changed since the last look. fields must be those of one and the same project.
func (t *tracker) look(p *project) change {
	c := change{Set: map[string]map[int64]any{}, Rest: map[string]any{}}
	there := 0
	for name, field := range projectFields(p) {
		if !isResources(field.Type()) {
			c.Rest[name] = field.Interface()
			continue
		}
		there += field.Len()
		t.lookAt(name, field, c)
	}
	if there < len(t.seen) {
		t.lookForGone(p, c)
	}
	return c
}

func (t *tracker) lookAt(kind string, resources reflect.Value, c change) {
	for all := resources.MapRange(); all.Next(); {
		key := recordKey{kind, all.Key().Int()}
		print, known := t.seen[key]
		if known && print == settledPrint {
			continue
		}
		now := t.fingerprint(all.Value())
		if s, ok := all.Value().Interface().(settled); ok && s.settled() {
			now = settledPrint
		}
		if !known || now != print {
			t.seen[key] = now
			c.set(key, all.Value().Interface())
		}
	}
}

func (t *tracker) lookForGone(p *project, c change) {
	fields := projectFields(p)
	for key := range t.seen {
		if !fields[key.kind].MapIndex(reflect.ValueOf(key.id)).IsValid() {
			delete(t.seen, key)
			c.set(key, nil)
		}
	}
}

func (c change) set(key recordKey, v any) {
	if c.Set[key.kind] == nil {
		c.Set[key.kind] = map[int64]any{}
	}
	c.Set[key.kind][key.id] = v
}

// settledPrint stands for every resource that is settled.
const settledPrint = 1

// projectFields are the project's fields by their names in the state file.
func projectFields(p *project) map[string]reflect.Value {
	fields := map[string]reflect.Value{}
	v := reflect.ValueOf(p).Elem()
	for i := range v.NumField() {
		if name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ","); name != "" {
			fields[name] = v.Field(i)
		}
	}
	return fields
}

// isResources says whether a type is a map from IDs to pointers.
func isResources(t reflect.Type) bool {
	return t.Kind() == reflect.Map && t.Key().Kind() == reflect.Int64 && t.Elem().Kind() == reflect.Pointer
}

// fingerprint differs for values that differ, but for one chance in 2⁶³. v is a pointer.
func (t *tracker) fingerprint(v reflect.Value) uint64 {
	var h maphash.Hash
	h.SetSeed(t.seed)
	t.writerOf(v.Type())(&h, v)
	return h.Sum64() | settledPrint<<1 // never that of a settled resource
}
