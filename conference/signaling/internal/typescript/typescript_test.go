package typescript

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestThePageHasThem fails when the messages have changed and the page's types have not.
func TestThePageHasThem(t *testing.T) {
	want, err := Generate("../..")
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(filepath.Join("../..", File))
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("%s is stale: run go generate ./conference/signaling (%v)", filepath.Base(File), err)
	}
}

func TestWhatIsWritten(t *testing.T) {
	got, err := generate(t, `
// Kind of a thing.
type Kind string
const ( KindA Kind = "a"; KindB Kind = "b" )
var kinds = []Kind{KindA, KindB}
type secret struct{}
type Name = Private[secret]
// Part of a message.
type Part struct {
	// Of is its kind.
	Of Kind `+"`json:\"of\"`"+`
	Much *bool `+"`json:\"much,omitempty\"`"+`
}
type Hello struct {
	Name Name `+"`json:\"name\"`"+`
	Parts []Part `+"`json:\"parts,omitempty\"`"+`
	At int64 `+"`json:\"at\"`"+`
}
type Bye struct{}
func (Hello) Type() string { return "hello" }
func (Bye) Type() string { return "bye" }
var clientTypes = map[string]int{Hello{}.Type(): 1}
var serverTypes = map[string]int{Bye{}.Type(): 1, Hello{}.Type(): 2}
`)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"export const subprotocol = 'kreisraum.7';",
		"  name: 40,",
		"/** Kind of a thing. */\nexport const kinds = [\n  'a',\n  'b',\n] as const;\nexport type Kind = (typeof kinds)[number];",
		"/** Part of a message. */\nexport interface Part {\n  /** Of is its kind. */\n  readonly of: Kind;\n  readonly much?: boolean;\n}",
		"export interface Hello {\n  readonly name: string;\n  readonly parts?: readonly Part[];\n  readonly at: number;\n}",
		"export type ClientMessage =\n  | ({ readonly type: 'hello' } & Hello);",
		"export type ServerMessage =\n  | { readonly type: 'bye' }\n  | ({ readonly type: 'hello' } & Hello);",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("missing:\n%s\nin:\n%s", want, got)
		}
	}
}

// TestWhatIsNotKnown: nothing is guessed.
func TestWhatIsNotKnown(t *testing.T) {
	const rest = "\nfunc (A) Type() string { return \"a\" }\nvar clientTypes = map[string]int{A{}.Type(): 1}\nvar serverTypes = map[string]int{A{}.Type(): 1}\n"
	for name, source := range map[string]string{
		"a map":                       "type A struct { M map[string]int `json:\"m\"` }" + rest,
		"a kind of no list":           "type Kind string\ntype A struct { K Kind `json:\"k\"` }" + rest,
		"no tag":                      "type A struct { B bool }" + rest,
		"no messages":                 "type A struct{}",
		"no Type":                     "type A struct{}\nvar clientTypes = map[string]int{A{}.Type(): 1}",
		"a value that is no constant": "type Kind string\nvar kinds = []Kind{more}\ntype A struct{}" + rest,
	} {
		if got, err := generate(t, source); err == nil {
			t.Errorf("%s: written:\n%s", name, got)
		}
	}
}

func generate(t *testing.T, source string) (string, error) {
	t.Helper()
	dir := t.TempDir()
	const head = "package p\nconst Subprotocol = \"kreisraum.7\"\nconst ( MaxName = 40; MaxChat = 1; MinCode = 1; MaxCode = 1; MaxView = 1; MinDevice = 1; MaxDevice = 1 )\n"
	if err := os.WriteFile(filepath.Join(dir, "p.go"), []byte(head+source), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := Generate(dir)
	return string(got), err
}
