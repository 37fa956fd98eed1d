package store_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"github.com/medienzentrenverbund/kreisraum/operator/stack/store"
	"github.com/medienzentrenverbund/kreisraum/operator/stack/store/storetest"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("github.com/golang/glog.(*fileSink).flushDaemon"),
		goleak.IgnoreAnyFunction("net/http.(*persistConn).readLoop"), goleak.IgnoreAnyFunction("net/http.(*persistConn).writeLoop"))
}

func open(t *testing.T, place storetest.Place) store.Store {
	t.Helper()
	address := place.Address
	if address == "" {
		address = store.FolderAddress(t.TempDir())
	}
	address, err := store.Normal(address)
	if err != nil {
		t.Fatal(err)
	}
	s, err := store.Open(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// All stores behave alike.
func TestStores(t *testing.T) {
	for _, place := range storetest.Places(t) {
		t.Run(place.Name, func(t *testing.T) {
			s := open(t, place)
			if s.Shared() != (place.Address != "") {
				t.Errorf("shared: %t", s.Shared())
			}
			t.Run("values", func(t *testing.T) { values(t, s) })
			t.Run("lists", func(t *testing.T) { lists(t, s) })
			t.Run("concurrent", func(t *testing.T) { concurrent(t, s) })
		})
	}
}

func values(t *testing.T, s store.Store) {
	ctx := t.Context()
	if _, err := s.Read(ctx, ".pulumi/none.json"); !errors.Is(err, store.ErrNotExist) {
		t.Errorf("a key that is not there: %v", err)
	}
	for _, value := range [][]byte{[]byte("first"), bytes.Repeat([]byte{0, 255, '\n'}, 1<<18), {}} {
		if err := s.Write(ctx, "a/b", value); err != nil {
			t.Fatal(err)
		}
		if got, err := s.Read(ctx, "a/b"); err != nil || !bytes.Equal(got, value) {
			t.Errorf("%d bytes came back as %d, %v", len(value), len(got), err)
		}
	}
	for range 2 {
		if err := s.Delete(ctx, "a/b", "a/c"); err != nil {
			t.Errorf("delete: %v", err)
		}
	}
	if there, err := store.Exists(ctx, s, "a/b"); there || err != nil {
		t.Errorf("after deleting: %t, %v", there, err)
	}
	if place := s.Place("a/b"); !strings.HasSuffix(place, "/a/b") || strings.Contains(place, "?") {
		t.Errorf("place %q", place)
	}
}

func lists(t *testing.T, s store.Store) {
	ctx := t.Context()
	keys := []string{"l/demo.json", "l/demo.json.bak", "l/demo-2.json", "l/demo/x/y.json", "l.json"}
	for _, key := range keys {
		if err := s.Write(ctx, key, []byte(key)); err != nil {
			t.Fatal(err)
		}
	}
	for prefix, want := range map[string][]string{
		"l/demo.json": {"l/demo.json", "l/demo.json.bak"}, "l/demo/": {"l/demo/x/y.json"}, "l/none/": nil, "none": nil,
		"l/demo": {"l/demo-2.json", "l/demo.json", "l/demo.json.bak", "l/demo/x/y.json"},
	} {
		if got, err := s.List(ctx, prefix); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %v, %v; want %v", prefix, got, err, want)
		}
	}
	for key, want := range map[string]bool{"l/demo.json": true, "l/demo": false, "l/demo.jso": false} {
		if got, err := store.Exists(ctx, s, key); got != want || err != nil {
			t.Errorf("%s exists: %t, %v", key, got, err)
		}
	}
	if err := s.Delete(ctx, keys...); err != nil {
		t.Fatal(err)
	}
	if left, err := s.List(ctx, "l"); len(left) > 0 || err != nil {
		t.Errorf("left: %v, %v", left, err)
	}
}

// What one has written the next one sees at once; a lock stands on that.
func concurrent(t *testing.T, s store.Store) {
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			key := fmt.Sprintf("c/%d", i)
			if err := s.Write(t.Context(), key, []byte(key)); err != nil {
				t.Error(err)
			}
			if keys, err := s.List(t.Context(), "c/"); err != nil || !slices.Contains(keys, key) {
				t.Errorf("%s is not among %v, %v", key, keys, err)
			}
		})
	}
	wg.Wait()
	if keys, err := s.List(t.Context(), "c/"); len(keys) != 8 || err != nil {
		t.Errorf("%v, %v", keys, err)
	}
}

func TestWhatCannotBeOpened(t *testing.T) {
	place := storetest.S3(t)
	for name, address := range map[string]string{
		"no such bucket":     strings.Replace(place.Address, "s3://counties", "s3://others", 1),
		"nobody there":       "postgres://127.0.0.1:1/counties?sslmode=disable",
		"unknown scheme":     "ftp://example.org/x",
		"unknown parameters": place.Address + "&colour=red",
	} {
		if s, err := store.Open(t.Context(), address); err == nil {
			t.Errorf("%s: opened", name)
			_ = s.Close()
		} else if strings.Contains(err.Error(), "secret-of-the-tests") || !strings.Contains(err.Error(), "state") || errors.Is(err, store.ErrUnreachable) == (name == "unknown scheme") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestNormal(t *testing.T) {
	for address, want := range map[string]string{
		"s3://b/p?endpoint=s3.example.org&region=eu":    "s3://b/p?endpoint=https%3A%2F%2Fs3.example.org&region=eu",
		"s3://b/p?endpoint=http%3A%2F%2Fs3.example.org": "s3://b/p?endpoint=http%3A%2F%2Fs3.example.org",
		"s3://b":                                  "s3://b",
		"postgres://h/d?sslmode=verify-full":      "postgres://h/d?sslmode=verify-full",
		store.FolderAddress("/tmp/Büro 100% #1?"): "file:///tmp/B%C3%BCro%20100%25%20%231%3F?metadata=skip",
	} {
		if got, err := store.Normal(address); got != want || err != nil {
			t.Errorf("%s: %s, %v; want %s", address, got, err, want)
		}
	}
}
