package serve

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/medienzentrenverbund/kreisraum/conference/eventually"
	"github.com/medienzentrenverbund/kreisraum/operator/autoscale"
	"go.uber.org/goleak"
)

// counties are plants of a home.
type plants struct {
	mu     sync.Mutex
	plants map[string]*plant
	set    map[string]Settings
}

func (p *plants) add(t *testing.T, name string) *plant {
	t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.plants == nil {
		p.plants, p.set = map[string]*plant{}, map[string]Settings{}
	}
	p.plants[name], p.set[name] = newPlant(), testSettings(t)
	p.plants[name].making = 20 * time.Millisecond
	return p.plants[name]
}

func (p *plants) remove(name string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.plants, name)
}

func (p *plants) Owns(string) bool { return true }

func (p *plants) Names() (names []string, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for name := range p.plants {
		names = append(names, name)
	}
	return names, nil
}

func (p *plants) Exists(name string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.plants[name] != nil
}

func (p *plants) Settings(name string) (Settings, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if s, ok := p.set[name]; ok && s.Dir != "" {
		return s, nil
	}
	return Settings{}, errFault
}

func (p *plants) Open(name string) (County, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.plants[name], nil
}

// runDaemon runs a daemon over plants until stop is called; what commands do is said by their first argument.
func runDaemon(t *testing.T, p *plants, home string) (d *Daemon, stop func()) {
	t.Helper()
	d = New(Config{
		Home: home, Version: "v1", Counties: p, Decide: autoscale.Decide, Every: 10 * time.Millisecond, Metrics: "127.0.0.1:0",
		Log: slog.New(slog.NewTextHandler(testLog{t}, nil)),
		Run: func(ctx context.Context, r Request, s Streams) int { return commands(ctx, d, r, s) },
	})
	ctx, cancel := context.WithCancel(context.Background())
	ended, ready := make(chan error, 1), make(chan struct{})
	go func() { ended <- d.Run(ctx, func(net.Addr) { close(ready) }) }()
	await(t, ready, "the daemon is ready")
	return d, func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
}

func commands(ctx context.Context, d *Daemon, r Request, s Streams) int {
	var err error
	switch r.Args[0] {
	case "scale":
		_, err = d.Order(ctx, r.County, Order{Manual: &autoscale.Manual{Bridges: 1}}, func(line string) { fmt.Fprintln(s.Out, line) })
	case "change":
		var leave func()
		if leave, err = d.Enter(ctx, r.County); err == nil {
			leave()
		}
	}
	if err != nil {
		fmt.Fprintln(s.Err, err)
		return 1
	}
	return 0
}

func TestDaemonRunsCommandsAndServesMetrics(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	defer http.DefaultClient.CloseIdleConnections()
	p, home := &plants{}, t.TempDir()
	county := p.add(t, "musterkreis")
	d, stop := runDaemon(t, p, home)
	defer stop()
	eventually.True(t, "the county is looked after", func() bool { return county.count("load") > 2 })
	var out, errs bytes.Buffer
	code, err := Call(t.Context(), home, request("scale"), Streams{Out: &out, Err: &errs})
	if code != 0 || err != nil || county.ready() != 1 || !strings.Contains(out.String(), "make 1 bridge: cpx22 in fsn1") {
		t.Errorf("code %d, %v, %d ready, %q, %q", code, err, county.ready(), out.String(), errs.String())
	}
	text := metricsOf(t, d)
	for _, want := range []string{
		`kreisraum_bridges{county="musterkreis",state="ready"} 1`, `kreisraum_bridges_desired{county="musterkreis"} 1`,
		`kreisraum_portal_answers{county="musterkreis"} 1`,
	} {
		eventually.True(t, want, func() bool { return strings.Contains(metricsOf(t, d), want) })
	}
	if strings.Contains(text, "127.0.0.1") {
		t.Error("an address is among the metrics")
	}
}

// TestADaemonWithoutAHomeEnds: whoever removes the home, as the end of a sandbox does, leaves no daemon behind.
func TestADaemonWithoutAHomeEnds(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	p, home := &plants{}, filepath.Join(t.TempDir(), "home")
	if err := os.Mkdir(home, 0o700); err != nil {
		t.Fatal(err)
	}
	p.add(t, "musterkreis")
	d := New(Config{Home: home, Counties: p, Decide: autoscale.Decide, Every: 10 * time.Millisecond, Log: slog.New(slog.NewTextHandler(testLog{t}, nil))})
	ended, ready := make(chan error, 1), make(chan struct{})
	go func() { ended <- d.Run(t.Context(), func(net.Addr) { close(ready) }) }()
	await(t, ready, "the daemon is ready")
	if err := os.RemoveAll(home); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-ended:
		if err == nil || !strings.Contains(err.Error(), home+" was removed") {
			t.Errorf("the daemon ended with %v", err)
		}
	case <-time.After(deadline):
		t.Error("the daemon still runs")
	}
}

func metricsOf(t *testing.T, d *Daemon) string {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+d.metricsAddr.String()+"/metrics", nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatal(answer.Status, err)
	}
	return string(text)
}

// A county that came up by a command is looked after at once, one that went down no more, and again when it is back.
func TestCountiesComeAndGo(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	p, home := &plants{}, t.TempDir()
	d, stop := runDaemon(t, p, home)
	defer stop()
	change := func() {
		t.Helper()
		if code, err := Call(t.Context(), home, request("change"), Streams{Err: testLog{t}}); code != 0 || err != nil {
			t.Fatal(code, err)
		}
	}
	for range 3 {
		if _, err := d.Order(t.Context(), "musterkreis", Order{Auto: true}, nil); !errors.Is(err, ErrNotUp) {
			t.Errorf("a county that is not there: %v", err)
		}
		county := p.add(t, "musterkreis")
		change()
		eventually.True(t, "the county is looked after", func() bool { return county.count("load") > 2 })
		p.remove("musterkreis")
		change()
		if r := d.runnerOf("musterkreis"); r != nil {
			select {
			case <-r.over:
			default:
				t.Error("a county that is down is still looked after")
			}
		}
		eventually.True(t, "it is forgotten", func() bool { return d.runnerOf("musterkreis") == nil })
	}
}

// A county whose file is wrong keeps nobody from being looked after.
func TestBrokenFilesAreOneCountysTrouble(t *testing.T) {
	p := &plants{}
	good := p.add(t, "musterkreis")
	p.add(t, "nachbarkreis")
	p.set["nachbarkreis"] = Settings{}
	_, stop := runDaemon(t, p, t.TempDir())
	defer stop()
	eventually.True(t, "the good county is looked after", func() bool { return good.count("load") > 2 })
}

func TestAnotherFileOpensTheCountyAnew(t *testing.T) {
	p := &plants{}
	p.add(t, "musterkreis")
	d, stop := runDaemon(t, p, t.TempDir())
	defer stop()
	eventually.True(t, "it is looked after", func() bool { return d.runnerOf("musterkreis") != nil })
	first := d.runnerOf("musterkreis")
	p.mu.Lock()
	s := p.set["musterkreis"]
	s.Fingerprint, s.Policy.Max = "another", 1
	p.set["musterkreis"] = s
	p.mu.Unlock()
	eventually.True(t, "it is opened anew", func() bool {
		d.rescans <- struct{}{}
		r := d.runnerOf("musterkreis")
		return r != nil && r != first && r.mind.settings.Policy.Max == 1
	})
}

// counting counts what was accepted.
type counting struct {
	net.Listener
	accepted atomic.Int32
}

func (c *counting) Accept() (net.Conn, error) {
	conn, err := c.Listener.Accept()
	if err == nil {
		c.accepted.Add(1)
	}
	return conn, err
}

// Anybody on this computer can connect to the metrics, and must not take the daemon's files from it.
func TestMetricsHoldFewConnections(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended, c := make(chan error), &counting{Listener: l}
	go func() { ended <- newMetrics().serve(ctx, c, slog.New(slog.DiscardHandler)) }()
	for range maxScrapers + 20 {
		conn, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
	}
	eventually.True(t, "the connections to be held", func() bool { return c.accepted.Load() >= maxScrapers })
	time.Sleep(50 * time.Millisecond) // for those that are too many
	if n := c.accepted.Load(); n != maxScrapers {
		t.Errorf("%d connections are held, want %d", n, maxScrapers)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
