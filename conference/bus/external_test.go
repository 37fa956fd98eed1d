package bus

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"github.com/medienzentrenverbund/kreisraum/conference/eventually"
)

var update = flag.Bool("update", false, "write testdata/accounts.conf anew")

// The machines of the example configuration have the accounts and rights of the embedded server.
func TestExampleConfigurationHasOurRights(t *testing.T) {
	want := "# The machines of a county, their accounts and rights; written by `go test ./conference/bus -run TestExample -update`.\n" + accounts(true)
	path := filepath.Join("testdata", "accounts.conf")
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Error("testdata/accounts.conf differs from rights.go; run this test with -update")
	}
}

// built is the folder that program made.
var built string

// program builds nats-server, once for all tests, from the version that go.mod pins.
var program = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "kreisraum-bus-")
	if err != nil {
		return "", err
	}
	built = dir
	path := filepath.Join(dir, "nats-server")
	build := exec.Command("go", "build", "-o", path, "github.com/nats-io/nats-server/v2")
	build.Env = append(os.Environ(), "CGO_ENABLED=0") // as everything else but the race detector is built, so that most is there already
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build nats-server: %w: %s", err, out)
	}
	return path, nil
})

// external is a nats-server process with the example configuration.
type external struct {
	*county
	store  string
	listen string
	url    string
	cmd    *exec.Cmd
}

func newExternal(t testing.TB, c *county) *external {
	t.Helper()
	if testing.Short() {
		t.Skip("builds nats-server")
	}
	e := &external{county: c, store: t.TempDir(), listen: "127.0.0.1:-1"}
	e.start()
	t.Cleanup(e.kill)
	return e
}

func (e *external) start() {
	e.t.Helper()
	nats, err := program()
	if err != nil {
		e.t.Fatal(err)
	}
	ports := e.t.TempDir()
	ca, cert, key := e.files("nats.example.org")
	e.cmd = exec.Command(nats, "-c", filepath.Join("testdata", "nats-server.conf"), "-ports_file_dir", ports)
	e.cmd.Env = append(os.Environ(), "NATS_LISTEN="+e.listen, "NATS_STORE="+e.store, "NATS_CERTIFICATE="+cert, "NATS_KEY="+key, "COUNTY_CA="+ca)
	var out bytes.Buffer
	e.cmd.Stdout, e.cmd.Stderr = &out, &out
	if err := e.cmd.Start(); err != nil {
		e.t.Fatal(err)
	}
	var found struct {
		NATS []string `json:"nats"`
	}
	file := filepath.Join(ports, fmt.Sprintf("nats-server_%d.ports", e.cmd.Process.Pid))
	eventually.True(e.t, "nats-server to listen", func() bool {
		text, err := os.ReadFile(file)
		return err == nil && json.Unmarshal(text, &found) == nil && len(found.NATS) > 0
	})
	address, err := url.Parse(found.NATS[0])
	if err != nil {
		e.t.Fatal(err)
	}
	e.listen, e.url = address.Host, "tls://"+address.Host
}

func (e *external) kill() {
	_ = e.cmd.Process.Kill()
	_ = e.cmd.Wait()
}

func (e *external) link(machine string) Link {
	return Link{Machine: machine, URL: e.url, TLS: e.machine(machine)}
}

func (e *external) restart() {
	e.kill()
	e.start()
}

func (e *external) folders() []string { return []string{e.store} }
