package stack

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/auto/events"
	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// Operations of a Change.
const (
	OpCreate  = "create"
	OpUpdate  = "update"
	OpReplace = "replace"
	OpDelete  = "delete"
	OpSame    = "same"
)

// Change is what happens, or would happen, to one resource.
type Change struct {
	// Name at Hetzner; Kind is the resource's type, for example "Server".
	Name string `json:"name"`
	Kind string `json:"kind"`
	// Op is OpCreate, OpUpdate, OpReplace, OpDelete or OpSame.
	Op string `json:"op"`
	// Properties that change, sorted by name; of a new resource all that it is given. Empty for OpSame and OpDelete.
	Properties []PropertyChange `json:"properties,omitempty"`
}

// PropertyChange is one property before and after.
type PropertyChange struct {
	// Name is the property's path, for example "serverType" or "rules[0].port".
	Name string `json:"name"`
	// Old and New are the values as text, strings as they are and everything else as JSON; empty where there is none. A secret is
	// "[secret]", and what only Hetzner will tell is "[not known yet]".
	Old string `json:"old,omitempty"`
	New string `json:"new,omitempty"`
	// Replaces: it is this property that cannot be changed in place.
	Replaces bool `json:"replaces,omitempty"`
}

const (
	secretValue  = "[secret]"
	unknownValue = "[not known yet]"
	// engineUnknown stands for a value that is not known yet (pulumi/sdk/go/common/resource/plugin, UnknownStringValue).
	engineUnknown = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
)

// changeLog collects the changes of one run by resource. One goroutine owns it.
type changeLog struct {
	order []string // URNs as they came
	byURN map[string]*Change
}

func newChangeLog() *changeLog { return &changeLog{byURN: map[string]*Change{}} }

// note takes the beginning of a step. A replacement comes as several.
func (l *changeLog) note(meta apitype.StepEventMetadata) {
	urn := resource.URN(meta.URN)
	kind, ours := strings.CutPrefix(string(urn.Type()), project+":index:")
	op := operation(meta.Op)
	if !ours || op == "" {
		return
	}
	change := l.byURN[meta.URN]
	if change == nil {
		change = &Change{Name: urn.Name(), Kind: kind, Op: op}
		l.byURN[meta.URN] = change
		l.order = append(l.order, meta.URN)
	}
	if rank(op) > rank(change.Op) {
		change.Op = op
	}
	if found := properties(meta); len(found) > len(change.Properties) {
		change.Properties = found
	}
	if change.Op == OpSame || change.Op == OpDelete {
		change.Properties = nil
	}
}

// all are the changes in the order in which the engine came to them, what stays as it is last.
func (l *changeLog) all() []Change {
	var changes, same []Change
	for _, urn := range l.order {
		if c := *l.byURN[urn]; c.Op == OpSame {
			same = append(same, c)
		} else {
			changes = append(changes, c)
		}
	}
	return append(changes, same...)
}

// operation is one of ours, empty for steps that change nothing at Hetzner, such as reading.
func operation(op apitype.OpType) string {
	switch op {
	case apitype.OpCreate, apitype.OpImport:
		return OpCreate
	case apitype.OpUpdate:
		return OpUpdate
	case apitype.OpReplace, apitype.OpCreateReplacement, apitype.OpDeleteReplaced, apitype.OpImportReplacement:
		return OpReplace
	case apitype.OpDelete:
		return OpDelete
	case apitype.OpSame:
		return OpSame
	}
	return ""
}

// rank orders the operations that one resource may get in a single run.
func rank(op string) int {
	return slices.Index([]string{OpSame, OpUpdate, OpCreate, OpDelete, OpReplace}, op)
}

// properties are those that differ.
func properties(meta apitype.StepEventMetadata) []PropertyChange {
	before, found, after := inputs(meta.Old), outputs(meta.Old), inputs(meta.New)
	var changes []PropertyChange
	add := func(path string, replaces bool) {
		old := valueAt(before, path)
		if old == valueAt(after, path) && valueAt(found, path) != "" { // nothing else is asked for than before; something else was found there
			old = valueAt(found, path)
		}
		c := PropertyChange{Name: path, Old: old, New: valueAt(after, path), Replaces: replaces}
		if c.Old != "" || c.New != "" {
			changes = append(changes, c)
		}
	}
	switch {
	case len(meta.DetailedDiff) > 0:
		for _, path := range slices.Sorted(maps.Keys(meta.DetailedDiff)) {
			kind := meta.DetailedDiff[path].Kind
			add(path, kind == apitype.DiffAddReplace || kind == apitype.DiffDeleteReplace || kind == apitype.DiffUpdateReplace)
		}
	case len(meta.Diffs) > 0:
		for _, path := range slices.Sorted(slices.Values(meta.Diffs)) {
			add(path, slices.Contains(meta.Keys, path))
		}
	case meta.Op == apitype.OpCreate:
		for _, path := range slices.Sorted(maps.Keys(after)) {
			add(path, false)
		}
	}
	return changes
}

func inputs(state *apitype.StepEventStateMetadata) map[string]any {
	if state == nil {
		return nil
	}
	return state.Inputs
}

// outputs are what a refresh has found, if there was one.
func outputs(state *apitype.StepEventStateMetadata) map[string]any {
	if state == nil {
		return nil
	}
	return state.Outputs
}

// valueAt is a property's value as text; empty if there is none.
func valueAt(inputs map[string]any, path string) string {
	keys, err := resource.ParsePropertyPath(path)
	if err != nil {
		return ""
	}
	var value any = inputs
	for _, key := range keys {
		switch at := value.(type) {
		case map[string]any:
			if sealed(at) {
				return secretValue
			}
			name, _ := key.(string)
			value = at[name]
		case []any:
			i, ok := key.(int)
			if !ok || i < 0 || i >= len(at) {
				return ""
			}
			value = at[i]
		default:
			return text(value) // a secret hides what is in it
		}
	}
	return text(value)
}

func text(value any) string {
	switch v := conceal(value).(type) {
	case nil:
		return ""
	case string:
		if v == engineUnknown {
			return unknownValue
		}
		return v
	}
	data, err := json.Marshal(conceal(value))
	if err != nil {
		return unknownValue
	}
	return strings.ReplaceAll(string(data), engineUnknown, unknownValue)
}

// sealed reports whether an object stands for a secret (pulumi/sdk/go/common/resource, Secret).
func sealed(object map[string]any) bool { return object[resource.SigKey] == resource.SecretSig }

// conceal replaces every secret in a value.
func conceal(value any) any {
	switch v := value.(type) {
	case map[string]any:
		if sealed(v) {
			return secretValue
		}
		out := make(map[string]any, len(v))
		for key, item := range v {
			out[key] = conceal(item)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, item := range v {
			out[i] = conceal(item)
		}
		return out
	}
	return value
}

// noteEvent takes the beginnings of steps among the engine's events.
func (l *changeLog) noteEvent(event events.EngineEvent) {
	if event.ResourcePreEvent != nil {
		l.note(event.ResourcePreEvent.Metadata)
	}
}
