package stack

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/sync/errgroup"

	"github.com/medienzentrenverbund/kreisraum/infra"
	"github.com/medienzentrenverbund/kreisraum/infra/hetzner"
)

// Environment of the process that is killed on purpose, see kill_test.go.
const (
	victimURL    = "KREISRAUM_TEST_VICTIM_URL"
	victimHome   = "KREISRAUM_TEST_VICTIM_HOME"
	victimPulumi = "KREISRAUM_TEST_VICTIM_PULUMI"
	// victimOrder is a victimTask; without it the victim puts up a county with a portal only.
	victimOrder = "KREISRAUM_TEST_VICTIM_ORDER"
	// victimSeveral says that standard input has a list of victimTasks.
	victimSeveral = "KREISRAUM_TEST_VICTIM_SEVERAL"
)

// victimTask is what a process of its own does.
type victimTask struct {
	Down bool
	Spec infra.Spec
	// URL and Home are for one of several.
	URL, Home string
}

func TestMain(m *testing.M) {
	if url := os.Getenv(victimURL); url != "" {
		if err := victim(url); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	if os.Getenv(victimSeveral) != "" {
		if err := several(os.Stdin); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	// glog, which Pulumi's SDK brings along, starts a flusher when the program does.
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("github.com/golang/glog.(*fileSink).flushDaemon"))
}

// victimPatience is for one request, so that an answer that does not come costs the tests little, and so is victimBackoff: a tenth of the
// usual one makes the wait for a bucket of requests that is said to be empty six seconds instead of a minute.
const (
	victimPatience = 3 * time.Second
	victimBackoff  = hetzner.DefaultBackoff / 10
)

// victim runs an up of its own until somebody kills it.
func victim(url string) error {
	s, err := Open(context.Background(), Config{
		County: "demo", Home: os.Getenv(victimHome), PulumiPath: os.Getenv(victimPulumi),
		Passphrase: passphrase, Cloud: hetzner.New(hetzner.Config{Token: token, URL: url, RequestTimeout: victimPatience, Backoff: victimBackoff}),
	})
	if err != nil {
		return err
	}
	task := victimTask{Spec: plan("demo")}
	if order := os.Getenv(victimOrder); order != "" {
		if err := json.Unmarshal([]byte(order), &task); err != nil {
			return err
		}
	}
	if task.Down {
		if err := s.Destroy(context.Background(), nil); err != nil {
			return err
		}
		return s.Remove(context.Background())
	}
	_, err = s.Up(context.Background(), task.Spec, nil)
	return err
}

// several puts up counties, two at a time, and prints the most memory that this process and its largest engine had, in KiB.
func several(in io.Reader) error {
	var tasks []victimTask
	if err := json.NewDecoder(in).Decode(&tasks); err != nil {
		return err
	}
	var group errgroup.Group
	group.SetLimit(2)
	for _, task := range tasks {
		group.Go(func() error {
			cloud := hetzner.New(hetzner.Config{Token: token, URL: task.URL})
			defer cloud.Close()
			s, err := Open(context.Background(), Config{
				County: task.Spec.County, Home: task.Home, PulumiPath: os.Getenv(victimPulumi), Passphrase: passphrase, Cloud: cloud,
			})
			if err == nil {
				_, err = s.Up(context.Background(), task.Spec, nil)
			}
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	var own, children syscall.Rusage
	if err := errors.Join(syscall.Getrusage(syscall.RUSAGE_SELF, &own), syscall.Getrusage(syscall.RUSAGE_CHILDREN, &children)); err != nil {
		return err
	}
	fmt.Println(own.Maxrss, children.Maxrss)
	return nil
}
