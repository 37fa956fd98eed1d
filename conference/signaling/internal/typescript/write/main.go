// Command write brings the page's message types up to date. It runs in conference/signaling, see "go generate" there.
package main

import (
	"fmt"
	"os"

	"github.com/medienzentrenverbund/kreisraum/conference/signaling/internal/typescript"
)

func main() {
	if err := write(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func write() error {
	types, err := typescript.Generate(".")
	if err != nil {
		return err
	}
	if err := os.WriteFile(typescript.File, types, 0o644); err != nil {
		return fmt.Errorf("%w; run it in conference/signaling", err)
	}
	return nil
}
