// Package e2e puts a whole county up in the sandbox with the built programs, teaches a lesson in it with real browsers, and takes it
// down again. It is behind the build tag e2e, because it needs `make build`, root and Chromium: run it with `make e2e`.
package e2e
