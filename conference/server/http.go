package server

import (
	"fmt"
	"io"
	"log"
	"log/slog"
	"net/http"
	"runtime/debug"
	"time"
)

// newHTTPServer bounds everything a client can hold open. WebSockets are taken out of it and bounded by the bridge.
func newHTTPServer(h http.Handler) *http.Server {
	return &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       20 * time.Second,
		WriteTimeout:      60 * time.Second, // the page over a slow line, and a login that waits its turn
		IdleTimeout:       60 * time.Second,
		MaxHeaderBytes:    16 << 10,
		// A page needs six. Each stream that is not read keeps its handler and some 15 KiB.
		HTTP2:    &http.HTTP2Config{MaxConcurrentStreams: 16},
		ErrorLog: log.New(io.Discard, "", 0), // its lines have clients' addresses; contain logs what matters
	}
}

// contain keeps a panic to its request and logs where it was. The value is left out, since it may hold what a client sent.
func contain(next http.Handler, logger *slog.Logger) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			v := recover()
			if v == nil {
				return
			}
			if v != http.ErrAbortHandler {
				logger.Error("request handler panicked", "kind", fmt.Sprintf("%T", v), "stack", string(debug.Stack()))
			}
			panic(http.ErrAbortHandler) // closes the connection
		}()
		next.ServeHTTP(w, r)
	})
}
