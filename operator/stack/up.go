package stack

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/auto"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/events"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/optpreview"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/optup"

	"github.com/medienzentrenverbund/kreisraum/infra"
	"github.com/medienzentrenverbund/kreisraum/infra/hetzner"
	"github.com/medienzentrenverbund/kreisraum/infra/provider"
)

// parallel operations; the whole of a county with ten bridges is some thirty resources.
const parallel = 16

// Result of Up or Preview.
type Result struct {
	// Outputs of the stack; empty after Preview.
	Outputs infra.Outputs
	// Changes counts resources by operation: create, update, delete, replace, same.
	Changes map[string]int
	// Details says the same of each resource, with the properties that differ.
	Details []Change
}

// Changed reports whether anything was, or would be, done.
func (r Result) Changed() bool {
	for op, n := range r.Changes {
		if op != "same" && n > 0 {
			return true
		}
	}
	return false
}

// Up brings the county to what spec says. It may be repeated and resumed at will: what a crash left half-done is finished,
// what exists without being in the state is adopted, what vanished is made anew.
func (s *Stack) Up(ctx context.Context, spec infra.Spec, progress func(Event)) (Result, error) {
	return s.compared(ctx, spec, func(stack auto.Stack, found comparison) (Result, error) {
		// First, since a server that the state does not know may hold on to addresses that it does, and to names.
		if err := provider.Purge(ctx, provider.Config{Cloud: s.cfg.Cloud, Log: s.cfg.Log, Guard: spec.Guard}, found.strays); err != nil {
			return Result{}, err
		}
		opts := []optup.Option{optup.Parallel(parallel), optup.SuppressOutputs(), optup.SuppressProgress(), optup.Color("never")}
		if found.drifted {
			opts = append(opts, optup.Refresh())
		}
		follow, err := s.run(ctx, "up", progress, func(stream chan<- events.EngineEvent) error {
			_, err := stack.Up(ctx, append(opts, optup.EventStreams(stream))...)
			return err
		})
		if err != nil {
			return Result{}, err
		}
		if err := s.release(ctx, found.spare); err != nil {
			return Result{}, err
		}
		if err := s.pruneHistory(ctx); err != nil {
			s.cfg.Log.Warn("the stack's history grows", slog.Any("error", err))
		}
		out, ok, err := s.Outputs(ctx)
		if err == nil && !ok {
			err = fmt.Errorf("up: the engine reported success but the state has no outputs; run `up` again")
		}
		return Result{Outputs: out, Changes: follow.changes, Details: follow.log.all()}, err
	})
}

// Preview says what Up would do, and does nothing: what somebody changed at Hetzner counts too.
func (s *Stack) Preview(ctx context.Context, spec infra.Spec, progress func(Event)) (Result, error) {
	return s.compared(ctx, spec, func(stack auto.Stack, found comparison) (Result, error) {
		opts := []optpreview.Option{optpreview.Parallel(parallel), optpreview.SuppressOutputs(), optpreview.SuppressProgress(), optpreview.Color("never")}
		if found.drifted {
			opts = append(opts, optpreview.Refresh())
		}
		follow, err := s.run(ctx, "preview", progress, func(stream chan<- events.EngineEvent) error {
			_, err := stack.Preview(ctx, append(opts, optpreview.EventStreams(stream))...)
			return err
		})
		if err != nil {
			return Result{}, err
		}
		return Result{Changes: follow.changes, Details: follow.log.all()}, nil
	})
}

// compared locks the county, compares its stack with what exists, and hands both to then, with the program for spec set.
func (s *Stack) compared(ctx context.Context, spec infra.Spec, then func(auto.Stack, comparison) (Result, error)) (Result, error) {
	if err := s.check(spec); err != nil {
		return Result{}, err
	}
	release, err := s.Acquire(ctx)
	if err != nil {
		return Result{}, err
	}
	defer release()
	stack, err := s.ready(ctx)
	if err != nil {
		return Result{}, err
	}
	found, err := s.compare(ctx, spec)
	if err != nil {
		return Result{}, err
	}
	s.ws.SetProgram(infra.Program(spec))
	return then(stack, found)
}

func (s *Stack) check(spec infra.Spec) error {
	if spec.County != s.cfg.County {
		return fmt.Errorf("the plan is for county %q, the stack for %q", spec.County, s.cfg.County)
	}
	return spec.Validate()
}

// ready clears what a killed run left behind and selects or makes the stack.
func (s *Stack) ready(ctx context.Context) (auto.Stack, error) {
	if err := s.clearLock(ctx); err != nil {
		return auto.Stack{}, err
	}
	stack, err := s.made(ctx)
	if err != nil {
		return stack, s.explain(ctx, "make the stack", err, nil, nil)
	}
	return stack, s.clearPending(ctx)
}

// comparison of the state with what exists.
type comparison struct {
	// drifted: something of the state is gone or was changed, and only then is a refresh worth its time.
	drifted bool
	// strays are in the way of the run, see checkpoint.strays; spare are of no use once it is over, see checkpoint.spare.
	strays, spare []hetzner.Resource
}

// compare asks Hetzner what exists. A state that has nothing in it was lost, or never was: then nothing is a stray.
func (s *Stack) compare(ctx context.Context, spec infra.Spec) (c comparison, err error) {
	state, _, err := s.load(ctx)
	if err != nil {
		return c, err
	}
	s.serving = serving{guard: spec.Guard}
	lost := len(state.resources) == 0
	if lost {
		if s.serving.fresh, err = s.unheardOf(ctx); err != nil || s.serving.fresh {
			return c, err
		}
	}
	inventory, err := s.cfg.Cloud.Inventory(ctx, s.cfg.County, state.zones(spec)...)
	if err != nil {
		return c, err
	}
	if c.spare = state.spare(inventory, spec); !lost {
		c.drifted, c.strays = state.drifted(inventory), state.strays(inventory, spec)
	}
	return c, nil
}

// release deletes addresses, if nothing has them by now.
func (s *Stack) release(ctx context.Context, spare []hetzner.Resource) error {
	if len(spare) == 0 {
		return nil
	}
	now, err := s.cfg.Cloud.Machines(ctx, s.cfg.County)
	if err != nil {
		return err
	}
	return provider.Purge(ctx, provider.Config{Cloud: s.cfg.Cloud, Log: s.cfg.Log}, slices.DeleteFunc(now, func(r hetzner.Resource) bool {
		return !r.FreeAddress() || !slices.ContainsFunc(spare, func(s hetzner.Resource) bool { return s.ID == r.ID })
	}))
}

// clearPending forgets operations that a killed engine had begun. The provider looks before it makes anything, so repeating
// them is safe, which the engine cannot know.
func (s *Stack) clearPending(ctx context.Context) error {
	state, found, err := s.load(ctx)
	if err != nil || !found || state.pending == 0 {
		return err
	}
	exported, err := s.ws.ExportStack(ctx, s.cfg.County)
	if err != nil {
		return s.explain(ctx, "resume", err, nil, nil)
	}
	var deployment map[string]json.RawMessage
	if err := json.Unmarshal(exported.Deployment, &deployment); err != nil {
		return s.broken(err)
	}
	delete(deployment, "pending_operations")
	if exported.Deployment, err = json.Marshal(deployment); err != nil {
		return fmt.Errorf("resume: %w", err)
	}
	if err := s.ws.ImportStack(ctx, s.cfg.County, exported); err != nil {
		return s.explain(ctx, "resume", err, nil, nil)
	}
	return nil
}

// Outputs are those of the last complete Up; false if there was none.
func (s *Stack) Outputs(ctx context.Context) (infra.Outputs, bool, error) {
	state, _, err := s.load(ctx)
	if err != nil {
		return infra.Outputs{}, false, err
	}
	return state.outputs()
}
