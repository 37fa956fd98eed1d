package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"time"

	"gopkg.in/yaml.v3"
)

// document is a county's file after reading: the values of right shape, the line of each key, and the mistakes so far.
type document struct {
	values   map[string]any
	lines    map[string]int
	problems []Problem
}

// read walks the YAML tree and sorts each value into values or problems. It never fails: a mistake is a problem.
func read(data []byte) *document {
	d := &document{values: map[string]any{}, lines: map[string]int{}}
	var root, next yaml.Node
	documents := yaml.NewDecoder(bytes.NewReader(data))
	if err := documents.Decode(&root); err != nil && !errors.Is(err, io.EOF) {
		d.problems = append(d.problems, yamlProblem(err))
		return d
	}
	if err := documents.Decode(&next); !errors.Is(err, io.EOF) {
		d.add(next.Line, "", "a second document begins after ---; a county's file is one")
	}
	if len(root.Content) == 0 {
		d.add(0, "", "the file is empty")
		return d
	}
	d.mapping("", root.Content[0])
	return d
}

func (d *document) add(line int, path, format string, args ...any) {
	d.problems = append(d.problems, Problem{Line: line, Path: path, Text: fmt.Sprintf(format, args...)})
}

// broken reports whether path, or a group above it, already has a problem.
func (d *document) broken(path string) bool {
	for _, p := range d.problems {
		if p.Path == path || p.Path != "" && strings.HasPrefix(path, p.Path+".") {
			return true
		}
	}
	return false
}

var yamlLine = regexp.MustCompile(`^yaml: line (\d+): (.*)$`)

// yamlProblem takes the line out of the parser's message; the parser offers it in no other form.
func yamlProblem(err error) Problem {
	if m := yamlLine.FindStringSubmatch(err.Error()); m != nil {
		line, _ := strconv.Atoi(m[1])
		return Problem{Line: line, Text: "not YAML: " + m[2]}
	}
	return Problem{Text: "not YAML: " + strings.TrimPrefix(err.Error(), "yaml: ")}
}

func (d *document) mapping(prefix string, node *yaml.Node) {
	if node.Kind != yaml.MappingNode {
		d.add(node.Line, strings.TrimSuffix(prefix, "."), "keys were expected here, found %s", describe(node))
		return
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		d.entry(prefix, node.Content[i], node.Content[i+1])
	}
}

func (d *document) entry(prefix string, key, value *yaml.Node) {
	path := prefix + key.Value
	if first, twice := d.lines[path]; twice {
		d.add(key.Line, path, "given twice, first in line %d", first)
		return
	}
	d.lines[path] = key.Line
	option, known := find(path)
	switch {
	case known:
		d.value(option, value)
	case isGroup(path):
		d.mapping(path+".", value)
	default:
		d.unknown(path, key.Line)
	}
}

var secretKey = regexp.MustCompile(`(?i)token|secret|passphrase|password|api_?key|credential`)

func (d *document) unknown(path string, line int) {
	switch suggestion := nearest(path); {
	case secretKey.MatchString(path):
		d.add(line, path, "secrets do not belong into this file: give the Hetzner token as HCLOUD_TOKEN or, better, a file named "+
			"by --token-file or KREISRAUM_HCLOUD_TOKEN_FILE, remove the line, and replace the token if this file has been shared")
	case suggestion != "":
		d.add(line, path, "unknown key; did you mean %s?", suggestion)
	default:
		d.add(line, path, "unknown key")
	}
}

// hetznerToken is the shape of a Hetzner Cloud token: 64 letters and digits.
var hetznerToken = regexp.MustCompile(`\b[A-Za-z0-9]{64}\b`)

func (d *document) value(o option, node *yaml.Node) {
	if node.Kind == yaml.ScalarNode && hetznerToken.MatchString(node.Value) {
		d.add(node.Line, o.path, "this looks like a Hetzner token; give it as HCLOUD_TOKEN or by --token-file, and replace it "+
			"if this file has been shared")
		return
	}
	value, ok := decode(o.kind, node)
	if !ok {
		d.add(node.Line, o.path, "%s was expected, found %s", o.kind, describe(node))
		return
	}
	d.values[o.path] = value
}

// decode returns the value of node when it has the shape k. An alias has none: the file is read without them.
func decode(k kind, node *yaml.Node) (any, bool) {
	switch {
	case k == text && node.Kind == yaml.ScalarNode && node.Tag == "!!timestamp":
		return node.Value, true // a day such as 2026-11-23
	case (k == text || k == textOrTexts) && node.Kind == yaml.ScalarNode && node.Tag == "!!str":
		if k == textOrTexts {
			return []string{node.Value}, true
		}
		return node.Value, true
	case k == number && node.Kind == yaml.ScalarNode && node.Tag == "!!int":
		n, err := strconv.Atoi(node.Value)
		return n, err == nil
	case k == decimal && isNumber(node):
		f, err := strconv.ParseFloat(node.Value, 64)
		return f, err == nil
	case k == money && node.Kind == yaml.ScalarNode && (node.Tag == "!!str" || isNumber(node)):
		// As it is written, with or without quotes: a float would lose the cents' exactness.
		return node.Value, true
	case k == duration && node.Kind == yaml.ScalarNode && node.Tag == "!!str":
		d, err := time.ParseDuration(node.Value)
		return d, err == nil
	case k == truth && node.Kind == yaml.ScalarNode && node.Tag == "!!bool":
		return strings.EqualFold(node.Value, "true"), true
	case (k == texts || k == textOrTexts) && node.Kind == yaml.SequenceNode:
		return list(node)
	}
	return nil, false
}

func isNumber(node *yaml.Node) bool {
	return node.Kind == yaml.ScalarNode && (node.Tag == "!!int" || node.Tag == "!!float")
}

func list(node *yaml.Node) (any, bool) {
	out := make([]string, 0, len(node.Content))
	for _, item := range node.Content {
		if item.Kind != yaml.ScalarNode || item.Tag != "!!str" {
			return nil, false
		}
		out = append(out, item.Value)
	}
	return out, true
}

func describe(node *yaml.Node) string {
	switch node.Kind {
	case yaml.MappingNode:
		return "further keys"
	case yaml.SequenceNode:
		return "a list"
	case yaml.AliasNode:
		return "an alias (aliases are not read here)"
	}
	switch node.Tag {
	case "!!null":
		return "nothing"
	case "!!bool":
		return "true or false (put quotes around it if the word itself is meant)"
	case "!!int", "!!float":
		return "the number " + node.Value
	}
	return fmt.Sprintf("%q", node.Value)
}
