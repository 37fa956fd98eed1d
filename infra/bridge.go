package infra

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// MaxBridges is the highest number of a dedicated bridge. Hetzner allows 100 servers in a network.
const MaxBridges = 99

// Bridge is one dedicated bridge machine that a county shall have. Any set of numbers will do, so that the emptiest bridge can go.
type Bridge struct {
	// Number is 1 to MaxBridges and part of the machine's name.
	Number int `json:"number"`
	// ServerType and Location as Hetzner names them, for example "ccx13" and "fsn1".
	ServerType string `json:"server_type"`
	Location   string `json:"location"`
}

// SortBridges returns the bridges in the order of their numbers, never nil.
func SortBridges(bridges []Bridge) []Bridge {
	sorted := append([]Bridge{}, bridges...)
	slices.SortFunc(sorted, func(a, b Bridge) int { return cmp.Compare(a.Number, b.Number) })
	return sorted
}

// BridgeName is the name of the n-th dedicated bridge machine, n from 1.
func BridgeName(county string, n int) string { return fmt.Sprintf("%s-bridge-%d", base(county), n) }

// BridgeNumber is the number in a bridge machine's name; false for every other name.
func BridgeNumber(county, name string) (int, bool) {
	text, ok := strings.CutPrefix(name, base(county)+"-bridge-")
	n, err := strconv.Atoi(text)
	if !ok || err != nil || n < 1 || n > MaxBridges || name != BridgeName(county, n) {
		return 0, false
	}
	return n, true
}

// CheckBridges reports everything that is wrong with a set of bridges.
func CheckBridges(bridges []Bridge) []error {
	var errs []error
	seen := map[int]bool{}
	for _, b := range bridges {
		if b.Number < 1 || b.Number > MaxBridges {
			errs = append(errs, fmt.Errorf("bridge %d: numbers are 1 to %d", b.Number, MaxBridges))
		}
		if seen[b.Number] {
			errs = append(errs, fmt.Errorf("bridge %d is there twice", b.Number))
		}
		seen[b.Number] = true
		if b.ServerType == "" || b.Location == "" {
			errs = append(errs, fmt.Errorf("bridge %d: server type or location is missing", b.Number))
		}
	}
	return errs
}
