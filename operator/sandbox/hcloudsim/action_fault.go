package hcloudsim

import (
	"context"
	"errors"

	"github.com/hetznercloud/hcloud-go/v2/hcloud/schema"
)

// spoiled is an action that was struck by a fault.
type spoiled struct{ schema.ActionError }

func (s *spoiled) Error() string { return s.Message }

// actionError is how an action tells that its work did not succeed.
func actionError(err error) *schema.ActionError {
	if injected := (*spoiled)(nil); errors.As(err, &injected) {
		return &injected.ActionError
	}
	return &schema.ActionError{Code: "action_failed", Message: err.Error()}
}

// vanish removes the machine of a server that is no longer there: its creation has failed.
func (l *lane) vanish(ctx context.Context) {
	if _, there := l.spec(); there || l.gone {
		return
	}
	if err := remove(ctx, l); err != nil {
		l.api.cfg.Log.Error("cloud simulator: a machine was not removed", "server", l.server, "error", err)
	}
	l.gone = true
}
