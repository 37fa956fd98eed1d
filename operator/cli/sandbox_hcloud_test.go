package cli

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"strings"
	"testing"

	"github.com/hetznercloud/hcloud-go/v2/hcloud"
)

// TestSandboxHCloudServesAClient takes the environment from what is printed, as a person does.
func TestSandboxHCloudServesAClient(t *testing.T) {
	t.Setenv("KREISRAUM_HOME", t.TempDir())
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	printed, out := io.Pipe()
	var errs bytes.Buffer
	code := make(chan int, 1)
	go func() {
		code <- Main(ctx, []string{"sandbox", "hcloud", "--limits", "servers=7"}, Streams{In: strings.NewReader(""), Out: out, Err: &errs}, "v1")
		_ = out.Close() // ends the reading below if nothing was printed
	}()
	environment := map[string]string{}
	for lines := bufio.NewScanner(printed); len(environment) < 2 && lines.Scan(); {
		name, value, _ := strings.Cut(lines.Text(), "=")
		environment[name] = value
	}
	client := hcloud.NewClient(hcloud.WithEndpoint(environment["HCLOUD_ENDPOINT"]), hcloud.WithToken(environment["HCLOUD_TOKEN"]))
	if types, err := client.ServerType.All(t.Context()); err != nil || len(types) == 0 {
		t.Errorf("server types: %d, %v", len(types), err)
	}
	cancel()
	if got := <-code; got != exitOK {
		t.Errorf("exit code %d after Ctrl-C: %s", got, errs.String())
	}
}

func TestSandboxHCloudExplainsMistakes(t *testing.T) {
	for _, tt := range []struct{ flag, value, want string }{
		{"--profile", "slow", "need one of demo, hetzner, instant"},
		{"--limits", "moons=1", "need one of dedicated_cores"},
		{"--limits", "servers", "servers=5"},
		{"--scale", "-1", "need 0 to 1000"},
	} {
		var out, errs bytes.Buffer
		code := Main(t.Context(), []string{"sandbox", "hcloud", tt.flag, tt.value}, Streams{In: strings.NewReader(""), Out: &out, Err: &errs}, "v1")
		if code != exitUsage || !strings.Contains(errs.String(), tt.want) {
			t.Errorf("%s %s: exit code %d, %q", tt.flag, tt.value, code, errs.String())
		}
	}
}
