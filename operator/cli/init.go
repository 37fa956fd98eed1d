package cli

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/medienzentrenverbund/kreisraum/operator/config"
	"github.com/spf13/cobra"
)

func (a *app) init() *cobra.Command {
	var given answersGiven
	cmd := &cobra.Command{
		Use:   "init <county>",
		Short: "Ask a few questions and write a county's file",
		Long: `init asks what a county's file must say (title, domain, office, accounts, location, from where SSH is allowed, how many pupils at once), offers an
answer to each, and writes <county>.yaml into --config-dir, with comments. Everything else in the file has a default that suits most. An existing file is never
touched. Each question can be answered by a flag; with --defaults nothing is asked at all. Questions are in German where the
computer speaks German, or with --language de.

With --json the last line is {"file": "configs/…", "county": "…", "next": ["…"]}.`,
		Example: `  kreisraum init tuttlingen
  kreisraum init musterkreis --domain konferenz.kmz-musterkreis.example --pupils 300 --defaults`,
		Args: exactly("a county"),
		RunE: func(cmd *cobra.Command, args []string) error { return a.runInit(cmd, args[0], given) },
	}
	given.declare(cmd)
	return cmd
}

// answersGiven are the flags of init, one for each question.
type answersGiven struct {
	language string
	defaults bool
}

func (g *answersGiven) declare(cmd *cobra.Command) {
	flags := cmd.Flags()
	for _, q := range questions {
		flags.String(q.flag, "", q.usage)
	}
	flags.StringVar(&g.language, "language", "", "language of questions and comments, de or en (default: the computer's)")
	flags.BoolVar(&g.defaults, "defaults", false, "ask nothing; what no flag says is as offered")
}

// tries is how often an answer may be wrong.
const tries = 3

func (a *app) runInit(cmd *cobra.Command, name string, given answersGiven) error {
	if err := config.CheckName(name); err != nil {
		return err
	}
	german, err := speaksGerman(given.language)
	if err != nil {
		return &usageError{cmd.CommandPath(), err}
	}
	path := filepath.Join(a.options.configDir(), name+".yaml")
	if _, err := os.Lstat(path); err == nil {
		return fmt.Errorf("%s exists and is not touched; change it with an editor, `kreisraum preview %s` says what that would do", path, name)
	}
	f := countyFile{name: name, german: german, answers: map[string]string{}}
	input := bufio.NewReader(io.LimitReader(a.In, 64<<10))
	for _, q := range questions {
		if value, _ := cmd.Flags().GetString(q.flag); cmd.Flags().Changed(q.flag) {
			f.answers[q.flag] = strings.TrimSpace(value)
			if err := f.check(q); err != nil {
				return &usageError{cmd.CommandPath(), fmt.Errorf("--%s: %w", q.flag, err)}
			}
			continue
		}
		f.answers[q.flag] = q.offer(f)
		if given.defaults {
			continue
		}
		if err := a.askFor(input, q, &f); err != nil {
			return err
		}
	}
	text := f.text()
	cfg, err := config.Parse(path, name, []byte(text))
	if err != nil {
		return err
	}
	if err := writeNew(path, []byte(text)); err != nil {
		return err
	}
	next := f.next(cfg)
	return a.print(map[string]any{"file": path, "county": name, "next": next}, fmt.Sprintf("%s\n%s\n", f.say("geschrieben: "+path, "written: "+path), "  "+strings.Join(next, "\n  ")))
}

// askFor asks until the answer is one that the file can hold. An empty answer takes what is offered.
func (a *app) askFor(input *bufio.Reader, q question, f *countyFile) error {
	offered := f.answers[q.flag]
	fmt.Fprintf(a.Err, "\n%s\n", f.say(q.german, q.english))
	for range tries {
		fmt.Fprintf(a.Err, "[%s] ", offered)
		line, err := input.ReadString('\n')
		answer := strings.TrimSpace(line)
		if err != nil && answer == "" {
			return errors.New("nobody answers; give the answers as flags (`kreisraum init --help`), or --defaults to take what is offered")
		}
		if answer == "" {
			answer = offered
		}
		f.answers[q.flag] = answer
		wrong := f.check(q)
		if wrong == nil {
			return nil
		}
		fmt.Fprintf(a.Err, "%s %v\n", f.say("Das geht nicht:", "That will not do:"), wrong)
	}
	return fmt.Errorf("%d answers in a row cannot be used; nothing was written", tries)
}

// speaksGerman reads the language of the computer, locale(7), unless one was given.
func speaksGerman(given string) (bool, error) {
	switch given {
	case "de", "en":
		return given == "de", nil
	case "":
	default:
		return false, fmt.Errorf("--language %q is neither de nor en", given)
	}
	for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		if value := os.Getenv(name); value != "" {
			return strings.HasPrefix(value, "de"), nil
		}
	}
	return false, nil
}

// writeNew writes a file that is there completely or not at all, and never takes another one's place.
func writeNew(path string, data []byte) error {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("write the county's file: %w", err)
	}
	draft, err := os.CreateTemp(dir, ".kreisraum-init-*")
	if err != nil {
		return fmt.Errorf("write the county's file: %w", err)
	}
	defer os.Remove(draft.Name())
	_, err = draft.Write(data)
	err = errors.Join(err, draft.Chmod(0o644), draft.Sync(), draft.Close())
	if err == nil {
		err = os.Link(draft.Name(), path)
	}
	if errors.Is(err, os.ErrExist) {
		return fmt.Errorf("%s exists by now and is not touched", path)
	}
	if err != nil {
		return fmt.Errorf("write the county's file: %w", err)
	}
	return nil
}
