package nspawn

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"github.com/medienzentrenverbund/kreisraum/operator/sandbox/hcloudsim"
	"github.com/medienzentrenverbund/kreisraum/operator/sandbox/metadata"
)

// metadataServer is the provider's metadata service. It listens inside the fabric: in a machine's own network it would be in the way of a server
// that binds 0.0.0.0:80, and this computer may have such a service of its own. Machines are told apart by their source address, which the fabric
// checks.
type metadataServer struct {
	http *http.Server
	done chan struct{}

	mu       sync.Mutex
	machines map[netip.Addr]hcloudsim.Machine
}

func serveMetadata(namespace string, log *slog.Logger) (*metadataServer, error) {
	var l net.Listener
	err := inNetwork(namespace, func() (err error) {
		l, err = net.Listen("tcp4", netip.AddrPortFrom(metadataAddress, 80).String())
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("metadata service: %w", err)
	}
	s := &metadataServer{done: make(chan struct{}), machines: make(map[netip.Addr]hcloudsim.Machine)}
	s.http = &http.Server{
		Handler: metadata.Handler(s.find), ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 5 * time.Second, WriteTimeout: 10 * time.Second,
		IdleTimeout: 10 * time.Second, MaxHeaderBytes: 16 << 10, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
	go func() {
		defer close(s.done)
		if err := s.http.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			log.Error("the metadata service has stopped", "error", err)
		}
	}()
	return s, nil
}

func (s *metadataServer) close() error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	err := s.http.Shutdown(ctx)
	if err != nil {
		err = s.http.Close()
	}
	<-s.done
	return err
}

func (s *metadataServer) find(source netip.Addr) (hcloudsim.Machine, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m, ok := s.machines[source]
	return m, ok
}

// set makes a machine known, also with what has changed of it.
func (s *metadataServer) set(m hcloudsim.Machine) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.machines[publicIPv4(m)] = m
}

func (s *metadataServer) forget(m hcloudsim.Machine) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.machines[publicIPv4(m)].ID == m.ID {
		delete(s.machines, publicIPv4(m))
	}
}
