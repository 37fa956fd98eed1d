package provider

import (
	"context"
	"time"
)

const (
	// patience bounds one operation on one resource.
	patience = 5 * time.Minute
	// stuckAfter is when a server that is still being made counts as stuck. It is usually there after ten seconds, and on bad days after
	// two minutes (measured by third parties, 2026).
	stuckAfter = 4 * time.Minute
	// serverPatience is time for a server that gets stuck, and for another in its place.
	serverPatience = 3 * stuckAfter
)

func withPatience(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, patience)
}
