package logtest

import (
	"log/slog"
	"strings"
	"sync"
	"testing"
)

func TestLinesStayWhole(t *testing.T) {
	var b Buffer
	if b.String() != "" {
		t.Errorf("a new one holds %q", b.String())
	}
	log := slog.New(slog.NewTextHandler(&b, nil))
	var writers sync.WaitGroup
	for range 8 {
		writers.Go(func() {
			for range 50 {
				log.Info("line", "n", 1)
				_ = b.String()
			}
		})
	}
	writers.Wait()
	lines := strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n")
	if len(lines) != 400 {
		t.Errorf("%d lines, want 400", len(lines))
	}
	for _, line := range lines {
		if !strings.HasSuffix(line, "msg=line n=1") {
			t.Errorf("got %q", line)
		}
	}
}
