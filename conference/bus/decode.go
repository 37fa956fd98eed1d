package bus

import (
	"encoding/json"
	"errors"
	"math"
	"slices"
	"strings"
	"unicode"

	"github.com/medienzentrenverbund/kreisraum/conference/cluster"
	"github.com/medienzentrenverbund/kreisraum/conference/identity"
	"github.com/medienzentrenverbund/kreisraum/conference/opsapi"
)

// What other machines wrote is believed within bounds only: one that was taken over must not hurt the others.
const (
	maxWord       = 64      // characters of a boot, a call or a version
	maxCount      = 1 << 20 // rooms or people on a bridge
	maxListed     = 1024    // organisers, removed devices or seats of a room
	maxListedWord = 128     // characters of each
	maxAccounts   = 10_000
	maxChecks     = 32   // of a proof
	maxDetail     = 1024 // characters of a check's detail, which people read on a terminal
)

var errValue = errors.New("the value is not what this key holds")

// unmarshal is json.Unmarshal within maxValue.
func unmarshal(b []byte, v any) error {
	if len(b) > maxValue || json.Unmarshal(b, v) != nil {
		return errValue
	}
	return nil
}

func decodeLease(b []byte) (l cluster.Lease, err error) {
	if err := unmarshal(b, &l); err != nil {
		return cluster.Lease{}, err
	}
	if !word(l.Boot) || len(l.Call) > maxWord || len(l.Version) > maxWord || l.Load.Rooms < 0 || l.Load.Rooms > maxCount ||
		l.Load.Participants < 0 || l.Load.Participants > maxCount {
		return cluster.Lease{}, errValue
	}
	for _, share := range []float64{l.Load.Stress, l.Load.CPU, l.Load.Packets, l.Load.Egress, l.Load.Handshakes} {
		if share < 0 || math.IsInf(share, 0) {
			return cluster.Lease{}, errValue
		}
	}
	if l.Proof != nil && !readable(*l.Proof) {
		l.Proof = nil // as if there were none: then it is missed
	}
	return l, nil
}

// readable reports whether a proof is a machine's own, bounded, and fit to be shown to people.
func readable(p opsapi.Proof) bool {
	if len(p.Checks) > maxChecks || len(p.Bridges) > 0 || min(p.Rooms, p.Participants, p.Messages, p.RoomsEnded) < 0 {
		return false
	}
	texts := []string{p.Machine, p.Day, p.Reason, p.OldVersion, p.NewVersion}
	for _, c := range p.Checks {
		texts = append(texts, c.Name, c.Detail)
	}
	return !slices.ContainsFunc(texts, func(s string) bool {
		return len(s) > maxDetail || strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) })
	})
}

func decodeRecord(b []byte) (r cluster.Record, err error) {
	if err := unmarshal(b, &r); err != nil {
		return cluster.Record{}, err
	}
	if !word(r.Boot) || len(r.Epoch) > maxListedWord || len(r.CodeHash) > maxListedWord || r.Participants < 0 || r.Participants > maxCount ||
		len(r.Owner) > maxListedWord || !listed(r.Organisers) || !listed(r.Removed) || !listed(r.Seats) {
		return cluster.Record{}, errValue
	}
	return r, nil
}

func decodePlacement(b []byte) (p cluster.Placement, err error) {
	if err := unmarshal(b, &p); err != nil {
		return cluster.Placement{}, err
	}
	if !identity.IsMachine(p.Machine) || !word(p.Boot) {
		return cluster.Placement{}, errValue
	}
	return p, nil
}

func decodeOrder(b []byte) (o cluster.Order, err error) {
	if len(b) > 256<<10 || json.Unmarshal(b, &o) != nil {
		return cluster.Order{}, errValue
	}
	if o.Evict != "" && !isRoomKey(string(o.Evict)) || len(o.EndAccounts) > maxAccounts {
		return cluster.Order{}, errValue
	}
	if r := o.Restart; r != nil && (len(r.Day) > maxWord || len(r.Reason) > maxWord || r.Latest.Before(r.At)) {
		return cluster.Order{}, errValue
	}
	return o, nil
}

// word reports whether s is a boot or call: not empty and bounded.
func word(s string) bool { return s != "" && len(s) <= maxWord }

func listed(words []string) bool {
	if len(words) > maxListed {
		return false
	}
	for _, w := range words {
		if w == "" || len(w) > maxListedWord {
			return false
		}
	}
	return true
}
