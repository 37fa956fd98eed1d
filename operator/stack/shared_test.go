package stack

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/medienzentrenverbund/kreisraum/infra"
	"github.com/medienzentrenverbund/kreisraum/operator/stack/store/storetest"
)

// TestStateIsTheSameEverywhere runs tests with the state in a folder, in an S3 bucket and in a database of PostgreSQL; each has one of its own.
func TestStateIsTheSameEverywhere(t *testing.T) {
	places := openPlaces(t)
	for name, test := range map[string]func(*testing.T, *world){
		"computers take turns":   computersTakeTurns,
		"lost, old or damaged":   stateIsLostOldOrDamaged,
		"locks are seen":         locksAreSeen,
		"one computer at a time": oneComputerAtATime,
		"one of many gets in":    oneOfManyGetsIn,
		"it moves":               stateMoves,
	} {
		for _, place := range places {
			t.Run(name+"/"+place.Name, func(t *testing.T) {
				t.Parallel()
				w := newWorld(t)
				w.state = place.Another(t).Address
				test(t, w)
			})
		}
	}
}

// openPlaces starts the servers of all places; what was opened there is closed before they end.
func openPlaces(t *testing.T) []storetest.Place {
	t.Helper()
	places := storetest.Places(t)
	t.Cleanup(func() {
		if err := CloseStores(); err != nil {
			t.Error(err)
		}
	})
	return places
}

// elsewhere is the same world as another computer sees it.
func (w *world) elsewhere(t *testing.T) *world {
	t.Helper()
	other := &world{t: t, sim: w.sim, machines: w.machines, url: w.url, cloud: w.cloud, home: t.TempDir(), state: w.state, stateFolder: w.stateFolder}
	if w.state == "" {
		other.home = w.home // a folder is one computer's
	}
	return other
}

func computersTakeTurns(t *testing.T, w *world) {
	s := w.open("demo")
	if _, ok, err := s.Outputs(t.Context()); ok || err != nil {
		t.Errorf("outputs before the first up: %t, %v", ok, err)
	}
	mustDesire(t, s, first)
	before := w.up(s, with(plan("demo"), first))

	other := w.elsewhere(t)
	o := other.open("demo")
	if got, set, err := o.DesiredBridges(t.Context()); !slices.Equal(got, []infra.Bridge{first}) || !set || err != nil {
		t.Errorf("the wish on another computer: %v, %t, %v", got, set, err)
	}
	if out, ok, err := o.Outputs(t.Context()); !ok || err != nil || !reflect.DeepEqual(out, before.Outputs) {
		t.Errorf("the outputs on another computer: %+v, %t, %v", out, ok, err)
	}
	w.writes.reset()
	if again := other.up(o, with(plan("demo"), first)); again.Changed() {
		t.Errorf("an up on another computer changed %v", again.Changes)
	}
	if paths := w.writes.reset(); len(paths) > 0 {
		t.Errorf("and wrote %v", paths)
	}
	other.up(o, plan("demo"))
	if back := w.up(s, plan("demo")); back.Changed() {
		t.Errorf("back on the first one, an up changed %v", back.Changes)
	}
	if err := o.Destroy(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if err := o.Remove(t.Context()); err != nil {
		t.Fatal(err)
	}
	if keys, err := s.store.List(t.Context(), ""); err != nil || slices.ContainsFunc(keys, func(key string) bool { return strings.Contains(key, "demo") }) {
		t.Errorf("left of the county: %v, %v", keys, err)
	}
	if left := w.leftovers("demo"); len(left) > 0 {
		t.Errorf("left at Hetzner: %v", left)
	}
}

// What is lost, older than reality or damaged is found again by its labels: nothing twice, nothing destroyed.
func stateIsLostOldOrDamaged(t *testing.T, w *world) {
	s := w.open("demo")
	mustDesire(t, s)
	w.up(s, plan("demo"))
	yesterday := contents(t, s)
	mustDesire(t, s, first)
	before := w.up(s, with(plan("demo"), first)).Outputs.Machines
	keep := func(name string, bridges []infra.Bridge) {
		t.Helper()
		w.writes.reset()
		after := w.up(w.open("demo"), with(plan("demo"), bridges...))
		if !slices.Equal(after.Outputs.Machines, before) {
			t.Errorf("%s: machines %+v, before %+v", name, after.Outputs.Machines, before)
		}
		for _, path := range w.writes.reset() {
			if strings.HasPrefix(path, "DELETE") || path == "POST /v1/servers" {
				t.Errorf("%s: %s", name, path)
			}
		}
		if again := w.up(w.open("demo"), with(plan("demo"), bridges...)); again.Changed() {
			t.Errorf("%s: a further up changed %v", name, again.Changes)
		}
	}

	if late, err := s.Unrecorded(t.Context()); len(late) > 0 || err != nil {
		t.Errorf("all is known, and yet %v, %v", late, err)
	}
	for key, value := range yesterday {
		if err := s.store.Write(t.Context(), key, value); err != nil {
			t.Fatal(err)
		}
	}
	late, err := w.open("demo").Unrecorded(t.Context())
	if err != nil || !slices.Equal(late, []infra.Bridge{first}) {
		t.Fatalf("yesterday's backup does not know of the bridge: %v, %v", late, err)
	}
	keep("old", late)

	if err := s.store.Write(t.Context(), s.layout.checkpointKey(), []byte("{")); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Up(t.Context(), plan("demo"), nil); err == nil || !strings.Contains(err.Error(), s.Place()) || !strings.Contains(err.Error(), "kreisraum adopt demo") || !errors.Is(err, ErrBroken) {
		t.Errorf("a damaged state: %v", err)
	}
	aside, err := s.Forget(t.Context(), time.Now())
	if err != nil || !strings.Contains(aside, "set-aside") {
		t.Fatalf("set aside at %q, %v", aside, err)
	}
	keep("damaged", []infra.Bridge{first})

	if err := s.State.remove(t.Context()); err != nil {
		t.Fatal(err)
	}
	found, set, err := w.open("demo").DesiredBridges(t.Context())
	if err != nil || set || !slices.Equal(found, []infra.Bridge{first}) {
		t.Errorf("found by label: %v, %t, %v", found, set, err)
	}
	keep("lost", found)
	if aside, err := s.Forget(t.Context(), time.Now()); err != nil || aside == "" {
		t.Errorf("set aside at %q, %v", aside, err)
	}
	if aside, err := s.Forget(t.Context(), time.Now()); err != nil || aside != "" {
		t.Errorf("there was nothing, and yet %q, %v", aside, err)
	}

	// A county is taken down whatever its state is like.
	if err := s.store.Write(t.Context(), s.layout.checkpointKey(), []byte("{")); err != nil {
		t.Fatal(err)
	}
	if err := s.Destroy(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if err := s.Remove(t.Context()); err != nil {
		t.Fatal(err)
	}
	if left := w.leftovers("demo"); len(left) > 0 {
		t.Errorf("left at Hetzner: %v", left)
	}
}

// contents are all values of a store.
func contents(t *testing.T, s *Stack) map[string][]byte {
	t.Helper()
	keys, err := s.store.List(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	all := map[string][]byte{}
	for _, key := range keys {
		if strings.HasPrefix(key, "home/") || strings.HasPrefix(key, "work/") {
			continue
		}
		if all[key], err = s.store.Read(t.Context(), key); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

// Not in what we read of it, and not in what the server has on its disk.
func TestNoSecretIsReadableWhereTheStateIs(t *testing.T) {
	places := openPlaces(t) // whose folders nobody else writes to
	for _, place := range places {
		t.Run(place.Name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.state, w.stateFolder = place.Address, place.Folder
			noSecretIsReadable(t, w)
		})
	}
}

func noSecretIsReadable(t *testing.T, w *world) {
	const canary = "canary-in-the-cloud-config"
	spec := plan("demo")
	spec.UserData[infra.PortalName("demo")] = "#cloud-config\n# " + canary + "\n"
	s := w.open("demo")
	w.up(s, spec)
	var all [][]byte
	for _, value := range contents(t, s) {
		all = append(all, value)
	}
	if len(all) < 3 {
		t.Fatalf("%d values", len(all))
	}
	if w.stateFolder != "" {
		for _, content := range files(t, w.stateFolder) {
			all = append(all, content)
		}
	}
	for name, secret := range map[string]string{"cloud-config": canary, "token": token, "passphrase": passphrase} {
		for _, form := range []string{secret, base64.StdEncoding.EncodeToString([]byte(secret))} {
			if slices.ContainsFunc(all, func(value []byte) bool { return bytes.Contains(value, []byte(form)) }) {
				t.Errorf("the %s can be read", name)
			}
		}
	}
}

func locksAreSeen(t *testing.T, w *world) {
	s := w.open("demo")
	w.up(s, plan("demo"))
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	write := func(lock any, key string) {
		t.Helper()
		text, err := json.Marshal(lock)
		if err == nil {
			err = s.store.Write(t.Context(), key, text)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	ended := exec.Command("true")
	if err := ended.Run(); err != nil {
		t.Fatal(err)
	}
	// An engine of this computer that is gone: its lock goes by itself.
	write(lockContent{Pid: ended.Process.Pid, Username: "somebody", Hostname: host, Timestamp: time.Now()}, s.layout.lockPrefix()+"a.json")
	w.up(s, plan("demo"))
	// One of another computer.
	write(lockContent{Pid: 4711, Username: "somebody", Hostname: "other.example", Timestamp: time.Now()}, s.layout.lockPrefix()+"b.json")
	var locked *LockedError
	if _, err := s.Up(t.Context(), plan("demo"), nil); !errors.As(err, &locked) || locked.PID != 4711 || locked.Host != "other.example" || !strings.Contains(err.Error(), "kreisraum unlock demo") {
		t.Errorf("locked by another computer's engine: %v", err)
	}
	locks, err := w.elsewhere(t).open("demo").Locks(t.Context())
	if err != nil || len(locks) != 1 || !locks[0].Engine || locks[0].Here || locks[0].Alive || locks[0].User != "somebody" {
		t.Fatalf("locks %+v, %v", locks, err)
	}
	if err := s.Unlock(t.Context(), locks[0]); err != nil {
		t.Fatal(err)
	}
	// One that cannot be read.
	if err := s.store.Write(t.Context(), s.layout.lockPrefix()+"c.json", []byte("{")); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Up(t.Context(), plan("demo"), nil); err == nil || !strings.Contains(err.Error(), "kreisraum unlock demo") {
		t.Errorf("a lock that cannot be read: %v", err)
	}
	if locks, err = s.Locks(t.Context()); err != nil || len(locks) != 1 || locks[0].PID != 0 || s.Unlock(t.Context(), locks[0]) != nil {
		t.Errorf("locks %+v, %v", locks, err)
	}
	w.up(s, plan("demo"))
}

// A command is more than its engine: as long as one computer is at work, another one is kept out.
func oneComputerAtATime(t *testing.T, w *world) {
	if w.state == "" {
		t.Skip("a folder is one computer's, whose home has a lock")
	}
	s := w.open("demo")
	o := w.elsewhere(t).open("demo")
	release, err := s.Acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	again, err := s.Acquire(t.Context()) // the same command's
	if err != nil {
		t.Fatal(err)
	}
	again()
	for name, command := range map[string]func() error{
		"up":      func() error { _, err := o.Up(t.Context(), plan("demo"), nil); return err },
		"preview": func() error { _, err := o.Preview(t.Context(), plan("demo"), nil); return err },
		"wish":    func() error { return o.SetDesiredBridges(t.Context(), nil) },
		"destroy": func() error { return o.Destroy(t.Context(), nil) },
		"remove":  func() error { return o.Remove(t.Context()) },
		"forget":  func() error { _, err := o.Forget(t.Context(), time.Now()); return err },
	} {
		var locked *LockedError
		if err := command(); !errors.As(err, &locked) || locked.PID != os.Getpid() || time.Since(locked.Since) > time.Hour {
			t.Errorf("%s: %v", name, err)
		}
	}
	locks, err := o.Locks(t.Context())
	if err != nil || len(locks) != 1 || locks[0].Engine || !locks[0].Alive {
		t.Fatalf("locks %+v, %v", locks, err)
	}
	if err := o.Unlock(t.Context(), locks[0]); !errors.Is(err, ErrAlive) {
		t.Errorf("a lock of somebody at work: %v", err)
	}
	release()
	w.elsewhere(t).up(o, plan("demo"))

	// One that was killed on this computer is taken over, one of a computer that is away is not.
	gone := newHold(time.Now())
	gone.Started++
	text, err := json.Marshal(gone)
	if err == nil {
		err = s.store.Write(t.Context(), s.layout.holdPrefix()+"gone.json", text)
	}
	if err != nil {
		t.Fatal(err)
	}
	w.up(s, plan("demo"))
	gone.Computer = "another"
	if text, err = json.Marshal(gone); err == nil {
		err = s.store.Write(t.Context(), s.layout.holdPrefix()+"away.json", text)
	}
	if err != nil {
		t.Fatal(err)
	}
	var locked *LockedError
	if _, err := s.Up(t.Context(), plan("demo"), nil); !errors.As(err, &locked) {
		t.Errorf("a computer of the same name that is away: %v", err)
	}
	if locks, err = s.Locks(t.Context()); err != nil || len(locks) != 1 || locks[0].Here || s.Unlock(t.Context(), locks[0]) != nil {
		t.Errorf("locks %+v, %v", locks, err)
	}
	w.up(s, plan("demo"))
}

// Many that come at the same moment: never two at once, and at least one gets in.
func oneOfManyGetsIn(t *testing.T, w *world) {
	if w.state == "" {
		t.Skip("a folder is one computer's, whose home has a lock")
	}
	const computers = 4
	inside := make(chan struct{}, 1)
	results := make(chan error, computers)
	for range computers {
		state, err := OpenState(t.Context(), t.TempDir(), "demo", w.state)
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			release, err := state.Acquire(t.Context())
			if err != nil {
				results <- err
				return
			}
			defer release()
			select {
			case inside <- struct{}{}:
				_, err = state.Locks(t.Context()) // takes a moment
				<-inside
			default:
				err = errors.New("two are inside")
			}
			results <- err
		}()
	}
	in := 0
	for range computers {
		var locked *LockedError
		switch err := <-results; {
		case err == nil:
			in++
		case !errors.As(err, &locked) && !strings.Contains(err.Error(), "come and go"):
			t.Error(err)
		}
	}
	if in == 0 {
		t.Error("nobody got in")
	}
}

func stateMoves(t *testing.T, w *world) {
	if w.state == "" {
		t.Skip("moved from a folder to the others")
	}
	address := w.state
	w.state = ""
	s := w.open("demo")
	mustDesire(t, s, first)
	before := w.up(s, with(plan("demo"), first))
	to, err := OpenState(t.Context(), w.home, "demo", address)
	if err != nil {
		t.Fatal(err)
	}
	if moved, err := s.MoveTo(t.Context(), to, time.Now()); !moved || err != nil {
		t.Fatalf("moved %t, %v", moved, err)
	}
	if empty, err := s.Empty(t.Context()); !empty || err != nil {
		t.Errorf("the former place: empty %t, %v", empty, err)
	}
	w.state = address
	s = w.open("demo")
	w.writes.reset()
	if got, set, err := s.DesiredBridges(t.Context()); !slices.Equal(got, []infra.Bridge{first}) || !set || err != nil {
		t.Errorf("the wish: %v, %t, %v", got, set, err)
	}
	after := w.up(s, with(plan("demo"), first))
	if paths := w.writes.reset(); len(paths) > 0 || after.Changed() || !reflect.DeepEqual(after.Outputs, before.Outputs) {
		t.Errorf("wrote %v, changed %v", paths, after.Changes)
	}
	// A place that is in use is not written over.
	home := w.home
	w.home, w.state = t.TempDir(), ""
	stray := w.open("demo")
	w.up(stray, with(plan("demo"), first))
	if moved, err := stray.MoveTo(t.Context(), to, time.Now()); moved || err != nil {
		t.Errorf("moved %t, %v", moved, err)
	}
	w.home = home
}
