package stack

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/config"

	"github.com/medienzentrenverbund/kreisraum/infra"
)

// bridgesKey holds the desired bridges in the stack's configuration, as JSON. Only scaling writes it; `up` reads it and never takes
// one away.
var bridgesKey = config.MustMakeKey(project, "bridges")

// DesiredBridges are the bridges that the county shall have, in the order of their numbers. If nobody has set them, or the state is
// lost, set is false and they are those found at Hetzner by their labels.
func (s *Stack) DesiredBridges(ctx context.Context) (bridges []infra.Bridge, set bool, err error) {
	_, found, err := s.existing(ctx)
	if err != nil {
		return nil, false, fmt.Errorf("read the desired bridges: %w", err)
	}
	if !found {
		bridges, err = s.bridgesByLabel(ctx)
		return bridges, false, err
	}
	settings, err := s.ws.StackSettings(ctx, s.cfg.County)
	if err != nil {
		return nil, false, fmt.Errorf("read the desired bridges: %w", err)
	}
	value, set := settings.Config[bridgesKey]
	if !set {
		bridges, err = s.bridgesByLabel(ctx)
		return bridges, false, err
	}
	text, err := value.Value(config.NopDecrypter)
	if err != nil {
		return nil, false, fmt.Errorf("read the desired bridges: %w", err)
	}
	if bridges, err = parseBridges(text); err != nil {
		return nil, false, fmt.Errorf("the desired bridges in the stack's configuration cannot be used: %w; move the folder %s away and run the command "+
			"again: it finds everything at Hetzner by its labels", err, s.layout.root)
	}
	return bridges, true, nil
}

// bridgesByLabel are the bridges that exist.
func (s *Stack) bridgesByLabel(ctx context.Context) ([]infra.Bridge, error) {
	inventory, err := s.cfg.Cloud.Inventory(ctx, s.cfg.County)
	if err != nil {
		return nil, err
	}
	var bridges []infra.Bridge
	for _, r := range inventory {
		if n, ok := infra.BridgeNumber(s.cfg.County, r.Name); ok && r.Kind == "server" {
			bridges = append(bridges, infra.Bridge{Number: n, ServerType: r.ServerType, Location: r.Location})
		}
	}
	return infra.SortBridges(bridges), nil
}

// maxBridgesText bounds the configuration's value in bytes; 99 bridges have some six thousand.
const maxBridgesText = 64 << 10

func parseBridges(text string) ([]infra.Bridge, error) {
	if len(text) > maxBridgesText {
		return nil, fmt.Errorf("%d bytes are more than any list of bridges has", len(text))
	}
	var bridges []infra.Bridge
	decoder := json.NewDecoder(bytes.NewReader([]byte(text)))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&bridges); err != nil {
		return nil, err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("something follows the list")
	}
	return infra.SortBridges(bridges), errors.Join(infra.CheckBridges(bridges)...)
}

// SetDesiredBridges writes the bridges that the county shall have; the next Up with them makes it so.
func (s *Stack) SetDesiredBridges(ctx context.Context, bridges []infra.Bridge) error {
	if err := errors.Join(infra.CheckBridges(bridges)...); err != nil {
		return fmt.Errorf("write the desired bridges: %w", err)
	}
	text, err := json.Marshal(infra.SortBridges(bridges))
	if err != nil {
		return fmt.Errorf("write the desired bridges: %w", err)
	}
	if _, err := s.ready(ctx); err != nil {
		return err
	}
	settings, err := s.ws.StackSettings(ctx, s.cfg.County)
	if err != nil {
		return fmt.Errorf("write the desired bridges: %w", err)
	}
	if settings.Config == nil {
		settings.Config = config.Map{}
	}
	settings.Config[bridgesKey] = config.NewValue(string(text))
	if err := s.ws.SaveStackSettings(ctx, s.cfg.County, settings); err != nil {
		return fmt.Errorf("write the desired bridges: %w", err)
	}
	return nil
}
