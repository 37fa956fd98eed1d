package server

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// Run serves until ctx ends, the nightly restart comes or something cannot go on, then shuts down in order within some 15 s. It
// returns what could not go on, else nil; whoever started the server (systemd) starts it again.
func (s *Server) Run(ctx context.Context) error {
	defer s.close()
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var work sync.WaitGroup
	serve := func(what string, f func() error) {
		work.Go(func() {
			if err := f(); err != nil && ctx.Err() == nil {
				stop(fmt.Errorf("%s: %w", what, err))
			}
		})
	}
	serve("site", func() error { return s.site.Serve(s.demux.Site()) })
	serve("ops API", func() error { return s.ops.Serve(s.demux.Ops()) })
	for _, l := range s.listeners {
		serve("accept on "+l.Addr().String(), func() error { return s.demux.Serve(l) })
	}
	work.Go(func() { s.leaf.Run(ctx) })
	work.Go(func() {
		if s.untilNight(ctx) {
			s.opt.Log.Info("nightly restart")
			stop(nil)
		}
	})
	s.opt.Log.Info("server is up", "version", s.opt.Version, "certificate", s.certs.Status().State, "web_client", s.page.Built())
	notify("READY=1")
	<-ctx.Done()
	notify("STOPPING=1")
	s.shutdown()
	work.Wait()
	if cause := context.Cause(ctx); !errors.Is(cause, context.Canceled) && !errors.Is(cause, context.DeadlineExceeded) {
		return cause
	}
	return nil
}

// shutdownTime bounds each of the steps in shutdown. Their sum stays below the unit's TimeoutStopSec.
const shutdownTime = 5 * time.Second

// shutdown first stops new connections, then tells everybody in a room, then ends what is left.
func (s *Server) shutdown() {
	start := time.Now()
	s.demux.Close()
	if err := within(s.rooms.Close); err != nil {
		s.opt.Log.Warn("some participants were cut off without a word", "error", err) // ordinary: somebody's network is gone
	}
	within(s.site.Shutdown)
	within(s.ops.Shutdown)
	s.site.Close()
	s.ops.Close()
	s.close()
	s.opt.Log.Info("server is down", "took_ms", time.Since(start).Milliseconds())
}

func within(f func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(context.Background(), shutdownTime)
	defer cancel()
	return f(ctx)
}
