package stack

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/config"

	"github.com/medienzentrenverbund/kreisraum/infra"
	"github.com/medienzentrenverbund/kreisraum/infra/hetzner"
	"github.com/medienzentrenverbund/kreisraum/operator/stack/store"
)

// formerKey held the desired bridges in the stack's configuration, which is a file of one computer; versions before the shared state read
// and wrote it there.
var formerKey = config.MustMakeKey(project, "bridges")

// DesiredBridges are the bridges that the county shall have, in the order of their numbers. Only scaling writes them, beside the state;
// `up` reads them and never takes one away. If nobody has set them, or the state is lost, set is false and they are those found at Hetzner
// by their labels.
func (s *Stack) DesiredBridges(ctx context.Context) (bridges []infra.Bridge, set bool, err error) {
	text, set, err := s.wish(ctx)
	if err != nil {
		return nil, false, fmt.Errorf("read the desired bridges: %w", err)
	}
	if !set {
		bridges, err = s.bridgesByLabel(ctx)
		return bridges, false, err
	}
	if bridges, err = parseBridges(text); err != nil {
		place := s.store.Place(s.layout.wishKey())
		return nil, false, fmt.Errorf("the desired bridges in %s cannot be used: %w; remove that and run the command again: it finds the bridges at "+
			"Hetzner by their labels", place, err)
	}
	return bridges, true, nil
}

// wish is the text of the desired bridges.
func (s *Stack) wish(ctx context.Context) (text []byte, set bool, err error) {
	text, err = s.store.Read(ctx, s.layout.wishKey())
	if err == nil || !errors.Is(err, store.ErrNotExist) {
		return text, err == nil, err
	}
	if there, err := store.Exists(ctx, s.store, s.layout.checkpointKey()); !there || err != nil {
		return nil, false, err
	}
	settings, err := s.ws.StackSettings(ctx, s.cfg.County)
	if err != nil {
		return nil, false, nil //nolint:nilerr // another computer has made the stack
	}
	value, set := settings.Config[formerKey]
	if !set {
		return nil, false, nil
	}
	former, err := value.Value(config.NopDecrypter)
	return []byte(former), true, err
}

// bridgesByLabel are the bridges that exist.
func (s *Stack) bridgesByLabel(ctx context.Context) ([]infra.Bridge, error) {
	inventory, err := s.cfg.Cloud.Servers(ctx, s.cfg.County)
	if err != nil {
		return nil, err
	}
	bridges, _ := bridgesAmong(s.cfg.County, inventory)
	return bridges, nil
}

// bridgesAmong are the bridges of an inventory with their servers.
func bridgesAmong(county string, inventory []hetzner.Resource) (bridges []infra.Bridge, servers map[int]hetzner.Resource) {
	servers = map[int]hetzner.Resource{}
	for _, r := range inventory {
		if n, ok := infra.BridgeNumber(county, r.Name); ok && r.Kind == "server" {
			bridges = append(bridges, infra.Bridge{Number: n, ServerType: r.ServerType, Location: r.Location})
			servers[n] = r
		}
	}
	return infra.SortBridges(bridges), servers
}

// Unrecorded are bridges that exist at Hetzner and of which neither the state nor the wish has heard: they were made after what is kept
// here was written, as after yesterday's backup was put in place. An Up without them takes them away with the lessons on them.
func (s *Stack) Unrecorded(ctx context.Context) ([]infra.Bridge, error) {
	state, found, err := s.load(ctx)
	if err != nil || !found {
		return nil, err
	}
	desired, set, err := s.DesiredBridges(ctx)
	if err != nil || !set {
		return nil, err // they are all that exist
	}
	inventory, err := s.cfg.Cloud.Inventory(ctx, s.cfg.County)
	if err != nil {
		return nil, err
	}
	bridges, servers := bridgesAmong(s.cfg.County, inventory)
	return slices.DeleteFunc(bridges, func(b infra.Bridge) bool {
		wanted := slices.ContainsFunc(desired, func(d infra.Bridge) bool { return d.Number == b.Number })
		return wanted || state.knows(servers[b.Number])
	}), nil
}

// maxBridgesText bounds the wish in bytes; 99 bridges have some six thousand.
const maxBridgesText = 64 << 10

func parseBridges(text []byte) ([]infra.Bridge, error) {
	if len(text) > maxBridgesText {
		return nil, fmt.Errorf("%d bytes are more than any list of bridges has", len(text))
	}
	var bridges []infra.Bridge
	decoder := json.NewDecoder(bytes.NewReader(text))
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
	release, err := s.Acquire(ctx)
	if err != nil {
		return err
	}
	defer release()
	if err := s.store.Write(ctx, s.layout.wishKey(), text); err != nil {
		return fmt.Errorf("write the desired bridges: %w", err)
	}
	return nil
}
