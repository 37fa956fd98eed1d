package stack

import (
	"context"
	"fmt"
	"strconv"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/config"

	"github.com/medienzentrenverbund/kreisraum/infra"
)

// bridgesKey holds the desired number of dedicated bridges in the stack's configuration. Only scaling writes it; `up` reads
// it and never lowers it.
var bridgesKey = config.MustMakeKey(project, "bridges")

// DesiredBridges is the desired number of dedicated bridges; false if nobody has set one yet.
func (s *Stack) DesiredBridges(ctx context.Context) (n int, set bool, err error) {
	if _, found, err := s.existing(ctx); err != nil || !found {
		return 0, false, err
	}
	settings, err := s.ws.StackSettings(ctx, s.cfg.County)
	if err != nil {
		return 0, false, fmt.Errorf("read the desired number of bridges: %w", err)
	}
	value, set := settings.Config[bridgesKey]
	if !set {
		return 0, false, nil
	}
	text, err := value.Value(config.NopDecrypter)
	if err != nil {
		return 0, false, fmt.Errorf("read the desired number of bridges: %w", err)
	}
	if n, err = strconv.Atoi(text); err != nil || n < 0 || n > infra.MaxBridges {
		return 0, false, fmt.Errorf("the desired number of bridges in the stack is %q; set it again with `scale`", text)
	}
	return n, true, nil
}

// SetDesiredBridges writes the desired number of dedicated bridges; the next Up with that number makes it so.
func (s *Stack) SetDesiredBridges(ctx context.Context, n int) error {
	if n < 0 || n > infra.MaxBridges {
		return fmt.Errorf("%d bridges: want 0 to %d", n, infra.MaxBridges)
	}
	if _, err := s.ready(ctx); err != nil {
		return err
	}
	settings, err := s.ws.StackSettings(ctx, s.cfg.County)
	if err != nil {
		return fmt.Errorf("write the desired number of bridges: %w", err)
	}
	if settings.Config == nil {
		settings.Config = config.Map{}
	}
	settings.Config[bridgesKey] = config.NewValue(strconv.Itoa(n))
	if err := s.ws.SaveStackSettings(ctx, s.cfg.County, settings); err != nil {
		return fmt.Errorf("write the desired number of bridges: %w", err)
	}
	return nil
}
