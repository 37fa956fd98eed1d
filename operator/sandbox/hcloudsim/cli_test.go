package hcloudsim

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// cliVersion is the official command line client that the scripts in testdata/cli are written for.
const cliVersion = "v1.67.0"

// officialCLI finds hcloud: the one that HCLOUD_CLI names, or one that is built from the module proxy and kept in the user's cache. Where the proxy does not have it the test is skipped.
func officialCLI(t *testing.T) string {
	t.Helper()
	if name := os.Getenv("HCLOUD_CLI"); name != "" {
		return name
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Skipf("no folder to keep the official CLI in: %v", err)
	}
	dir := filepath.Join(cache, "kreisraum", "hcloud-"+cliVersion)
	name := filepath.Join(dir, "hcloud")
	if _, err := os.Stat(name); err == nil {
		return name
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "go", "install", "github.com/hetznercloud/cli/cmd/hcloud@"+cliVersion)
	cmd.Dir = t.TempDir() // outside of this module
	cmd.Env = append(os.Environ(), "GOBIN="+dir, "GOFLAGS=")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Skipf("the official CLI cannot be built here (%v), set HCLOUD_CLI to one:\n%s", err, out)
	}
	return name
}

// TestOfficialCLI runs Hetzner's own client against the simulator, each script in a cloud of its own. The scripts follow the checklist of what
// unchanged clients need. All requests and answers are held to the OpenAPI description as well.
func TestOfficialCLI(t *testing.T) { runCLI(t, officialCLI(t), "testdata/cli/*.txtar") }

// TestDebiansCLI does the same with the older client that Debian 12 has (package hcloud-cli), which every machine that runs the tests can have.
func TestDebiansCLI(t *testing.T) {
	const debians = "/usr/bin/hcloud"
	if _, err := os.Stat(debians); err != nil {
		t.Skipf("Debian's package hcloud-cli is not installed: %v", err)
	}
	runCLI(t, debians, "testdata/cli-debian/*.txtar")
}

func runCLI(t *testing.T, cli, pattern string) {
	t.Helper()
	scripts, err := filepath.Glob(pattern)
	if err != nil || len(scripts) == 0 {
		t.Fatalf("scripts: got %v %v", scripts, err)
	}
	for _, script := range scripts {
		t.Run(strings.TrimSuffix(filepath.Base(script), ".txtar"), func(t *testing.T) {
			c := newCloud(t)
			testscript.Run(t, testscript.Params{
				Files: []string{script},
				Setup: func(env *testscript.Env) error {
					for _, set := range [][2]string{
						{"PATH", filepath.Dir(cli) + string(os.PathListSeparator) + env.Getenv("PATH")},
						{"HCLOUD_ENDPOINT", c.url}, {"HETZNER_ENDPOINT", c.url}, {"HCLOUD_TOKEN", testToken}, {"HCLOUD_CONFIG", env.WorkDir + "/cli.toml"},
						{"HCLOUD_POLL_INTERVAL", "5ms"}, {"HCLOUD_QUIET", "false"}, {"TZ", "UTC"}, {"KEY", publicKey(t)},
					} {
						env.Setenv(set[0], set[1])
					}
					return nil
				},
				Cmds: c.commands(),
			})
		})
	}
}

// commands are what a script can do to its cloud.
func (c *cloud) commands() map[string]func(*testscript.TestScript, bool, []string) {
	return map[string]func(*testscript.TestScript, bool, []string){
		// stock TYPE LOCATION on|off
		"stock": func(ts *testscript.TestScript, _ bool, args []string) {
			ts.Check(c.sim.SetStock(args[0], args[1], args[2] == "on"))
		},
		// quota SERVERS
		"quota": func(ts *testscript.TestScript, _ bool, args []string) {
			n, err := strconv.Atoi(args[0])
			ts.Check(err)
			q := DefaultQuotas()
			q.Servers = n
			c.sim.SetQuota(q)
		},
		// fault KIND METHOD PATH TIMES
		"fault": func(ts *testscript.TestScript, _ bool, args []string) {
			times, err := strconv.Atoi(args[3])
			ts.Check(err)
			ts.Check(c.sim.InjectFault(Fault{Kind: Kind(args[0]), Method: args[1], Path: args[2], Times: times}))
		},
		// slow DURATION is how long actions take from now on
		"slow": func(ts *testscript.TestScript, _ bool, args []string) {
			takes, err := time.ParseDuration(args[0])
			ts.Check(err)
			c.sim.mu.Lock()
			defer c.sim.mu.Unlock()
			c.sim.cfg.Latency = func(string) time.Duration { return takes }
		},
		// lines FILE N
		"lines": func(ts *testscript.TestScript, _ bool, args []string) {
			if got := strings.Count(ts.ReadFile(args[0]), "\n"); fmt.Sprint(got) != args[1] {
				ts.Fatalf("%s has %d lines, want %s", args[0], got, args[1])
			}
		},
		// served ZONE NAME TYPE VALUE...
		"served": func(ts *testscript.TestScript, neg bool, args []string) {
			got := strings.Join(c.served(args[0], args[1], args[2]), " ")
			if (got == strings.Join(args[3:], " ")) == neg {
				ts.Fatalf("served %s %s: got %q", args[1], args[2], got)
			}
		},
		// bytes FILE N writes that many letters
		"bytes": func(ts *testscript.TestScript, _ bool, args []string) {
			n, err := strconv.Atoi(args[1])
			ts.Check(err)
			ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(strings.Repeat("a", n)), 0o600))
		},
		// locked NAME waits until an action holds the server
		"locked": func(ts *testscript.TestScript, _ bool, args []string) {
			c.eventually("server "+args[0]+" to be locked", func() bool {
				s, _, err := c.client.Server.GetByName(context.Background(), args[0])
				return err == nil && s != nil && s.Locked
			})
		},
		// keys N writes as many public keys, key0.pub and so on
		"keys": func(ts *testscript.TestScript, _ bool, args []string) {
			n, err := strconv.Atoi(args[0])
			ts.Check(err)
			for i := range n {
				ts.Check(os.WriteFile(ts.MkAbs(fmt.Sprintf("key%d.pub", i)), []byte(publicKey(c)+"\n"), 0o600))
			}
		},
	}
}
