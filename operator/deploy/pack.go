package deploy

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"sync"
)

// packed is a release's binary, compressed: a county's office has less to send than a machine has to unpack.
type packed struct {
	release Release
	bytes   func() ([]byte, error)
}

// lastPacked is kept, so that ten bridges do not compress the same binary ten times.
var lastPacked struct {
	mu sync.Mutex
	packed
}

// pack begins to compress a release, unless that was the last one; the function returned waits for it.
func pack(r Release) func() ([]byte, error) {
	lastPacked.mu.Lock()
	defer lastPacked.mu.Unlock()
	if lastPacked.bytes == nil || lastPacked.release != r {
		lastPacked.packed = packed{r, sync.OnceValues(func() ([]byte, error) { return compress(r.Path) })}
	}
	return lastPacked.bytes
}

// compress reads a file into memory. The server's 26 MB become 11.5 MB in 0.3 s; gzip's default level saves another tenth and takes a
// second (measured on one core).
func compress(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read the conference server's binary: %w", err)
	}
	defer f.Close()
	var out bytes.Buffer
	w, err := gzip.NewWriterLevel(&out, gzip.BestSpeed)
	if err != nil {
		return nil, err
	}
	if _, err := io.Copy(w, f); err != nil {
		return nil, fmt.Errorf("read the conference server's binary: %w", err)
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("compress the conference server's binary: %w", err)
	}
	return out.Bytes(), nil
}
