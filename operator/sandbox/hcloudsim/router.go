package hcloudsim

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
)

type handler func(r *request) (reply, error)

// endpoint is a path with its methods. {id} and {sub} stand for numbers.
type endpoint struct {
	segments []string
	methods  map[string]handler
}

// match finds the endpoint of a path below /v1 and the values of its {id} and {sub}; a value that is no positive number is -1,
// which no resource has.
func match(endpoints []endpoint, path string) (found *endpoint, id, sub int64) {
	segments := strings.Split(strings.Trim(path, "/"), "/")
	for i := range endpoints {
		if ok, id, sub := endpoints[i].matches(segments); ok {
			return &endpoints[i], id, sub
		}
	}
	return nil, 0, 0
}

// path is the endpoint's path below /v1 with its placeholders.
func (e *endpoint) path() string { return "/" + strings.Join(e.segments, "/") }

func (e *endpoint) matches(segments []string) (ok bool, id, sub int64) {
	if len(segments) != len(e.segments) {
		return false, 0, 0
	}
	for i, want := range e.segments {
		switch want {
		case "{id}":
			id = number(segments[i])
		case "{sub}":
			sub = number(segments[i])
		case segments[i]:
		default:
			return false, 0, 0
		}
	}
	return true, id, sub
}

func number(text string) int64 {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 1 {
		return -1
	}
	return n
}

// table collects the endpoints.
type table struct{ list []endpoint }

func (t *table) add(method, path string, h handler) {
	segments := strings.Split(strings.Trim(path, "/"), "/")
	for i := range t.list {
		if slices.Equal(t.list[i].segments, segments) {
			t.list[i].methods[method] = h
			return
		}
	}
	t.list = append(t.list, endpoint{segments, map[string]handler{method: h}})
}

func (t *table) get(path string, h handler)    { t.add(http.MethodGet, path, h) }
func (t *table) post(path string, h handler)   { t.add(http.MethodPost, path, h) }
func (t *table) put(path string, h handler)    { t.add(http.MethodPut, path, h) }
func (t *table) delete(path string, h handler) { t.add(http.MethodDelete, path, h) }

// endpoints are all routes of the API that are answered.
func endpoints() []endpoint {
	var t table
	t.get("/actions", listActions)
	t.get("/actions/{id}", getAction)
	catalogRoutes(&t)
	serverRoutes(&t)
	firewallRoutes(&t)
	networkRoutes(&t)
	sshKeyRoutes(&t)
	primaryIPRoutes(&t)
	placementGroupRoutes(&t)
	unsupportedRoutes(&t)
	slices.SortStableFunc(t.list, func(a, b endpoint) int { return a.placeholders() - b.placeholders() })
	return t.list
}

// placeholders is how many segments match any number; an endpoint with fewer of them is found first.
func (e *endpoint) placeholders() (n int) {
	for _, s := range e.segments {
		if s == "{id}" || s == "{sub}" {
			n++
		}
	}
	return n
}
