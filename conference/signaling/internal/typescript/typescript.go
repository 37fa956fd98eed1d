// Package typescript writes the messages of conference/signaling down as TypeScript types, from the Go source: its comments come along.
package typescript

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"
)

// File is where the types belong, seen from conference/signaling.
const File = "../web/app/src/signaling/messages.gen.ts"

// limits are the bounds that the page keeps to by itself, under the names that it has for them.
var limits = []struct{ page, source string }{
	{"name", "MaxName"}, {"chat", "MaxChat"}, {"codeMin", "MinCode"}, {"codeMax", "MaxCode"}, {"want", "MaxView"},
	{"deviceMin", "MinDevice"}, {"deviceMax", "MaxDevice"},
}

// Generate reads the package in dir. It knows what that package uses of Go and no more; the rest is an error.
func Generate(dir string) ([]byte, error) {
	s, err := read(dir)
	if err != nil {
		return nil, err
	}
	w := &writer{source: s, written: map[string]bool{}}
	if err := w.file(); err != nil {
		return nil, err
	}
	return w.out.Bytes(), nil
}

// source is what the package declares.
type source struct {
	types map[string]declared
	// constants are those with a literal value, as in the source.
	constants map[string]string
	lists     []list
	// wire is the value of the "type" field, by the type's name.
	wire map[string]string
	// messages are the types that a map of decoders names, by the map's name.
	messages map[string][]string
}

type declared struct {
	doc  string
	expr ast.Expr
}

// list is a variable with all values of a type.
type list struct {
	name, of string
	values   []string // names of constants
}

func read(dir string) (*source, error) {
	s := &source{types: map[string]declared{}, constants: map[string]string{}, wire: map[string]string{}, messages: map[string][]string{}}
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		return nil, fmt.Errorf("read the messages: %w", err)
	}
	for _, name := range files { // sorted
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments)
		if err != nil {
			return nil, fmt.Errorf("read the messages: %w", err)
		}
		for _, d := range f.Decls {
			switch d := d.(type) {
			case *ast.GenDecl:
				s.declare(d)
			case *ast.FuncDecl:
				s.method(d)
			}
		}
	}
	return s, nil
}

func (s *source) declare(d *ast.GenDecl) {
	for _, spec := range d.Specs {
		switch spec := spec.(type) {
		case *ast.TypeSpec:
			doc := spec.Doc.Text()
			if doc == "" && !d.Lparen.IsValid() {
				doc = d.Doc.Text()
			}
			s.types[spec.Name.Name] = declared{doc, spec.Type}
		case *ast.ValueSpec:
			for i, value := range spec.Values {
				s.value(spec.Names[i].Name, value)
			}
		}
	}
}

func (s *source) value(name string, v ast.Expr) {
	switch v := v.(type) {
	case *ast.BasicLit:
		s.constants[name] = strings.ReplaceAll(v.Value, `"`, `'`)
	case *ast.CompositeLit:
		switch of := v.Type.(type) {
		case *ast.ArrayType:
			l := list{name: name, of: nameOf(of.Elt)}
			for _, element := range v.Elts {
				l.values = append(l.values, nameOf(element))
			}
			s.lists = append(s.lists, l)
		case *ast.MapType:
			for _, element := range v.Elts {
				if m := decodedBy(element); m != "" {
					s.messages[name] = append(s.messages[name], m)
				}
			}
		}
	}
}

// method keeps what a Type method returns.
func (s *source) method(d *ast.FuncDecl) {
	if d.Recv == nil || d.Name.Name != "Type" || len(d.Body.List) != 1 {
		return
	}
	if r, ok := d.Body.List[0].(*ast.ReturnStmt); ok && len(r.Results) == 1 {
		if lit, ok := r.Results[0].(*ast.BasicLit); ok {
			s.wire[nameOf(d.Recv.List[0].Type)] = strings.Trim(lit.Value, `"`)
		}
	}
}

// decodedBy is the X of X{}.Type() in the key of a map's element.
func decodedBy(element ast.Expr) string {
	kv, ok := element.(*ast.KeyValueExpr)
	if !ok {
		return ""
	}
	call, ok := kv.Key.(*ast.CallExpr)
	if !ok {
		return ""
	}
	if method, ok := call.Fun.(*ast.SelectorExpr); ok {
		if of, ok := method.X.(*ast.CompositeLit); ok {
			return nameOf(of.Type)
		}
	}
	return ""
}

func nameOf(e ast.Expr) string {
	if id, ok := e.(*ast.Ident); ok {
		return id.Name
	}
	return ""
}

// writer writes the file.
type writer struct {
	*source
	out     bytes.Buffer
	written map[string]bool
}

func (w *writer) file() error {
	w.line("// Code generated from conference/signaling by \"go generate\"; DO NOT EDIT.")
	w.line("")
	w.line("export const subprotocol = %s;", w.constants["Subprotocol"])
	w.line("")
	w.line("/** Bounds of what the server accepts, so that the page does not send what will be refused. */")
	w.line("export const limits = {")
	for _, l := range limits {
		value, known := w.constants[l.source]
		if !known {
			return fmt.Errorf("no constant %s with a literal value", l.source)
		}
		w.line("  %s: %s,", l.page, value)
	}
	w.line("} as const;")
	for _, l := range w.lists {
		if _, ours := w.types[l.of]; !ours {
			continue // paths and the like
		}
		if err := w.enumeration(l); err != nil {
			return err
		}
	}
	for _, direction := range []struct{ name, decoders string }{{"ClientMessage", "clientTypes"}, {"ServerMessage", "serverTypes"}} {
		if err := w.union(direction.name, w.messages[direction.decoders]); err != nil {
			return err
		}
	}
	return nil
}

func (w *writer) enumeration(l list) error {
	values := make([]string, len(l.values))
	for i, name := range l.values {
		v, known := w.constants[name]
		if !known {
			return fmt.Errorf("%s: %s is no constant with a literal value", l.name, name)
		}
		values[i] = v
	}
	w.line("")
	w.comment("", w.types[l.of].doc)
	w.line("export const %s = [", l.name)
	for _, v := range values {
		w.line("  %s,", v)
	}
	w.line("] as const;")
	w.line("export type %s = (typeof %s)[number];", l.of, l.name)
	w.written[l.of] = true
	return nil
}

func (w *writer) union(name string, messages []string) error {
	if len(messages) == 0 {
		return fmt.Errorf("no messages for %s", name)
	}
	for _, m := range messages {
		if w.wire[m] == "" {
			return fmt.Errorf("%s has no Type method with a literal", m)
		}
		if err := w.structure(m); err != nil {
			return err
		}
	}
	w.line("")
	w.line("export type %s =", name)
	for i, m := range messages {
		end := ""
		if i == len(messages)-1 {
			end = ";"
		}
		if fields := w.types[m].expr.(*ast.StructType).Fields.List; len(fields) == 0 {
			w.line("  | { readonly type: '%s' }%s", w.wire[m], end)
		} else {
			w.line("  | ({ readonly type: '%s' } & %s)%s", w.wire[m], m, end)
		}
	}
	return nil
}

// structure writes a type and first what it is made of.
func (w *writer) structure(name string) error {
	if w.written[name] {
		return nil
	}
	w.written[name] = true
	d := w.types[name]
	st, ok := d.expr.(*ast.StructType)
	if !ok {
		return fmt.Errorf("%s is no structure, and no list has its values", name)
	}
	if len(st.Fields.List) == 0 {
		return nil
	}
	var fields []string
	for _, f := range st.Fields.List {
		wire, optional := tag(f)
		typ, err := w.typeOf(f.Type)
		if err != nil || wire == "" {
			return fmt.Errorf("a field of %s: name on the wire %q, %w", name, wire, err)
		}
		if doc := strings.TrimSpace(f.Doc.Text()); doc != "" {
			fields = append(fields, "  /** "+oneLine(doc)+" */")
		}
		if optional {
			wire += "?"
		}
		fields = append(fields, "  readonly "+wire+": "+typ+";")
	}
	w.line("")
	w.comment("", d.doc)
	w.line("export interface %s {", name)
	for _, f := range fields {
		w.line("%s", f)
	}
	w.line("}")
	return nil
}

func (w *writer) typeOf(e ast.Expr) (string, error) {
	switch e := e.(type) {
	case *ast.StarExpr:
		return w.typeOf(e.X)
	case *ast.ArrayType:
		of, err := w.typeOf(e.Elt)
		return "readonly " + of + "[]", err
	case *ast.Ident:
		switch e.Name {
		case "string":
			return "string", nil
		case "bool":
			return "boolean", nil
		case "int", "int64":
			return "number", nil
		}
		if w.written[e.Name] {
			return e.Name, nil
		}
		if _, private := w.types[e.Name].expr.(*ast.IndexExpr); private {
			return "string", nil // Private[…]
		}
		return e.Name, w.structure(e.Name)
	}
	return "", fmt.Errorf("type %T is not known here", e)
}

func (w *writer) comment(indent, doc string) {
	if doc = oneLine(doc); doc != "" {
		w.line("%s/** %s */", indent, doc)
	}
}

func (w *writer) line(format string, args ...any) { fmt.Fprintf(&w.out, format+"\n", args...) }
