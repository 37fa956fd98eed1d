package cli

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/medienzentrenverbund/kreisraum/operator/register"
	"github.com/spf13/cobra"
)

// createFlags of `accounts create`.
type createFlags struct {
	count      int
	label, csv string
	out        string
}

func (a *app) accountsCreate() *cobra.Command {
	var f createFlags
	cmd := &cobra.Command{
		Annotations: ofCounty,
		Use:         "create <county>",
		Short:       "Make accounts and show their passwords once",
		Long: `create makes one account, several, or one for each line of a CSV list with a column "label" (or "Bezeichnung"). Passwords are
shown once, or written to a file with --out, and kept nowhere.`,
		Example: `  kreisraum accounts create tuttlingen --label "Schule am Beispielweg"
  kreisraum accounts create tuttlingen --count 5
  kreisraum accounts create goeppingen --csv kollegium.csv --out zugaenge.csv`,
		Args: exactly("a county"),
		RunE: func(cmd *cobra.Command, args []string) error { return a.runCreate(cmd, args[0], f) },
	}
	cmd.Flags().IntVar(&f.count, "count", 0, "make that many accounts without a label")
	cmd.Flags().StringVar(&f.label, "label", "", "what the account is for; stays on this computer")
	cmd.Flags().StringVar(&f.csv, "csv", "", "make one account for each line of this list")
	cmd.Flags().StringVar(&f.out, "out", "", "write names and passwords to this new file instead of the screen")
	return cmd
}

func (a *app) runCreate(cmd *cobra.Command, name string, f createFlags) error {
	f.csv, f.out = a.path(f.csv), a.path(f.out)
	labels, err := f.labels(cmd)
	if err != nil {
		return err
	}
	c, err := a.open(cmd.Context(), name, need{config: true, world: true, changes: true}, nil)
	if err != nil {
		return err
	}
	out, err := f.openOut()
	if err != nil {
		return err
	}
	made, err := c.CreateAccounts(cmd.Context(), labels)
	if len(made) == 0 {
		f.dropOut(out)
		return err
	}
	return errors.Join(err, a.hand(f, out, made)) // passwords of accounts that exist must be seen, whatever failed after that
}

// hand shows the passwords, or writes them to out.
func (a *app) hand(f createFlags, out *os.File, made []register.Credential) error {
	const lost = "the accounts exist, `kreisraum accounts list` names them and `kreisraum accounts reset` gives them other passwords"
	if out == nil {
		if err := a.print(map[string]any{"accounts": made}, credentialText(made)); err != nil {
			return fmt.Errorf("show the passwords: %w; %s", err, lost)
		}
		return nil
	}
	if err := writeOut(out, made); err != nil {
		return fmt.Errorf("write %s: %w; %s", f.out, err, lost)
	}
	return a.print(map[string]any{"accounts": len(made), "file": f.out}, fmt.Sprintf("%d accounts made, names and passwords are in %s\n", len(made), f.out))
}

func (f createFlags) labels(cmd *cobra.Command) ([]string, error) {
	given := 0
	for _, name := range []string{"count", "label", "csv"} {
		if cmd.Flags().Changed(name) {
			given++
		}
	}
	switch {
	case given > 1:
		return nil, &usageError{cmd.CommandPath(), errors.New("--count, --label and --csv exclude each other")}
	case cmd.Flags().Changed("csv") && f.csv == "", cmd.Flags().Changed("out") && f.out == "":
		return nil, &usageError{cmd.CommandPath(), errors.New("--csv and --out want the name of a file")}
	case f.csv != "":
		file, err := os.Open(f.csv)
		if err != nil {
			return nil, fmt.Errorf("read the list: %w", err)
		}
		defer file.Close()
		return register.Labels(file)
	case cmd.Flags().Changed("count"):
		if f.count < 1 || f.count > register.MaxLines {
			return nil, &usageError{cmd.CommandPath(), fmt.Errorf("--count %d is not between 1 and %d", f.count, register.MaxLines)}
		}
		return make([]string, f.count), nil
	}
	label := strings.TrimSpace(f.label)
	return []string{label}, register.CheckLabel(label)
}

// openOut makes the file before any account is made: passwords that cannot be written down would be lost.
func (f createFlags) openOut() (*os.File, error) {
	if f.out == "" {
		return nil, nil
	}
	file, err := os.OpenFile(f.out, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, os.ErrExist) {
		return nil, fmt.Errorf("%s exists; name a file that does not, so that no passwords are overwritten", f.out)
	}
	return file, err
}

func (f createFlags) dropOut(file *os.File) {
	if file != nil {
		_ = file.Close()
		_ = os.Remove(f.out)
	}
}

// writeOut writes the list as spreadsheets in German open it: semicolons, UTF-8 with a byte order mark.
func writeOut(file *os.File, made []register.Credential) error {
	var b bytes.Buffer
	b.WriteString("\ufeff")
	w := csv.NewWriter(&b)
	w.Comma = ';'
	_ = w.Write([]string{"Name", "Passwort", "Bezeichnung"})
	for _, c := range made {
		_ = w.Write([]string{c.Name, c.Password, safeCell(c.Label)})
	}
	w.Flush()
	if _, err := file.Write(b.Bytes()); err != nil {
		return err
	}
	if err := file.Sync(); err != nil {
		return err
	}
	return file.Close()
}

// safeCell keeps spreadsheets from taking a label for a formula (OWASP, "CSV Injection").
func safeCell(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r", rune(s[0])) {
		return "'" + s
	}
	return s
}

func credentialText(made []register.Credential) string {
	var b strings.Builder
	b.WriteString("shown only now; write it down or print it:\n")
	for _, c := range made {
		fmt.Fprintf(&b, "  %-20s %s  %s\n", c.Name, c.Password, c.Label)
	}
	return b.String()
}
