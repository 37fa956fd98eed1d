package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"

	"github.com/pulumi/pulumi/pkg/v3/backend/diy/postgres"
	"gocloud.dev/blob"
	"gocloud.dev/blob/s3blob"
	"gocloud.dev/gcerrors"
)

// bucket keeps values in a bucket or table, in the engine's own format.
type bucket struct {
	where string // for people
	blobs *blob.Bucket
	table io.Closer // beneath blobs; nil for S3
	// listing is held while a list is made: the table's driver asks for each line on a further connection, of which it has a handful, so
	// that many lists at once would wait for each other for ever.
	listing chan struct{}
}

func openBucket(ctx context.Context, u *url.URL) (Store, error) {
	b := &bucket{where: describe(u), listing: make(chan struct{}, 1)}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	var err error
	switch u.Scheme {
	case "s3":
		err = b.openS3(ctx, u)
	default:
		err = b.openTable(ctx, u)
	}
	if err != nil {
		return nil, b.explain("open", "", err)
	}
	if before := prefix(u); before != "" {
		b.blobs = blob.PrefixedBucket(b.blobs, before)
	}
	return b, nil
}

// openS3 asks for the bucket once: later on one that is missing would look like one that is empty.
func (b *bucket) openS3(ctx context.Context, u *url.URL) (err error) {
	if b.blobs, err = new(s3blob.URLOpener).OpenBucketURL(ctx, u); err != nil {
		return err
	}
	there, err := b.blobs.IsAccessible(ctx)
	if err == nil && !there {
		err = fmt.Errorf("there is no bucket %s, or it is not open to these credentials", u.Host)
	}
	if err != nil {
		_ = b.blobs.Close()
	}
	return err
}

// openTable opens the table and makes it first if it is not there. Two that make it at the same moment may stumble over each other.
func (b *bucket) openTable(ctx context.Context, u *url.URL) error {
	once := func() error {
		address := *u // opening takes parameters out of it
		table, err := postgres.NewPostgresBucket(ctx, &address)
		if err != nil {
			return err
		}
		b.blobs, b.table = table.Bucket(), table
		return nil
	}
	if err := once(); err != nil {
		return once()
	}
	return nil
}

// describe is an address without user, password and parameters.
func describe(u *url.URL) string {
	return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}).String()
}

func (b *bucket) Shared() bool { return true }

func (b *bucket) Close() error {
	err := b.blobs.Close()
	if b.table != nil {
		_ = b.table.Close() // ends the connections, and complains that blobs is closed
	}
	return err
}

func (b *bucket) Place(key string) string { return strings.TrimSuffix(b.where, "/") + "/" + key }

func (b *bucket) Read(ctx context.Context, key string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	r, err := b.blobs.NewReader(ctx, key, nil)
	if err != nil {
		return nil, b.explain("read", key, err)
	}
	value, err := io.ReadAll(io.LimitReader(r, maxValue+1))
	if err = errors.Join(err, r.Close()); err != nil {
		return nil, b.explain("read", key, err)
	}
	if len(value) > maxValue {
		return nil, fmt.Errorf("read %s: it is larger than %d bytes", b.Place(key), maxValue)
	}
	return value, nil
}

func (b *bucket) Write(ctx context.Context, key string, value []byte) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return b.explain("write", key, b.blobs.WriteAll(ctx, key, value, nil))
}

// Delete looks first: a table takes it amiss when a key is not there, without saying so in a way that could be told from other trouble.
func (b *bucket) Delete(ctx context.Context, keys ...string) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for _, key := range keys {
		err := b.blobs.Delete(ctx, key)
		if err == nil || gcerrors.Code(err) == gcerrors.NotFound {
			continue
		}
		if there, look := b.blobs.Exists(ctx, key); look == nil && !there {
			continue
		}
		return b.explain("delete", key, err)
	}
	return nil
}

// maxLists bounds how often a list is begun anew.
const maxLists = 10

func (b *bucket) List(ctx context.Context, prefix string) ([]string, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	select {
	case b.listing <- struct{}{}:
		defer func() { <-b.listing }()
	case <-ctx.Done():
		return nil, b.explain("look for", prefix, ctx.Err())
	}
	for attempt := 1; ; attempt++ {
		keys, err := b.list(ctx, prefix)
		if err == nil || gcerrors.Code(err) != gcerrors.NotFound || attempt == maxLists {
			return keys, b.explain("look for", prefix, err)
		}
		// The table's driver reads each row once more; one was deleted in between.
	}
}

func (b *bucket) list(ctx context.Context, prefix string) ([]string, error) {
	var keys []string
	for objects := b.blobs.List(&blob.ListOptions{Prefix: prefix}); ; {
		object, err := objects.Next(ctx)
		if errors.Is(err, io.EOF) {
			return keys, nil
		}
		if err != nil {
			return nil, err
		}
		keys = append(keys, object.Key)
	}
}

// explain says which store did not do what.
func (b *bucket) explain(what, key string, err error) error {
	switch {
	case err == nil:
		return nil
	case what == "read" && gcerrors.Code(err) == gcerrors.NotFound:
		return fmt.Errorf("%s %s: %w", what, b.Place(key), ErrNotExist)
	}
	return fmt.Errorf("%w: %s %s: %w; state.url in the county's file says where it is, the credentials are in the environment (%s)",
		ErrUnreachable, what, b.Place(key), err, credentials(b.where))
}

func credentials(where string) string {
	if strings.HasPrefix(where, "s3:") {
		return "AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY"
	}
	return "PGUSER, PGPASSWORD"
}
