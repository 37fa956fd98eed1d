package hcloudsim

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
)

// description is Hetzner's OpenAPI description with our overlay, see testdata/openapi/README.md.
var description = sync.OnceValues(func() (routers.Router, error) {
	base, err := os.ReadFile("testdata/openapi/hcloud-2026-02.json")
	if err != nil {
		return nil, err
	}
	overlay, err := os.ReadFile("testdata/openapi/overlay.json")
	if err != nil {
		return nil, err
	}
	merged, err := mergePatch(base, overlay)
	if err != nil {
		return nil, err
	}
	doc, err := openapi3.NewLoader().LoadFromData(merged)
	if err != nil {
		return nil, err
	}
	return gorillamux.NewRouter(doc)
})

// mergePatch is RFC 7396: null removes, objects are merged, everything else is replaced.
func mergePatch(base, patch []byte) ([]byte, error) {
	var a, b any
	if err := json.Unmarshal(base, &a); err != nil {
		return nil, err
	}
	if err := json.Unmarshal(patch, &b); err != nil {
		return nil, err
	}
	return json.Marshal(merge(a, b))
}

func merge(base, patch any) any {
	changes, ok := patch.(map[string]any)
	if !ok {
		return patch
	}
	object, ok := base.(map[string]any)
	if !ok {
		object = map[string]any{}
	}
	for key, value := range changes {
		if value == nil {
			delete(object, key)
		} else {
			object[key] = merge(object[key], value)
		}
	}
	return object
}

// underContract holds every answer of the API, and every request that it accepts, to the description.
func underContract(t testing.TB, api http.Handler) http.Handler {
	router, err := description()
	if err != nil {
		t.Fatalf("OpenAPI description: %v", err)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var sent bytes.Buffer
		body := r.Body
		if body != nil {
			r.Body = struct {
				io.Reader
				io.Closer
			}{io.TeeReader(body, &sent), body}
		}
		seen := &recorder{ResponseWriter: w, status: http.StatusOK}
		api.ServeHTTP(seen, r)
		if err := breach(router, r, sent.Bytes(), seen, true); err != nil {
			t.Errorf("%s %s: answer %d breaks the OpenAPI description: %v", r.Method, r.URL.Path, seen.status, err)
		}
	})
}

// recorder keeps what is written.
type recorder struct {
	http.ResponseWriter
	status int
	body   bytes.Buffer
}

func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

func (r *recorder) WriteHeader(status int) {
	r.status = status
	r.ResponseWriter.WriteHeader(status)
}

func (r *recorder) Write(data []byte) (int, error) {
	r.body.Write(data)
	return r.ResponseWriter.Write(data)
}

// breach says how an answer breaks the description, and with strict how a request does that was accepted. Injected faults may: answers that are
// not JSON are not looked at.
func breach(router routers.Router, r *http.Request, sent []byte, seen *recorder, strict bool) error {
	faulty := seen.body.Len() > 0 && !strings.HasPrefix(seen.Header().Get("Content-Type"), "application/json")
	if faulty || seen.body.Len() > 0 && !json.Valid(seen.body.Bytes()) {
		return nil
	}
	asked := r.Clone(context.Background())
	asked.Body = io.NopCloser(bytes.NewReader(sent))
	asked.ContentLength = int64(len(sent))
	if len(sent) > 0 {
		asked.Header.Set("Content-Type", "application/json")
	}
	route, params, err := router.FindRoute(asked)
	if err != nil {
		if seen.status >= 400 { // nor has the simulator
			return nil
		}
		return fmt.Errorf("the description does not have it: %w", err)
	}
	options := &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, IncludeResponseStatus: true}
	request := &openapi3filter.RequestValidationInput{Request: asked, PathParams: params, Route: route, Options: options}
	if strict && seen.status < 300 {
		if err := openapi3filter.ValidateRequest(context.Background(), request); err != nil {
			return fmt.Errorf("the request: %w", err)
		}
	}
	return openapi3filter.ValidateResponse(context.Background(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: request, Status: seen.status, Header: seen.Header(), Options: options,
		Body: io.NopCloser(bytes.NewReader(seen.body.Bytes())),
	})
}

// TestContractNotices breaks the description on purpose.
func TestContractNotices(t *testing.T) {
	router, err := description()
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, method, path, sent string
		status                   int
		answer                   string
		broken                   bool
	}{
		{"nothing", "GET", "/v1/ssh_keys/1", "", 404, `{"error":{"code":"not_found","message":"x","details":null}}`, false},
		{"no such route", "GET", "/v1/limits", "", 200, `{}`, true},
		{"no such route, said so", "GET", "/v1/limits", "", 404, `{}`, false},
		{"a field is missing", "GET", "/v1/ssh_keys/1", "", 200, `{"ssh_key":{"id":1}}`, true},
		{"a list without meta", "GET", "/v1/ssh_keys", "", 200, `{"ssh_keys":[]}`, true},
		{"an error that is none", "GET", "/v1/ssh_keys/1", "", 404, `{"message":"x"}`, true},
		{"accepted without what is required", "POST", "/v1/servers/1/actions/create_image", `{"type":"tape"}`, 201, `{}`, true},
		{"status", "DELETE", "/v1/ssh_keys/1", "", 201, `{}`, true},
	} {
		rec := &recorder{ResponseWriter: httptest.NewRecorder(), status: tt.status}
		rec.Header().Set("Content-Type", "application/json")
		rec.body.WriteString(tt.answer)
		r := httptest.NewRequest(tt.method, tt.path, nil)
		if err := breach(router, r, []byte(tt.sent), rec, true); (err != nil) != tt.broken {
			t.Errorf("%s: got %v, want broken %v", tt.name, err, tt.broken)
		}
	}
}
