package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"gopkg.in/yaml.v3"
)

// maxFileSize bounds server.yaml in bytes. A guess: real files stay below 2 KiB.
const maxFileSize = 64 << 10

// LoadFile reads, decodes and validates the file at path. A role that is not empty takes the place of the file's. The error names
// every mistake found.
func LoadFile(path, role string) (Config, error) {
	f, err := os.Open(path)
	if err != nil {
		return Config{}, fmt.Errorf("read configuration: %w; name the file with --config", err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxFileSize+1))
	if err != nil {
		return Config{}, fmt.Errorf("read configuration %s: %w", path, err)
	}
	cfg, err := load(data, role)
	if err != nil {
		return Config{}, fmt.Errorf("configuration %s:\n%w", path, err)
	}
	return cfg, nil
}

// Load decodes data over Default and validates the result. Unknown keys, wrong types, duplicate keys and a second YAML document
// are errors. The error joins all mistakes, one a line.
func Load(data []byte) (Config, error) { return load(data, "") }

func load(data []byte, role string) (Config, error) {
	if len(data) > maxFileSize {
		return Config{}, fmt.Errorf("larger than %d KiB; this is not a server configuration", maxFileSize>>10)
	}
	cfg := Default()
	dec := yaml.NewDecoder(bytes.NewReader(data))
	dec.KnownFields(true)
	if err := dec.Decode(&cfg); err != nil && !errors.Is(err, io.EOF) {
		return Config{}, plain(err)
	}
	if err := dec.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return Config{}, errors.New("more than one YAML document; keep the first, remove everything from the line --- on")
	}
	if role != "" {
		cfg.Role = role
	}
	cfg.Restart = cfg.Restart.WithDefaults()
	if err := cfg.Validate(); err != nil {
		return Config{}, err
	}
	return cfg, nil
}

// plain turns a decoder's error into one error per mistake, without the names of Go types.
func plain(err error) error {
	var te *yaml.TypeError
	if !errors.As(err, &te) {
		return errors.New(strings.TrimPrefix(err.Error(), "yaml: "))
	}
	all := make([]error, 0, len(te.Errors))
	for _, line := range te.Errors {
		if text, _, ok := strings.Cut(line, " not found in type "); ok {
			line = text + " is not a key of this file; remove it or correct its spelling"
		}
		all = append(all, errors.New(line))
	}
	return errors.Join(all...)
}
