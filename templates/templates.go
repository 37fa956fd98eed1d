// Package templates renders what is written to a county's machine: the cloud-config of the first boot and the unit of the
// conference server. Equal input gives equal bytes.
//
// The cloud-config stays within the keys hostname, users, groups, write_files, ssh_deletekeys and ssh_keys, so that a simulated
// machine can apply it fully. It runs no command and installs no package: both would be waited for in every new county.
package templates

import (
	"bytes"
	"embed"
	"fmt"
	"strings"
	"text/template"
)

//go:embed *.tmpl
var files embed.FS

var parsed = template.Must(template.New("").
	Option("missingkey=error").
	Funcs(template.FuncMap{"indent": indent, "join": strings.Join}).
	ParseFS(files, "*.tmpl"))

// indent puts n spaces in front of each line after the first.
func indent(n int, s string) string {
	return strings.ReplaceAll(strings.TrimRight(s, "\n"), "\n", "\n"+strings.Repeat(" ", n))
}

func render(name string, data any) (string, error) {
	var out bytes.Buffer
	if err := parsed.ExecuteTemplate(&out, name, data); err != nil {
		return "", fmt.Errorf("render %s: %w", name, err)
	}
	return out.String(), nil
}

// single refuses values that would break out of their line.
func single(values ...string) error {
	for _, v := range values {
		if strings.ContainsAny(v, "\r\n") {
			return fmt.Errorf("render: %q has a line break where one line is expected", v)
		}
	}
	return nil
}
