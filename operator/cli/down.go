package cli

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/medienzentrenverbund/kreisraum/operator/county"
	"github.com/spf13/cobra"
)

func (a *app) down() *cobra.Command {
	var yes, keep bool
	cmd := &cobra.Command{
		Annotations: ofCounty,
		Use:         "down <county>",
		Short:       "Remove a county: everything at Hetzner, keys, state and accounts",
		Long: `down ends all lessons, deletes everything of the county at Hetzner, asks Hetzner whether really nothing is left, and removes the
county's keys, state and account register from this computer, snapshots of its machines included. The audit ledger and the county's file stay.
A record of the deletion, a German text and JSON without anybody's name, is written beside the ledger for the data protection officer.

With --json the last line is {"result": {"county", "state": "down", "record"}}; record is the text's path, empty if there was nothing.`,
		Example: `  kreisraum down demo --sandbox --yes
  kreisraum down tuttlingen --keep-register`,
		Args: exactly("a county"),
		RunE: func(cmd *cobra.Command, args []string) error { return a.runDown(cmd, args[0], yes, keep) },
	}
	cmd.Flags().BoolVar(&yes, "yes", false, "do not ask")
	cmd.Flags().BoolVar(&keep, "keep-register", false, "keep the accounts for a later up")
	return cmd
}

func (a *app) runDown(cmd *cobra.Command, name string, yes, keep bool) error {
	if !yes {
		input := bufio.NewReader(io.LimitReader(a.In, 4<<10))
		if err := a.confirm(input, name); err != nil {
			return err
		}
		keep = keep || a.ask(input, "Keep the accounts for a later up? [y/N] ")
	}
	progress := a.progress()
	defer progress.Close()
	c, err := a.open(cmd.Context(), name, need{cloud: true, world: true, changes: true}, progress)
	if err != nil {
		return err
	}
	record := ""
	if err := c.Down(cmd.Context(), county.DownOptions{KeepRegister: keep, Recorded: func(path string) { record = path }}); err != nil {
		return err
	}
	progress.Close()
	text := fmt.Sprintf("\n%s is down\n", name)
	if record == "" { // nobody may take a typing error for a county that is gone
		text = fmt.Sprintf("\nthere was nothing of %s: no keys or state on this computer, and nothing at Hetzner in the project of this token\n", name)
	} else {
		text += fmt.Sprintf("record of the deletion, for the data protection officer: %s\n", record)
	}
	return a.print(map[string]any{"result": map[string]string{"county": name, "state": "down", "record": record}}, text)
}

// confirm lets the county's name be typed.
func (a *app) confirm(input *bufio.Reader, name string) error {
	fmt.Fprintf(a.Err, "This ends all lessons of %s and deletes its machines, keys and state.\nType the county's name to go on: ", name)
	line, err := input.ReadString('\n')
	if strings.TrimSpace(line) == name {
		return nil
	}
	if err != nil && line == "" {
		return errors.New("nobody confirmed; type the county's name when asked, or give --yes")
	}
	return errors.New("that is not the county's name; nothing was changed")
}

func (a *app) ask(input *bufio.Reader, question string) bool {
	fmt.Fprint(a.Err, question)
	line, _ := input.ReadString('\n')
	answer := strings.ToLower(strings.TrimSpace(line))
	return answer == "y" || answer == "yes" || answer == "j" || answer == "ja"
}
