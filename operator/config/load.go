package config

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/medienzentrenverbund/kreisraum/configs"
	"github.com/spf13/viper"
)

// maxFile bounds a county's file in bytes; the samples have about 2 KiB.
const maxFile = 64 << 10

// ErrNoCounty is wrapped by Find when there is no file for the county.
var ErrNoCounty = errors.New("no such county")

// Find loads the county's file from dir, or else the sample of that name that is built into the program.
func Find(dir, county string) (Config, error) {
	if err := CheckName(county); err != nil {
		return Config{}, err
	}
	path := filepath.Join(dir, county+".yaml")
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return sample(dir, county)
	}
	if err != nil {
		return Config{}, fmt.Errorf("read the county's file: %w", err)
	}
	defer f.Close()
	return load(path, county, f)
}

func sample(dir, county string) (Config, error) {
	data, err := configs.Files.ReadFile(county + ".yaml")
	if err != nil {
		return Config{}, fmt.Errorf("%w: there is no %s; write one, name its folder with --config-dir, "+
			"or take one of the samples that are built in: %s", ErrNoCounty, filepath.Join(dir, county+".yaml"), strings.Join(samples(), ", "))
	}
	return Parse("built-in "+county+".yaml", county, data)
}

func samples() []string {
	entries, _ := configs.Files.ReadDir(".")
	var names []string
	for _, e := range entries {
		names = append(names, strings.TrimSuffix(e.Name(), ".yaml"))
	}
	return names
}

func load(path, county string, r io.Reader) (Config, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxFile+1))
	if err != nil {
		return Config{}, fmt.Errorf("read the county's file: %w", err)
	}
	return Parse(path, county, data)
}

// Parse reads a county's file. file is used in messages; county must be the file's key name. The error is an *Error that
// lists every mistake, or nil.
func Parse(file, county string, data []byte) (Config, error) {
	if len(data) > maxFile {
		return Config{}, &Error{file, []Problem{{Text: fmt.Sprintf("larger than %d KiB, which no county's file is", maxFile>>10)}}}
	}
	d := read(data)
	if len(d.values) == 0 && len(d.problems) > 0 {
		return Config{}, &Error{file, sorted(d.problems)}
	}
	c, err := merge(d.values)
	if err != nil {
		return Config{}, fmt.Errorf("%s: %w", file, err)
	}
	d.missing()
	d.impossible(validate(c, county))
	if len(d.problems) > 0 {
		return Config{}, &Error{file, sorted(d.problems)}
	}
	return c, nil
}

// missing adds a problem for each key without a default that the file does not give.
func (d *document) missing() {
	for _, o := range options {
		_, given := d.lines[o.path]
		if o.preset == nil && !given && !d.broken(o.path) {
			d.add(0, o.path, "missing; %s was expected", o.kind)
		}
	}
}

// impossible adds problems with values, but for those that were not understood in the first place.
func (d *document) impossible(found []Problem) {
	understood := slices.DeleteFunc(found, func(p Problem) bool { return d.broken(p.Path) })
	for _, p := range understood {
		p.Line = d.lines[p.Path]
		d.problems = append(d.problems, p)
	}
}

// merge lays the file's values over the defaults.
func merge(values map[string]any) (Config, error) {
	v := viper.New()
	for _, o := range options {
		if o.preset != nil {
			v.SetDefault(o.path, o.preset)
		}
	}
	for _, path := range slices.Sorted(maps.Keys(values)) {
		v.Set(path, values[path])
	}
	var c Config
	return c, v.UnmarshalExact(&c)
}

// CheckName refuses what cannot be a county's name, and with it every name that would leave a folder.
func CheckName(county string) error {
	if bare := strings.TrimSuffix(filepath.Base(county), ".yaml"); bare != county && nameShape.MatchString(bare) {
		return fmt.Errorf("county %q: lower-case letters, digits and hyphens were expected, not a file; did you mean %s? --config-dir names the files' folder",
			county, bare)
	}
	if !nameShape.MatchString(county) {
		return fmt.Errorf("county %q: a county's name has 3 to 32 lower-case letters, digits and hyphens", county)
	}
	return nil
}
