package slots

import "slices"

// Loudness is counted in dB above silence: 127 minus the audio level of RFC 6464, which is -dBov from 0 to 127.
const (
	// speakingFrom is the loudness from which somebody counts as speaking, speakingUntil the one below which no longer.
	// Guesses: speech in a headset is at -20 to -40 dBov, a quiet classroom below -55.
	speakingFrom, speakingUntil = 77, 67
	// attack and release are the shares of the distance to a louder or quieter level that one tick covers. With ticks of
	// 100 ms speech is noticed in 200 ms and a pause between two words (500 ms) does not end it.
	attack, release = 0.6, 0.08
)

// Meter follows how loud one source is. The zero value is silent. Not safe for concurrent use.
type Meter struct {
	loudness float64
	speaking bool
}

// Tick moves on by 100 ms. peak is the loudest level heard in that time, in dB above silence; 0 when nothing came.
func (m *Meter) Tick(peak uint8) {
	share := release
	if float64(peak) > m.loudness {
		share = attack
	}
	m.loudness += (float64(peak) - m.loudness) * share
	switch {
	case m.loudness >= speakingFrom:
		m.speaking = true
	case m.loudness < speakingUntil:
		m.speaking = false
	}
}

// Loudness is the smoothed loudness in dB above silence.
func (m *Meter) Loudness() float64 { return m.loudness }

// Speaking reports whether somebody is speaking.
func (m *Meter) Speaking() bool { return m.speaking }

// Order returns who is speaking, loudest first. Those who were speaking before keep their order unless one is louder than the
// one before by more than Margin, so that the list does not change with every syllable.
func Order[K comparable](before []K, speaking []Loud[K]) []K {
	rank := func(k K) int {
		if i := slices.Index(before, k); i >= 0 {
			return i
		}
		return len(before)
	}
	next := slices.Clone(speaking)
	slices.SortStableFunc(next, func(a, b Loud[K]) int { return rank(a.Key) - rank(b.Key) })
	for i := 1; i < len(next); i++ {
		for j := i; j > 0 && next[j].Loudness > next[j-1].Loudness+Margin; j-- {
			next[j], next[j-1] = next[j-1], next[j]
		}
	}
	keys := make([]K, len(next))
	for i, l := range next {
		keys[i] = l.Key
	}
	return keys
}
