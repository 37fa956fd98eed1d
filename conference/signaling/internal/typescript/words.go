package typescript

import (
	"go/ast"
	"reflect"
	"strconv"
	"strings"
)

// tag is a field's name on the wire and whether it may be absent there.
func tag(f *ast.Field) (name string, optional bool) {
	if f.Tag == nil {
		return "", false
	}
	raw, err := strconv.Unquote(f.Tag.Value)
	if err != nil {
		return "", false
	}
	name, options, _ := strings.Cut(reflect.StructTag(raw).Get("json"), ",")
	return name, options == "omitempty"
}

func oneLine(doc string) string { return strings.Join(strings.Fields(doc), " ") }
