package stack

import (
	"context"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/emptypb"
)

// detached keeps the provider from calling the engine back. It would only log there, which ours does not, and each
// connection it opens for that would stay open as long as this process lives.
type detached struct {
	pulumirpc.ResourceProviderServer
}

// Handshake passes everything on but the engine's address.
func (d detached) Handshake(ctx context.Context, req *pulumirpc.ProviderHandshakeRequest) (*pulumirpc.ProviderHandshakeResponse, error) {
	req = proto.CloneOf(req)
	req.EngineAddress = ""
	return d.ResourceProviderServer.Handshake(ctx, req)
}

// Attach is told the engine's address and nothing else.
func (detached) Attach(context.Context, *pulumirpc.PluginAttach) (*emptypb.Empty, error) {
	return &emptypb.Empty{}, nil
}
