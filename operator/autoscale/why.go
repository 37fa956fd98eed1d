package autoscale

import (
	"fmt"
	"strings"
	"time"
)

func (s *state) limit(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	for _, l := range s.limits {
		if l == text {
			return
		}
	}
	s.limits = append(s.limits, text)
}

// why is the sentence: the number, the figures that made it, and what held it back.
func (s *state) why(d Decision) string {
	parts := []string{s.head(d) + ": " + strings.Join(s.figures(), ", ")}
	if s.manual == nil {
		parts = append(parts, s.bell(d)...)
	}
	parts = append(parts, s.lost()...)
	return strings.Join(append(parts, s.limits...), "; ")
}

func (s *state) head(d Decision) string {
	n := count(d.Desired, "bridge")
	switch {
	case s.manual != nil && s.manual.Until.IsZero():
		return n + " by hand"
	case s.manual != nil:
		return n + " by hand until " + s.clock.clockTime(s.manual.Until)
	case s.Frozen:
		return fmt.Sprintf("frozen at %s, %d would be enough", n, min(max(s.want.grow, s.Policy.Min), s.Policy.Max))
	}
	return n
}

func (s *state) figures() []string {
	l := s.load
	if !l.known || !s.fleet.allKnown {
		return []string{"the load is unknown, so nothing is taken away"}
	}
	out := []string{fmt.Sprintf("%.1f in use", l.now)}
	if l.growth >= 0.05 {
		out = append(out, fmt.Sprintf("growing %.1f a minute", l.growth))
	}
	if l.recent >= l.now+0.05 {
		out = append(out, fmt.Sprintf("%.1f in the last %s", l.recent, minutesOf(s.Policy.Patience)))
	}
	if l.waiting > 0 {
		out = append(out, count(l.waiting, "room")+" without a bridge")
	}
	return append(out, fmt.Sprintf("head-room %.1f", s.Policy.Headroom))
}

// bell names the bell that the number is owed to.
func (s *state) bell(d Decision) []string {
	switch b := s.want.growBell; {
	case !b.at.IsZero():
		return []string{s.bellText(b)}
	}
	if b := s.want.keepBell; !b.at.IsZero() && s.Now.Before(b.at) && d.Desired > s.want.grow && d.Desired > s.Policy.Min {
		return []string{"kept, " + s.bellText(b)}
	}
	return nil
}

func (s *state) bellText(b bellNeed) string {
	at := s.clock.clockTime(b.at)
	if !b.known {
		return fmt.Sprintf("bell at %s, of which nothing is known yet", at)
	}
	return fmt.Sprintf("bell at %s, which took %.1f before", at, b.peak)
}

func (s *state) lost() []string {
	var out []string
	for _, b := range s.fleet.givenUp {
		if b.Ready {
			out = append(out, fmt.Sprintf("bridge-%d was last seen at %s", b.Number, s.clock.clockTime(b.Seen)))
		} else {
			out = append(out, fmt.Sprintf("bridge-%d never took rooms", b.Number))
		}
	}
	return out
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

func money(cents int) string { return fmt.Sprintf("%d.%02d", cents/100, cents%100) }

func minutesOf(d time.Duration) string {
	if d < time.Minute {
		return d.String()
	}
	return count(int(d.Minutes()), "minute")
}
