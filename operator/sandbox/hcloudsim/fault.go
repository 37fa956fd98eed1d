package hcloudsim

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// maxHold is how long an answer is held back at most, so that a client without a time-out of its own does not hang for ever.
const maxHold = 2 * time.Minute

// Fault makes requests go wrong on purpose. Fields that are not set match everything.
type Fault struct {
	// Kind says what happens. Empty: derived from Status and Code. Status 0 cuts the connection, an empty Code sends an HTML page, else a
	// JSON error.
	Kind Kind `json:"kind,omitempty"`
	// Method is the HTTP method, empty for all.
	Method string `json:"method,omitempty"`
	// PathPrefix is compared with the path below /v1, for example "/servers". Empty matches all.
	PathPrefix string `json:"path_prefix,omitempty"`
	// Path is the whole path below /v1; a segment "*" or in braces stands for any one, for example "/servers/{id}/actions/poweron".
	Path string `json:"path,omitempty"`
	// Skip is how many matching requests pass before the first one is hit.
	Skip int `json:"skip,omitempty"`
	// Times is how many requests are hit. 0 is allowed only with For: all in that time.
	Times int `json:"times,omitempty"`
	// For is how long the fault is in force, by the simulator's clock, from when it was injected. 0: until it is used up.
	For Duration `json:"for,omitempty"`
	// Probability that a matching request is hit, drawn from Seed. 0: certain.
	Probability float64 `json:"probability,omitempty"`
	Seed        uint64  `json:"seed,omitempty"`
	// Status of the answer, for example 502. Used by KindError and KindHTML.
	Status int `json:"status,omitempty"`
	// Code is the API's error code, for example "conflict". Used by KindError and KindActionFails.
	Code string `json:"code,omitempty"`
	// Message of the error. Empty: one that fits.
	Message string `json:"message,omitempty"`
	// AfterCommit lets the request take effect and loses only the answer.
	AfterCommit bool `json:"after_commit,omitempty"`
	// Lasts is how long an answer is held back (real time, at most two minutes), until when the rate limit's bucket is empty, or how long an
	// action is stuck.
	Lasts Duration `json:"lasts,omitempty"`
}

// validate returns the fault with its kind, or all that is wrong with it.
func (f Fault) validate() (Fault, error) {
	var errs []error
	if f.Kind == "" {
		f.Kind = f.derivedKind()
	}
	if _, ok := kindTraits[f.Kind]; !ok {
		errs = append(errs, fmt.Errorf("kind %q is unknown, need one of %s", f.Kind, joinKinds(Kinds())))
	}
	if f.Kind == KindError && (f.Status < 400 || f.Code == "") {
		errs = append(errs, errors.New("kind error needs a status of at least 400 and a code"))
	}
	if f.Status != 0 && (f.Status < 200 || f.Status > 599) {
		errs = append(errs, fmt.Errorf("status %d is out of range, need 200 to 599", f.Status))
	}
	if !(f.Probability >= 0 && f.Probability <= 1) {
		errs = append(errs, fmt.Errorf("probability %v is out of range, need 0 to 1", f.Probability))
	}
	if f.Times < 0 || f.Skip < 0 || f.Times == 0 && f.For == 0 {
		errs = append(errs, errors.New("times must be at least 1 unless `for` is given, and skip at least 0"))
	}
	if f.For < 0 || f.Lasts < 0 {
		errs = append(errs, errors.New("durations must not be negative"))
	}
	if err := errors.Join(errs...); err != nil {
		return f, fmt.Errorf("fault: %w", err)
	}
	return f, nil
}

func (f Fault) derivedKind() Kind {
	switch {
	case f.Status == 0:
		return KindDrop
	case f.Code == "":
		return KindHTML
	default:
		return KindError
	}
}

func (f Fault) matches(method, path string) bool {
	if f.Method != "" && f.Method != method || !strings.HasPrefix(path, f.PathPrefix) {
		return false
	}
	return f.Path == "" || samePath(f.Path, path)
}

// samePath compares segment by segment; "*" and "{...}" of the pattern stand for any segment.
func samePath(pattern, path string) bool {
	want, got := strings.Split(strings.Trim(pattern, "/"), "/"), strings.Split(strings.Trim(path, "/"), "/")
	return slices.EqualFunc(want, got, func(w, g string) bool {
		return w == g || w == "*" || strings.HasPrefix(w, "{") && strings.HasSuffix(w, "}")
	})
}

// strike is the fault that this request meets.
func (f Fault) strike() *strike {
	t := kindTraits[f.Kind]
	st := &strike{kind: f.Kind, after: t.after || f.AfterCommit, lasts: time.Duration(f.Lasts), failure: &apiError{
		status: t.status, code: t.code, message: t.message, details: t.details,
	}}
	if f.Status != 0 {
		st.failure.status = f.Status
	}
	if f.Code != "" {
		st.failure.code = f.Code
	}
	if f.Message != "" {
		st.failure.message = f.Message
	} else if st.failure.message == "" {
		st.failure.message = "injected fault"
	}
	return st
}

func joinKinds(kinds []Kind) string {
	names := make([]string, len(kinds))
	for i, k := range kinds {
		names[i] = string(k)
	}
	return strings.Join(names, ", ")
}
