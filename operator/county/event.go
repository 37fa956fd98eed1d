package county

import (
	"encoding/json"
	"time"
)

// Step is one of the named steps.
type Step string

// The steps of `up`, in order, and those of `down`.
const (
	StepConfig      Step = "config"
	StepSecrets     Step = "secrets"
	StepInfra       Step = "infra"
	StepDeploy      Step = "deploy"
	StepDNS         Step = "dns"
	StepCertificate Step = "certificate"
	StepAccounts    Step = "accounts"
	StepMachines    Step = "machines"
	StepProbe       Step = "probe"

	StepRebuild Step = "rebuild"

	StepDestroy Step = "destroy"
	StepVerify  Step = "verify"
	StepForget  Step = "forget"
)

// Kind of an Event.
type Kind string

// A step begins, tells what it does, and ends one way or the other.
const (
	Begun    Kind = "begun"
	Progress Kind = "progress"
	Done     Kind = "done"
	Failed   Kind = "failed"
)

// Event tells how a command goes on. It holds no personal data.
type Event struct {
	Step Step `json:"step"`
	Kind Kind `json:"kind"`
	// Text is one line for people: what is done, or what was found.
	Text string `json:"text,omitempty"`
	// Elapsed is the step's duration so far.
	Elapsed time.Duration `json:"-"`
}

// MarshalJSON adds the duration in milliseconds.
func (e Event) MarshalJSON() ([]byte, error) {
	type bare Event
	return json.Marshal(struct {
		bare
		Elapsed float64 `json:"elapsed_ms"`
	}{bare(e), milliseconds(e.Elapsed)})
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
