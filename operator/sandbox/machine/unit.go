package machine

import (
	"errors"
	"fmt"
	"sync/atomic"
	"syscall"
	"time"
)

// unitStatus is what systemctl show tells of a unit.
type unitStatus struct {
	active, sub string
	restarts    int
	status      int // exit code of the last main process
	pid         int // of the main process, 0: none
}

type verb int

const (
	verbStart verb = iota
	verbStop
	verbRestart
	verbReload // take over a new unit file
)

type unitRequest struct {
	verb  verb
	file  *unitFile  // verbReload
	reply chan error // buffered; answered once the unit has settled
}

// answer is a reply that goes out once the status tells of what it answers.
type answer struct {
	to  chan error
	err error
}

var (
	errCanceled = errors.New("job canceled by a later one")
	errOff      = errors.New("the machine is off")
)

// unit is one service. Its loop owns everything; others send requests and read the status.
//
//	dead ──start──▶ start ──READY=1──▶ running ──stop──▶ stop-sigterm ──▶ dead
//	                  │                   │ exit
//	                  └───── exit ────────┴──▶ auto-restart ──RestartSec──▶ start, or failed
//	                                      └─silence─▶ stop-watchdog ──exit──▶ auto-restart
type unit struct {
	name     string
	host     *host
	journal  *journal
	requests chan unitRequest
	power    <-chan struct{} // closed: the power is cut
	done     chan struct{}
	status   atomic.Pointer[unitStatus]

	// Owned by the loop.
	file      *unitFile
	state     unitStatus
	proc      *unitProcess
	timer     *time.Timer
	waiters   []chan error
	answers   []answer
	again     bool // start once stopped
	stopAsked bool // the stop was asked for, not ordered by a timeout of the start
	killed    bool // the stop did not end in time
	starts    startHistory
	announced bool // warnings about the file are in the journal
}

func newUnit(h *host, file *unitFile, power <-chan struct{}) *unit {
	u := &unit{
		name: file.name, host: h, journal: openJournal(h.disk, file.name), requests: make(chan unitRequest), power: power,
		done: make(chan struct{}), file: file, state: unitStatus{active: "inactive", sub: "dead"}, timer: time.NewTimer(time.Hour),
	}
	u.timer.Stop()
	u.publish()
	go u.run()
	return u
}

// do sends a request and waits until the unit has settled.
func (u *unit) do(v verb, file *unitFile) error {
	r := unitRequest{v, file, make(chan error, 1)}
	select {
	case u.requests <- r:
	case <-u.done:
		return errOff
	}
	select {
	case err := <-r.reply:
		return err
	case <-u.done:
		return errOff
	}
}

func (u *unit) run() {
	defer close(u.done)
	defer u.journal.shut()
	defer u.timer.Stop()
	for {
		var exited <-chan exitStatus
		var ready, alive <-chan struct{}
		if u.proc != nil {
			exited, ready, alive = u.proc.exited, u.proc.ready, u.proc.alive
		}
		select {
		case r := <-u.requests:
			u.handle(r)
		case <-ready:
			u.proc.ready = nil
			u.onReady()
		case <-alive:
			u.watch()
		case e := <-exited:
			u.proc = nil
			u.onExit(e)
		case <-u.timer.C:
			u.onTimer()
		case <-u.power:
			u.cutPower()
			return
		}
		u.publish()
	}
}

// publish shows the state, and then answers those who waited for it.
func (u *unit) publish() {
	s := u.state
	s.pid = 0
	if u.proc != nil {
		s.pid = u.proc.process.Pid
	}
	u.status.Store(&s)
	for _, a := range u.answers {
		a.to <- a.err
	}
	u.answers = nil
}

func (u *unit) answer(to chan error, err error) { u.answers = append(u.answers, answer{to, err}) }

func (u *unit) cutPower() {
	if u.proc != nil {
		_ = u.proc.process.Kill()
		<-u.proc.exited
		u.proc = nil
	}
	u.host.removeVolatile(u.file) // /run is memory
	u.enter("inactive", "dead")
	u.settle(errOff)
	u.publish()
}

func (u *unit) handle(r unitRequest) {
	switch r.verb {
	case verbReload:
		u.file, u.announced = r.file, false
		u.answer(r.reply, nil)
	case verbStart:
		u.onStart(r.reply)
	case verbStop:
		u.onStop(r.reply)
	case verbRestart:
		u.onRestart(r.reply)
	}
}

func (u *unit) onStart(reply chan error) {
	switch u.state.sub {
	case "running", "exited":
		u.answer(reply, nil)
	case "start":
		u.waiters = append(u.waiters, reply)
	case "stop-sigterm", "stop-watchdog":
		u.supersede(reply)
		u.again = true
	default:
		u.supersede(reply)
		u.state.restarts = 0
		u.begin()
	}
}

func (u *unit) onStop(reply chan error) {
	switch u.state.sub {
	case "running", "start":
		u.supersede(reply)
		u.stopAsked = true
		u.beginStop()
	case "stop-sigterm", "stop-watchdog":
		u.supersede(reply)
		u.again, u.stopAsked = false, true
	default:
		if u.state.sub != "failed" {
			u.enter("inactive", "dead")
		}
		u.timer.Stop()
		u.answer(reply, nil)
	}
}

func (u *unit) onRestart(reply chan error) {
	u.supersede(reply)
	u.state.restarts = 0
	switch u.state.sub {
	case "running", "start":
		u.again, u.stopAsked = true, true
		u.beginStop()
	case "stop-sigterm", "stop-watchdog":
		u.again = true
	default:
		u.begin()
	}
}

// supersede cancels the jobs that waited so far and makes reply the only one.
func (u *unit) supersede(reply chan error) {
	u.settle(errCanceled)
	u.waiters = append(u.waiters, reply)
}

func (u *unit) settle(err error) {
	for _, w := range u.waiters {
		u.answer(w, err)
	}
	u.waiters = nil
}

func (u *unit) enter(active, sub string) { u.state.active, u.state.sub = active, sub }

// begin starts the main process.
func (u *unit) begin() {
	u.again, u.stopAsked, u.killed = false, false, false
	u.timer.Stop()
	if !u.announced {
		u.announced = true
		for _, w := range u.file.warnings {
			u.say(w)
		}
	}
	if !u.starts.allow(time.Now(), u.file.limit) {
		u.say("Start request repeated too quickly.")
		u.enter("failed", "failed")
		u.settle(errors.New("start limit hit; look at the journal for why it stops"))
		return
	}
	proc, err := u.host.launch(u.file, u.journal)
	if err != nil {
		u.say(err.Error())
		code := exitExec
		var le *launchError
		if errors.As(err, &le) {
			code = le.code
		}
		u.onExit(exitStatus{code: code})
		return
	}
	u.proc = proc
	if u.file.kind == "simple" || u.file.kind == "exec" {
		u.started()
		return
	}
	u.enter("activating", "start")
	if u.file.startTimeout > 0 && u.file.kind == "notify" { // TimeoutStartSec= is off for oneshot by default
		u.timer.Reset(u.file.startTimeout)
	}
}

func (u *unit) onReady() {
	if u.state.sub == "start" && u.file.kind == "notify" {
		u.started()
	}
}

func (u *unit) started() {
	u.timer.Stop()
	u.enter("active", "running")
	u.watch()
	u.say("Started.")
	u.settle(nil)
}

// watch gives a running process that is to report itself the time of WatchdogSec= until the next report.
func (u *unit) watch() {
	if u.state.sub == "running" && u.file.watchdog > 0 && u.proc.alive != nil {
		u.timer.Reset(u.file.watchdog)
	}
}

// abort ends a process that has fallen silent, with the signal of systemd.kill(5) "WatchdogSignal=".
func (u *unit) abort() {
	u.say(fmt.Sprintf("Watchdog timeout (limit %s)!", u.file.watchdog))
	u.enter("deactivating", "stop-watchdog")
	_ = u.proc.process.Signal(syscall.SIGABRT)
	if u.file.stopTimeout > 0 {
		u.timer.Reset(u.file.stopTimeout)
	}
}

func (u *unit) beginStop() {
	u.enter("deactivating", "stop-sigterm")
	u.timer.Stop()
	if u.proc == nil {
		return
	}
	_ = u.proc.process.Signal(u.file.killSignal)
	if u.file.stopTimeout > 0 {
		u.timer.Reset(u.file.stopTimeout)
	}
}

func (u *unit) onTimer() {
	switch u.state.sub {
	case "auto-restart":
		u.state.restarts++
		u.begin()
	case "start":
		u.say("Start operation timed out. Terminating.")
		u.beginStop()
	case "running":
		u.abort()
	case "stop-sigterm", "stop-watchdog":
		u.say("State '" + u.state.sub + "' timed out. Killing.")
		u.killed = true
		_ = u.proc.process.Signal(syscall.SIGKILL)
	}
}

func (u *unit) onExit(e exitStatus) {
	u.timer.Stop()
	u.state.status = e.code
	stopping, wasStart := u.state.sub == "stop-sigterm" || u.state.sub == "stop-watchdog", u.state.sub == "start"
	if !e.clean() || !stopping && u.file.kind != "oneshot" {
		u.say("Main process exited, " + e.String())
	}
	switch {
	case stopping && u.again:
		u.begin()
		return
	case stopping && u.stopAsked:
		if u.file.preserve != "yes" {
			u.host.removeVolatile(u.file)
		}
		u.enter("inactive", "dead")
		if u.killed {
			u.enter("failed", "failed")
		}
		u.say("Stopped.")
		u.settle(nil)
		return
	case u.file.kind == "oneshot" && (e.clean() || u.file.ignoreExit):
		u.enter("inactive", "dead")
		if u.file.remain {
			u.enter("active", "exited")
		}
		u.settle(nil)
		return
	}
	failed := !e.clean() && !u.file.ignoreExit || stopping || wasStart && u.file.kind == "notify"
	if shouldRestart(u.file.restart, failed) {
		u.enter("activating", "auto-restart")
		u.timer.Reset(u.file.restartDelay)
	} else if failed {
		u.enter("failed", "failed")
	} else {
		u.enter("inactive", "dead")
	}
	if failed {
		u.say("Failed.")
		u.settle(fmt.Errorf("main process ended, %s; look at the journal for why", e))
		return
	}
	u.settle(nil)
}

// shouldRestart is the table of Restart= in systemd.service(5), for the values this runtime knows.
func shouldRestart(policy string, failed bool) bool {
	return policy == "always" || policy == "on-failure" && failed
}

func (u *unit) say(text string) { u.journal.add(u.name + ": " + text) }

// startHistory are the starts of a unit within its limit's interval.
type startHistory struct{ at []time.Time }

// allow notes a start and says whether it is within the limit. A limit with a zero interval or burst is no limit.
func (h *startHistory) allow(now time.Time, l startLimit) bool {
	if l.interval <= 0 || l.burst <= 0 {
		return true
	}
	recent := h.at[:0]
	for _, t := range h.at {
		if now.Sub(t) < l.interval {
			recent = append(recent, t)
		}
	}
	h.at = recent
	if len(h.at) >= l.burst {
		return false
	}
	h.at = append(h.at, now)
	return true
}
