package hcloudsim

import (
	"fmt"
	"slices"
	"strings"
)

// selector is a parsed label selector: all of its requirements must hold. The zero value matches everything.
// Hetzner Cloud API, "Label Selector".
type selector []requirement

type requirement struct {
	key    string
	op     selectorOp
	values []string
}

type selectorOp int

const (
	opExists selectorOp = iota
	opNotExists
	opIn    // also k=v and k==v
	opNotIn // also k!=v
)

const maxSelector = 1024 // bytes; our own bound

// parseSelector understands k=v, k==v, k!=v, k, !k, k in (a,b), k notin (a,b) and the comma between them.
func parseSelector(text string) (selector, error) {
	if len(text) > maxSelector {
		return nil, fmt.Errorf("label selector is longer than %d bytes", maxSelector)
	}
	if strings.TrimSpace(text) == "" {
		return nil, nil
	}
	parts, err := splitSelector(text)
	if err != nil {
		return nil, err
	}
	var sel selector
	for _, part := range parts {
		req, err := parseRequirement(strings.TrimSpace(part))
		if err != nil {
			return nil, err
		}
		sel = append(sel, req)
	}
	return sel, nil
}

// splitSelector cuts at the commas outside of parentheses.
func splitSelector(text string) ([]string, error) {
	var parts []string
	start, inside := 0, false
	for i, c := range text {
		switch {
		case c == '(' && !inside:
			inside = true
		case c == ')' && inside:
			inside = false
		case c == '(' || c == ')':
			return nil, fmt.Errorf("label selector: parentheses do not match at byte %d", i)
		case c == ',' && !inside:
			parts = append(parts, text[start:i])
			start = i + 1
		}
	}
	if inside {
		return nil, fmt.Errorf("label selector: a parenthesis is not closed")
	}
	return append(parts, text[start:]), nil
}

func parseRequirement(text string) (requirement, error) {
	if key, ok := strings.CutPrefix(text, "!"); ok {
		return checked(requirement{key: strings.TrimSpace(key), op: opNotExists})
	}
	if strings.HasSuffix(text, ")") {
		return parseSet(text)
	}
	for _, form := range []struct {
		sign string
		op   selectorOp
	}{{"!=", opNotIn}, {"==", opIn}, {"=", opIn}} {
		if key, value, ok := strings.Cut(text, form.sign); ok {
			return checked(requirement{key: strings.TrimSpace(key), op: form.op, values: []string{strings.TrimSpace(value)}})
		}
	}
	return checked(requirement{key: text, op: opExists})
}

// parseSet reads "k in (a,b)" and "k notin (a,b)".
func parseSet(text string) (requirement, error) {
	head, list, ok := strings.Cut(strings.TrimSuffix(text, ")"), "(")
	words := strings.Fields(head)
	if !ok || len(words) != 2 {
		return requirement{}, fmt.Errorf("label selector: want key in (values) or key notin (values)")
	}
	req := requirement{key: words[0]}
	switch words[1] {
	case "in":
		req.op = opIn
	case "notin":
		req.op = opNotIn
	default:
		return requirement{}, fmt.Errorf("label selector: unknown operator, want in or notin")
	}
	for _, v := range strings.Split(list, ",") {
		req.values = append(req.values, strings.TrimSpace(v))
	}
	return checked(req)
}

func checked(r requirement) (requirement, error) {
	if !labelKey.MatchString(r.key) {
		return r, fmt.Errorf("label selector: key is not correctly formatted")
	}
	for _, v := range r.values {
		if !labelValue.MatchString(v) {
			return r, fmt.Errorf("label selector: value is not correctly formatted")
		}
	}
	return r, nil
}

// matches says whether the labels meet all requirements. As in Kubernetes, k!=v and notin also hold when there is no label k.
func (sel selector) matches(labels map[string]string) bool {
	for _, r := range sel {
		value, has := labels[r.key]
		ok := false
		switch r.op {
		case opExists:
			ok = has
		case opNotExists:
			ok = !has
		case opIn:
			ok = has && slices.Contains(r.values, value)
		case opNotIn:
			ok = !has || !slices.Contains(r.values, value)
		}
		if !ok {
			return false
		}
	}
	return true
}
