package hetzner

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"
)

// maxAnswer bounds an answer's body in bytes. The largest real one, a page of fifty servers, has a few hundred kilobytes.
const maxAnswer = 16 << 20

// bounded refuses what is no answer of the API, and to read more than maxAnswer bytes of one.
type bounded struct{ next http.RoundTripper }

func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := b.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode < http.StatusMultipleChoices && resp.ContentLength != 0 && !strings.HasPrefix(resp.Header.Get("Content-Type"), "application/json") {
		_ = resp.Body.Close()
		return nil, errNotAPI
	}
	resp.Body = http.MaxBytesReader(nil, resp.Body, maxAnswer)
	return resp, nil
}

// errNotAPI means that somebody in between has answered in the API's place, as a hotel's login page does. hcloud-go would take it for an
// empty answer, and nothing would seem to exist.
var errNotAPI = errors.New("the answer is not the API's, something in between gave it")

// timely bounds a request from its first byte until its answer is read. http.Client's own timeout would count the wait for the budget too.
type timely struct {
	timeout time.Duration
	next    http.RoundTripper
}

func (t timely) RoundTrip(r *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithTimeout(r.Context(), t.timeout)
	resp, err := t.next.RoundTrip(r.WithContext(ctx))
	if err != nil {
		cancel()
		return nil, err
	}
	resp.Body = timelyBody{resp.Body, cancel}
	return resp, nil
}

// timelyBody releases the timer when the answer has been read.
type timelyBody struct {
	io.ReadCloser
	cancel context.CancelFunc
}

func (b timelyBody) Close() error {
	defer b.cancel()
	return b.ReadCloser.Close()
}
