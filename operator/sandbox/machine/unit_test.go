package machine

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/medienzentrenverbund/kreisraum/conference/eventually"
	"github.com/medienzentrenverbund/kreisraum/operator/deploy"
	"github.com/medienzentrenverbund/kreisraum/operator/sandbox/spawn"
)

// bench is a supervisor over a disk, without the machine around it.
type bench struct {
	t     testing.TB
	disk  *rootFS
	units *supervisor
}

func newBench(t testing.TB) *bench {
	t.Helper()
	dir := filepath.Join(t.TempDir(), strings.Repeat("a-long-folder-name/", 6), "rootfs") // longer than a socket's path may be
	must(t, layOut(dir, "debian-12", "127.0.0.1"))
	disk, err := openRootFS(dir)
	must(t, err)
	program, err := os.ReadFile(unitProgram(t))
	must(t, err)
	must(t, disk.writeFile("/bin/unit", program, 0o755, rootOwner))
	spawner, err := spawn.New(giveUp)
	must(t, err)
	b := &bench{t, disk, newSupervisor(&host{disk: disk, spawn: spawner, log: slog.New(slog.DiscardHandler)})}
	t.Cleanup(func() {
		b.units.cutPower()
		spawner.Close()
		_ = disk.close()
	})
	return b
}

func (b *bench) write(name, service string) {
	b.t.Helper()
	must(b.t, b.disk.writeFile(deploy.UnitDir+"/"+name, []byte("[Service]\n"+service), 0o644, rootOwner))
}

func (b *bench) wantState(name, active, sub string) unitStatus {
	b.t.Helper()
	s := b.units.status(name)
	if s.active != active || s.sub != sub {
		b.t.Errorf("%s is %s (%s), want %s (%s)\n%s", name, s.active, s.sub, active, sub, strings.Join(b.units.journal(name, 20), "\n"))
	}
	return s
}

func TestUnitThatFailsAlways(t *testing.T) {
	b := newBench(t)
	b.write("f.service", "ExecStart=/bin/unit fail\nRestart=on-failure\nRestartSec=1ms\n")
	must(t, b.units.do(verbStart, "f.service")) // started; it fails right after
	eventually.True(t, "the start limit", func() bool { return b.units.status("f.service").active == "failed" })
	s := b.wantState("f.service", "failed", "failed")
	if s.restarts != 5 || s.status != 7 {
		t.Errorf("%d restarts, exit code %d; want 5 and 7", s.restarts, s.status)
	}
	journal := strings.Join(b.units.journal("f.service", 100), "\n")
	if strings.Count(journal, "failing on purpose") != 5 || !strings.Contains(journal, "repeated too quickly") {
		t.Errorf("journal:\n%s", journal)
	}
}

func TestOneshot(t *testing.T) {
	b := newBench(t)
	b.write("good.service", "Type=oneshot\nExecStart=/bin/unit say \"two words\" three\n")
	b.write("bad.service", "Type=oneshot\nExecStart=/bin/unit fail\n")
	b.write("spared.service", "Type=oneshot\nExecStart=-/bin/unit fail\n")
	b.write("kept.service", "Type=oneshot\nRemainAfterExit=yes\nExecStart=/bin/unit say x\n")
	b.write("missing.service", "Type=oneshot\nExecStart=/bin/missing\n")
	b.write("stranger.service", "Type=oneshot\nUser=stranger\nExecStart=/bin/unit say x\n")
	must(t, b.units.do(verbRestart, "good.service"))
	b.wantState("good.service", "inactive", "dead")
	if got := b.units.journal("good.service", 1); len(got) != 1 || got[0] != "two words|three" {
		t.Errorf("journal: %q", got)
	}
	must(t, b.units.do(verbStart, "spared.service"))
	must(t, b.units.do(verbStart, "kept.service"))
	b.wantState("kept.service", "active", "exited")
	for name, code := range map[string]int{"bad.service": 7, "missing.service": exitExec, "stranger.service": exitUser} {
		if err := b.units.do(verbStart, name); err == nil {
			t.Errorf("%s: no error", name)
		}
		if s := b.wantState(name, "failed", "failed"); s.status != code {
			t.Errorf("%s: exit code %d, want %d", name, s.status, code)
		}
	}
	if err := b.units.do(verbStart, "nothing.service"); err == nil {
		t.Error("a unit without a file was started")
	}
}

func TestNotify(t *testing.T) {
	b := newBench(t)
	b.write("mute.service", "Type=notify\nExecStart=/bin/unit mute\nTimeoutStartSec=50ms\n")
	if err := b.units.do(verbStart, "mute.service"); err == nil {
		t.Error("a unit that is never ready was started")
	}
	b.wantState("mute.service", "failed", "failed")

	b.write("early.service", "Type=notify\nExecStart=/bin/unit say nothing\n")
	if err := b.units.do(verbStart, "early.service"); err == nil {
		t.Error("a unit that ends before it is ready was started")
	}

	b.write("stubborn.service", "Type=notify\nExecStart=/bin/unit stubborn\nTimeoutStopSec=50ms\nRestart=always\n")
	must(t, b.units.do(verbStart, "stubborn.service"))
	s := b.wantState("stubborn.service", "active", "running")
	must(t, b.units.do(verbStop, "stubborn.service"))
	b.wantState("stubborn.service", "failed", "failed") // killed, and not started again
	if alive(fmt.Sprint(s.pid)) {
		t.Error("it still lives")
	}
	if b.disk.exists(notifyFolder + "/stubborn.service") {
		t.Error("the notification socket is still there")
	}
}

func TestRestartReplacesTheProcess(t *testing.T) {
	b := newBench(t)
	b.write("m.service", "ExecStart=/bin/unit mute\nRestart=always\n")
	must(t, b.units.do(verbStart, "m.service"))
	first := b.wantState("m.service", "active", "running")
	must(t, b.units.do(verbStart, "m.service"))
	if again := b.units.status("m.service"); again.pid != first.pid {
		t.Error("a second start replaced the process")
	}
	b.write("m.service", "ExecStart=/bin/unit mute again\nNonsense=1\n")
	must(t, b.units.reload())
	must(t, b.units.do(verbRestart, "m.service"))
	second := b.wantState("m.service", "active", "running")
	if second.pid == first.pid || alive(fmt.Sprint(first.pid)) {
		t.Errorf("process %d before, %d after", first.pid, second.pid)
	}
	if journal := strings.Join(b.units.journal("m.service", 20), "\n"); !strings.Contains(journal, "Nonsense=") {
		t.Errorf("the unknown directive is not in the journal:\n%s", journal)
	}
	must(t, b.units.do(verbStop, "m.service"))
	b.wantState("m.service", "inactive", "dead")
	must(t, b.units.do(verbStop, "m.service"))

	b.units.cutPower()
	if err := b.units.do(verbStart, "m.service"); err == nil {
		t.Error("a unit was started on a machine that is off")
	}
}

func TestEnvironmentAndDirectories(t *testing.T) {
	b := newBench(t)
	must(t, b.disk.writeFile("/etc/env", []byte("# comment\nFROM_FILE=\"a value\"\n"), 0o644, rootOwner))
	file, err := parseUnitFile("e.service", []byte("[Service]\nExecStart=/x\nUser=nobody\nEnvironment=A=1\nEnvironmentFile=/etc/env\n"+
		"EnvironmentFile=-/etc/missing\nStateDirectory=one two\nRuntimeDirectory=run\n"))
	must(t, err)
	users, err := loadUsers(b.disk)
	must(t, err)
	who, _, err := file.runsAs(&users)
	must(t, err)
	env, err := b.units.host.environment(file, who)
	must(t, err)
	joined := strings.Join(env, "\n") + "\n"
	for _, want := range []string{
		"USER=nobody\n", "A=1\n", "FROM_FILE=a value\n", "STATE_DIRECTORY=/var/lib/one:/var/lib/two\n", "RUNTIME_DIRECTORY=/run/run\n",
	} {
		if !strings.Contains(joined, want) {
			t.Errorf("environment lacks %q:\n%s", want, joined)
		}
	}
	file.envFiles[1].optional = false
	if _, err := b.units.host.environment(file, who); err == nil {
		t.Error("a missing environment file is no error")
	}
	must(t, b.units.host.makeDirectories(file, who.owner))
	b.units.host.removeVolatile(file)
	if !b.disk.exists("/var/lib/two") || b.disk.exists("/run/run") {
		t.Error("the state directory must stay and the runtime directory go")
	}
}

func TestJournalKeepsTheEnd(t *testing.T) {
	b := newBench(t)
	j := openJournal(b.disk, "x.service")
	j.copyFrom(strings.NewReader(strings.Repeat("a line of some length, so that the file fills\n", 40_000) + strings.Repeat("x", journalLine+10) + "\nlast"))
	got := j.last(3)
	if len(got) != 3 || got[2] != "last" || len(got[1]) != 10 || len(got[0]) != journalLine {
		t.Errorf("the end: %d lines", len(got))
	}
	if n := len(j.last(1_000_000)); n != journalLines {
		t.Errorf("%d lines in memory, want %d", n, journalLines)
	}
	j.shut()
	for _, name := range []string{"x.service.log", "x.service.log.1"} {
		info, err := b.disk.stat(journalFolder + name)
		must(t, err)
		if info.Size() > journalFile+2*journalLine {
			t.Errorf("%s has %d bytes", name, info.Size())
		}
	}
	if again := openJournal(b.disk, "x.service"); again.last(1)[0] != "last" {
		t.Error("the next boot does not find the last line")
	}
}

func TestFullStopWhileStarting(t *testing.T) {
	b := newBench(t)
	b.write("mute.service", "Type=notify\nExecStart=/bin/unit mute\n")
	started := make(chan error, 1)
	go func() { started <- b.units.do(verbStart, "mute.service") }()
	eventually.True(t, "the start", func() bool { return b.units.status("mute.service").sub == "start" })
	must(t, b.units.do(verbStop, "mute.service"))
	select {
	case err := <-started:
		if err == nil {
			t.Error("the start that was stopped ended well")
		}
	case <-time.After(10 * time.Second):
		t.Fatal("still waiting for the start's answer")
	}
}

// TestRootInAMachine runs a unit as root: it must not be able to leave the machine.
func TestRootInAMachine(t *testing.T) {
	b := newBench(t)
	b.write("rights.service", "Type=oneshot\nExecStart=/bin/unit rights\n")
	must(t, b.units.do(verbStart, "rights.service"))
	want := "chroot: operation not permitted, mknod: operation not permitted, no new privileges: 1"
	if got := b.units.journal("rights.service", 1); len(got) != 1 || got[0] != want {
		t.Errorf("rights %q, want %q", got, want)
	}
}
