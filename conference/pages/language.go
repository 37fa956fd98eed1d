package pages

import (
	"strconv"
	"strings"
)

// maxRanges bounds how much of Accept-Language is looked at.
const maxRanges = 20

// preferred is German unless English has the higher weight in Accept-Language (RFC 9110 §12.5.4).
func preferred(header string) string {
	weight := map[string]float64{}
	for i, part := range strings.Split(header, ",") {
		if i == maxRanges {
			break
		}
		tag, parameter, _ := strings.Cut(part, ";")
		primary, _, _ := strings.Cut(strings.ToLower(strings.TrimSpace(tag)), "-")
		q := 1.0
		if value, ok := strings.CutPrefix(strings.TrimSpace(parameter), "q="); ok {
			parsed, err := strconv.ParseFloat(value, 64)
			if err != nil || parsed < 0 || parsed > 1 {
				continue
			}
			q = parsed
		}
		weight[primary] = max(weight[primary], q)
	}
	if weight[english] > weight[german] {
		return english
	}
	return german
}
