// Package infra is the Pulumi program of one county and what it takes and returns.
package infra
