package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/medienzentrenverbund/kreisraum/operator/county"
	"github.com/medienzentrenverbund/kreisraum/operator/register"
	"github.com/spf13/cobra"
	"go.uber.org/goleak"
)

func testApp() (*app, *bytes.Buffer, *bytes.Buffer) {
	var out, err bytes.Buffer
	return &app{Streams: Streams{In: strings.NewReader(""), Out: &out, Err: &err}, version: "v1.2.3", options: newOptions()}, &out, &err
}

func TestEveryVerbExplainsItself(t *testing.T) {
	a, _, _ := testApp()
	var walk func(*cobra.Command)
	walk = func(cmd *cobra.Command) {
		if cmd.Name() == "help" {
			return
		}
		path := cmd.CommandPath()
		if cmd.Short == "" || cmd.Long == "" || cmd.Args == nil || cmd.RunE == nil {
			t.Errorf("%s: short or long text, arguments or function missing", path)
		}
		if !strings.Contains(cmd.Example, "  "+path) && !strings.Contains(cmd.Example, "kreisraum") {
			t.Errorf("%s has no example", path)
		}
		for _, example := range strings.Split(cmd.Example, "\n") {
			if problem := wrongExample(a, example); problem != "" {
				t.Errorf("%s: example %q: %s", path, example, problem)
			}
		}
		for _, child := range cmd.Commands() {
			walk(child)
		}
	}
	walk(a.root())
}

// wrongExample reads an example as the program would, flags and arguments included. Lines for other programs are not ours to judge.
func wrongExample(a *app, line string) string {
	line = strings.TrimSpace(line)
	if at := strings.Index(line, "  "); at > 0 {
		line = line[:at] // an explanation follows
	}
	words := strings.Fields(regexp.MustCompile(`"[^"]*"`).ReplaceAllString(line, "quoted"))
	words = words[max(0, slices.Index(words, "kreisraum")):]
	if words[0] != "kreisraum" {
		return ""
	}
	if at := slices.Index(words, ">"); at >= 0 {
		words = words[:at]
	}
	cmd, rest, err := a.root().Find(words[1:])
	if err != nil || cmd == cmd.Root() {
		return "no command of ours"
	}
	if err := cmd.ParseFlags(rest); err != nil {
		return err.Error()
	}
	if err := cmd.ValidateArgs(cmd.Flags().Args()); err != nil {
		return err.Error()
	}
	return ""
}

func TestCtrlCSaysHowToGoOn(t *testing.T) {
	t.Setenv("HCLOUD_TOKEN", "not-a-token")
	t.Setenv("KREISRAUM_HOME", t.TempDir())
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	var out, errs bytes.Buffer
	code := Main(ctx, []string{"down", "demo", "--yes"}, Streams{In: strings.NewReader(""), Out: &out, Err: &errs}, "v1")
	if code != exitFailure || !strings.Contains(errs.String(), "run the same command again") {
		t.Errorf("exit code %d, %q", code, errs.String())
	}
}

func events() []county.Event {
	return []county.Event{
		{Step: county.StepInfra, Kind: county.Begun},
		{Step: county.StepInfra, Kind: county.Progress, Text: "a server", Elapsed: 1200 * time.Millisecond},
		{Step: county.StepInfra, Kind: county.Done, Text: "7 changes", Elapsed: 3 * time.Second},
		{Step: county.StepDeploy, Kind: county.Begun},
		{Step: county.StepDeploy, Kind: county.Failed, Elapsed: 45 * time.Second},
	}
}

func show(t *testing.T, s style) string {
	t.Helper()
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	a, out, errs := testApp()
	p := a.progress()
	p.style = s
	for _, e := range events() {
		p.Event(e)
	}
	if _, err := p.Write([]byte("a warning\n")); err != nil {
		t.Fatal(err)
	}
	p.Close()
	p.Close()
	if errs.String() != "a warning\n" {
		t.Errorf("the log got %q", errs.String())
	}
	return out.String()
}

func TestProgressInPlainLines(t *testing.T) {
	want := "  infra         1.2 s  a server\n✓ infra         3.0 s  7 changes\n✗ deploy       45.0 s\n"
	if got := show(t, plain); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestProgressAsJSONLines(t *testing.T) {
	for i, line := range strings.Split(strings.TrimSpace(show(t, lines)), "\n") {
		var got struct {
			Event struct {
				Step, Kind, Text string
				Elapsed          float64 `json:"elapsed_ms"`
			}
		}
		if err := json.Unmarshal([]byte(line), &got); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		want := events()[i]
		if got.Event.Step != string(want.Step) || got.Event.Kind != string(want.Kind) || got.Event.Elapsed != float64(want.Elapsed.Milliseconds()) {
			t.Errorf("line %d: got %+v, want %+v", i, got, want)
		}
	}
}

// What stays on a terminal after each erased line is what plain lines would have been, without the steps in between.
func TestProgressOnATerminalLeavesOnlyResults(t *testing.T) {
	var left strings.Builder
	for _, line := range strings.SplitAfter(show(t, live), "\n") {
		parts := strings.Split(line, clearLine)
		left.WriteString(parts[len(parts)-1])
	}
	want := "✓ infra         3.0 s  7 changes\n✗ deploy       45.0 s\n"
	if left.String() != want {
		t.Errorf("left on the screen\n%q\nwant\n%q", left.String(), want)
	}
}

func TestListNeverShowsHashes(t *testing.T) {
	accounts := []register.Account{{ID: "acct-1", Name: "ahorn-1000", Label: "x", Hash: "$argon2id$secret"}}
	text, _ := json.Marshal(list(accounts))
	if strings.Contains(string(text)+listText(accounts), "argon2id") {
		t.Error("a hash is shown")
	}
}

func TestCellsAreNoFormulas(t *testing.T) {
	for in, want := range map[string]string{"=1+1": "'=1+1", "@x": "'@x", "-1": "'-1", "Schule": "Schule", "": ""} {
		if got := safeCell(in); got != want {
			t.Errorf("%q became %q, want %q", in, got, want)
		}
	}
}

func TestUsageErrorIsToldFromOthers(t *testing.T) {
	var usage *usageError
	if errors.As(errors.New("x"), &usage) || !errors.As(error(&usageError{"kreisraum", errors.New("x")}), &usage) {
		t.Error("usage errors cannot be told from others")
	}
}

// The order of initialisation is what keeps the terminal quiet, see package quietterm.
func TestTerminalIsLeftAlone(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, "-test.run=^$")
	cmd.Env = append(os.Environ(), "GODEBUG=inittrace=1")
	trace, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, trace)
	}
	ours := bytes.Index(trace, []byte("init github.com/medienzentrenverbund/kreisraum/operator/cli/quietterm "))
	theirs := bytes.Index(trace, []byte("init github.com/muesli/termenv "))
	if ours < 0 || theirs < 0 {
		t.Fatalf("the trace lacks quietterm (%d) or termenv (%d); if nothing links termenv any more, quietterm can go", ours, theirs)
	}
	if ours > theirs {
		t.Error("termenv is initialised before quietterm")
	}
}

func TestAdviceInTheSandboxIsForTheSandbox(t *testing.T) {
	a := &app{options: newOptions()}
	const text = "the county is not up: demo; `kreisraum up demo` starts it, `kreisraum down demo --keep-register` clears it, `kreisraum sandbox stop` does neither, `kreisraum drain --help` helps"
	if got := a.advice(text); got != text {
		t.Errorf("outside: %s", got)
	}
	a.options.v.Set("sandbox", true)
	const want = "the county is not up: demo; `kreisraum up demo --sandbox` starts it, `kreisraum down demo --sandbox --keep-register` clears it, `kreisraum sandbox stop` does neither, `kreisraum drain --help` helps"
	if got := a.advice(text); got != want {
		t.Errorf("inside: %s", got)
	}
}

// full is a screen that takes nothing, like /dev/full.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, syscall.ENOSPC }

func TestPasswordsThatCannotBeShownAreNotLostSilently(t *testing.T) {
	a, _, _ := testApp()
	a.Out = full{}
	err := a.hand(createFlags{}, nil, []register.Credential{{Name: "ahorn-1000", Password: "x"}})
	if !errors.Is(err, syscall.ENOSPC) || !strings.Contains(err.Error(), "accounts reset") {
		t.Errorf("got %v", err)
	}
}
