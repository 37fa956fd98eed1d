package cli

import (
	"errors"
	"fmt"
	"time"

	"github.com/medienzentrenverbund/kreisraum/operator/audit"
	"github.com/medienzentrenverbund/kreisraum/operator/autoscale"
	"github.com/medienzentrenverbund/kreisraum/operator/config"
	"github.com/medienzentrenverbund/kreisraum/operator/serve"
	"github.com/spf13/cobra"
)

// scaleFlags of `scale`.
type scaleFlags struct {
	bridges int
	until   string
	auto    bool
}

func (a *app) scale() *cobra.Command {
	var f scaleFlags
	cmd := &cobra.Command{
		Annotations: ofCounty,
		Use:         "scale <county> (--bridges N [--until 13:00] | --auto)",
		Short:       "Set the number of dedicated bridges by hand, or leave it to the load again",
		Long: `scale sets how many dedicated bridges a county has, whatever its load: for an evening that no timetable knows, or for a test. It
makes what is missing, drains what is too much, and removes what is empty. The order stands until the time of --until, in the county's time
zone, or until --auto takes it back. bridges.max of the county's file bounds it, the budget does not.`,
		Example: `  kreisraum scale tuttlingen --bridges 3 --until 13:00
  kreisraum scale tuttlingen --auto`,
		Args: exactly("a county"),
		RunE: func(cmd *cobra.Command, args []string) error { return a.runScale(cmd, args[0], f) },
	}
	cmd.Flags().IntVar(&f.bridges, "bridges", 0, "how many dedicated bridges there shall be")
	cmd.Flags().StringVar(&f.until, "until", "", "local time at which the load decides again, for example 13:00; the next time it is that late")
	cmd.Flags().BoolVar(&f.auto, "auto", false, "take back what was ordered by hand")
	return cmd
}

func (a *app) runScale(cmd *cobra.Command, name string, f scaleFlags) error {
	given := cmd.Flags().Changed("bridges")
	switch {
	case given == f.auto:
		return &usageError{cmd.CommandPath(), errors.New("give either --bridges or --auto")}
	case f.auto && f.until != "":
		return &usageError{cmd.CommandPath(), errors.New("--until belongs to --bridges")}
	case f.auto:
		return a.order(cmd, name, serve.Order{Auto: true}, audit.BridgesOrdered, "auto")
	case f.bridges < 0:
		return &usageError{cmd.CommandPath(), fmt.Errorf("--bridges %d is below zero", f.bridges)}
	}
	cfg, err := config.Find(a.options.configDir(), name)
	if err != nil {
		return err
	}
	if f.bridges > cfg.Bridges.Max {
		return fmt.Errorf("--bridges %d is more than %s may have: bridges.max is %d in its file", f.bridges, name, cfg.Bridges.Max)
	}
	manual := &autoscale.Manual{Bridges: f.bridges}
	detail := fmt.Sprint(f.bridges)
	if f.until != "" {
		if manual.Until, err = nextTime(f.until, cfg.Restart.TimeZone, time.Now()); err != nil {
			return &usageError{cmd.CommandPath(), err}
		}
		detail += " until " + manual.Until.Format(time.RFC3339)
	}
	return a.order(cmd, name, serve.Order{Manual: manual}, audit.BridgesOrdered, detail)
}

// nextTime is the next moment at which it is that late in zone, after now.
func nextTime(text, zone string, now time.Time) (time.Time, error) {
	t, err := time.Parse("15:04", text)
	if err != nil {
		return time.Time{}, fmt.Errorf("--until %q is no time of day such as 13:00", text)
	}
	location, err := time.LoadLocation(zone)
	if err != nil {
		return time.Time{}, err
	}
	local := now.In(location)
	for days := 0; ; days++ {
		at := time.Date(local.Year(), local.Month(), local.Day()+days, t.Hour(), t.Minute(), 0, 0, location)
		if at.After(now) {
			return at, nil
		}
	}
}
