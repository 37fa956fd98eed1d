package cli

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/medienzentrenverbund/kreisraum/operator/county"
	"github.com/spf13/cobra"
)

// unlock is not forwarded to a daemon: it must work when that is what hangs.
func (a *app) unlock() *cobra.Command {
	var yes bool
	cmd := &cobra.Command{
		Use:   "unlock <county>",
		Short: "Show who keeps others away from a county's state, and take a lock away that nobody holds any more",
		Long: `unlock shows whose lock is on the county's state and how old it is. One whose process is gone from this computer is taken away; one whose
process is at work here is not. Of one from another computer only you can know whether that command still runs: look there or ask, then
confirm. Two commands that change one county at the same time get in each other's way.`,
		Example: `  kreisraum unlock tuttlingen
  kreisraum unlock tuttlingen --yes`,
		Args: exactly("a county"),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := a.open(cmd.Context(), args[0], need{bare: true}, nil)
			if err != nil {
				return err
			}
			locks, err := c.Locks(cmd.Context())
			if err != nil {
				return err
			}
			return a.runUnlock(cmd, c, locks, yes)
		},
	}
	cmd.Flags().BoolVar(&yes, "yes", false, "take locks of other computers away without asking")
	return cmd
}

// shownLock is a lock as unlock shows it.
type shownLock struct {
	By      string    `json:"by"` // "command" or "engine"
	User    string    `json:"user"`
	Host    string    `json:"host"`
	PID     int       `json:"pid"`
	Since   time.Time `json:"since"`
	State   string    `json:"state"` // "at work here", "gone" or "unknown"
	Removed bool      `json:"removed"`
}

func (a *app) runUnlock(cmd *cobra.Command, c *county.County, locks []county.Lock, yes bool) error {
	name := c.Home.Name
	if len(locks) == 0 {
		return a.print(map[string]any{"county": name, "locks": []shownLock{}}, name+" is not locked\n")
	}
	shown := make([]shownLock, len(locks))
	text, foreign := "", 0
	for i, l := range locks {
		shown[i] = showLock(l)
		text += lockText(shown[i], time.Now())
		if shown[i].State == "unknown" {
			foreign++
		}
	}
	if foreign > 0 && !yes {
		fmt.Fprint(a.Err, text)
		if err := a.confirmUnlock(name); err != nil {
			return err
		}
		text = ""
	}
	var alive error
	for i, l := range locks {
		err := c.Unlock(cmd.Context(), l)
		if errors.Is(err, county.ErrAlive) {
			alive = fmt.Errorf("%s stays locked: %w", name, err)
			continue
		}
		if err != nil {
			return err
		}
		shown[i].Removed = true
	}
	if alive == nil {
		text += name + " is free\n"
	}
	if alive != nil && a.options.json() {
		return alive
	}
	return errors.Join(a.print(map[string]any{"county": name, "locks": shown}, text), alive)
}

func (a *app) confirmUnlock(name string) error {
	fmt.Fprintf(a.Err, "If that command still runs, both get in each other's way.\nType the county's name to take the lock away: ")
	line, err := bufio.NewReader(io.LimitReader(a.In, 4<<10)).ReadString('\n')
	if strings.TrimSpace(line) == name {
		return nil
	}
	if err != nil && line == "" {
		return errors.New("nobody confirmed; type the county's name when asked, or give --yes")
	}
	return errors.New("that is not the county's name; nothing was changed")
}

func showLock(l county.Lock) shownLock {
	s := shownLock{By: "command", User: l.User, Host: l.Host, PID: l.PID, Since: l.Since, State: "unknown"}
	if l.Engine {
		s.By = "engine"
	}
	switch {
	case l.Alive:
		s.State = "at work here"
	case l.Here:
		s.State = "gone"
	}
	return s
}

func lockText(s shownLock, now time.Time) string {
	if s.PID == 0 {
		return "a lock that cannot be read\n"
	}
	where := map[string]string{
		"at work here": "it is at work on this computer", "gone": "it is gone from this computer", "unknown": "whether it still runs cannot be seen from here",
	}[s.State]
	return fmt.Sprintf("%s: process %d of %s on %s, since %s (%s ago); %s\n", s.By, s.PID, s.User, s.Host, s.Since.Local().Format("2006-01-02 15:04"),
		now.Sub(s.Since).Round(time.Second), where)
}
