package hcloudsim

import "context"

func reboot(ctx context.Context, l *lane) error { return l.api.cfg.Runtime.Reboot(ctx, l.server) }

func reset(ctx context.Context, l *lane) error { return l.api.cfg.Runtime.Reset(ctx, l.server) }

// rebuild makes the machine's disk anew. The machine stays off.
func rebuild(ctx context.Context, l *lane) error {
	want, ok := l.spec()
	if !ok || l.gone {
		return nil
	}
	if err := l.api.cfg.Runtime.Rebuild(ctx, l.server, want); err != nil {
		return err
	}
	l.created = want
	return filter(ctx, l)
}
