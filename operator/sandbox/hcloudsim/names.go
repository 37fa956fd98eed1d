package hcloudsim

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

var (
	// RFC 1123 §2.1 host names; one or more labels.
	hostName = regexp.MustCompile(`^[a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?(\.[a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)*$`)
	// Hetzner Cloud API, "Labels"; the same expressions as in hcloud-go's labels.go, with exact ends.
	labelKey = regexp.MustCompile(
		`\A([a-zA-Z0-9]([-_.a-zA-Z0-9]{0,251}[a-zA-Z0-9])?/)?[a-zA-Z0-9]([-_.a-zA-Z0-9]{0,61}[a-zA-Z0-9])?\z`)
	labelValue = regexp.MustCompile(`\A([a-zA-Z0-9]([-_.a-zA-Z0-9]{0,61}[a-zA-Z0-9])?)?\z`)
)

func isHostName(name string) bool { return len(name) <= 253 && hostName.MatchString(name) }

func (v *invalidInput) checkServerName(name string) {
	if !isHostName(name) {
		v.add("name", "must be a valid hostname as per RFC 1123")
	}
}

func (v *invalidInput) checkName(name string) {
	if n := utf8.RuneCountInString(name); n < 1 || n > 128 || strings.TrimSpace(name) != name || !utf8.ValidString(name) {
		v.add("name", "must have 1 to 128 characters and no space at either end")
	}
}

func (v *invalidInput) checkLabels(labels *map[string]string) {
	if labels == nil {
		return
	}
	for key, value := range *labels {
		switch {
		case !labelKey.MatchString(key):
			v.add("labels", "a label key is not correctly formatted")
		case strings.HasPrefix(key, "hetzner.cloud/"):
			v.add("labels", "the label prefix hetzner.cloud/ is reserved")
		case !labelValue.MatchString(value):
			v.add("labels", "the value of label %s is not correctly formatted", key)
		default:
			continue
		}
		return
	}
}
