package hcloudsim

import "time"

// restore brings every machine of the loaded project back to how it was and ends the actions that were under way.
func (s *Server) restore() {
	s.mu.Lock()
	count := len(s.project.Servers) + len(s.project.Snapshots)
	back := make(chan struct{}, count)
	for id, srv := range s.project.Servers {
		srv.LockedBy, srv.Enforced = nil, nil
		s.startLaneLocked(id)
		s.enqueueLocked(id, restoreJob(srv, func() { back <- struct{}{} }))
	}
	for id, snap := range s.project.Snapshots {
		switch _, there := s.project.Servers[snap.Server]; {
		case snap.Status == "available":
			back <- struct{}{}
		case there: // it was being made; after the machine is back it is made again
			s.enqueueLocked(snap.Server, reported(snapshotStep(0, id), func() { back <- struct{}{} }))
		default:
			delete(s.project.Snapshots, id)
			back <- struct{}{}
		}
	}
	s.mu.Unlock()
	s.await(back, count)
	s.commit(func(p *project) {
		p.serveAll()
		for id := range p.Actions {
			p.finish(id, s.cfg.Clock.Now().UTC(), nil)
		}
	})
}

// restoreJob is one server's way back; report is called when it is over, well or not.
func restoreJob(srv *server, report func()) job {
	id := srv.ID
	if srv.Status == "deleting" {
		return job{{
			effect: remove,
			done:   func(p *project) { p.removeServer(id); report() },
			failed: func(*project) { report() },
		}}
	}
	effect, status := create, "off"
	switch {
	case srv.Status == "rebuilding": // perhaps only begun: the old disk must not come back
		effect, status = inOrder(rebuild, powerOn), "running"
	case srv.PowerOn:
		effect, status = powerOn, "running"
	}
	return job{{
		effect: effect,
		done:   func(p *project) { p.setStatus(id, status); report() },
		failed: func(p *project) { p.setStatus(id, "off"); report() },
	}}
}

// reported is a job of one step that says when it is over, well or not.
func reported(st step, report func()) job {
	done, failed := st.done, st.failed
	st.done = func(p *project) { done(p); report() }
	st.failed = func(p *project) { failed(p); report() }
	return job{st}
}

func (s *Server) await(back <-chan struct{}, count int) {
	limit := time.NewTimer(s.cfg.RestoreTimeout)
	defer limit.Stop()
	for range count {
		select {
		case <-back:
		case <-limit.C:
			s.cfg.Log.Error("cloud simulator: some machines did not come back in time; they are still being restored")
			return
		}
	}
}
