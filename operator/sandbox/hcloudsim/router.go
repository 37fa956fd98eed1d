package hcloudsim

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
)

type handler func(r *request) (reply, error)

// endpoint is a path with its methods. {id} and {sub} stand for numbers; {zone}, {name} and {type} for text.
type endpoint struct {
	segments []string
	methods  map[string]handler
}

// params are the values of a path's placeholders; zero for those it does not have.
type params struct {
	id, sub          int64
	zone, name, kind string
}

// match finds the endpoint of a path below /v1 and the values of its placeholders; a number that is not positive is -1, which no
// resource has.
func match(endpoints []endpoint, path string) (*endpoint, params) {
	segments := strings.Split(strings.Trim(path, "/"), "/")
	for i := range endpoints {
		if p, ok := endpoints[i].matches(segments); ok {
			return &endpoints[i], p
		}
	}
	return nil, params{}
}

// path is the endpoint's path below /v1 with its placeholders.
func (e *endpoint) path() string { return "/" + strings.Join(e.segments, "/") }

func (e *endpoint) matches(segments []string) (p params, ok bool) {
	if len(segments) != len(e.segments) {
		return p, false
	}
	for i, want := range e.segments {
		switch want {
		case "{id}":
			p.id = number(segments[i])
		case "{sub}":
			p.sub = number(segments[i])
		case "{zone}":
			p.zone = segments[i]
		case "{name}":
			p.name = segments[i]
		case "{type}":
			p.kind = segments[i]
		case segments[i]:
		default:
			return p, false
		}
	}
	return p, true
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
	imageRoutes(&t)
	zoneRoutes(&t)
	rrsetRoutes(&t)
	unsupportedRoutes(&t)
	slices.SortStableFunc(t.list, func(a, b endpoint) int { return a.placeholders() - b.placeholders() })
	return t.list
}

// placeholders is how many segments match anything; an endpoint with fewer of them is found first.
func (e *endpoint) placeholders() (n int) {
	for _, s := range e.segments {
		if strings.HasPrefix(s, "{") {
			n++
		}
	}
	return n
}
