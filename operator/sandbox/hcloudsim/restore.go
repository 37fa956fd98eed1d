package hcloudsim

import "time"

// restore brings every machine of the loaded project back to how it was and ends the actions that were under way.
func (s *Server) restore() {
	s.mu.Lock()
	count := len(s.project.Servers)
	back := make(chan struct{}, count)
	for id, srv := range s.project.Servers {
		srv.LockedBy, srv.Enforced = nil, nil
		s.startLaneLocked(id)
		s.enqueueLocked(id, restoreJob(srv, func() { back <- struct{}{} }))
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
