//go:build e2e

package e2e

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// result is the last line of `up --json`.
type result struct {
	Result *struct {
		URL          string      `json:"url"`
		PricePerHour string      `json:"price_per_hour"`
		WebClient    bool        `json:"web_client"`
		FirstAccount *credential `json:"first_account"`
		Probe        struct {
			Received int     `json:"received"`
			Loss     float64 `json:"loss"`
		} `json:"probe"`
	} `json:"result"`
}

type credential struct {
	Name     string `json:"name"`
	Password string `json:"password"`
}

func up(t *testing.T, p program) (result, outcome) {
	t.Helper()
	o := p.must("up", "demo", "--sandbox", "--json")
	return last(t, o.stdout, func(r result) bool { return r.Result != nil }), o
}

// TestCounty is the life of a county: up, the same again, a lesson, accounts, down.
func TestCounty(t *testing.T) {
	p := sandboxed(t, 0)
	first, o := up(t, p)
	t.Logf("first up: %.1f s", o.elapsed.Seconds())
	if n := p.requests(); n > 60 {
		t.Errorf("the first up sent %d requests to the cloud", n)
	} else {
		t.Logf("%d requests to the cloud", n)
	}
	r := first.Result
	if r.FirstAccount == nil || r.FirstAccount.Password == "" {
		t.Fatalf("no first account in %s", o.stdout)
	}
	if !r.WebClient || r.Probe.Received == 0 || r.Probe.Loss > 0.01 || !strings.HasSuffix(r.PricePerHour, "EUR") {
		t.Errorf("got web client %v, %d packets, loss %v, price %q", r.WebClient, r.Probe.Received, r.Probe.Loss, r.PricePerHour)
	}

	t.Run("up again changes nothing", func(t *testing.T) {
		p := program{t: t, home: p.home}
		before := p.must("status", "demo", "--sandbox", "--json").stdout
		second, o := up(t, p)
		t.Logf("second up: %.1f s", o.elapsed.Seconds())
		if second.Result.FirstAccount != nil {
			t.Error("a second first account was made")
		}
		if !strings.Contains(o.stdout, "nothing to change") {
			t.Errorf("resources changed:\n%s", o.stdout)
		}
		if after := p.must("status", "demo", "--sandbox", "--json").stdout; started(t, before) != started(t, after) {
			t.Error("the server was restarted")
		}
	})

	// A lesson waits for people most of the time; meanwhile others do what does not touch it.
	t.Run("browsers", func(t *testing.T) {
		t.Run("lesson", func(t *testing.T) {
			t.Parallel()
			browserTests(t, r.URL, *r.FirstAccount, "e2e/lesson.test.mjs")
		})
		t.Run("beside it", func(t *testing.T) {
			t.Parallel()
			t.Run("fixed pages", func(t *testing.T) { browserTests(t, r.URL, *r.FirstAccount, "e2e/texts.test.mjs") })
			t.Run("pages around the lesson", func(t *testing.T) { browserTests(t, r.URL, *r.FirstAccount, "e2e/around.test.mjs") })
			t.Run("lesson without UDP", func(t *testing.T) {
				withoutUDP(t)
				browserTests(t, r.URL, *r.FirstAccount, "e2e/udp.test.mjs", inGroup(noUDP))
			})
		})
	})
	t.Run("full room", func(t *testing.T) { fullRoom(t, program{t: t, home: p.home}, r.URL, *r.FirstAccount) })
	t.Run("accounts", func(t *testing.T) { accounts(t, program{t: t, home: p.home}, r.URL) })
	t.Run("probe", func(t *testing.T) {
		p := program{t: t, home: p.home}
		t.Log(strings.TrimSpace(p.must("probe", "demo", "--sandbox").stdout))
	})
	t.Run("no personal data in logs", func(t *testing.T) { canaries(t, p.home, *r.FirstAccount) })
	t.Run("down leaves nothing", func(t *testing.T) { down(t, program{t: t, home: p.home}) })
}

func started(t *testing.T, status string) string {
	t.Helper()
	var s struct {
		Server struct {
			Started string `json:"started"`
		} `json:"server"`
	}
	if err := json.Unmarshal([]byte(status), &s); err != nil || s.Server.Started == "" {
		t.Fatalf("status without a server: %v\n%s", err, status)
	}
	return s.Server.Started
}

// browserTests runs one of the web client's files of tests against the county.
func browserTests(t *testing.T, url string, organiser credential, file string, options ...func(*exec.Cmd)) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 15*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "node", "--test", file)
	cmd.Dir = filepath.Join(root, "conference", "web", "app")
	cmd.Env = append(os.Environ(), "KREISRAUM_SITE="+strings.TrimSuffix(url, "/"), "KREISRAUM_ORGANISER="+organiser.Name, "KREISRAUM_PASSWORD="+organiser.Password)
	for _, set := range options {
		set(cmd)
	}
	out, err := cmd.CombinedOutput()
	t.Logf("%s", out)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(out), "\n# skipped 0\n") {
		t.Error("a part of the lesson was skipped")
	}
}

// canaries searches what was logged for the words of the lesson.
func canaries(t *testing.T, home string, organiser credential) {
	words := []string{organiser.Name, organiser.Password, "Mia Beispiel", "Ben Muster", "Frau Ahorn", "Guten Morgen", "lektion-", "feuerfuchs-", "volle-klasse", "e2e-konten", "flüsse", "klasse-5a-fluesse"}
	searched := 0
	err := filepath.WalkDir(home, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() || (!strings.HasSuffix(path, ".log") && !strings.Contains(path, "/journal/")) {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		searched++
		for _, word := range words {
			if strings.Contains(strings.ToLower(string(data)), strings.ToLower(word)) {
				t.Errorf("%s holds the word %q", path, word)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if searched < 2 {
		t.Fatalf("only %d logs were found; the search would prove nothing", searched)
	}
}

func down(t *testing.T, p program) {
	if o := p.runWith("heilbronn\n", "down", "demo", "--sandbox"); o.code != 1 || !strings.Contains(o.stderr, "nothing was changed") {
		t.Fatalf("down with the wrong name typed: exit code %d\n%s", o.code, o.stderr)
	}
	p.must("status", "demo", "--sandbox")
	p.must("down", "demo", "--sandbox", "--yes")
	var s struct {
		Up        bool  `json:"up"`
		Resources []any `json:"resources"`
	}
	out := p.must("status", "demo", "--sandbox", "--json").stdout
	if err := json.Unmarshal([]byte(out), &s); err != nil || s.Up || len(s.Resources) != 0 {
		t.Errorf("after down: %v %s", err, out)
	}
	machines, err := filepath.Glob(filepath.Join(p.home, "sandbox", "machines", "*"))
	if err != nil || len(machines) != 0 {
		t.Errorf("folders of machines are left: %v %v", machines, err)
	}
	if left := chrooted(t, p.home); len(left) != 0 {
		t.Errorf("processes of machines are left: %v", left)
	}
	for _, secret := range []string{"passphrase", "ca.key", "ssh_key", "register.json"} {
		_ = filepath.WalkDir(p.home, func(path string, entry os.DirEntry, err error) error {
			if err == nil && entry.Name() == secret {
				t.Errorf("%s is left", path)
			}
			return nil
		})
	}
	p.must("down", "demo", "--sandbox", "--yes") // nothing there any more: still fine
}

// chrooted lists the processes whose root is below home.
func chrooted(t *testing.T, home string) []string {
	t.Helper()
	roots, err := filepath.Glob("/proc/[0-9]*/root")
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, link := range roots {
		if target, err := os.Readlink(link); err == nil && strings.HasPrefix(target, home) {
			found = append(found, link)
		}
	}
	return found
}
