package slots

import "slices"

// Margin is by how much a source must be louder than one that has a slot to take it, in dB. A guess: twice the loudness
// difference that listeners call clear.
const Margin = 6

// Loud is a source and its loudness.
type Loud[K comparable] struct {
	Key K
	// Loudness is in dB above silence, see Meter.
	Loudness float64
}

// Loudest returns which at most n of the candidates shall be heard, given those who are heard now. All are heard if they fit.
// Otherwise a candidate takes the place of one heard now only when it is louder by more than Margin, so that two equally loud
// sources do not take turns.
func Loudest[K comparable](heard []K, candidates []Loud[K], n int) []K {
	if len(candidates) <= n {
		all := make([]K, len(candidates))
		for i, c := range candidates {
			all[i] = c.Key
		}
		return all
	}
	in := make([]Loud[K], 0, n)
	out := make([]Loud[K], 0, len(candidates))
	for _, c := range candidates {
		if len(in) < n && slices.Contains(heard, c.Key) {
			in = append(in, c)
		} else {
			out = append(out, c)
		}
	}
	byLoudness := func(a, b Loud[K]) int {
		switch {
		case a.Loudness > b.Loudness:
			return -1
		case a.Loudness < b.Loudness:
			return 1
		}
		return 0
	}
	slices.SortStableFunc(out, byLoudness)
	for len(in) < n {
		in, out = append(in, out[0]), out[1:]
	}
	slices.SortStableFunc(in, byLoudness)
	for i := n - 1; i >= 0 && len(out) > 0 && out[0].Loudness > in[i].Loudness+Margin; i-- {
		in[i], out = out[0], out[1:]
	}
	keys := make([]K, n)
	for i, c := range in {
		keys[i] = c.Key
	}
	return keys
}
