package hcloudsim

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/hetznercloud/hcloud-go/v2/hcloud/schema"
)

// stuckFor is how long a stuck action runs unless the fault says otherwise.
const stuckFor = time.Hour

// errStruck ends a request whose fault comes before the effect; strike.deliver answers it.
var errStruck = errors.New("injected fault")

// strike is the fault that hits one request.
type strike struct {
	kind    Kind
	after   bool // the request takes effect
	lasts   time.Duration
	failure *apiError // status and code of the answer or of the action
	source  *pending  // nil: drawn by chaos
	applied bool      // the request's action has it
}

// afflict gives a new action the request's fault, the first one only.
func (st *strike) afflict(a *action) {
	if st == nil || st.applied || !st.kind.onAction() {
		return
	}
	st.applied = true
	switch st.kind {
	case KindActionStuck:
		a.Takes = stuckFor
		if st.lasts > 0 {
			a.Takes = st.lasts
		}
	case KindActionFails:
		code := st.failure.code
		if code == "" {
			code = "action_failed"
		}
		a.Fails = &schema.ActionError{Code: code, Message: st.failure.message}
	}
}

// deliver answers a request that was hit, given the answer it would have had, and stores the status in sent. Panics with
// http.ErrAbortHandler to cut the connection, which net/http expects.
func (st *strike) deliver(w http.ResponseWriter, r *http.Request, now time.Time, out answer, sent *int) {
	switch st.kind {
	case KindDrop, KindDropAfter:
		panic(http.ErrAbortHandler)
	case KindTimeout, KindTimeoutAfter:
		hold(w, r, st.lasts)
		panic(http.ErrAbortHandler)
	case KindHTML, KindHTMLAfter:
		*sent = st.failure.status
		writePage(w, st.failure.status)
	case KindActionFails, KindActionStuck:
		*sent = out.status
		write(w, out, "application/json")
	case KindCut:
		writeHalf(w, out)
	case KindContentType:
		*sent = out.status
		write(w, out, "text/plain; charset=utf-8")
	case KindRateLimit:
		empty := now.Add(st.lasts)
		if st.lasts == 0 {
			empty = now.Add(time.Minute)
		}
		w.Header().Set("RateLimit-Remaining", "0")
		w.Header().Set("RateLimit-Reset", strconv.FormatInt(empty.Unix(), 10))
		*sent = st.failure.status
		writeReply(w, answer{}, st.failure)
	default:
		*sent = st.failure.status
		writeReply(w, answer{}, st.failure)
	}
}

// hold waits until the client has given up. The body is read to the end first: only then does net/http notice that a client is gone. The
// server's own read time-out would look like that, so it is lifted.
func hold(w http.ResponseWriter, r *http.Request, lasts time.Duration) {
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(2 * maxHold)) // not supported: held for less
	_, _ = io.Copy(io.Discard, http.MaxBytesReader(w, r.Body, maxBody))            // what cannot be read is not missed
	if lasts <= 0 || lasts > maxHold {
		lasts = maxHold
	}
	limit := time.NewTimer(lasts)
	defer limit.Stop()
	select {
	case <-r.Context().Done():
	case <-limit.C:
	}
}

func writePage(w http.ResponseWriter, status int) {
	w.Header().Set("Content-Type", "text/html")
	w.WriteHeader(status)
	fmt.Fprintf(w, "<html><body><h1>%d %s</h1></body></html>\n", status, http.StatusText(status)) // the client may be gone
}

// writeHalf promises the whole body and sends half of it.
func writeHalf(w http.ResponseWriter, out answer) {
	if len(out.body) > 1 {
		whole := out
		whole.body = out.body[:len(out.body)/2]
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Length", strconv.Itoa(len(out.body)))
		w.WriteHeader(out.status)
		_, _ = w.Write(whole.body) // the client may be gone
		_ = http.NewResponseController(w).Flush()
	}
	panic(http.ErrAbortHandler)
}
