package hcloudsim

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"time"

	"github.com/hetznercloud/hcloud-go/v2/hcloud/schema"
)

// request is what a handler gets: the decoded parts of the HTTP request and the locked project.
type request struct {
	*project
	params
	api   *Server
	now   time.Time
	url   *url.URL
	query url.Values
	body  []byte
	jobs  []queuedJob
	// strike is the fault for the request's first action; nil for most requests.
	strike *strike
}

type queuedJob struct {
	server int64
	steps  job
}

// reply is a handler's answer. body is encoded while the lock is still held.
type reply struct {
	status int
	body   any
	link   string
}

// decode reads the body into T; an empty body is T's zero value. Unknown fields are ignored, as at Hetzner.
func decode[T any](r *request) (T, error) {
	var v T
	if len(bytes.TrimSpace(r.body)) == 0 {
		return v, nil
	}
	err := json.Unmarshal(r.body, &v)
	var wrong *json.UnmarshalTypeError
	switch {
	case err == nil:
		return v, nil
	case errors.As(err, &wrong) && wrong.Field != "":
		return v, errInvalid(wrong.Field, "must not be a JSON %s", jsonKind(wrong.Value))
	case errors.As(err, &wrong):
		return v, errInvalid("body", "a field has the wrong JSON type")
	default:
		return v, errJSON
	}
}

// jsonKind keeps only the kind, so that nobody's input comes back in an error.
func jsonKind(value string) string {
	for _, kind := range []string{"string", "number", "bool", "object", "array"} {
		if len(value) >= len(kind) && value[:len(kind)] == kind {
			return kind
		}
	}
	return "value of this type"
}

// action creates an action that is running.
func (r *request) action(command string, refs ...schema.ActionResourceReference) *action {
	return r.actionThatTakes(command, r.api.takesLocked(command), refs...)
}

func (r *request) actionThatTakes(command string, takes time.Duration, refs ...schema.ActionResourceReference) *action {
	a := r.newAction(r.now, command, takes, refs...)
	r.strike.afflict(a)
	return a
}

// lockingAction creates an action that holds the server until it ends.
func (r *request) lockingAction(s *server, command string, refs ...schema.ActionResourceReference) *action {
	source := command
	if _, system := r.api.catalog.image(schema.IDOrName{ID: s.Image}, ""); !system {
		source += fromSnapshot
	}
	a := r.actionThatTakes(command, r.api.takesLocked(source), append([]schema.ActionResourceReference{ref("server", s.ID)}, refs...)...)
	s.LockedBy = append(s.LockedBy, a.ID)
	return a
}

// do leaves a job for a server's lane; server 0 is work on no particular server.
func (r *request) do(server int64, steps ...step) {
	r.jobs = append(r.jobs, queuedJob{server, steps})
}

// quick is an action of which the whole effect is already in the project.
func (r *request) quick(command string, refs ...schema.ActionResourceReference) *action {
	a := r.action(command, refs...)
	r.do(0, step{action: a.ID})
	return a
}

func (r *request) render(actions ...*action) []schema.Action {
	out := []schema.Action{}
	for _, a := range actions {
		out = append(out, a.render(r.now))
	}
	return out
}

// actionReply is the answer of an action endpoint.
func (r *request) actionReply(a *action) (reply, error) {
	return reply{status: 201, body: schema.ActionGetResponse{Action: a.render(r.now)}}, nil
}

func find[T any](items map[int64]T, kind string, id int64) (T, error) {
	item, ok := items[id]
	if !ok {
		return item, errNotFound(kind, id)
	}
	return item, nil
}

// freeServer finds the request's server for an operation that needs it to itself.
func (r *request) freeServer() (*server, error) {
	s, err := find(r.Servers, "server", r.id)
	if err != nil {
		return nil, err
	}
	if s.locked() {
		return nil, errLocked
	}
	return s, nil
}

// stoppedServer is freeServer for an operation that needs the power to be off.
func (r *request) stoppedServer() (*server, error) {
	s, err := r.freeServer()
	if err == nil && s.Status != "off" {
		err = errNotStopped
	}
	return s, err
}

// metaUpdate is the common part of every PUT.
type metaUpdate struct {
	Name   *string            `json:"name"`
	Labels *map[string]string `json:"labels"`
}

// updateMeta renames and relabels; an absent or empty name and absent labels keep what is there.
func updateMeta[T resource](r *request, kind string, items map[int64]T, item T, u metaUpdate) error {
	var v invalidInput
	m := item.common()
	rename := u.Name != nil && *u.Name != "" && *u.Name != m.Name
	if rename && kind == "server" {
		v.checkServerName(*u.Name)
	} else if rename {
		v.checkName(*u.Name)
	}
	v.checkLabels(u.Labels)
	if err := v.err(); err != nil {
		return err
	}
	if rename && nameTaken(items, *u.Name, m.ID) {
		return errUnique(fmt.Sprintf("%s name is already used", kind), "name")
	}
	if rename {
		m.Name = *u.Name
	}
	if u.Labels != nil {
		m.Labels = labels(u.Labels)
	}
	return nil
}

// newMeta checks name and labels of a resource to be created and draws its ID.
func newMeta[T resource](r *request, kind string, items map[int64]T, name string, given *map[string]string, v *invalidInput) (meta, error) {
	v.checkName(name)
	v.checkLabels(given)
	if err := v.err(); err != nil {
		return meta{}, err
	}
	if nameTaken(items, name, 0) {
		return meta{}, errUnique(fmt.Sprintf("%s name is already used", kind), "name")
	}
	return meta{ID: r.nextID(), Name: name, Labels: labels(given), Created: r.now}, nil
}

func labels(given *map[string]string) map[string]string {
	if given == nil || *given == nil {
		return map[string]string{}
	}
	return *given
}

// keep filters a list by a query parameter that may be repeated; without the parameter everything passes.
func keep[T any](r *request, param string, value func(T) string) func(T) bool {
	wanted := r.query[param]
	return func(item T) bool { return len(wanted) == 0 || slices.Contains(wanted, value(item)) }
}
