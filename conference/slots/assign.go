// Package slots decides which source is in which of a receiver's fixed slots. Its functions are pure.
//
// A slot is a transceiver the receiver negotiated once. Moving a source from one slot to another costs a keyframe and a flicker,
// so a source stays in its slot for as long as it is wanted.
package slots

import "slices"

// Assign returns the next occupants of len(have) slots. have are the present occupants; the zero value of K is an empty slot.
// want is ordered by importance, most important first; only its first len(have) distinct entries get a slot. A wanted source
// that has a slot keeps it.
func Assign[K comparable](have, want []K) []K {
	var empty K
	wanted := make([]K, 0, len(have))
	for _, k := range want {
		if len(wanted) == len(have) {
			break
		}
		if k != empty && !slices.Contains(wanted, k) {
			wanted = append(wanted, k)
		}
	}
	next := make([]K, len(have))
	for i, k := range have {
		if k != empty && slices.Contains(wanted, k) && !slices.Contains(next, k) {
			next[i] = k
		}
	}
	for _, k := range wanted {
		if !slices.Contains(next, k) {
			next[slices.Index(next, empty)] = k
		}
	}
	return next
}
