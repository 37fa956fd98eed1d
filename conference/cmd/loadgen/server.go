package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"runtime"
	"runtime/pprof"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/medienzentrenverbund/kreisraum/conference/sfu"
)

// usage is what the server process has consumed so far.
type usage struct {
	CPU time.Duration `json:"cpu"` // user and system
	RSS int64         `json:"rss"` // bytes
	// Media is what the SFU has done.
	Media sfu.Counters `json:"media"`
}

// joinRequest is the body of POST /join.
type joinRequest struct {
	Room, ID, Offer string
}

// viewRequest is the body of POST /view.
type viewRequest struct {
	Room, ID string
	Want     []sfu.Want
}

// rooms is the server's only state.
type rooms struct {
	engine *sfu.Engine

	mu       sync.Mutex
	rooms    map[string]*sfu.Room
	sessions map[[2]string]*sfu.Session
}

// serve runs until ctx ends. It writes its address to out, and a CPU profile if args name a file for it.
func serve(ctx context.Context, out io.Writer, args []string) error {
	if len(args) > 0 {
		f, err := os.Create(args[0])
		if err != nil {
			return fmt.Errorf("write profile: %w", err)
		}
		defer f.Close()
		if err := pprof.StartCPUProfile(f); err != nil {
			return fmt.Errorf("write profile: %w", err)
		}
		defer pprof.StopCPUProfile()
	}
	engine, err := sfu.NewEngine(sfu.Config{
		Addresses: []netip.Addr{netip.MustParseAddr("127.0.0.1")}, Log: slog.New(slog.NewTextHandler(os.Stderr, nil)),
	})
	if err != nil {
		return err
	}
	defer engine.Close()
	s := &rooms{engine: engine, rooms: map[string]*sfu.Room{}, sessions: map[[2]string]*sfu.Session{}}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /join", s.join)
	mux.HandleFunc("POST /view", s.view)
	mux.HandleFunc("GET /usage", s.reportUsage)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	defer context.AfterFunc(ctx, func() { server.Close() })()
	fmt.Fprintf(out, "http://%s\n", listener.Addr())
	if err := server.Serve(listener); err != http.ErrServerClosed {
		return err
	}
	return nil
}

func (s *rooms) join(w http.ResponseWriter, r *http.Request) {
	var q joinRequest
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<20)).Decode(&q); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	s.mu.Lock()
	room := s.rooms[q.Room]
	if room == nil {
		room = s.engine.NewRoom()
		s.rooms[q.Room] = room
	}
	s.mu.Unlock()
	session, answer, err := room.Join(q.ID, q.Offer, sfu.Events{})
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	for _, source := range []sfu.Source{sfu.Microphone, sfu.Camera, sfu.Screen} {
		session.Allow(source, sfu.Everyone)
	}
	s.mu.Lock()
	s.sessions[[2]string{q.Room, q.ID}] = session
	s.mu.Unlock()
	io.WriteString(w, answer)
}

func (s *rooms) view(w http.ResponseWriter, r *http.Request) {
	var q viewRequest
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<20)).Decode(&q); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	s.mu.Lock()
	session := s.sessions[[2]string{q.Room, q.ID}]
	s.mu.Unlock()
	if session == nil {
		http.Error(w, "no such session", http.StatusNotFound)
		return
	}
	session.SetView(q.Want)
}

// reportUsage answers with this process's own rusage. A garbage collection first makes RSS comparable.
func (s *rooms) reportUsage(w http.ResponseWriter, r *http.Request) {
	if r.URL.Query().Has("gc") {
		runtime.GC()
	}
	u, err := ownUsage()
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	u.Media = s.engine.Counters()
	_ = json.NewEncoder(w).Encode(u)
}

func ownUsage() (usage, error) {
	var ru syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &ru); err != nil {
		return usage{}, fmt.Errorf("read rusage: %w", err)
	}
	u := usage{CPU: time.Duration(ru.Utime.Nano() + ru.Stime.Nano())}
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return usage{}, fmt.Errorf("read memory use: %w", err)
	}
	for line := range bytes.Lines(status) {
		if rest, ok := strings.CutPrefix(string(line), "VmRSS:"); ok {
			kib, _ := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
			u.RSS = kib << 10
		}
	}
	return u, nil
}
