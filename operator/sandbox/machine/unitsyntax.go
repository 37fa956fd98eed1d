package machine

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// unitLine is one assignment of a unit file.
type unitLine struct {
	number       int
	section, key string
	value        string
}

// unitLines reads the syntax of systemd.syntax(7): sections, assignments, comments, and lines continued by a backslash.
func unitLines(data []byte) ([]unitLine, error) {
	if len(data) > maxUnitFile {
		return nil, fmt.Errorf("more than %d bytes", maxUnitFile)
	}
	var (
		out       []unitLine
		section   string
		pending   string
		number    int
		continued bool
	)
	for raw := range strings.Lines(string(data)) {
		number++
		line := strings.TrimRightFunc(raw, unicode.IsSpace)
		trimmed := strings.TrimLeftFunc(line, unicode.IsSpace)
		if strings.HasPrefix(trimmed, "#") || strings.HasPrefix(trimmed, ";") {
			continue // also between continued lines
		}
		if continued {
			trimmed = pending + " " + trimmed
		}
		if rest, more := strings.CutSuffix(trimmed, "\\"); more {
			pending, continued = strings.TrimRightFunc(rest, unicode.IsSpace), true
			continue
		}
		pending, continued = "", false
		if trimmed == "" {
			continue
		}
		if strings.HasPrefix(trimmed, "[") && strings.HasSuffix(trimmed, "]") {
			section = trimmed[1 : len(trimmed)-1]
			continue
		}
		key, value, ok := strings.Cut(trimmed, "=")
		switch {
		case !ok:
			return nil, fmt.Errorf("line %d is neither a section nor an assignment", number)
		case section == "":
			return nil, fmt.Errorf("line %d is an assignment outside of a section", number)
		}
		out = append(out, unitLine{number, section, strings.TrimSpace(key), strings.TrimSpace(value)})
	}
	if continued {
		return nil, errors.New("the last line ends in a backslash")
	}
	return out, nil
}

// splitCommand splits a command line as systemd.service(5) "COMMAND LINES" says: quotes, C escapes, "%%" and "$$". Other specifiers and
// variables are refused, because they would stand there literally.
func splitCommand(line string) ([]string, error) {
	words, err := splitQuoted(line)
	if err != nil {
		return nil, err
	}
	for i, w := range words {
		if words[i], err = literally(w, "%", "$"); err != nil {
			return nil, err
		}
	}
	return words, nil
}

// literally undoes doubled signs, and refuses single ones.
func literally(word string, signs ...string) (string, error) {
	for _, sign := range signs {
		if strings.Contains(strings.ReplaceAll(word, sign+sign, ""), sign) {
			return "", fmt.Errorf("%q: specifiers and variables are not supported on this machine; write %s%s for the character itself", word, sign, sign)
		}
		word = strings.ReplaceAll(word, sign+sign, sign)
	}
	return word, nil
}

// splitQuoted splits at white space outside of quotes and undoes C escapes, systemd.syntax(7) "QUOTING".
func splitQuoted(line string) ([]string, error) {
	var (
		words []string
		word  strings.Builder
		quote rune
		open  bool
	)
	runes := []rune(line)
	for i := 0; i < len(runes); i++ {
		c := runes[i]
		switch {
		case c == '\\':
			text, used, err := unescape(runes[i+1:])
			if err != nil {
				return nil, err
			}
			word.WriteString(text)
			i += used
			open = true
		case quote != 0 && c == quote:
			quote = 0
		case quote != 0:
			word.WriteRune(c)
		case c == '"' || c == '\'':
			quote, open = c, true
		case unicode.IsSpace(c):
			if open {
				words = append(words, word.String())
				word.Reset()
				open = false
			}
		default:
			word.WriteRune(c)
			open = true
		}
	}
	if quote != 0 {
		return nil, errors.New("a quote is not closed")
	}
	if open {
		words = append(words, word.String())
	}
	return words, nil
}

// unescape reads what follows a backslash, and says how many runes that was.
func unescape(rest []rune) (string, int, error) {
	if len(rest) == 0 {
		return "", 0, errors.New("a backslash at the end")
	}
	simple := map[rune]string{
		'a': "\a", 'b': "\b", 'f': "\f", 'n': "\n", 'r': "\r", 't': "\t", 'v': "\v", '\\': "\\", '"': "\"", '\'': "'", 's': " ",
	}
	if text, ok := simple[rest[0]]; ok {
		return text, 1, nil
	}
	if rest[0] == 'x' && len(rest) >= 3 {
		if n, err := strconv.ParseUint(string(rest[1:3]), 16, 8); err == nil && n != 0 {
			return string([]byte{byte(n)}), 3, nil
		}
	}
	return "", 0, fmt.Errorf("unknown escape \\%c", rest[0])
}

// appendOrReset adds the words of a value to a list; the empty value empties it.
func appendOrReset(list []string, value string) ([]string, error) {
	if value == "" {
		return nil, nil
	}
	words, err := splitQuoted(value)
	if err != nil {
		return nil, err
	}
	for i, w := range words {
		if words[i], err = literally(w, "%"); err != nil {
			return nil, err
		}
		if name, _, ok := strings.Cut(w, "="); !ok || name == "" {
			return nil, fmt.Errorf("%q is not NAME=value", w)
		}
	}
	return append(list, words...), nil
}

// parseEnvFile reads an EnvironmentFile: NAME=value lines, comments, quotes around the value.
func parseEnvFile(data []byte) ([]string, error) {
	var out []string
	number := 0
	for raw := range strings.Lines(string(data)) {
		number++
		line := strings.TrimSpace(raw)
		if line == "" || strings.HasPrefix(line, "#") || strings.HasPrefix(line, ";") {
			continue
		}
		name, value, ok := strings.Cut(line, "=")
		name = strings.TrimSpace(name)
		if !ok || name == "" {
			return nil, fmt.Errorf("line %d is not NAME=value", number)
		}
		value = strings.TrimSpace(value)
		if len(value) >= 2 && (value[0] == '"' || value[0] == '\'') && value[len(value)-1] == value[0] {
			value = value[1 : len(value)-1]
		}
		out = append(out, name+"="+value)
	}
	return out, nil
}

// spanUnits are the units of systemd.time(7) that a unit file here may use.
var spanUnits = map[string]time.Duration{
	"us": time.Microsecond, "ms": time.Millisecond, "": time.Second, "s": time.Second, "sec": time.Second, "second": time.Second,
	"seconds": time.Second, "m": time.Minute, "min": time.Minute, "minute": time.Minute, "minutes": time.Minute,
	"h": time.Hour, "hr": time.Hour, "hour": time.Hour, "hours": time.Hour,
}

// maxSpan bounds a time span, so that sums cannot overflow.
const maxSpan = 366 * 24 * time.Hour

// parseSpan parses a time span, for example "5", "500ms", "2min" or "1min 30s". "infinity" is 0.
func parseSpan(value string) (time.Duration, error) {
	if value == "infinity" {
		return 0, nil
	}
	rest := strings.ReplaceAll(value, " ", "")
	if rest == "" {
		return 0, errors.New("empty time span")
	}
	var total time.Duration
	for rest != "" {
		digits := strings.IndexFunc(rest, func(r rune) bool { return r != '.' && (r < '0' || r > '9') })
		if digits < 0 {
			digits = len(rest)
		}
		number, err := strconv.ParseFloat(rest[:digits], 64)
		if err != nil {
			return 0, fmt.Errorf("%q is not a time span", value)
		}
		rest = rest[digits:]
		letters := strings.IndexFunc(rest, func(r rune) bool { return !unicode.IsLetter(r) })
		if letters < 0 {
			letters = len(rest)
		}
		unit, ok := spanUnits[rest[:letters]]
		if !ok || number*float64(unit) > float64(maxSpan) {
			return 0, fmt.Errorf("%q is not a time span", value)
		}
		total += time.Duration(number * float64(unit))
		rest = rest[letters:]
	}
	if total > maxSpan {
		return 0, fmt.Errorf("%q is longer than a year", value)
	}
	return total, nil
}
