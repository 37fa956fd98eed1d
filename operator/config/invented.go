package config

import (
	"slices"
	"strings"
)

// inventedDomains belong to nobody and never will: RFC 2606 §2 and §3, RFC 6761 §6.
var inventedDomains = []string{"example", "test", "invalid", "localhost", "example.com", "example.net", "example.org"}

// Invented reports whether nobody can own the county's domain, as with the samples: such a county lives in the sandbox only.
func (c Config) Invented() bool {
	return slices.ContainsFunc(inventedDomains, func(d string) bool { return c.Domain == d || strings.HasSuffix(c.Domain, "."+d) })
}
