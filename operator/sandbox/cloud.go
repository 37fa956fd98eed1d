package sandbox

import (
	"context"
	"crypto/rand"
	"errors"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"github.com/medienzentrenverbund/kreisraum/operator/sandbox/hcloudsim"
)

// reverseNames are the simulated cloud's names; there are none before it is there.
type reverseNames struct {
	cloud atomic.Pointer[hcloudsim.Server]
}

func (r *reverseNames) names() map[string][]netip.Addr {
	if c := r.cloud.Load(); c != nil {
		return c.ReverseNames()
	}
	return nil
}

// cloudServer serves the simulated cloud's API over HTTP.
type cloudServer struct {
	http *http.Server
	done chan struct{}
}

func serveCloud(l net.Listener, handler http.Handler, log *slog.Logger) *cloudServer {
	s := &cloudServer{
		http: &http.Server{
			Handler: handler, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second, IdleTimeout: 2 * time.Minute,
			ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug),
		},
		done: make(chan struct{}),
	}
	go func() {
		defer close(s.done)
		if err := s.http.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			log.Error("the cloud API has stopped serving", "error", err)
		}
	}()
	return s
}

func (s *cloudServer) close() error {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	err := s.http.Shutdown(ctx)
	if err != nil {
		err = s.http.Close()
	}
	<-s.done
	return err
}

// loadToken reads the API token of this sandbox, or makes one.
func loadToken(home string) (string, error) {
	return loadTokenFile(filepath.Join(home, tokenFile))
}

func loadTokenFile(name string) (string, error) {
	data, err := os.ReadFile(name)
	if token := strings.TrimSpace(string(data)); err == nil && token != "" {
		return token, nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	token := rand.Text() + rand.Text()
	return token, writeAtomic(name, []byte(token+"\n"))
}
