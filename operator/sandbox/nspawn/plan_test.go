package nspawn

import (
	"context"
	"errors"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/medienzentrenverbund/kreisraum/operator/sandbox/hcloudsim"
)

func TestAddressesOfShares(t *testing.T) {
	for number, want := range map[int][2]string{
		0: {"198.18.0.0/24", "fd77:6b72::/48"}, 155: {"198.18.155.0/24", "fd77:6b72:9b::/48"},
		256: {"198.19.0.0/24", "fd77:6b72:100::/48"}, pools - 1: {"198.19.255.0/24", "fd77:6b72:1ff::/48"},
	} {
		p := planOf(number, v6Range)
		if p.v4.String() != want[0] || p.v6.String() != want[1] {
			t.Errorf("share %d: %s and %s, want %v", number, p.v4, p.v6, want)
		}
		if !benchmark.Contains(p.host()) || !p.v6.Contains(p.host6()) || p.host() == p.gateway() {
			t.Errorf("share %d: host %s %s, gateway %s", number, p.host(), p.host6(), p.gateway())
		}
	}
}

func TestMachinesOutsideTheShareAreRefused(t *testing.T) {
	p := planOf(1, v6Range)
	for name, m := range map[string]hcloudsim.Machine{
		"of a sandbox with processes": {IPv4: netip.MustParseAddr("127.77.0.10")},
		"of another share":            {IPv4: netip.MustParseAddr("198.18.2.10")},
		"IPv6 of another share":       {IPv6: netip.MustParsePrefix("fd77:6b72:2:1::/64")},
	} {
		if err := p.covered(m); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if err := p.covered(hcloudsim.Machine{IPv4: netip.MustParseAddr("198.18.1.10"), IPv6: netip.MustParsePrefix("fd77:6b72:1:1::/64")}); err != nil {
		t.Error(err)
	}
}

func TestNamesDependOnTheFolderAlone(t *testing.T) {
	dir := t.TempDir()
	link := filepath.Join(dir, "link")
	if err := os.MkdirAll(filepath.Join(dir, "real", "machines"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("real", link); err != nil {
		t.Fatal(err)
	}
	a, err := namesOf(filepath.Join(dir, "real", "machines"))
	if err != nil {
		t.Fatal(err)
	}
	b, err := namesOf(filepath.Join(link, "machines"))
	if err != nil || a != b {
		t.Errorf("through a link: %v %v, want %v", b, err, a)
	}
	if err := os.Remove(filepath.Join(dir, "real", "machines")); err != nil {
		t.Fatal(err)
	}
	if b, err = namesOf(filepath.Join(link, "machines")); err != nil || a != b {
		t.Errorf("after the folder is gone: %v %v, want %v", b, err, a)
	}
	other, err := namesOf(filepath.Join(dir, "machines"))
	if err != nil || a == other || a.owns(other.fabric()) || !a.owns(a.machine(7)) || len(a.uplink()) > 15 {
		t.Errorf("names %v and %v, %v", a, other, err)
	}
}

func TestIdentityOutlivesARename(t *testing.T) {
	m := hcloudsim.Machine{ID: 7, Name: "portal", Created: time.Unix(1, 0)}
	renamed, other, later := m, m, m
	renamed.Name, renamed.Cores = "gate", 8
	other.ID = 8
	later.Created = time.Unix(2, 0)
	if identity(m) != identity(renamed) {
		t.Error("a renamed machine loses its disk")
	}
	if identity(m) == identity(other) || identity(m) == identity(later) {
		t.Error("another machine gets the disk")
	}
	if uuid := machineUUID(m); len(uuid) != 36 || uuid[14] != '4' || !strings.ContainsRune("89ab", rune(uuid[19])) {
		t.Errorf("UUID %s", uuid)
	}
}

func TestMirrors(t *testing.T) {
	const debian = "http://mirror.example/debian/ bookworm\nhttp://mirror.example/debian/ bookworm-updates\nhttp://fix.example/sec/ bookworm-security\n"
	own := mirrors{DefaultMirror, DefaultMirror + "-security"}
	for name, tt := range map[string]struct {
		asked, targets string
		want           mirrors
	}{
		"Debian 12":     {"", debian, mirrors{"http://mirror.example/debian", "http://fix.example/sec"}},
		"Debian 13":     {"", "http://mirror.example/debian/ trixie\nhttp://mirror.example/debian-security trixie-security\n", own},
		"Ubuntu":        {"", "http://archive.example/ubuntu/ noble\n", own},
		"a local file":  {"", "file:/media/cdrom/ bookworm\n", own},
		"nothing known": {"", "", own},
		"asked for":     {"http://near.example/debian/", "", mirrors{"http://near.example/debian", "http://near.example/debian-security"}},
		"asked for, with security updates from elsewhere": {"http://near.example/debian", debian, mirrors{"http://near.example/debian", "http://fix.example/sec"}},
	} {
		if got := mirrorsOf(tt.asked, tt.targets); got != tt.want {
			t.Errorf("%s: %v, want %v", name, got, tt.want)
		}
	}
}

func TestOneBuilderAtATime(t *testing.T) {
	dir := t.TempDir()
	var told []string
	note := func(step string) { told = append(told, step) }
	unlock, err := lockImages(t.Context(), dir, note)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if _, err := lockImages(ctx, dir, note); !errors.Is(err, context.DeadlineExceeded) || len(told) != 1 {
		t.Errorf("a second builder: %v, told %q", err, told)
	}
	unlock()
	unlock, err = lockImages(t.Context(), dir, note)
	if err != nil {
		t.Fatalf("after the first one: %v", err)
	}
	unlock()
}

func TestInterruptedBuildIsNoImage(t *testing.T) {
	dir := t.TempDir()
	i, ok := FindImage(dir)
	if ok {
		t.Fatalf("an empty folder has %s", i.Root)
	}
	if err := os.MkdirAll(filepath.Join(dir, "building", "rootfs"), 0o755); err != nil {
		t.Fatal(err)
	}
	if _, ok := FindImage(dir); ok {
		t.Error("a build under way counts")
	}
	if err := os.MkdirAll(i.Root, 0o755); err != nil {
		t.Fatal(err)
	}
	if got, err := EnsureImage(t.Context(), dir, func(step string) { t.Errorf("step %q", step) }); err != nil || got != i {
		t.Errorf("an image that is there: %v %v", got, err)
	}
}

func TestMissingSaysEverythingAtOnce(t *testing.T) {
	m := &Missing{}
	m.programs([]tool{{"no-such-program-a", "pkg-a"}, {"no-such-program-b", "pkg-a"}, {"sh", "dash"}, {"no-such-program-c", "pkg-c"}})
	err := m.orNil()
	if err == nil {
		t.Fatal("nothing is missing")
	}
	for _, want := range []string{"no-such-program-a is not installed", "no-such-program-b", "no-such-program-c", "`apt-get install pkg-a pkg-c`"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not in: %v", want, err)
		}
	}
	if strings.Contains(err.Error(), "dash") {
		t.Errorf("what is there is missed: %v", err)
	}
	if err := (&Missing{}).orNil(); err != nil {
		t.Error(err)
	}
}

func TestStampChangesWithTheRecipeAlone(t *testing.T) {
	before := recipeStamp()
	if before != recipeStamp() || len(before) != 16 {
		t.Fatalf("stamp %q is not stable", before)
	}
	packages = append(packages, "another")
	defer func() { packages = packages[:len(packages)-1] }()
	if recipeStamp() == before {
		t.Error("another package does not change the stamp")
	}
}
