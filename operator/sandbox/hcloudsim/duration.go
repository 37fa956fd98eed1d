package hcloudsim

import (
	"encoding/json"
	"fmt"
	"time"
)

// maxDuration bounds what a control request may ask for. Our own bound: ten years.
const maxDuration = 10 * 365 * 24 * time.Hour

// Duration is a length of time that is written as in Go, for example "1h30m". It is never negative.
type Duration time.Duration

// MarshalText writes the duration.
func (d Duration) MarshalText() ([]byte, error) { return []byte(time.Duration(d).String()), nil }

// UnmarshalJSON reads a string such as "90s".
func (d *Duration) UnmarshalJSON(data []byte) error {
	var text string
	if err := json.Unmarshal(data, &text); err != nil {
		return fmt.Errorf("a duration is a string such as \"90s\": %w", err)
	}
	parsed, err := time.ParseDuration(text)
	if err != nil {
		return fmt.Errorf("a duration is a string such as \"90s\": %w", err)
	}
	if parsed < 0 || parsed > maxDuration {
		return fmt.Errorf("duration %s is out of range, need 0s to %s", parsed, maxDuration)
	}
	*d = Duration(parsed)
	return nil
}
