// Package configs carries the sample counties, so that `kreisraum up demo --sandbox` works from any folder.
package configs

import "embed"

// Files are the samples, one <county>.yaml each. A file of the same name in the operator's own folder wins.
//
//go:embed *.yaml
var Files embed.FS
