package provider

import (
	"context"
	"time"
)

// patience bounds one operation on one resource. A server is usually there after ten seconds and on bad days after two
// minutes (measured by third parties, 2026); five minutes is the alarm limit.
const patience = 5 * time.Minute

func withPatience(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, patience)
}
