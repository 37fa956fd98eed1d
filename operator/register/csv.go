package register

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	// MaxLines bounds the accounts made in one go.
	MaxLines = 5000
	// maxLabel bounds a label in bytes.
	maxLabel = 200
	// maxCSV bounds a list in bytes.
	maxCSV = 4 << 20
)

// columns are the headings under which labels are looked for, in lower case.
var columns = []string{"label", "bezeichnung"}

// Labels reads the column "label" (or "Bezeichnung") of a CSV list with a heading, as spreadsheets write it: UTF-8 with or
// without a byte order mark, separated by semicolons or commas. Empty lines are left out. Errors name the line.
func Labels(r io.Reader) ([]string, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxCSV+1))
	if err != nil {
		return nil, fmt.Errorf("read the list: %w", err)
	}
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	switch {
	case len(data) > maxCSV:
		return nil, fmt.Errorf("the list is larger than %d MiB", maxCSV>>20)
	case !utf8.Valid(data):
		return nil, errors.New("the list is not UTF-8; save it as \"CSV UTF-8\"")
	}
	return labels(reader(data))
}

// reader takes the separator that the heading has more of.
func reader(data []byte) *csv.Reader {
	heading, _, _ := bytes.Cut(data, []byte("\n"))
	r := csv.NewReader(bytes.NewReader(data))
	if bytes.Count(heading, []byte(";")) > bytes.Count(heading, []byte(",")) {
		r.Comma = ';'
	}
	r.FieldsPerRecord = -1
	r.TrimLeadingSpace = true
	return r
}

func labels(r *csv.Reader) ([]string, error) {
	heading, err := r.Read()
	if errors.Is(err, io.EOF) {
		return nil, errors.New("the list is empty; its first line must name a column label or Bezeichnung")
	}
	if err != nil {
		return nil, fmt.Errorf("the list has no heading: %w", err)
	}
	column := slices.IndexFunc(heading, func(h string) bool { return slices.Contains(columns, strings.ToLower(strings.TrimSpace(h))) })
	if column < 0 {
		return nil, fmt.Errorf("the list's first line has no column named %s", strings.Join(columns, " or "))
	}
	var out []string
	for {
		record, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("the list: %w", err)
		}
		label, err := cell(r, record, column)
		if err != nil {
			return nil, err
		}
		if label == "" {
			continue
		}
		if out = append(out, label); len(out) > MaxLines {
			return nil, fmt.Errorf("the list has more than %d lines; split it", MaxLines)
		}
	}
	if len(out) == 0 {
		return nil, errors.New("the list has a heading and nothing below it")
	}
	return out, nil
}

func cell(r *csv.Reader, record []string, column int) (string, error) {
	empty := !slices.ContainsFunc(record, func(s string) bool { return strings.TrimSpace(s) != "" })
	if empty {
		return "", nil
	}
	line, _ := r.FieldPos(0)
	if column >= len(record) || strings.TrimSpace(record[column]) == "" {
		return "", fmt.Errorf("line %d of the list has no label", line)
	}
	label := strings.TrimSpace(record[column])
	if err := CheckLabel(label); err != nil {
		return "", fmt.Errorf("line %d of the list: %w", line, err)
	}
	return label, nil
}

// CheckLabel refuses a label that is too long or not one line.
func CheckLabel(label string) error {
	if len(label) > maxLabel || strings.ContainsFunc(label, unicode.IsControl) {
		return fmt.Errorf("a label is one line of at most %d bytes", maxLabel)
	}
	return nil
}
