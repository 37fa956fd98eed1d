// Package store reads and writes the place where a county's state is kept: a folder of this computer, a bucket that speaks S3, or a table
// in PostgreSQL. Pulumi's engine opens the same place by itself (pulumi/pkg/backend/diy); this package is how we look into it without
// starting an engine, and where we keep beside it what belongs to the county and not to one computer.
//
//	file:///home/…/pulumi                        the default, for one computer
//	s3://bucket/path?endpoint=…&region=…         credentials from AWS_*
//	postgres://host/database?sslmode=…           credentials from PG*
//
// Keys are slash-separated paths. A value is read and written whole; what was written is what the next reader gets, on any computer (S3
// has promised that since 2020, a table always has).
package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"time"
)

// ErrNotExist is what Read returns for a key that is not there.
var ErrNotExist = fs.ErrNotExist

// ErrUnreachable is wrapped by every other error of a store that is not a folder: it does not answer, or lets nobody in.
var ErrUnreachable = errors.New("the state cannot be reached")

// patience bounds one request to a store.
const patience = 30 * time.Second

// maxValue bounds a value in bytes; the state of a county with 99 bridges has less than one million.
const maxValue = 64 << 20

// Store is a place for values. Safe for concurrent use.
type Store interface {
	// Read returns ErrNotExist for a key that is not there.
	Read(ctx context.Context, key string) ([]byte, error)
	// Write replaces the value, whole or not at all.
	Write(ctx context.Context, key string, value []byte) error
	// Delete removes the keys; one that is not there is fine.
	Delete(ctx context.Context, keys ...string) error
	// List returns the keys that begin with prefix, sorted.
	List(ctx context.Context, prefix string) ([]string, error)
	// Place is where a key is, for people; it holds no password.
	Place(key string) string
	// Shared says that other computers can open the same store.
	Shared() bool
	Close() error
}

// Exists reports whether a key has a value.
func Exists(ctx context.Context, s Store, key string) (bool, error) {
	keys, err := s.List(ctx, key)
	return err == nil && len(keys) > 0 && keys[0] == key, err
}

// Open opens the place with an address as Normal returns it.
func Open(ctx context.Context, address string) (Store, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, fmt.Errorf("the address of the state: %w", err)
	}
	switch u.Scheme {
	case "file":
		return folder{root: u.Path}, nil
	case "s3", "postgres":
		return openBucket(ctx, u)
	}
	return nil, fmt.Errorf("%s: state is kept at file://, s3:// or postgres://", u.Redacted())
}
