package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/medienzentrenverbund/kreisraum/operator/county"
	"github.com/spf13/cobra"
)

// lessonsRespected is in the help of all verbs that restart machines.
const lessonsRespected = `A machine with lessons gets no new ones, and they are waited for; what lasts until restart.latest is ended by the night. Ctrl-C stops the
waiting and nothing else. With --now lessons are interrupted and come back by themselves within some ten seconds.`

// lessonFlags say what becomes of lessons.
type lessonFlags struct{ now, yes bool }

func (f *lessonFlags) declare(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&f.now, "now", false, "do not wait for lessons: interrupt them, they come back by themselves")
	cmd.Flags().BoolVar(&f.yes, "yes", false, "do not ask before lessons are interrupted")
}

// options ask before lessons are interrupted.
func (f lessonFlags) options(a *app) county.ReleaseOptions {
	o := county.ReleaseOptions{Now: f.now}
	if f.now && !f.yes {
		o.Confirm = a.confirmInterruption
	}
	return o
}

// errNotConfirmed says that lessons would be interrupted and nobody agreed.
var errNotConfirmed = errors.New("nobody confirmed that these lessons are interrupted; nothing was changed. Give --yes, or leave --now out to wait for them")

// confirmInterruption shows who would be touched, and asks.
func (a *app) confirmInterruption(touched []county.InUse) error {
	var b strings.Builder
	for _, m := range touched {
		fmt.Fprintf(&b, "%s.\n", m)
	}
	b.WriteString("They are interrupted for some ten seconds and come back by themselves. ")
	fmt.Fprint(a.Err, "\n"+b.String())
	if a.ask(bufio.NewReader(io.LimitReader(a.In, 4<<10)), "Go on? [y/N] ") {
		return nil
	}
	return errNotConfirmed
}

// runRelease runs a verb that restarts machines. It takes its turns by itself: waiting for lessons keeps nobody from the county.
func (a *app) runRelease(cmd *cobra.Command, name string, flags lessonFlags, n need,
	verb func(*county.County, context.Context, county.ReleaseOptions) (county.ReleaseResult, error)) error {
	progress := a.progress()
	defer progress.Close()
	c, err := a.open(cmd.Context(), name, n, progress)
	if err != nil {
		return err
	}
	result, err := verb(c, cmd.Context(), flags.options(a))
	progress.Close()
	if err != nil && len(result.Renewed) == 0 {
		return err
	}
	return errors.Join(err, a.print(map[string]any{"result": result}, releaseText(name, result)))
}

func releaseText(name string, r county.ReleaseResult) string {
	var b strings.Builder
	for _, m := range r.Renewed {
		if m.From == "" {
			fmt.Fprintf(&b, "%s runs %s\n", m.Machine, m.To)
		} else {
			fmt.Fprintf(&b, "%s runs %s, before %s\n", m.Machine, m.To, m.From)
		}
	}
	if len(r.Renewed) == 0 {
		fmt.Fprintf(&b, "%s: every machine runs what it should\n", name)
	}
	return b.String()
}
