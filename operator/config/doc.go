// Package config reads a county's file, configs/<county>.yaml: strictly, with every mistake reported at once together with
// its line, its key and what was expected. The file holds no secret.
package config
