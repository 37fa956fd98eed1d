// Package logtest lets tests read what was logged.
package logtest

import (
	"bytes"
	"sync"
)

// Buffer collects a log from many goroutines. The zero value is empty and ready. Safe for concurrent use.
type Buffer struct {
	mu   sync.Mutex
	data bytes.Buffer
}

// Write implements io.Writer.
func (b *Buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.data.Write(p)
}

// String is the whole log so far.
func (b *Buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.data.String()
}
