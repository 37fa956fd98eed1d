package main

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"time"
)

// Markers in the document around what run writes.
const (
	begin = "<!-- begin: written by `make bench` -->\n"
	end   = "<!-- end: written by `make bench` -->\n"
)

// table renders the results as Markdown.
func table(price time.Duration, results []result, d time.Duration) string {
	var b strings.Builder
	fmt.Fprintf(&b, "Measured for %s per scenario, server on one core, load on the other. The unit (encrypt one 1100-byte packet with\n", d)
	fmt.Fprintf(&b, "AES-128-GCM and send it, hot loop, same core, same run) is **%s**.\n\n", perPacket(price))
	b.WriteString("| scenario | server CPU per delivered packet | × unit | delivered packets/s | share of the core | packets/s per core | loss | RSS | join median / slowest |\n")
	b.WriteString("| --- | --: | --: | --: | --: | --: | --: | --: | --: |\n")
	for _, r := range results {
		fmt.Fprintf(&b, "| %s | %s | %.1f | %.0f | %.0f %% | %.0f | %.2f %% | %d MB | %d / %d ms |\n",
			r.Name, perPacket(r.PerPacket), float64(r.PerPacket)/float64(price), r.PacketsPerSecond, 100*r.Core,
			float64(time.Second)/float64(r.PerPacket), 100*r.Loss, r.RSS>>20, r.JoinMedian.Milliseconds(), r.JoinX.Milliseconds())
	}
	return b.String()
}

// insert writes text between the document's markers.
func insert(path, text string) error {
	old, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("write table: %w", err)
	}
	next, err := between(old, text)
	if err != nil {
		return fmt.Errorf("write table into %s: %w", path, err)
	}
	if err := os.WriteFile(path, next, 0o644); err != nil {
		return fmt.Errorf("write table: %w", err)
	}
	return nil
}

func between(old []byte, text string) ([]byte, error) {
	head, rest, ok := bytes.Cut(old, []byte(begin))
	if !ok {
		return nil, fmt.Errorf("the line %q is missing", strings.TrimSpace(begin))
	}
	_, tail, ok := bytes.Cut(rest, []byte(end))
	if !ok {
		return nil, fmt.Errorf("the line %q is missing", strings.TrimSpace(end))
	}
	return bytes.Join([][]byte{head, []byte(begin), []byte(text), []byte(end), tail}, nil), nil
}
