package provider

import (
	"fmt"
	"strconv"
)

// formatID is how Pulumi knows a resource: Hetzner's ID in decimal.
func formatID(id int64) string { return strconv.FormatInt(id, 10) }

// parseID reads what formatID wrote.
func parseID(kind, s string) (int64, error) {
	id, err := strconv.ParseInt(s, 10, 64)
	if err != nil || id <= 0 {
		return 0, fmt.Errorf("%q is no ID of a %s", s, kind)
	}
	return id, nil
}
