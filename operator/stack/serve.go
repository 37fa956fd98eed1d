package stack

import (
	"context"
	"fmt"
	"net"

	p "github.com/pulumi/pulumi-go-provider"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"

	"github.com/medienzentrenverbund/kreisraum/infra/provider"
)

// maxMessage is the engine's own limit of a gRPC message.
const maxMessage = 400 << 20

// serving is what one run of the engine lets the provider do; see provider.Config.
type serving struct {
	fresh bool
	guard func(ctx context.Context, machine string) error
}

// unheardOf reports whether a county without state has no machine either: then it is most likely a new one.
func (s *Stack) unheardOf(ctx context.Context) (bool, error) {
	machines, err := s.cfg.Cloud.Servers(ctx, s.cfg.County)
	return len(machines) == 0, err
}

// serveProvider serves the provider on a free loopback port until stop is called.
func (s *Stack) serveProvider(failures *failures) (port int, stop func(), err error) {
	server, err := p.RawServer(provider.Name, provider.Version, provider.New(provider.Config{
		Cloud: s.cfg.Cloud, Log: s.cfg.Log, OnError: failures.add, Fresh: s.serving.fresh, Guard: s.serving.guard,
	}))(nil)
	if err != nil {
		return 0, nil, fmt.Errorf("serve the provider: %w", err)
	}
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return 0, nil, fmt.Errorf("serve the provider: %w", err)
	}
	rpc := grpc.NewServer(grpc.MaxRecvMsgSize(maxMessage), grpc.MaxSendMsgSize(maxMessage))
	pulumirpc.RegisterResourceProviderServer(rpc, detached{server})
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = rpc.Serve(sameUser{listener.(*net.TCPListener)}) // ends with Stop
	}()
	return listener.Addr().(*net.TCPAddr).Port, func() { rpc.Stop(); <-done }, nil
}
