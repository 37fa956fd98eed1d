package serve

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/medienzentrenverbund/kreisraum/infra"
	"github.com/medienzentrenverbund/kreisraum/operator/config"
	"github.com/medienzentrenverbund/kreisraum/operator/county"
)

// slowStack runs an engine for a minute.
type slowStack struct {
	county.Stack
	running, most *atomic.Int32
}

func (s slowStack) Up(context.Context, infra.Spec, func(string)) (infra.Outputs, int, error) {
	s.most.Store(max(s.most.Load(), s.running.Add(1)))
	time.Sleep(time.Minute)
	s.running.Add(-1)
	return infra.Outputs{}, 0, nil
}

func TestAtMostTwoEnginesRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var running, most atomic.Int32
		w := NewEngines().Bound(county.World{OpenStack: func(context.Context, string, string) (county.Stack, error) {
			return slowStack{running: &running, most: &most}, nil
		}})
		begun := time.Now()
		ended := make(chan error)
		for range 6 {
			go func() {
				s, err := w.OpenStack(t.Context(), "", "")
				if err == nil {
					_, _, err = s.Up(t.Context(), infra.Spec{}, nil)
				}
				ended <- err
			}()
		}
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		s, err := w.OpenStack(ctx, "", "")
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := s.Up(ctx, infra.Spec{}, nil); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a seventh engine: %v", err)
		}
		for range 6 {
			if err := <-ended; err != nil {
				t.Error(err)
			}
		}
		if most.Load() != maxEngines || time.Since(begun) != 3*time.Minute {
			t.Errorf("%d engines at a time, %v for six", most.Load(), time.Since(begun))
		}
	})
}

func TestSettingsOfAFile(t *testing.T) {
	cfg, err := config.Find(t.TempDir(), "tuttlingen")
	if err != nil {
		t.Fatal(err)
	}
	first, err := SettingsOf(cfg, "dir", "token")
	if err != nil || len(first.Kinds) != len(cfg.ServerTypes.Bridge)*len(cfg.Locations) || first.Nightly.Zone.String() != cfg.Restart.TimeZone {
		t.Fatalf("%+v, %v", first, err)
	}
	if renewed, err := SettingsOf(cfg, "dir", "renewed"); err != nil || renewed.Fingerprint == first.Fingerprint {
		t.Errorf("a token that was renewed is not taken: %v", err)
	}
	cfg.Restart.At, cfg.Restart.Latest = "23:30", ""
	second, err := SettingsOf(cfg, "dir", "another")
	if err != nil || second.Nightly.At != 23*60+30 || second.Nightly.Latest != 30 {
		t.Errorf("%+v, %v; want an hour after restart.at", second.Nightly, err)
	}
	if first.Fingerprint == second.Fingerprint || first.Project == second.Project {
		t.Error("another file or another project looks the same")
	}
	cfg.Restart.TimeZone = "Nowhere/None"
	if _, err := SettingsOf(cfg, "dir", ""); err == nil {
		t.Error("a time zone that does not exist is taken")
	}
}
