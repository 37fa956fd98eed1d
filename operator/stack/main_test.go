package stack

import (
	"context"
	"fmt"
	"os"
	"testing"

	"go.uber.org/goleak"

	"github.com/medienzentrenverbund/kreisraum/infra/hetzner"
)

// Environment of the process that is killed on purpose, see kill_test.go.
const (
	victimURL    = "KREISRAUM_TEST_VICTIM_URL"
	victimHome   = "KREISRAUM_TEST_VICTIM_HOME"
	victimPulumi = "KREISRAUM_TEST_VICTIM_PULUMI"
)

func TestMain(m *testing.M) {
	if url := os.Getenv(victimURL); url != "" {
		if err := victim(url); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	// glog, which Pulumi's SDK brings along, starts a flusher when the program does.
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("github.com/golang/glog.(*fileSink).flushDaemon"))
}

// victim runs an up of its own until somebody kills it.
func victim(url string) error {
	s, err := Open(context.Background(), Config{
		County: "demo", Home: os.Getenv(victimHome), PulumiPath: os.Getenv(victimPulumi),
		Passphrase: passphrase, Cloud: hetzner.New(hetzner.Config{Token: token, URL: url}),
	})
	if err != nil {
		return err
	}
	_, err = s.Up(context.Background(), plan("demo"), nil)
	return err
}
