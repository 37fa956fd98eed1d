package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"

	"github.com/medienzentrenverbund/kreisraum/operator/home"
	"github.com/medienzentrenverbund/kreisraum/operator/serve"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// severalFlags are the flags of `up` that say how several counties are put up.
type severalFlags struct {
	all    bool
	atOnce int
}

func (f *severalFlags) declare(flags *pflag.FlagSet) {
	flags.BoolVar(&f.all, "all", false, "all counties that have keys and state in this home")
	flags.IntVar(&f.atOnce, "at-once", 8, "how many of several counties are worked on at the same time; at most two Pulumi engines run beside each other")
}

// counties are those that the command is for: the named ones, or all.
func (a *app) several(cmd *cobra.Command, names []string, f severalFlags) ([]string, error) {
	wrong := func(format string, args ...any) error {
		return &usageError{cmd.CommandPath(), fmt.Errorf(format, args...)}
	}
	if f.atOnce < 1 {
		return nil, wrong("--at-once %d is below 1", f.atOnce)
	}
	if !f.all {
		if len(names) == 0 {
			return nil, wrong("expected a county, got 0 arguments")
		}
		return slices.Compact(slices.Sorted(slices.Values(names))), nil
	}
	if len(names) > 0 {
		return nil, wrong("either --all or names")
	}
	dir, err := a.countiesHome()
	if err != nil {
		return nil, err
	}
	h, err := home.Open(dir)
	if err != nil {
		return nil, err
	}
	all, err := h.Counties()
	if err == nil && len(all) == 0 {
		err = fmt.Errorf("no county is up in %s; `kreisraum up <county>` puts up the first", h.Dir())
	}
	return all, err
}

// runSeveral runs the command once for each county, as if it had been given for that one alone: where a daemon looks after it, there.
func (a *app) runSeveral(cmd *cobra.Command, names []string, atOnce int) error {
	flags := []string{}
	cmd.Flags().Visit(func(f *pflag.Flag) {
		if f.Name != "all" && f.Name != "at-once" {
			flags = append(flags, "--"+f.Name+"="+f.Value.String())
		}
	})
	if a.engines == nil {
		a.engines = serve.NewEngines()
	}
	screen := &sync.Mutex{}
	codes := make([]int, len(names))
	var all sync.WaitGroup
	places := make(chan struct{}, atOnce)
	for i, name := range names {
		places <- struct{}{}
		all.Go(func() {
			defer func() { <-places }()
			codes[i] = a.child(cmd.Context(), screen, name, append([]string{cmd.Name(), name}, flags...))
		})
	}
	all.Wait()
	var failed []string
	for i, code := range codes {
		if code != exitOK {
			failed = append(failed, names[i])
		}
	}
	if len(failed) > 0 {
		return fmt.Errorf("%s of %d counties failed: %s; what is wrong stands above, `kreisraum %s %s` tries one again",
			fmt.Sprint(len(failed)), len(names), strings.Join(failed, ", "), cmd.Name(), failed[0])
	}
	return nil
}

// child is the command for one of several counties; its lines are marked with the county's name.
func (a *app) child(ctx context.Context, screen *sync.Mutex, county string, args []string) int {
	mark := func(out io.Writer) *marked {
		return &marked{out: out, screen: screen, county: county, json: a.options.json()}
	}
	out, err := mark(a.Out), mark(a.Err)
	defer out.flush()
	defer err.flush()
	c := &app{Streams: Streams{In: bytes.NewReader(nil), Out: out, Err: err}, version: a.version, options: newOptions(), args: args, engines: a.engines}
	return c.execute(ctx)
}

// marked writes whole lines and says whose they are.
type marked struct {
	out    io.Writer
	screen *sync.Mutex
	county string
	json   bool
	rest   []byte
}

func (m *marked) Write(p []byte) (int, error) {
	m.rest = append(m.rest, p...)
	for {
		line, rest, whole := bytes.Cut(m.rest, []byte("\n"))
		if !whole {
			return len(p), nil
		}
		m.rest = rest
		if err := m.line(line); err != nil {
			return 0, err
		}
	}
}

func (m *marked) flush() {
	if len(m.rest) > 0 {
		_ = m.line(m.rest)
	}
}

func (m *marked) line(line []byte) error {
	m.screen.Lock()
	defer m.screen.Unlock()
	object := map[string]json.RawMessage{}
	if m.json && json.Unmarshal(line, &object) == nil {
		object["county"] = json.RawMessage(fmt.Sprintf("%q", m.county))
		return json.NewEncoder(m.out).Encode(object)
	}
	if len(bytes.TrimSpace(line)) == 0 {
		return nil
	}
	_, err := fmt.Fprintf(m.out, "%-16s %s\n", m.county, line)
	return err
}
