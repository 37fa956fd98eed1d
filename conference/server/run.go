package server

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// Run serves until ctx ends, a restart is due or something cannot go on, then shuts down in order within some 20 s. It returns what
// could not go on, else nil; whoever started the server (systemd) starts it again.
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
	if s.site != nil {
		serve("site", func() error { return s.site.http.Serve(s.demux.Site()) })
	}
	if s.relay != nil {
		serve("relay over TLS", func() error { return s.relay.Serve(s.demux.Relay()) })
	}
	serve("ops API", func() error { return s.ops.Serve(s.demux.Ops()) })
	for _, l := range s.listeners {
		serve("accept on "+l.Addr().String(), func() error { return s.demux.Serve(l) })
	}
	work.Go(func() { s.leaf.Run(ctx) })
	work.Go(func() { s.join(ctx) })
	work.Go(func() {
		if s.night.Run(ctx) {
			s.forgets.Store(true)
			stop(nil)
		}
	})
	s.tellStart()
	notify("READY=1")
	work.Go(func() { s.watch(ctx) })
	<-ctx.Done()
	notify("STOPPING=1")
	s.shutdown()
	work.Wait()
	s.errands.Wait()
	if cause := context.Cause(ctx); !errors.Is(cause, context.Canceled) && !errors.Is(cause, context.DeadlineExceeded) {
		return cause
	}
	return nil
}

func (s *Server) tellStart() {
	log := s.opt.Log.With("version", s.opt.Version, "role", s.cfg.Role, "machine", s.cfg.MachineID())
	if s.site != nil {
		log = log.With("certificate", s.site.certs.Status().State, "web_client", s.site.page.Built())
	}
	log.Info("server is up")
	s.tellLimits()
}

// shutdownTime bounds the end of all rooms. The sum with what follows stays below the unit's TimeoutStopSec.
const shutdownTime = 5 * time.Second

// shutdown first stops new connections, then tells everybody in a room, then lets the county go on without this machine, and ends
// what is left. Who is in a room on another machine notices the portal's end last.
func (s *Server) shutdown() {
	start := time.Now()
	s.demux.Close()
	s.network.announcer.setClosing()
	if !s.forgets.Load() {
		s.handOver(s.network.announcer.freeze())
	}
	s.closeRooms()
	s.network.leave()
	if s.relay != nil {
		s.relay.Close()
	}
	if s.site != nil {
		if s.site.netTest != nil {
			s.site.netTest.Close()
		}
		within(restTime, s.site.http.Shutdown)
		s.site.http.Close()
	}
	within(restTime, s.ops.Shutdown)
	s.ops.Close()
	s.close()
	s.opt.Log.Info("server is down", "took_ms", time.Since(start).Milliseconds())
}

// cutOffTime is how long rooms have to end once they were cut off, which takes milliseconds unless a bug holds one.
const cutOffTime = 2 * time.Second

// closeRooms ends all rooms of this machine. What hangs is left: the process ends with it, and must not be kept from that, in the
// night least of all.
func (s *Server) closeRooms() {
	ended := make(chan error, 1)
	go func() { ended <- within(shutdownTime, s.rooms.Close) }()
	select {
	case err := <-ended:
		if err != nil {
			s.opt.Log.Warn("some participants were cut off without a word", "error", err) // ordinary: somebody's network is gone
		}
	case <-time.After(shutdownTime + cutOffTime):
		s.opt.Log.Error("a room does not end; the process does without it")
	}
}

// restTime bounds the wait for requests that are under way when the rooms have ended. It is short: lessons wait for the next process, and
// net/http waits up to five seconds for connections on which nothing was asked yet, of which browsers open some ahead.
const restTime = time.Second

func within(d time.Duration, f func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(context.Background(), d)
	defer cancel()
	return f(ctx)
}
