// Package deptest holds the map in docs/architecture.md: who may import whom. It has tests only.
package deptest

import (
	"bytes"
	"encoding/json"
	"io"
	"os/exec"
	"strings"
	"testing"
)

const module = "github.com/medienzentrenverbund/kreisraum/"

type pkg struct {
	ImportPath string
	Imports    []string
}

// rule says: packages below from must not import packages below to, except when below one of except.
type rule struct {
	from   string
	to     string
	except []string // importing packages that may
	allow  []string // imported packages that are fine
	why    string
}

var rules = []rule{
	{from: "conference", to: module + "operator", why: "the server must run without anything of the operator, who holds the cloud token"},
	{from: "conference", to: module + "infra", why: "the server knows nothing of the cloud it runs in"},
	{from: "infra", to: module + "operator", why: "the Pulumi program takes a Spec; decisions stay in the operator"},
	{from: "infra", to: module + "conference", why: "what runs on a machine is the deployment's business"},
	{from: "operator", to: module + "conference", allow: []string{"conference/opsapi", "conference/client", "conference/config", "conference/passhash", "conference/identity", "conference/atomicfile"},
		except: []string{"operator/e2e"}, why: "the operator talks to a server through its ops API, its configuration file and as a participant, never through its insides"},
	{from: "operator", to: module + "operator/sandbox", except: []string{"operator/cli", "operator/sandbox", "operator/e2e"},
		why: "outside the sandbox nothing may know that it runs in one"},
	{from: "operator/sandbox", to: module + "operator", allow: []string{"operator/sandbox", "operator/deploy", "operator/endpoints"},
		why: "the sandbox stands in for Hetzner and the world outside, not for the operator"},
	{from: "conference/placement", to: module, why: "the choice of a bridge is pure"},
	{from: "conference/directory", to: module + "conference/bus", why: "the directory builds on cluster.Store"},
	{from: "conference/bridge", to: module + "conference/bus", why: "the bridge announces to a cluster.Announcer"},
	{from: "operator/autoscale", to: module, why: "the decision is pure: no clock, no I/O, nothing of ours"},
	{from: "operator/autoscale", to: "net", why: "the decision is pure: no clock, no I/O, nothing of ours"},
	{from: "operator/autoscale", to: "os", why: "the decision is pure: no clock, no I/O, nothing of ours"},
	{from: "conference/room", to: module, why: "the domain is pure: standard library only"},
	{from: "conference/room", to: "github.com/", why: "the domain is pure: standard library only"},
	{from: "conference/sfu", to: module + "conference/room", why: "room and sfu do not know each other; peer introduces them"},
	{from: "conference/portal", to: module + "conference/bridge", why: "portal and bridge meet only in cluster"},
	{from: "conference/bridge", to: module + "conference/portal", why: "portal and bridge meet only in cluster"},
	{from: "conference/signaling", to: "github.com/pion", why: "wire messages know no media stack"},
	{from: "conference", to: "github.com/pion", except: []string{"conference/sfu", "conference/turn", "conference/client", "conference/cmd/loadgen", "conference/rewrite", "conference/packetcache", "conference/layers", "conference/slots"},
		why: "pion is known to the SFU, the relay and the headless participant only"},
	{from: "", to: module + "conference/eventually", why: "what tests share is for tests only"},
	{from: "", to: module + "conference/logtest", why: "what tests share is for tests only"},
	{from: "", to: "github.com/nats-io", except: []string{"conference/bus"}, why: "portal, bridge and directory know a store and an announcer, not what carries them"},
	{from: "", to: "github.com/spf13/viper", except: []string{"operator/config", "operator/cli"}, why: "configuration is read in one place and handed on as plain structs"},
	{from: "", to: "github.com/hetznercloud/hcloud-go", except: []string{"infra", "operator/sandbox/hcloudsim"}, why: "one wrapper holds the rate budget and the error classes"},
	{from: "", to: "github.com/pulumi", except: []string{"infra", "operator/stack"}, why: "Pulumi is an engine of operator/stack and the language of infra, nobody else's"},
}

func below(path, root string) bool {
	return root == "" || path == root || strings.HasPrefix(path, strings.TrimSuffix(root, "/")+"/")
}

func belowAny(path string, roots []string) bool {
	for _, r := range roots {
		if below(path, r) {
			return true
		}
	}
	return false
}

func TestImportsFollowTheMap(t *testing.T) {
	cmd := exec.Command("go", "list", "-json=ImportPath,Imports", module+"...")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, stderr.String())
	}
	seen := 0
	dec := json.NewDecoder(bytes.NewReader(out))
	for {
		var p pkg
		if err := dec.Decode(&p); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		seen++
		from := strings.TrimPrefix(p.ImportPath, module)
		for _, r := range rules {
			if !below(from, r.from) || belowAny(from, r.except) {
				continue
			}
			for _, imp := range p.Imports {
				if !strings.HasPrefix(imp, r.to) || belowAny(strings.TrimPrefix(imp, module), r.allow) {
					continue
				}
				t.Errorf("%s imports %s: %s", from, imp, r.why)
			}
		}
	}
	if seen < 20 {
		t.Fatalf("go list found only %d packages; the rules would hold for nothing", seen)
	}
}
